"""The storages local and sdcard as PrusaLink shows them (web/files.py)."""
import email.utils
import hashlib
import re
import urllib.parse

from ..files import Folder
from ..wire import Response
from .answers import CARD_READ_ONLY, FILE_NOT_FOUND, FILE_PRINTED, FOLDER_NOT_EMPTY, NO_LOCATION, no_content, problem

DEFAULT_FILES = {
    "dig.gcode": {"size": 72964, "duration": 754.0, "meta": {
        "estimated printing time (normal mode)": "12m 34s", "filament_type": "PLA", "layer_height": 0.2,
        "temperature": 215, "bed_temperature": 60, "nozzle_diameter": 0.4, "printer_model": "MK3S"}},
    "a b.gcode": {"size": 3400, "duration": 600.0},
}
DISPLAY = {"local": "PrusaLink gcodes", "sdcard": "SD Card"}
TOTAL, FREE = 270553174016, 82707181568


def display_path(path):
    """/local/x.gcode as PrusaLink's own tree calls it."""
    name, _, rest = path.strip("/").partition("/")
    return f"/{DISPLAY.get(name, name)}" + (f"/{rest}" if rest else "")


def refs(path):
    download = f"/api/files/local{display_path(path)}/raw" if path.startswith("/local/") else None
    return {"download": download, "icon": None, "thumbnail": None}


def meta(node):
    text = node.meta.get("estimated printing time (normal mode)")
    return node.meta | {"estimated_print_time": seconds(text) if text else None}


def seconds(text):
    """ "1h 2m 3s" as slicers write it."""
    units = {"d": 86400, "h": 3600, "m": 60, "s": 1}
    return sum(int(n) * units[u] for n, u in re.findall(r"(\d+)([dhms])", text))


def size_of(node):
    return sum(map(size_of, node.children)) if isinstance(node, Folder) else node.size


def entry(node):
    if isinstance(node, Folder):
        value = {"type": "FOLDER", "name": node.name, "read_only": node.read_only, "m_timestamp": node.mtime,
                 "size": size_of(node), "children": [entry(child) for child in node.children]}
        return {k: v for k, v in value.items() if k != "m_timestamp" or not node.read_only}
    return {"type": "PRINT_FILE" if node.printable else "FILE", "name": node.name, "read_only": node.read_only,
            "m_timestamp": node.mtime, "size": node.size}


def place(core, storage_name, path):
    """(node, path such as /local/x.gcode) or None."""
    plain = urllib.parse.unquote(path or "").strip("/")
    node = core.storages[storage_name].find(plain)[0]
    return (node, f"/{storage_name}/{plain}".rstrip("/")) if node else None


def cache_headers(core):
    changed = 1700000000 + sum(s.changes for s in core.storages.values())
    date = email.utils.formatdate(changed, usegmt=True)
    return [("Last-Modified", date), ("ETag", f'W/"{hashlib.md5(date.encode()).hexdigest()[:10]}"'),
            ("Date", email.utils.formatdate(usegmt=True))]


def file_headers(core, path):
    read_only, printed = not path.startswith("/local"), core.machine.last_path == path
    return cache_headers(core) + [("Read-Only", str(read_only)), ("Currently-Printed", str(printed))]


def file_info(core, request, storage_name, path=None):
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    headers = cache_headers(core)
    if request.header("If-None-Match") == headers[1][1]:
        return Response(304, headers=headers)
    found = place(core, storage_name, path)
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    node, path = found
    value = entry(node) | {"display_name": node.name}
    if isinstance(node, Folder):
        for child, source in zip(value["children"], node.children):
            child["display_name"] = child["name"]
            if not isinstance(source, Folder):
                child["refs"] = refs(f"{path}/{source.name}")
    else:
        value |= {"refs": refs(path), "meta": meta(node)}
    return Response(200, json=value, headers=file_headers(core, path))


def file_head(core, request, storage_name, path=None):
    found = place(core, storage_name, path) if storage_name in core.storages else None
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    return Response(200, headers=file_headers(core, found[1]))


def file_delete(core, request, storage_name, path):
    if storage_name == "sdcard":
        return problem(request, 409, *CARD_READ_ONLY)
    found = place(core, storage_name, path) if storage_name in core.storages else None
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
