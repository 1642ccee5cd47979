"""The storages local and sdcard as PrusaLink shows them (web/files.py)."""
import datetime
import email.utils
import hashlib
import mimetypes
import re
import urllib.parse

from ..files import Folder
from ..pictures import previews, previews_of
from ..wire import Response
from .answers import (CARD_READ_ONLY, FILE_NOT_FOUND, FILE_PRINTED, FOLDER_NOT_EMPTY, NO_LOCATION, NO_THUMBNAIL,
                      no_content, problem)

DEFAULT_FILES = {
    "dig.gcode": {"size": 72964, "duration": 754.0, "thumbnails": previews(3), "meta": {
        "estimated printing time (normal mode)": "12m 34s", "filament_type": "PLA", "layer_height": 0.2,
        "temperature": 215, "bed_temperature": 60, "nozzle_diameter": 0.4, "printer_model": "MK3S"}},
    "a b.gcode": {"size": 3400, "duration": 600.0},
}
SETTING = re.compile(rb"; ([a-zA-Z][^=;]*?) = (.*)")
LISTS = {"filament_type", "filament used [g]", "filament used [mm]", "filament used [cm3]", "filament cost", "temperature",
         "bed_temperature", "nozzle_diameter"}
SINGLE = {"estimated printing time (normal mode)", "layer_height", "printer_model", "fill_density", "brim_width",
          "support_material", "ironing"}
EACH_END = 1 << 18      # bytes of head and tail that are looked through
DISPLAY = {"local": "PrusaLink gcodes", "sdcard": "SD Card"}
TOTAL, FREE = 270553174016, 82707181568


def display_path(path):
    """/local/x.gcode as PrusaLink's own tree calls it."""
    name, _, rest = path.strip("/").partition("/")
    return f"/{DISPLAY.get(name, name)}" + (f"/{rest}" if rest else "")


def refs(core, node, path):
    """Only files that can be printed have pictures, and only local ones can be downloaded."""
    local = path.startswith("/local/")
    found = {"download": f"/api/files/local{display_path(path)}/raw" if local else None}
    if not node.printable:
        return found
    picture = f"/api/thumbnails{display_path(path)}.orig.png" if local and previews_in(node) else None
    return found | {"icon": None, "thumbnail": picture}


def previews_in(node):
    return node.thumbnails or previews_of(node.content or b"")


def meta(node):
    found = node.meta or metadata_of(node.content or b"")
    text = found.get("estimated printing time (normal mode)")
    return found | {"estimated_print_time": seconds(text) if text else None}


def metadata_of(content):
    """What gcode_metadata finds in the comments of a slicer."""
    found = {}
    for line in content[:EACH_END].splitlines() + content[-EACH_END:].splitlines():
        match = SETTING.fullmatch(line)
        key = match and match[1].decode()
        if key in LISTS:
            values = [typed(part) for part in re.split("[,;]", match[2].decode("utf-8", "replace"))]
            found |= {f"{key} per tool": values, key: sum(values) if isinstance(values[0], float) else values[0]}
        elif key in SINGLE:
            found[key] = typed(match[2].decode("utf-8", "replace"))
    return found


def typed(text):
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text.strip()


def seconds(text):
    """ "1h 2m 3s" as slicers write it."""
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([dhms])", text))


def size_of(node):
    if not isinstance(node, Folder):
        return node.size
    return sum(size_of(child) for child in node.children if not child.name.startswith("."))


def entry(node):
    if isinstance(node, Folder):
        known = {"read_only": node.read_only} | ({} if node.read_only else {"m_timestamp": node.mtime})
        return {"type": "FOLDER", "name": node.name} | (known if node.mtime else {}) | {"size": size_of(node)}
    return {"type": "PRINT_FILE" if node.printable else "FILE", "name": node.name, "read_only": node.read_only,
            "m_timestamp": node.mtime, "size": node.size}


def place(core, storage_name, path):
    """(node, path such as /local/x.gcode) or None."""
    plain = urllib.parse.unquote(path or "", errors="surrogateescape").strip("/")
    node = core.storages[storage_name].find(plain)[0]
    known = node is not None and seen(core, node) and not node.name.startswith(".")
    return (node, f"/{storage_name}/{plain}".rstrip("/")) if known else None


def seen(core, node):
    return node.seen_at <= core.clock.now()


def cache_headers(core):
    changed = 1700000000 + sum(s.changes for s in core.storages.values())
    date = email.utils.formatdate(changed, usegmt=True)
    return [("Last-Modified", date), ("ETag", f'W/"{hashlib.md5(date.encode()).hexdigest()[:10]}"'),
            ("Date", email.utils.formatdate(usegmt=True))]


def unmodified_since(request, modified):
    """If-Modified-Since: the server's own time has a fraction, so its very date is never late enough [seen]."""
    value = request.header("If-Modified-Since")
    if value is None:
        return False
    given = datetime.datetime.strptime(value, "%a, %d %b %Y %X GMT").replace(tzinfo=datetime.timezone.utc)
    return modified + 0.5 <= given.timestamp()


def file_headers(core, path):
    read_only, printed = not path.startswith("/local"), core.machine.last_path == path
    return cache_headers(core) + [("Read-Only", str(read_only)), ("Currently-Printed", str(printed))]


def file_info(core, request, storage_name, path=None):
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    headers = cache_headers(core)
    try:
        modified = email.utils.parsedate_to_datetime(headers[0][1]).timestamp()
        fresh = unmodified_since(request, modified) or request.header("If-None-Match") == headers[1][1]
    except ValueError:
        return core.server.page(500, request)
    if fresh:
        return Response(304, headers=headers)
    found = place(core, storage_name, path)
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    node, path = found
    return Response(200, json=document_of(core, node, path), headers=file_headers(core, path))


def document_of(core, node, path):
    value = entry(node)
    if not isinstance(node, Folder):
        value |= {"display_name": node.name, "refs": refs(core, node, path)}
        return value | ({"meta": meta(node)} if node.printable else {})
    children = [child for child in node.children if not child.name.startswith(".") and seen(core, child)]
    return value | {"children": [_child(core, child, path) for child in children], "display_name": node.name}


def _child(core, node, path):
    value = entry(node) | {"display_name": node.name}
    return value if isinstance(node, Folder) else value | {"refs": refs(core, node, f"{path}/{node.name}")}


def file_head(core, request, storage_name, path=None):
    found = place(core, storage_name, path) if storage_name in core.storages else None
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    return Response(200, headers=file_headers(core, found[1]))


def file_delete(core, request, storage_name, path):
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    if storage_name == "sdcard":
        return problem(request, 409, *CARD_READ_ONLY)
    found = place(core, storage_name, path)
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    node, path = found
    if core.machine.job and core.machine.job.path == path:
        return problem(request, 409, *FILE_PRINTED)
    if isinstance(node, Folder) and node.children and request.header("Force") != "?1":
        return problem(request, 409, *FOLDER_NOT_EMPTY)
    core.ordered("delete", path)
    core.storages[storage_name].remove(path.split("/", 2)[2])
    return no_content()


def by_display_path(core, path):
    """The node at "PrusaLink gcodes/x.gcode", as refs name it."""
    first, _, rest = urllib.parse.unquote(path, errors="surrogateescape").partition("/")
    for name, shown in DISPLAY.items():
        if shown == first and (found := place(core, name, urllib.parse.quote(rest, errors="surrogateescape"))):
            return found
    return None


def download(core, request, storage_name, path):
    """Whole, whatever Range says (web/files_legacy.py). What is no file of the Pi's own makes it stumble."""
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    found = by_display_path(core, path)
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    node, path = found
    if isinstance(node, Folder) or not path.startswith("/local/"):
        return core.server.page(500, request)
    kind = mimetypes.guess_type(node.name)[0] or "application/octet-stream"
    return Response(200, pieces=node.pieces(), length=node.size, content_type=kind,
                    headers=[("Content-Disposition", f'attachment;filename="{node.name}"')])


def thumbnail(core, request, path, wanted):
    """From its cache of metadata, which a file without any does not have: 404, not 410."""
    found = by_display_path(core, path)
    if not found or isinstance(found[0], Folder) or not found[1].startswith("/local/"):
        return problem(request, 404, *FILE_NOT_FOUND)
    node = found[0]
    pictures = previews_in(node)
    if not pictures and not meta(node).get("estimated_print_time"):
        return problem(request, 404, *FILE_NOT_FOUND)
    if not pictures or wanted.lower() != "png":
        return problem(request, 410, *NO_THUMBNAIL)
    return Response(200, body=pictures[max(pictures)], content_type="image/png",
                    headers=[("Cache-Control", "private, max-age=604800")])
