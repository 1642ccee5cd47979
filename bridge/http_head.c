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

static void add(struct http_flight *f, const char *name, const char *value)
{
    if (is_line(value) && buffer_text_add(&f->texts, name) &&
        buffer_text_add(&f->texts, value))
        (void)buffer_add(&f->texts, "", 1);
}

/* What goes with a body, or with its absence in a POST: nothing for libcurl to
 * invent. */
static void add_about_body(struct http_flight *f, const char *type)
{
    add(f, "", "Expect:");
    add(f, type ? "Content-Type: " : "", type ? type : "Content-Type:");
}

/* Buddy sends its errors as JSON only when the first media type is exactly
 * this. libcurl looks through all lines again and again: no needless ones. */
void http_head_take(struct http_flight *flight, const struct request *request,
                    bool bodied, bool body)
{
    const char *const *line = request->headers;

    buffer_reset(&flight->texts);
    add(flight,
        "Accept: ", request->accept ? request->accept : "application/json");
    if (bodied)
        add_about_body(flight, body ? request->content_type : NULL);
    if (request->condition == HTTP_IF_NONE_MATCH)
        add(flight, "If-None-Match: ", request->validator);
    else if (request->condition == HTTP_IF_MODIFIED_SINCE)
        add(flight, "If-Modified-Since: ", request->validator);
    for (int i = 0; i < REQUEST_HEADERS_MAX && line[i]; i++)
        add(flight, "", line[i]);
}

static void chain(struct http_flight *f, int at, char *text)
{
    f->lines[at] = (struct curl_slist){.data = text};
    if (at > 0)
        f->lines[at - 1].next = &f->lines[at];
}

void http_head_set(struct http_flight *flight)
{
    char *text = flight->texts.bytes;
    char *end = text + flight->texts.len;
    int count = 0;

    chain(flight, count++, agent_line);
    chain(flight, count++, text); /* Accept */
    if (flight->login_line.len)
        chain(flight, count++, flight->login_line.bytes);
    for (text += strlen(text) + 1; text < end && count < LINES_MAX;
         text += strlen(text) + 1)
        chain(flight, count++, text);
}
