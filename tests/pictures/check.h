/* cmocka.h needs the others before it. */
#ifndef TESTS_PICTURES_CHECK_H
#define TESTS_PICTURES_CHECK_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#endif
