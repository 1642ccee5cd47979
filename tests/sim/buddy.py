"""What Buddy answers: its endpoints and documents (lib/WUI/link_content, nhttp/status_renderer.cpp)."""
import json
import re
import urllib.parse

from .buddy_json import Fixed
from .files import Folder, short_name
from .wire import Response

DEFAULT_FILES = {
    "box.gcode": {"size": 72964, "duration": 754.0},
    "multiple_grots_0.4n_PLA_XLIS_5h36m.bgcode": {"size": 10262918, "mtime": 1706802615, "duration": 20160.0},
    "parts/clip.gcode": {"size": 20480, "duration": 600.0},
    "note.txt": {"size": 12},
}
JOB_STATES = {"PRINTING": "PRINTING", "PAUSED": "PAUSED", "ATTENTION": "PAUSED", "FINISHED": "FINISHED",
              "STOPPED": "STOPPED"}
PRINT_FROM = {"IDLE", "READY", "STOPPED", "FINISHED"}
BODY_LIMITS = (("/api/job", 100), ("/api/files", 25))


def is_protected(path):
    return path.startswith(("/api/", "/usb/", "/thumb/"))


def body_limit(request):
    """How long a body the handler of this request reads; None: it reads none (it then spoils what follows)."""
    if request.method == "POST":
        for prefix, limit in BODY_LIMITS:
            if request.path == prefix or prefix == "/api/files" and request.path.startswith("/api/files/"):
                return limit
    return None


# -- documents

def version(core, firmware):
    o = core.options
    document = {"api": "2.0.0", "server": "2.1.2"}
    if firmware >= (4, 6):
        document["nozzle_diameter"] = Fixed(o["nozzle_diameter"], 2)
    document |= {"text": "PrusaLink MINI" if firmware < (4, 5) else "PrusaLink", "hostname": o["hostname"]}
    if firmware >= (4, 6):
        document["capabilities"] = {"upload-by-put": True}
    if firmware >= (6, 5):
        document |= {"firmware": o["firmware"], "printer": o["model"] or "1.4.0"}
    return document


def info(core, firmware):
    o = core.options
    return {"nozzle_diameter": Fixed(o["nozzle_diameter"], 2), "mmu": bool(o["mmu"]), "serial": o["serial"],
            "hostname": o["hostname"], "min_extrusion_temp": 170}


def status(core, firmware):
    document = {"job": _status_job(core, firmware),
                "storage": {"path": "/usb/", "name": "usb", "read_only": False},
                "printer": _status_printer(core)}
    if (4, 7) <= firmware < (5, 1):
        document["printer"]["status_connect"] = {"ok": True, "message": "OK"}
    return document


def _status_job(core, firmware):
    if not core.machine.shows_job:
        return None
    return {"id": _int(core, "job_id"), "progress": _fixed(core, "progress", 2),
            "time_remaining": _int(core, "time_remaining"),
            "filament_change_in": _int(core, "filament_change_in") if firmware >= (5, 2) else None,
            "time_printing": _int(core, "time_printing")}


def _status_printer(core):
    document = {"state": core.machine.state}
    for name in ("temp_bed", "target_bed", "temp_nozzle", "target_nozzle", "axis_z"):
        document[name] = _fixed(core, name, 1)
    if not core.machine.shows_job:
        document |= {name: _fixed(core, name, 1) for name in ("axis_x", "axis_y")}
    return document | {name: _int(core, name) for name in ("flow", "speed", "fan_hotend", "fan_print")}


def job(core, firmware):
    node, path, short = _printed(core)
    directory, _, name = short.rpartition("/")
    return {"id": _int(core, "job_id"), "state": JOB_STATES.get(core.machine.state, "ERROR"),
            "progress": _fixed(core, "progress", 2), "time_remaining": _int(core, "time_remaining"),
            "time_printing": _int(core, "time_printing"),
            "file": {"refs": {"icon": f"/thumb/s{short}", "thumbnail": f"/thumb/l{short}", "download": short},
                     "name": name, "display_name": path.rpartition("/")[2], "path": directory,
                     "size": node.size if node else None, "m_timestamp": node.mtime if node else None}}


def storage(core, firmware):
    return {"storage_list": [{"path": "/usb/", "name": "usb", "type": "USB", "read_only": False,
                              "available": core.storages["usb"].present}]}



def legacy_printer(core, firmware):
    m = core.machine
    heat = {name: {"actual": _fixed(core, f"temp_{key}", 1), "target": _fixed(core, f"target_{key}", 1)}
            for name, key in (("tool0", "nozzle"), ("bed", "bed"))}
    heat["tool0"]["display"] = heat["tool0"]["target"]
    flags = LEGACY_FLAGS.get(m.phase, LEGACY_FLAGS["idle"])
    if m.state == "ATTENTION":
        flags = flags | {"link_state": "ATTENTION", "busy": True, "printing": True, "error": True}
    names = ("operational", "paused", "printing", "cancelling", "pausing", "error")
    return {"telemetry": {"temp-bed": heat["bed"]["actual"], "temp-nozzle": heat["tool0"]["actual"],
                          "print-speed": _int(core, "speed"), "z-height": _fixed(core, "axis_z", 1),
                          "material": core.value("material")},
            "temperature": {name: values | {"offset": 0} for name, values in heat.items()},
            "state": {"text": "Printing" if flags.get("printing") else "Operational",
                      "flags": {"link_state": flags.get("link_state") if firmware >= (4, 5) else None}
                      | {name: flags.get(name, False) for name in names}
                      | {"sdReady": False, "closedOnError": False, "ready": flags.get("ready", False),
                         "busy": flags.get("busy", False)}}}


READY = {"operational": True, "ready": True}
LEGACY_FLAGS = {
    "idle": READY,
    "printing": {"link_state": "PRINTING", "printing": True},
    "recovery": {"link_state": "PRINTING", "printing": True, "busy": True},     # BUSY falls through to PRINTING
    "pausing": {"link_state": "PAUSED", "printing": True, "pausing": True, "paused": True, "busy": True},
    "paused": {"link_state": "PAUSED", "printing": True, "paused": True},
    "resuming": {"link_state": "PRINTING", "printing": True, "busy": True},
    "attention": {"link_state": "PRINTING", "printing": True},
    "hidden_attention": {"link_state": "PRINTING", "printing": True},
    "questions": READY | {"link_state": "ATTENTION"},
    "aborting": {"link_state": "BUSY", "cancelling": True, "busy": True},
    "aborting_preview": {"link_state": "BUSY", "cancelling": True, "busy": True},
    "finishing": {"link_state": "BUSY", "busy": True},
}
LEGACY_STATES = {
    "printing": "Printing", "finishing": "Printing", "hidden_attention": "Printing", "recovery": "CrashRecovery",
    "pausing": "Pausing", "paused": "Paused", "resuming": "Resuming", "aborting": "Cancelling",
    "aborting_preview": "Cancelling", "questions": "Error", "attention": "Error", "warning": "Error",
}
NO_JOB = b'{"state":"Operational","job": null,"progress": null}'


def legacy_job(core, firmware):
    state = LEGACY_STATES.get(core.machine.phase)
    if state is None:
        return None
    node, path, short = _printed(core)
    left, printed = core.value("time_remaining"), int(core.value("time_printing") or 0)
    name = path.rpartition("/")[2]
    return {"state": state,
            # Printed plus remaining as unsigned sum; unknown is 0xFFFFFFFF, so it wraps.
            "job": {"estimatedPrintTime": (printed + (0xffffffff if left is None else int(left))) & 0xffffffff,
                    "file": {"name": name, "path": short, "display": name}},
            "progress": {"printTimeLeft": left, "completion": Fixed((core.value("progress") or 0) / 100, 2),
                         "printTime": printed}}


def _printed(core):
    """(node or None, long path, short path) of the current job."""
    path = core.machine.job.path if core.machine.job else "/usb/?"
    storage_name, rest = core.split(path)
    usb = core.storages.get(storage_name)
    node = usb.find(rest)[0] if usb else None
    return node, path, f"/{storage_name}/{usb.short_path(rest)}" if node else path


def _fixed(core, name, decimals):
    value = core.value(name)
    return None if value is None else Fixed(value, decimals)


def _int(core, name):
    value = core.value(name)
    return None if value is None else int(value)


# -- files

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


def print_file(core, request, place, legacy):
    # Closes in any case: there could be a body that nobody reads (prusa_api_helpers.cpp).
    return Response(_start(core, place), closing="linger")


def _start(core, place):
    node, path, short = place
    if node is None:
        return 404
    if core.machine.state not in PRINT_FROM or core.machine.job:
        return 409
    _, parent = core.storages["usb"].find(path[5:])
    core.ordered("print", path)
    long_path = path.rpartition("/")[0] + "/" + node.name if parent else path
    core.start_print(long_path, gap=True, warmup=float(core.options["warmup"]))
    return 204


def legacy_file_command(core, request, place, legacy):
    response = _refused_body(request, 25)
    if response:
        return response
    command = _strings(request.body)
    if command is None:
        return Response(400, message="Couldn't parse JSON", closing="as asked")
    if command.get("command") != "start":
        return Response(400, message="Unknown file command", closing="as asked")
    status_now = _start(core, place)
    message = {404: "Gcode doesn't exist", 409: "Can't start print now"}.get(status_now, "")
    return Response(status_now, message=message, closing="as asked")


FILE_METHODS = {"GET": show_file, "HEAD": head_file, "DELETE": delete_file, "POST": print_file}
LEGACY_FILE_METHODS = {"GET": show_file, "DELETE": delete_file, "POST": legacy_file_command}


def files(core, request, prefix, methods, legacy):
    place = located(core, request, prefix, legacy)
    if isinstance(place, Response):
        return place
    handler = methods.get(request.method)
    return handler(core, request, place, legacy) if handler else Response(405, closing="linger")


# -- orders

ORDERS = {"pause": {"PRINTING"}, "resume": {"PAUSED"}, "cancel": {"PRINTING", "PAUSED", "ATTENTION"}}
# 204 means "order taken": where the machine is already on its way, nothing more happens.
EFFECTIVE = {"pause": {"printing", "hidden_attention"}, "resume": {"paused", "pausing"},
             "cancel": {"questions", "printing", "pausing", "paused", "resuming", "attention", "hidden_attention"}}
LEGACY_ORDERS = {("cancel", None): ("cancel", EFFECTIVE["cancel"]), ("pause", "pause"): ("pause", {"printing"}),
                 ("pause", "resume"): ("resume", {"paused"})}


def order(core, name):
    machine = core.machine
    if machine.state not in ORDERS[name]:
        return Response(409)
    _carry_out(core, name)
    return Response(204)


def _carry_out(core, name):
    core.ordered(name, core.machine.job_id)
    if core.machine.phase in EFFECTIVE[name]:
        getattr(core.machine, name)()


def job_orders(core, request, suffix):
    """/api/v1/job/<suffix>: the id is checked before the method, and "12abc" is 12."""
    number = re.match(r"-?\d+", suffix)
    if not number:
        return Response(400)
    if int(number[0]) != core.machine.job_id:
        return Response(404)
    if request.method == "DELETE":
        return order(core, "cancel")
    if request.method != "PUT":
        return Response(405)
    command = suffix.partition("/")[2]
    return order(core, command) if command in ("pause", "resume") else Response(400)


def legacy_job_command(core, request):
    response = _refused_body(request, 100)
    if response:
        return response
    given = _strings(request.body)
    if given is None:
        return Response(400, message="Couldn't parse JSON", closing="as asked")
    command, action = given.get("command"), given.get("action")
    if (command, action) == ("pause", "toggle"):
        action = "resume" if core.machine.phase == "paused" else "pause"
    found = LEGACY_ORDERS.get((command, None if command == "cancel" else action))
    if found is None:
        # Always JSON with an empty message: an argument mix-up in job_command.cpp.
        return Response(400, body=b'{"title": "400: Bad Request","message":""}', content_type="application/json")
    name, phases = found
    if core.machine.phase not in phases:
        return Response(409, closing="as asked")
    _carry_out(core, name)
    return Response(204)


def _refused_body(request, limit):
    length = request.content_length
    if length is None:
        return Response(411, closing="linger")
    return Response(413, closing="linger") if length > limit else None


def _strings(body):
    """The text members of a JSON object, or None when it is none."""
    try:
        document = json.loads(body)
    except ValueError:
        return None
    return {k: v for k, v in document.items() if isinstance(v, str)} if isinstance(document, dict) else {}


# -- routes

# path: (document, since firmware). The query is part of the compared path (1.).
DOCUMENTS = {
    "/api/version": (version, (4, 4)),
    "/api/printer": (legacy_printer, (4, 4)),
    "/api/v1/info": (info, (4, 7)),
    "/api/v1/status": (status, (4, 7)),
    "/api/v1/storage": (storage, (4, 6)),
}
NO_TRANSFER = {"/api/v1/transfer": (4, 7), "/api/transfer": (4, 4), "/api/download": (4, 4)}


def answer(core, firmware, request):
    target = request.target
    document, since = DOCUMENTS.get(target, (None, None))
    if document and firmware >= since:
        return _get_only(request, lambda: Response(200, json=document(core, firmware)))
    if target == "/api/settings":
        return _get_only(request, lambda: Response(200, body=b'{"printer": {}}', content_type="application/json"))
    if target in NO_TRANSFER and firmware >= NO_TRANSFER[target]:
        return Response(204)
    if target == "/api/v1/job" and firmware >= (4, 7):
        return _job(core, firmware, request)
    if target.startswith("/api/v1/job/") and firmware >= (4, 7):
        return job_orders(core, request, target[len("/api/v1/job/"):])
    if target == "/api/job":
        return _legacy_job(core, firmware, request)
    return _files_or_nothing(core, firmware, request)


def _get_only(request, make):
    return make() if request.method == "GET" else Response(405, closing="linger")


def _job(core, firmware, request):
    if not core.machine.shows_job:
        return Response(204)        # to any method
    return _get_only(request, lambda: Response(200, json=job(core, firmware)))


def _legacy_job(core, firmware, request):
    if request.method == "POST":
        return legacy_job_command(core, request)
    if request.method != "GET":
        return Response(405, closing="linger")
    document = legacy_job(core, firmware)
    if document is None:
        return Response(200, body=NO_JOB, content_type="application/json")
    return Response(200, json=document)


def _files_or_nothing(core, firmware, request):
    if request.path.startswith("/api/v1/files") and firmware >= (4, 6):
        return files(core, request, "/api/v1/files", FILE_METHODS, legacy=False)
    if request.path.startswith("/api/files"):
        return files(core, request, "/api/files", LEGACY_FILE_METHODS, legacy=True)
    if request.path.startswith("/thumb/"):
        return Response(404, message="File doesn't contain preview")
    return Response(404)
