/* What to think of a discovery document that the broker kept: is it ours, does
 * it say what we would say now, and what of it has to be taken back.
 *
 * Anybody may publish below the discovery prefix. So documents are capped,
 * copied (cJSON 1.7.15 can read one byte behind a text without a NUL), and
 * taken for ours only when everything about them looks like ours: a wrong yes
 * would delete somebody else's device. */
#include "homeassistant/discovery.h"
#include "homeassistant/document.h"
#include "mapping/memory.h"

#define RETAINED_MAX    ((size_t)512 << 10) /* some 900 printers of a bridge */
#define REMOVALS_MAX    1000 /* more than any document of ours has */
#define PLATFORM_LENGTH 32

static cJSON *item(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* NULL unless it is one whole JSON object; caller deletes. */
static cJSON *parse(const char *json, size_t len)
{
    const char *end = NULL;
    cJSON *document;
    char *copy;

    if (!json || len == 0 || len > RETAINED_MAX)
        return NULL;
    copy = memory_copy(json, len);
    document = cJSON_ParseWithOpts(copy, &end, true);
    if (document && (!cJSON_IsObject(document) || end != copy + len)) {
        cJSON_Delete(document);
        document = NULL;
    }
    free(copy);
    return document;
}

/* Topic of entry i of the root's availability, NULL = there is none. */
static const char *availability_topic(const cJSON *document, int i)
{
    const cJSON *list = item(document, "availability");

    if (!cJSON_IsArray(list))
        return NULL;
    return cJSON_GetStringValue(item(cJSON_GetArrayItem(list, i), "topic"));
}

/* The printer id in "<base>/<id>/availability". */
static bool printer_of(const char *topic, const char *base, char *id,
                       size_t size)
{
    size_t head = strlen(base), len;

    if (strncmp(topic, base, head) != 0 || topic[head] != '/')
        return false;
    topic += head + 1;
    len = strspn(topic, "abcdefghijklmnopqrstuvwxyz0123456789_-");
    if (len == 0 || len >= size || strcmp(topic + len, "/availability") != 0)
        return false;
    memcpy(id, topic, len);
    id[len] = '\0';
    return true;
}

static bool names_us(const cJSON *document, const char *bridge_topic,
                     const char *base, char *id, size_t size)
{
    const char *origin =
        cJSON_GetStringValue(item(item(document, "origin"), "name"));
    const char *state = availability_topic(document, 0);
    const char *other = availability_topic(document, 1);
    size_t len = strlen(bridge_topic);

    if (!origin || strcmp(origin, DOCUMENT_ORIGIN) != 0 || !state ||
        strncmp(state, bridge_topic, len) != 0 ||
        strcmp(state + len, "/state") != 0 ||
        cJSON_GetArrayItem(item(document, "availability"), 2))
        return false;
    id[0] = '\0';
    if (!cJSON_GetArrayItem(item(document, "availability"), 1))
        return true;
    return other && printer_of(other, base, id, size);
}

bool discovery_is_ours(const char *json, size_t len, const char *bridge_topic,
                       const char *base, char *id, size_t size)
{
    cJSON *document = parse(json, len);
    bool ours;

    ours = document && cJSON_IsObject(item(document, "device")) &&
           cJSON_IsObject(item(document, "components")) &&
           names_us(document, bridge_topic, base, id, size);
    cJSON_Delete(document);
    return ours;
}

/* NULL unless it is a component that we can have written: only such go through
 * a skeleton and are taken back. */
static const char *platform_of(const cJSON *component)
{
    const char *platform = cJSON_GetStringValue(item(component, "platform"));
    const char *key = component ? component->string : NULL;

    if (!platform || !*platform || strlen(platform) > PLATFORM_LENGTH ||
        platform[strspn(platform, "abcdefghijklmnopqrstuvwxyz_")])
        return NULL;
    if (!key || !*key ||
        key[strspn(key, "abcdefghijklmnopqrstuvwxyz0123456789_-")])
        return NULL;
    return platform;
}

static cJSON *reduced_to(const char *platform)
{
    cJSON *component = cJSON_CreateObject();

    cJSON_AddStringToObject(component, "platform", platform);
    return component;
}

/* Put old, or only {"platform": ...} of it, where components lack what old is;
 * true if they did. */
static bool put_back(cJSON *components, const cJSON *old, bool whole)
{
    const char *platform = platform_of(old);
    cJSON *fresh = item(components, old->string);
    const char *now = platform_of(fresh);
    cJSON *back;

    if (!platform || (now && strcmp(now, platform) == 0))
        return false;
    back = whole ? cJSON_Duplicate(old, true) : reduced_to(platform);
    if (fresh)
        cJSON_ReplaceItemInObjectCaseSensitive(components, old->string, back);
    else
        cJSON_AddItemToObject(components, old->string, back);
    return true;
}

static bool put_all_back(const char *old_json, size_t len, const char *fresh,
                         bool whole, struct buffer *out)
{
    cJSON *old = parse(old_json, len);
    cJSON *document = parse(fresh, strlen(fresh));
    cJSON *components = item(document, "components");
    const cJSON *component;
    int removed = 0;

    if (cJSON_IsObject(components) && cJSON_IsObject(item(old, "components")))
        cJSON_ArrayForEach(component, item(old, "components"))
        {
            if (removed == REMOVALS_MAX)
                break;
            removed += put_back(components, component, whole);
        }
    cJSON_Delete(old);
    if (removed)
        document_write(document, out);
    else
        cJSON_Delete(document);
    return removed > 0;
}

bool discovery_removal(const char *old_json, size_t len, const char *fresh,
                       struct buffer *out)
{
    return put_all_back(old_json, len, fresh, false, out);
}

bool discovery_restored(const char *old_json, size_t len, const char *fresh,
                        struct buffer *out)
{
    return put_all_back(old_json, len, fresh, true, out);
}

void discovery_skeleton(const char *json, size_t len, struct buffer *out)
{
    cJSON *old = parse(json, len);
    cJSON *skeleton = cJSON_CreateObject();
    cJSON *components = cJSON_AddObjectToObject(skeleton, "components");
    const cJSON *component;

    cJSON_ArrayForEach(component, item(old, "components"))
    {
        const char *platform = platform_of(component);

        if (platform)
            cJSON_AddItemToObject(components, component->string,
                                  reduced_to(platform));
    }
    cJSON_Delete(old);
    document_write(skeleton, out);
}

bool discovery_equal(const char *a, size_t len, const char *b)
{
    cJSON *left, *right;
    bool equal;

    /* What we wrote ourselves is equal to the byte: the usual case is cheap. */
    if (len == strlen(b) && memcmp(a, b, len) == 0)
        return true;
    left = parse(a, len);
    right = parse(b, strlen(b));
    equal = left && right && cJSON_Compare(left, right, true);
    cJSON_Delete(left);
    cJSON_Delete(right);
    return equal;
}
