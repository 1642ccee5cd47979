/* Retained discovery documents: anybody may publish one. The input is judged,
 * compared with and taken back against a document of ours. */
#include "homeassistant/discovery.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char fresh[] =
    "{\"device\":{\"identifiers\":[\"SN1\"],\"name\":\"a\"},"
    "\"origin\":{\"name\":\"printer2mqtt\"},"
    "\"availability\":[{\"topic\":\"p/bridge/state\"},"
    "{\"topic\":\"p/mk4/availability\"}],"
    "\"components\":{\"a\":{\"platform\":\"sensor\",\"unique_id\":\"1\"},"
    "\"b\":{\"platform\":\"button\",\"unique_id\":\"2\"}}}";

/* What is written must be a document again, with fresh's own parts. */
static void check_removal(const char *json, size_t size)
{
    struct buffer out = {0};
    char id[33];

    if (discovery_removal(json, size, fresh, &out) &&
        !discovery_is_ours(out.bytes, out.len, "p/bridge", "p", id, sizeof id))
        abort();
    buffer_release(&out);
}

/* Its skeleton tells as much, and is not the longer one. */
static void check_skeleton(const char *json, size_t size)
{
    static const char empty[] = "{\"components\":{}}";
    struct buffer skeleton = {0}, whole = {0}, out = {0};
    bool removal = discovery_removal(json, size, fresh, &whole);

    discovery_skeleton(json, size, &skeleton);
    if (skeleton.len > size && strcmp(buffer_text(&skeleton), empty) != 0)
        abort();
    if (discovery_removal(skeleton.bytes, skeleton.len, fresh, &out) !=
            removal ||
        strcmp(buffer_text(&out), buffer_text(&whole)) != 0)
        abort();
    buffer_release(&skeleton);
    buffer_release(&whole);
    buffer_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *json = (const char *)data;
    char id[33];

    if (discovery_is_ours(json, size, "p/bridge", "p", id, sizeof id) &&
        strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789_-") != strlen(id))
        abort();
    (void)discovery_equal(json, size, fresh);
    check_removal(json, size);
    check_skeleton(json, size);
    return 0;
}
