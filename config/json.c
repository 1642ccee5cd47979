#include "config/json.h"

void json_write_quote(struct buffer *out, const char *text)
{
    (void)buffer_add(out, "\"", 1);
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if (c == '"' || c == '\\')
            (void)buffer_format(out, "\\%c", c);
        else if (c < 0x20 || c == 0x7f)
            (void)buffer_format(out, "\\u%04x", c);
        else
            (void)buffer_add(out, text, 1);
    }
    (void)buffer_add(out, "\"", 1);
}

static void begin(struct json *j, const char *key)
{
    if (j->filled)
        (void)buffer_add(j->out, ",", 1);
    if (j->depth > 0)
        (void)buffer_format(j->out, "\n%*s", j->depth * 2, "");
    j->filled = true;
    if (!key)
        return;
    json_write_quote(j->out, key);
    (void)buffer_text_add(j->out, ": ");
}

void json_write_open(struct json *j, const char *key, char bracket)
{
    begin(j, key);
    (void)buffer_add(j->out, &bracket, 1);
    j->depth++;
    j->filled = false;
}

void json_write_close(struct json *j, char bracket)
{
    j->depth--;
    if (j->filled)
        (void)buffer_format(j->out, "\n%*s", j->depth * 2, "");
    (void)buffer_add(j->out, &bracket, 1);
    j->filled = true;
}

void json_write_text(struct json *j, const char *key, const char *text)
{
    begin(j, key);
    json_write_quote(j->out, text);
}

void json_write_number(struct json *j, const char *key, double number)
{
    begin(j, key);
    (void)buffer_format(j->out, "%.15g", number);
}

void json_write_truth(struct json *j, const char *key, bool truth)
{
    begin(j, key);
    (void)buffer_text_add(j->out, truth ? "true" : "false");
}
