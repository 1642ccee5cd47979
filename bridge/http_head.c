/* The header lines of a request.
 *
 * A curl_slist of our own making saves building and freeing a list for each
 * poll; libcurl only reads it. */
#include "bridge/http_internal.h"

#include <ctype.h>

/* libcurl takes its lists as char *, but does not write to them. The Pi's nonce
 * is bound to the User-Agent: never vary it. As a line of ours libcurl formats
 * it once for each request, not twice. */
static char agent_line[] = "User-Agent: printer2mqtt/" P2M_VERSION;

/* Texts may come from a printer: none of them adds lines of its own. */
static bool is_line(const char *text)
{
    if (!*text)
        return false;
    for (; *text; text++)
        if (iscntrl((unsigned char)*text))
            return false;
    return true;
}

static void add(struct http_client *c, const char *name, const char *value)
{
    if (is_line(value) && buffer_text_add(&c->texts, name) &&
        buffer_text_add(&c->texts, value))
        (void)buffer_add(&c->texts, "", 1);
}

/* What goes with a body, or with its absence in a POST: nothing for libcurl to
 * invent. */
static void add_about_body(struct http_client *c, const char *type)
{
    add(c, "", "Expect:");
    add(c, type ? "Content-Type: " : "", type ? type : "Content-Type:");
}

/* Buddy sends its errors as JSON only when the first media type is exactly
 * this. libcurl looks through all lines again and again: no needless ones. */
void http_head_take(struct http_client *client, const struct request *request,
                    bool bodied, bool body)
{
    const char *const *line = request->headers;

    buffer_reset(&client->texts);
    add(client,
        "Accept: ", request->accept ? request->accept : "application/json");
    if (bodied)
        add_about_body(client, body ? request->content_type : NULL);
    if (request->condition == HTTP_IF_NONE_MATCH)
        add(client, "If-None-Match: ", request->validator);
    else if (request->condition == HTTP_IF_MODIFIED_SINCE)
        add(client, "If-Modified-Since: ", request->validator);
    for (int i = 0; i < REQUEST_HEADERS_MAX && line[i]; i++)
        add(client, "", line[i]);
}

static void chain(struct http_client *c, int at, char *text)
{
    c->lines[at] = (struct curl_slist){.data = text};
    if (at > 0)
        c->lines[at - 1].next = &c->lines[at];
}

void http_head_set(struct http_client *client)
{
    char *text = client->texts.bytes;
    char *end = text + client->texts.len;
    int count = 0;

    chain(client, count++, agent_line);
    chain(client, count++, text); /* Accept */
    if (client->login_line.len)
        chain(client, count++, client->login_line.bytes);
    for (text += strlen(text) + 1; text < end && count < LINES_MAX;
         text += strlen(text) + 1)
        chain(client, count++, text);
    http_must_be_set(
        curl_easy_setopt(client->easy, CURLOPT_HTTPHEADER, client->lines));
}
