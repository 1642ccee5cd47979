"""The USB stick as Buddy shows it (nhttp/file_info.cpp, link_content/prusa_api_helpers.cpp).

A place is (node or None, path as asked, short path).
"""
import re
import urllib.parse

from ..files import Folder, short_name
from ..wire import Response

DEFAULT_FILES = {
    "box.gcode": {"size": 72964, "duration": 754.0},
    "multiple_grots_0.4n_PLA_XLIS_5h36m.bgcode": {"size": 10262918, "mtime": 1706802615, "duration": 20160.0},
    "parts/clip.gcode": {"size": 20480, "duration": 600.0},
    "note.txt": {"size": 12},
}


def decoded(path):
    """The path of a file URL, or None when it is refused: bad escapes, or a way out of the directory."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", path):
        return None
    plain = urllib.parse.unquote_to_bytes(path.replace("+", " ")).decode("utf-8", "surrogateescape")
    if plain.startswith("../") or plain.endswith("/..") or "/../" in plain:
        return None
    return re.sub("/+", "/", plain)


def located(core, request, prefix, legacy):
    """(node, path, short path) or the refusal."""
    plain = decoded(request.path)
    if plain is None:
        return Response(404)
    path = plain[len(prefix):]
    if legacy and path.rstrip("/") in ("", "/local", "/sdcard"):
        path = "/usb"
    if path != "/usb" and not path.startswith("/usb/"):
        return Response(403)
    path = path.rstrip("/")
    usb = core.storages["usb"]
    node = usb.root if path == "/usb" else usb.find(path[5:])[0]
    if node is None:
        return None, path, path
    return node, path, "/" + "/".join(filter(None, ["usb", usb.short_path(path[5:])]))


def show_file(core, request, place, legacy):
    node, path, short = place
    if node is None:
        return Response(404)
    printed = core.machine.job is not None and core.file(core.machine.job.path) is node
    headers = [("Read-Only", "false"), ("Currently-Printing", "true" if printed else "false")]
    if isinstance(node, Folder):
        etag = core.storages["usb"].changes
        if not legacy and request.header("If-None-Match", "").strip('"') == str(etag):
            return Response(304, headers=[("ETag", f'"{etag}"')])
        document = (legacy_folder_document if legacy else folder_document)(core, node, path, short)
        return Response(200, json=document, headers=[("ETag", f'"{etag}"')] + headers)
    document = (legacy_file_document if legacy else file_document)(core, node, short)
    return Response(200, json=document, headers=headers)


def head_file(core, request, place, legacy):
    response = show_file(core, request, place, legacy)
    if response.status != 200:
        return response
    return Response(200, content_type="application/json", headers=response.headers)


def delete_file(core, request, place, legacy):
    node, path, short = place
    job_now = core.machine.job
    if node is None or isinstance(node, Folder) and (node.children or path == "/usb"):
        return Response(404)
    if job_now and core.file(job_now.path) is node:
        return Response(409, message="File is busy")
    core.storages["usb"].remove(path[5:])
    core.ordered("delete", path)
    return Response(204)


def folder_document(core, folder, path, short):
    usb = core.storages["usb"]
    children = folder.children if usb.present else []
    document = {"type": "FOLDER", "ro": False}
    if folder is not usb.root:
        document["m_timestamp"] = folder.mtime
    return document | {"name": folder.name if folder is usb.root else short.rpartition("/")[2],
                       "children": [_child(folder, child, short) for child in children if _listed(child)]}


def _listed(node):
    return not node.name.startswith(".") and (isinstance(node, Folder) or node.printable)


def _child(folder, node, short):
    name = short_name(folder, node)
    if isinstance(node, Folder):
        return {"name": name, "ro": False, "type": "FOLDER", "m_timestamp": node.mtime, "display_name": node.name}
    return {"name": name, "ro": node.read_only, "type": "PRINT_FILE", "m_timestamp": node.mtime,
            "refs": _refs(f"{short}/{name}", True), "display_name": node.name}


def _refs(short, printable):
    pictures = {"icon": f"/thumb/s{short}", "thumbnail": f"/thumb/l{short}"} if printable else {}
    return pictures | {"download": short}


def file_document(core, node, short):
    kind = "PRINT_FILE" if node.printable else "FIRMWARE" if node.name.lower().endswith(".bbf") else "FILE"
    return {"name": short.rpartition("/")[2], "ro": node.read_only, "type": kind, "m_timestamp": node.mtime,
            "size": node.size, "refs": _refs(short, node.printable), "display_name": node.name}


def legacy_folder_document(core, folder, path, short):
    usb = core.storages["usb"]
    origin = short.strip("/")
    children = [{"name": name, "display": child.name, "path": f"{origin}/{name}", "origin": "usb",
                 "refs": {"resource": f"/api/files{short}/{name}", "thumbnailSmall": f"/thumb/s{short}/{name}",
                          "thumbnailBig": f"/thumb/l{short}/{name}", "download": f"{origin}/{name}"}}
                for child in (folder.children if usb.present else [])
                if not isinstance(child, Folder) and child.printable for name in [short_name(folder, child)]]
    return {"files": [{"name": "USB", "path": "/usb", "display": "USB", "type": "folder", "origin": "usb",
                       "children": children}]}


def legacy_file_document(core, node, short):
    return {"name": node.name, "origin": "local", "size": node.size,
            "refs": {"resource": f"/api/files{short}", "thumbnailSmall": f"/thumb/s{short}",
                     "thumbnailBig": f"/thumb/l{short}", "download": short}}
