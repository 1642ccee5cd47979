#include "homeassistant/document.h"

#include "homeassistant/component.h"

#include <ctype.h>

#define PORT_MAX 65535

/* Number of characters of the host at the beginning of text, 0 = none. */
static size_t host_length(const char *text)
{
    size_t len;

    if (*text == '[') {
        len = strspn(text + 1, "0123456789abcdefABCDEF:.");
        return len > 0 && text[len + 1] == ']' ? len + 2 : 0;
    }
    for (len = 0; isalnum((unsigned char)text[len]) ||
                  (text[len] && strchr(".-_", text[len]));
         len++)
        continue;
    return len;
}

/* Number of characters of ":8080", 0 = no port; false = a bad one. */
static bool port_length(const char *text, size_t *len)
{
    char *end;
    long port;

    *len = 0;
    if (*text != ':')
        return true;
    if (!isdigit((unsigned char)text[1]))
        return false;
    port = strtol(text + 1, &end, 10);
    *len = (size_t)(end - text);
    return port > 0 && port <= PORT_MAX;
}

/* One URL that Home Assistant does not take costs the whole document, and one
 * with a password in it must not go out: absolute, with a host, nothing else.
 */
static bool url_is_fit(const char *url)
{
    size_t len;

    if (!url ||
        (strncmp(url, "http://", 7) != 0 && strncmp(url, "https://", 8) != 0))
        return false;
    url = strstr(url, "//") + 2;
    len = host_length(url);
    if (len == 0)
        return false;
    url += len;
    if (!port_length(url, &len))
        return false;
    url += len;
    if (*url && !strchr("/?#", *url))
        return false;
    for (; *url; url++)
        if (*url <= ' ' || *url == 0x7f || strchr("@\\\"<>^`{|}", *url))
            return false;
    return true;
}

static void add_device(cJSON *document, const struct document_device *device)
{
    cJSON *object = cJSON_AddObjectToObject(document, "device");
    cJSON *identifiers = cJSON_AddArrayToObject(object, "identifiers");
    const char *name =
        device->name && *device->name ? device->name : device->identity;

    cJSON_AddItemToArray(identifiers, cJSON_CreateString(device->identity));
    component_text(object, "name", name);
    component_text(object, "manufacturer", device->manufacturer);
    component_text(object, "model", device->model);
    component_text(object, "serial_number", device->serial);
    component_text(object, "sw_version", device->firmware);
    component_text(object, "suggested_area", device->area);
    if (url_is_fit(device->url))
        component_text(object, "configuration_url", device->url);
    /* A device that names itself loses all its entities (2026.9). */
    if (device->via && strcmp(device->via, device->identity) != 0)
        component_text(object, "via_device", device->via);
}

cJSON *document_new(const struct discovery_bridge *bridge,
                    const struct document_device *device,
                    const char *const *availability)
{
    cJSON *document = cJSON_CreateObject();
    cJSON *origin;

    add_device(document, device);
    origin = cJSON_AddObjectToObject(document, "origin");
    cJSON_AddStringToObject(origin, "name", DOCUMENT_ORIGIN);
    component_text(origin, "sw_version", bridge->version);
    if (url_is_fit(bridge->support_url))
        component_text(origin, "support_url", bridge->support_url);
    component_availability(document, availability);
    cJSON_AddObjectToObject(document, "components");
    return document;
}

cJSON *document_components(cJSON *document)
{
    return cJSON_GetObjectItemCaseSensitive(document, "components");
}

void document_write(cJSON *document, struct buffer *out)
{
    char *text = cJSON_PrintUnformatted(document);

    if (text)
        (void)buffer_text_add(out, text);
    cJSON_free(text);
    cJSON_Delete(document);
}
