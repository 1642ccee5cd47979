/* cmocka, which needs other headers before it. */
#ifndef TESTS_DRIVERS_CHECK_H
#define TESTS_DRIVERS_CHECK_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
