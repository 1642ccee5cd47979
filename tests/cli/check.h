/* What these tests share. cmocka.h needs the others before it. */
#ifndef TESTS_CLI_CHECK_H
#define TESTS_CLI_CHECK_H

#include "mapping/buffer.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */

/* What was written is this; the buffer is empty afterwards. */
#define assert_written(buffer, text)                                           \
    do {                                                                       \
        assert_string_equal(buffer_text(buffer), text);                        \
        buffer_release(buffer);                                                \
    } while (0)

#endif
