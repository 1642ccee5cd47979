/* Fuzz the WWW-Authenticate reader, and what is written back from it: whatever
 * a server sends, our header stays one line. */
#include "bridge/digest.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void answer(const struct digest_challenge *challenge)
{
    struct buffer header = {.max = 8192};
    struct digest d = {0};

    if (!digest_begin(&d, challenge, "maker", "password", "0123456789abcdef",
                      NULL))
        abort();
    if (!digest_header(&d, "GET", "/api/v1/status", &header, NULL))
        abort();
    for (size_t i = 0; i < header.len; i++)
        if ((unsigned char)header.bytes[i] < ' ' || header.bytes[i] == 0x7f)
            abort();
    buffer_release(&header);
    digest_wipe(&d);
}

/* Line feeds part the input into several headers of one answer. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct digest_challenge best = {.nonce = ""};
    const char *at = (const char *)data;
    const char *end = at + size;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        if (!stop)
            stop = end;
        (void)digest_challenge_read(&best, at, (size_t)(stop - at));
        at = stop < end ? stop + 1 : end;
    }
    if (best.nonce[0])
        answer(&best);
    return 0;
}
