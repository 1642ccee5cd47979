"""JSON as Buddy's segmented_json.cpp and json_encode.cpp print it."""
import re

from ..wire import raw

ESCAPES = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", '"': '\\"', "\\": "\\\\", "\0": "\\u0000"}
MUST_ESCAPE = re.compile('[\b\f\n\r\t"\\\\\0]')


class Fixed(float):
    """A number printed with %.*f: NaN and infinities come out bare, which is no JSON."""

    def __new__(cls, value, decimals):
        self = super().__new__(cls, value)
        self.decimals = decimals
        return self


def escape(text):
    """Other control bytes and invalid UTF-8 pass as they are."""
    return MUST_ESCAPE.sub(lambda m: ESCAPES[m[0]], text)


def render(value):
    return raw(_text(value))


def _text(value):
    if isinstance(value, dict):
        return "{" + ",".join(f'"{k}":{_text(v)}' for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_text, value)) + "]"
    if isinstance(value, str):
        return f'"{escape(value)}"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Fixed):
        return f"{float(value):.{value.decimals}f}"
    return str(int(value))
