"""The USB stick as Buddy shows it (nhttp/file_info.cpp, link_content/prusa_api_helpers.cpp).

A place is (node or None, path as asked, short path).
"""
import re
import urllib.parse
import zlib

from ..files import Folder
from ..pictures import previews, previews_of
from ..wire import Response, raw, text

DEFAULT_FILES = {
    "box.gcode": {"size": 72964, "duration": 754.0, "thumbnails": previews(1)},
    "multiple_grots_0.4n_PLA_XLIS_5h36m.bgcode": {"size": 10262918, "mtime": 1706802615, "duration": 20160.0,
                                                  "thumbnails": previews(2)},
    "parts/clip.gcode": {"size": 20480, "duration": 600.0},
    "note.txt": {"size": 12},
}

LONG_NAME = 167     # bytes; what is longer is cut, in the middle of a character too
LARGE = ((220, 124), (220, 140))


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
    etag = [] if legacy else [("ETag", f'"{core.storages["usb"].changes}"')]
    if etag and request.header("If-None-Match") == etag[0][1]:
        return Response(304, headers=etag)
    headers = etag + [("Read-Only", "false"), ("Currently-Printing", "true" if core.printed(node) else "false")]
    if isinstance(node, Folder):
        document = (legacy_folder_document if legacy else folder_document)(core, node, path, short)
    else:
        document = (legacy_file_document if legacy else file_document)(core, node, short)
    return Response(200, json=document, headers=headers)


def head_file(core, request, place, legacy):
    response = show_file(core, request, place, legacy)
    if response.status != 200:
        return response
    return Response(200, content_type="application/json", headers=response.headers)


def delete_file(core, request, place, legacy):
    node, path, short = place
    if node is None or isinstance(node, Folder) and (node.children or path == "/usb"):
        return Response(404)
    if core.printed(node):
        return Response(409, message="File is busy")
    if not isinstance(node, Folder) and node.transferring:
        return Response(409, message="File is being transferred")
    core.storages["usb"].remove(path[5:])
    core.ordered("delete", path)
    return Response(204)


def download(core, request):
    """/usb/..., whole: it knows no ranges (link_content/usb_files.cpp, nhttp/send_file.cpp)."""
    place = located(core, request, "", False)
    if isinstance(place, Response):
        return place
    node = place[0]
    if request.method != "GET":
        return Response(405, closing="as asked")
    if node is None or isinstance(node, Folder):
        return Response(404)
    etag = ("ETag", f'"{file_etag(node)}"')
    if request.header("If-None-Match") == etag[1]:
        return Response(304, headers=[etag])
    return Response(200, pieces=node.pieces(), length=node.size, content_type="application/octet-stream",
                    headers=[etag, ("Content-Disposition", "attachment")])


def file_etag(node):
    """Of its size and time, as all that are not listings."""
    return zlib.crc32(f"{node.size} {node.mtime}".encode()) or 1


def thumbnail(core, request):
    """/thumb/s/usb/... and /thumb/l/usb/... (link_content/previews.cpp, nhttp/gcode_preview.cpp)."""
    kind = request.path[len("/thumb/"):][:2]
    if kind not in ("s/", "l/"):
        return Response(404, message="Thumbnail size specification not recognized")
    place = located(core, request, "/thumb/" + kind[0], False)
    if isinstance(place, Response):
        return place
    node = place[0]
    if node is None or isinstance(node, Folder):
        return Response(404)
    etag = ("ETag", f'"{file_etag(node)}"')
    if request.header("If-None-Match") == etag[1]:
        return Response(304, headers=[etag])
    found = node.thumbnails or previews_of(node.content or b"")
    picture = found.get((16, 16)) if kind == "s/" else next((found[size] for size in LARGE if size in found), None)
    if picture is None:
        return Response(404, message="File doesn't contain preview")
    return Response(200, body=picture, content_type="image/png", headers=[etag])


def folder_document(core, folder, path, short):
    usb = core.storages["usb"]
    children = folder.children if usb.present else []
    document = {"type": "FOLDER", "ro": False}
    if folder is not usb.root:
        document["m_timestamp"] = folder.mtime
    return document | {"name": folder.name if folder is usb.root else short.rpartition("/")[2],
                       "children": [_child(child, short) for child in children if _listed(child)]}


def _listed(node):
    return not node.name.startswith(".") and (isinstance(node, Folder) or node.printable)


def _child(node, short):
    if isinstance(node, Folder):
        return {"name": node.short, "ro": False, "type": "FOLDER", "m_timestamp": node.mtime,
                "display_name": long_name(node)}
    return {"name": node.short, "ro": is_read_only(node), "type": "PRINT_FILE", "m_timestamp": node.mtime,
            "refs": _refs(node, f"{short}/{node.short}"), "display_name": long_name(node)}


def long_name(node):
    return text(raw(node.name)[:LONG_NAME])


def is_read_only(node):
    return node.read_only or node.transferring


def _refs(node, short):
    pictures = {"icon": f"/thumb/s{short}", "thumbnail": f"/thumb/l{short}"} if node.printable else {}
    return pictures | ({} if node.transferring else {"download": short})


def file_document(core, node, short):
    kind = "PRINT_FILE" if node.printable else "FIRMWARE" if node.name.lower().endswith(".bbf") else "FILE"
    return {"name": short.rpartition("/")[2], "ro": is_read_only(node), "type": kind, "m_timestamp": node.mtime,
            "size": node.size, "refs": _refs(node, short), "display_name": long_name(node)}


def legacy_folder_document(core, folder, path, short):
    usb = core.storages["usb"]
    origin = short.strip("/")
    children = [{"name": child.short, "display": long_name(child), "path": f"{origin}/{child.short}", "origin": "usb",
                 "refs": {"resource": f"/api/files{short}/{child.short}",
                          "thumbnailSmall": f"/thumb/s{short}/{child.short}",
                          "thumbnailBig": f"/thumb/l{short}/{child.short}", "download": f"{origin}/{child.short}"}}
                for child in (folder.children if usb.present else [])
                if not isinstance(child, Folder) and child.printable]
    return {"files": [{"name": "USB", "path": "/usb", "display": "USB", "type": "folder", "origin": "usb",
                       "children": children}]}


def legacy_file_document(core, node, short):
    return {"name": long_name(node), "origin": "local", "size": node.size,
            "refs": {"resource": f"/api/files{short}", "thumbnailSmall": f"/thumb/s{short}",
                     "thumbnailBig": f"/thumb/l{short}", "download": short}}
