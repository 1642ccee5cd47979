/* cmocka, which needs other headers before it. */
#ifndef TESTS_UNIT_H
#define TESTS_UNIT_H

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

#define ROWS(table) (sizeof(table) / sizeof *(table))

/* cmocka has it for doubles only since 1.1.6. */
#define assert_near(a, b, by)                                                  \
    assert_true((a) - (b) <= (by) && (b) - (a) <= (by))

/* Which row of a table is being looked at, told when a check in it fails. */
#define ROW(name) print_message("           %s\n", (name))

#endif
