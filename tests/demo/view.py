"""The live view: a table of the printers, the newest messages, and what to type."""
import shutil
import sys
import unicodedata

COLUMNS = (("PRINTER", 9), ("STATE", 11), ("PROGRESS", 21), ("NOZZLE", 10), ("BED", 10), ("REMAINING", 10), ("FILE", 30))
BAR = 14
CLEAR_LINE, CLEAR_BELOW = "\x1b[K", "\x1b[J"
ENTER, LEAVE = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"     # another screen, no cursor; and back


def number(text):
    try:
        return float(text)
    except ValueError:
        return None


def bar(text, full, empty):
    value = number(text)
    if value is None:
        return ""
    done = round(min(max(value, 0), 100) * BAR / 100)
    return full * done + empty * (BAR - done) + f" {value:3.0f} %"


def heat(now, target):
    value, wanted = number(now), number(target)
    if value is None:
        return ""
    return f"{value:.0f}/{wanted:.0f} °C" if wanted else f"{value:.0f} °C"


def duration(text):
    value = number(text)
    return "" if value is None else f"{int(value) // 3600}h {int(value) // 60 % 60:02d}m"


def one_line(text):
    """Control characters would tear the screen."""
    return "".join(c if unicodedata.category(c)[0] != "C" else " " for c in text)


def row(name, fields, blocks):
    get = lambda key: one_line(fields.get(key, ""))      # noqa: E731
    online = fields.get("availability") == "online"
    state = (get("state") or "?") if online else fields.get("availability", "...")
    cells = [name, state, bar(get("job/progress"), *blocks), heat(get("nozzle/temperature"), get("nozzle/target")),
             heat(get("bed/temperature"), get("bed/target")), duration(get("job/time_remaining")), get("job/name")]
    return "  ".join(cell[:width].ljust(width) for cell, (_, width) in zip(cells, COLUMNS))


def table(house, blocks):
    yield "  ".join(title.ljust(width) for title, width in COLUMNS)
    for name, fields in house.printers.items():
        yield row(name, fields, blocks)
    for name, trouble in house.troubles.items():
        yield one_line(f"{name}: {trouble['error']}. {trouble.get('remedy') or ''}")


def page(title, hints, house, warning, blocks=("#", "-")):
    """The lines of the whole view."""
    yield from (title, "")
    yield from table(house, blocks)
    yield from ("", "The newest messages, as mosquitto_sub shows them:")
    yield from (one_line(f"  {topic} {payload}") for topic, payload in house.recent)
    yield from ("", *hints)
    if warning:
        yield from ("", one_line(f"The bridge's last warning: {warning}"))


class Screen:
    """Draws pages in place; only lines that changed, so that text can be marked and copied meanwhile."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.lines = []
        self.size = None

    def __enter__(self):
        self.out.write(ENTER)
        return self

    def __exit__(self, *_):
        self.out.write(LEAVE)
        self.out.flush()

    def draw(self, lines):
        size = shutil.get_terminal_size()
        if size != self.size:
            self.size, self.lines = size, []
            self.out.write("\x1b[H" + CLEAR_BELOW)
        lines = [line[:size.columns] for line in lines][:size.lines - 1]
        for i, line in enumerate(lines):
            if self.lines[i:i + 1] != [line]:
                self.out.write(f"\x1b[{i + 1};1H{line}{CLEAR_LINE}")
        if len(lines) < len(self.lines):
            self.out.write(f"\x1b[{len(lines) + 1};1H{CLEAR_BELOW}")
        self.lines = lines
        self.out.flush()
