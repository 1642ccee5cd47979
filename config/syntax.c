#include "config/syntax.h"

#include "mapping/text.h"

#include <ctype.h>
#include <yaml.h>

#define QUOTE_MAX 120 /* of a template, in an error text */

static bool is_forbidden(const char *at, size_t n)
{
    unsigned char c = (unsigned char)at[0];

    if (n == 1)
        return (c < 0x20 && c != '\t' && c != '\n' && c != '\r') || c == 0x7f;
    if (n == 2 && c == 0xc2) /* C1, of which YAML allows only NEL */
        return (unsigned char)at[1] < 0xa0 && (unsigned char)at[1] != 0x85;
    return n == 3 && memcmp(at, "\xef\xbb\xbf", 3) == 0;
}

static bool explain_byte(const char *at, size_t n, struct error *err)
{
    unsigned char c = (unsigned char)*at;

    if (c == 0)
        return error_set(err, "a NUL byte: this is not a text file");
    if (n == 0)
        return error_set(err,
                         "byte 0x%02x is not UTF-8; save the file as "
                         "UTF-8",
                         c);
    return error_set(err, "a control character (byte 0x%02x) is not allowed",
                     (unsigned char)at[n - 1]);
}

bool syntax_check_bytes(const char *bytes, size_t len, int *line, int *column,
                        struct error *err)
{
    size_t i = 0, n;

    *line = *column = 1;
    if (len >= 2 && (memcmp(bytes, "\xff\xfe", 2) == 0 ||
                     memcmp(bytes, "\xfe\xff", 2) == 0))
        return error_set(err, "the file is UTF-16; save it as UTF-8");
    for (; i < len; i += n) {
        n = text_utf8(bytes + i, len - i);
        if (n == 0 || bytes[i] == 0 || is_forbidden(bytes + i, n))
            return explain_byte(bytes + i, n, err);
        if (bytes[i] == '\n') {
            *line += 1;
            *column = 1;
        } else {
            *column += 1;
        }
    }
    return true;
}

bool syntax_is_template_word(const char *word, size_t len)
{
    static const char *const words[] = {"base", "printer", "field", "command",
                                        "name"};
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strlen(words[i]) == len && memcmp(words[i], word, len) == 0)
            return true;
    return false;
}

/* Line number `line` (from 1) of the text. */
static const char *find_line(const char *bytes, size_t len, int line,
                             size_t *line_len)
{
    const char *end = bytes + len, *stop;

    while (--line > 0 && (stop = memchr(bytes, '\n', (size_t)(end - bytes))))
        bytes = stop + 1;
    stop = memchr(bytes, '\n', (size_t)(end - bytes));
    *line_len = (size_t)((stop ? stop : end) - bytes);
    return bytes;
}

/* Column (from 1, of characters) of byte i of a line. */
static int column_of(const char *line, size_t i)
{
    int column = 1;

    while (i-- > 0)
        column += ((unsigned char)line[i] & 0xc0) != 0x80;
    return column;
}

/* Byte at a column of a line, 0 behind its end. */
static char byte_at(const char *line, size_t len, int column)
{
    size_t i;

    for (i = 0; i < len; i++)
        if (((unsigned char)line[i] & 0xc0) != 0x80 && --column == 0)
            return line[i];
    return '\0';
}

/* Where the word that holds byte i begins. */
static size_t word_start(const char *line, size_t i)
{
    while (i > 0 && !strchr(" ,[]{}\"'", line[i - 1]))
        i--;
    return i;
}

/* Does a value begin at i: only "key: ", "- ", "," or a bracket before it? */
static bool begins_value(const char *line, size_t i)
{
    while (i > 0 && line[i - 1] == ' ')
        i--;
    return i == 0 || strchr(":-,[{", line[i - 1]);
}

/* Is there a {base} or the like at text? */
static bool is_braced_word(const char *text, size_t len)
{
    size_t word = 0;

    if (len == 0 || *text != '{')
        return false;
    while (1 + word < len && isalpha((unsigned char)text[1 + word]))
        word++;
    return 1 + word < len && text[1 + word] == '}' &&
           syntax_is_template_word(text + 1, word);
}

/* Length of the template at text: to the next blank, comma or bracket that was
 * not opened in it. */
static size_t template_length(const char *text, size_t len)
{
    int open = 0;
    size_t i;

    for (i = 0; i < len && !strchr(" \t\r,]#", text[i]); i++) {
        open += text[i] == '{';
        open -= text[i] == '}';
        if (open < 0)
            break;
    }
    return i;
}

/* `topic: {base}/x`: YAML takes {base} for a map and stumbles over the rest; in
 * a flow map also over `x/{base}`. */
static bool explain_template(const char *line, size_t len, int *column,
                             struct error *err)
{
    size_t i, start, total;

    for (i = 0; i < len && line[i] != '#'; i++) {
        if (!is_braced_word(line + i, len - i))
            continue;
        start = word_start(line, i);
        if (!begins_value(line, start))
            continue;
        total = template_length(line + start, len - start);
        *column = column_of(line, start);
        (void)error_set(err, "quote the template: \"%.*s\"",
                        total > QUOTE_MAX ? QUOTE_MAX : (int)total,
                        line + start);
        return true;
    }
    return false;
}

/* libyaml's words and ours. */
static const struct {
    const char *theirs;
    const char *ours;
    bool context; /* the mistake is where the construct began */
} words[] = {
    {"mapping values are not allowed in this context",
     "a ':' does not belong here: check the indentation, or quote the value",
     false},
    {"did not find expected key",
     "this does not fit the lines before: check indentation and quotes, and "
     "put no key below a line with { }",
     false},
    {"did not find expected '-' indicator",
     "this does not fit the lines before: check indentation and quotes", false},
    {"could not find expected ':'", "a ':' is missing in this line", true},
    {"found unexpected end of stream", "this quote is never closed", true},
    {"did not find expected ',' or '}'",
     "a ',' is missing in this map, or the '}' that closes it", true},
    {"did not find expected ',' or ']'",
     "a ',' is missing in this list, or the ']' that closes it", true},
    {"found a tab character that violates indentation",
     "there is a tab; YAML is indented with spaces only", false},
    {"did not find expected <document start>",
     "there is more text behind the end", false},
    {"did not find expected node content",
     "a value is missing here, or a bracket before it is not closed", false},
    {"found undefined tag handle",
     "unknown tag; known are !secret, !env, !env_var and !file", false},
};

static void explain_words(const yaml_parser_t *parser, int *line, int *column,
                          struct error *err)
{
    const char *problem = parser->problem ? parser->problem : "unreadable";
    size_t i;

    for (i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].theirs, problem) == 0)
            break;
    if (i == sizeof words / sizeof *words) {
        (void)error_set(err, "not valid YAML: %s", problem);
        return;
    }
    (void)error_set(err, "not valid YAML: %s", words[i].ours);
    if (words[i].context && parser->context) {
        *line = (int)parser->context_mark.line + 1;
        *column = (int)parser->context_mark.column + 1;
    }
}

/* A character that begins no value, at the place of the error. */
static bool explain_start(const yaml_parser_t *parser, char c,
                          struct error *err)
{
    if (!parser->problem ||
        strcmp(parser->problem,
               "found character that cannot start any token") != 0)
        return false;
    if (c == '\t')
        (void)error_set(err, "not valid YAML: there is a tab; YAML is indented "
                             "with spaces only");
    else
        (void)error_set(err,
                        "not valid YAML: a value that begins with %c must be "
                        "quoted",
                        c);
    return true;
}

void syntax_explain(const yaml_parser_t *parser, const char *bytes, size_t len,
                    int *line, int *column, struct error *err)
{
    size_t line_len;
    const char *text;

    *line = (int)parser->problem_mark.line + 1;
    *column = (int)parser->problem_mark.column + 1;
    text = find_line(bytes, len, *line, &line_len);
    if (explain_template(text, line_len, column, err) ||
        explain_start(parser, byte_at(text, line_len, *column), err))
        return;
    explain_words(parser, line, column, err);
}
