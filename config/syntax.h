/* What libyaml leaves unsaid: bytes that are no text, and syntax errors in
 * words that help. */
#ifndef CONFIG_SYNTAX_H
#define CONFIG_SYNTAX_H

#include "mapping/error.h"

#include <stdbool.h>
#include <stddef.h>

struct yaml_parser_s;

/* Is every byte part of UTF-8 text that YAML allows? Else err says what is
 * there, line and column (from 1) where. */
bool syntax_check_bytes(const char *bytes, size_t len, int *line, int *column,
                        struct error *err);

/* Put a parser's error into words; may move the position to where the mistake
 * was made rather than noticed. bytes is the text being parsed. */
void syntax_explain(const struct yaml_parser_s *parser, const char *bytes,
                    size_t len, int *line, int *column, struct error *err);

/* Is word one that may stand in the braces of a topic template? */
bool syntax_is_template_word(const char *word, size_t len);

#endif
