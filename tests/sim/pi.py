"""What PrusaLink 0.8.1 on a Raspberry Pi answers (prusa/link/web), compared with the real one on loopback."""
import email.utils
import hashlib
import json
import re
import urllib.parse

from .files import Folder
from .wire import Response, raw

DEFAULT_FILES = {
    "dig.gcode": {"size": 72964, "duration": 754.0, "meta": {
        "estimated printing time (normal mode)": "12m 34s", "filament_type": "PLA", "layer_height": 0.2,
        "temperature": 215, "bed_temperature": 60, "nozzle_diameter": 0.4, "printer_model": "MK3S"}},
    "a b.gcode": {"size": 3400, "duration": 600.0},
}
DISPLAY = {"local": "PrusaLink gcodes", "sdcard": "SD Card"}
TOTAL, FREE = 270553174016, 82707181568
HTML = "text/html; charset=utf-8"
POWERED = ("X-Powered-By", "Poor WSGI for Python")
STATE_TEXTS = {"IDLE": "Operational", "READY": "Operational", "BUSY": "Busy", "PRINTING": "Printing",
               "PAUSED": "Paused", "FINISHED": "Operational", "STOPPED": "Cancelling", "ERROR": "Error",
               "ATTENTION": "Error"}
# title, text, id of the page that explains (conditions.py)
NOT_FOUND = ("Not Found", "Resource you want not found.", "not-found")
FILE_NOT_FOUND = ("File Not Found", "File you want was not found.", "not-found")
NOT_CURRENT_JOB = ("Not Current Job", "Given job id does not belong to current job", "not-found")
NO_LOCATION = ("Location Not Found", "Location not found, use local.", "location-not-found")
NOT_PRINTING = ("Printer Is Not Printing", "Operation you want can only be done when printer is printing.", None)
NOT_PAUSED = ("Printer Is Not Paused", "Operation you want can only be done when printer is paused.", None)
NOT_TO_PRINT = ("Not in state to print", "Printer is not in state to print.", "not-state-to-print")
PROBLEMS = {500: ("Internal Server Error", "We're sorry, but there is a error in service. Please try again later.",
                  "internal-server-error"),
            503: ("Printer Unavailable.", "PrusaLink not finished initializing or Printer not connected.",
                  "printer-unavailable")}
OLD_PROGRESS_LASTS = 0.5    # live.md 1.3
TIME_STEP = 10              # live.md 1.4


# -- small answers

def document(value):
    return Response(200, json=value, headers=[POWERED])


def no_content():
    return Response(204, headers=[POWERED])


def problem(request, status, title, text, page):
    """The program's own error: JSON if Accept names it anywhere, HTML if it names that, else text."""
    accept = request.header("Accept", "")
    url = f"http://{request.header('Host', '')}/error/{page}" if page else None
    headers = [("Content-Location", url)] if url else []
    if "application/json" in accept:
        body = {"title": title, "message": text} | ({"url": url} if url else {})
        return Response(status, json=body, headers=headers)
    if "text/html" in accept:
        body = f"<!DOCTYPE html>\n<html><head><title>Prusa Link | {title}</title></head><body>{text}</body></html>\n"
        return Response(status, body=raw(body), content_type=HTML, headers=[POWERED])
    see = f"\n\nSee: {url}" if url else ""
    return Response(status, body=raw(f"{title}\n{text}\n{see}"), content_type="text/plain; charset=utf-8",
                    headers=headers)


# -- what is known

JOB_VALUES = {"progress", "time_remaining", "time_printing", "job_id"}


def stage(core):
    """How far PrusaLink came since its start: boot (503), serial (opens the port), late (few fields), up."""
    left = core.server.uptime()
    for name in ("boot", "serial", "late"):
        left -= float(core.options[name + "_wait"])
        if left < 0:
            return name
    return "up"


def state_of(core):
    return "BUSY" if stage(core) == "serial" else core.machine.state


def known(core, name):
    """A value of the printer, None until PrusaLink has seen it."""
    seen_in = {"speed": ("late", "up"), "flow": ("late", "up")}.get(name, ("up",))
    return core.value(name) if name in JOB_VALUES or stage(core) in seen_in else None


def once_open(core, value, before=None):
    """What PrusaLink learns by opening the serial port."""
    return before if stage(core) == "serial" else value


def card_present(core):
    return once_open(core, core.storages["sdcard"].present, False)


def progress(core):
    """(percent, seconds left, seconds printed) as PrusaLink knows them at this moment."""
    machine = core.machine
    if machine.state == "ATTENTION":        # live.md 1.2: all gone
        return 0.0, None, None
    percent, left, printed = (core.value(n) for n in ("progress", "time_remaining", "time_printing"))
    if machine.job and machine.job.age < OLD_PROGRESS_LASTS and machine.first_progress and "progress" not in core.pins:
        return float(machine.first_progress), 0, None
    if printed is not None and "time_printing" not in core.pins:
        printed = int(printed) // TIME_STEP * TIME_STEP
    return float(percent or 0), left, printed


def without_nulls(value):
    if isinstance(value, dict):
        return {k: without_nulls(v) for k, v in value.items() if v is not None}
    return [without_nulls(v) for v in value] if isinstance(value, list) else value


# -- documents

def version(core, request):
    o = core.options
    return document({"api": "0.9.0-legacy" if o["version"].startswith("0.7") else "2.0.0", "server": o["version"],
                     "original": once_open(core, o["model"] or "PrusaLink I3MK3S", "Unknown printer type"),
                     "text": f"PrusaLink {o['version']}", "firmware": once_open(core, o["firmware"]), "sdk": o["version"], "capabilities": {"upload-by-put": True},
                     "hostname": o["hostname"]})


def info(core, request):
    o = core.options
    return document({"name": o["name"], "location": o["location"], "farm_mode": False, "network_error_chime": False,
                     "nozzle_diameter": once_open(core, o["nozzle_diameter"]), "min_extrusion_temp": 170,
                     "serial": once_open(core, o["serial"]), "hostname": "connect.prusa3d.com", "port": 0})


def status(core, request):
    state = state_of(core)
    printer = {"state": state}
    printer |= {n: known(core, n) for n in ("temp_nozzle", "temp_bed", "axis_z", "flow", "speed", "fan_hotend",
                                            "fan_print")}
    printer |= {"status_connect": {"ok": True, "message": "Connect isn't configured"},
                "status_printer": printer_condition(state)}
    printer |= {n: known(core, n) for n in ("target_nozzle", "target_bed")}
    if state not in ("PRINTING", "BUSY"):
        printer |= {n: known(core, n) for n in ("axis_x", "axis_y")}
    answer_ = {"storage": [{"path": "/local", "read_only": False, "free_space": FREE, "name": DISPLAY["local"]},
                           {"path": "/sdcard", "read_only": True, "name": DISPLAY["sdcard"] if card_present(core) else None}],
               "printer": printer, "job": status_job(core)}
    return document(without_nulls(answer_))


def printer_condition(state):
    if state == "ERROR":
        return {"ok": False, "message": "Firmware detected a hardware issue"}
    return {"ok": True, "message": "OK"}


def status_job(core):
    if not core.machine.shows_job:
        return None
    percent, left, printed = progress(core)
    return {"id": known(core, "job_id"), "progress": percent, "time_remaining": left,
            "time_printing": printed or None}


def job(core, request):
    if not core.machine.shows_job:
        return no_content()
    path = core.machine.job.path
    node = core.file(path)
    if node is None:        # the file vanished while printing
        return core.server.page(500, request)
    percent, left, printed = progress(core)
    shown = display_path(path)
    file_ = {"name": node.name, "display_name": node.name, "path": shown, "display_path": shown, "size": node.size,
             "m_timestamp": node.mtime, "refs": refs(path), "meta": meta(node)}
    return document({"file": file_, "id": known(core, "job_id"), "state": core.machine.state, "progress": percent,
                     "time_remaining": left, "time_printing": int(printed or 0),
                     "inaccurate_estimates": None if core.machine.state == "ATTENTION" else left is None})


def storage(core, request):
    local, card = core.storages["local"], core.storages["sdcard"]
    first = {"type": "LOCAL", "path": "/local", "available": True, "free_space": FREE, "total_space": TOTAL,
             "read_only": False, "name": DISPLAY["local"], "print_files": size_of(local.root), "system_files": 0}
    second = {"type": "SDCARD", "path": "/sdcard", "available": card_present(core)}
    if second["available"]:
        second |= {"read_only": True, "name": DISPLAY["sdcard"], "print_files": size_of(card.root), "system_files": 0}
    return document({"storage_list": [first, second]})


def legacy_printer(core, request):
    state = state_of(core)
    v = {n: known(core, n) for n in ("temp_nozzle", "temp_bed", "target_nozzle", "target_bed", "axis_z", "speed")}
    moving = state in ("PRINTING", "BUSY")
    flags = {"operational": state in ("IDLE", "FINISHED", "STOPPED"), "paused": state == "PAUSED",
             "printing": state == "PRINTING", "cancelling": state == "STOPPED", "pausing": state == "PAUSED",
             "sdReady": card_present(core), "error": state == "ERROR", "ready": state == "IDLE",
             "closedOrError": False, "finished": state == "FINISHED", "prepared": False,
             "link_state": state}
    return document({
        "temperature": {"tool0": {"actual": v["temp_nozzle"], "target": v["target_nozzle"]},
                        "bed": {"actual": v["temp_bed"], "target": v["target_bed"]}},
        "sd": {"ready": flags["sdReady"]},
        "state": {"text": STATE_TEXTS.get(state, "Error"), "flags": flags},
        "telemetry": {"temp-bed": v["temp_bed"], "temp-nozzle": v["temp_nozzle"], "material": " - ",
                      "z-height": v["axis_z"], "print-speed": v["speed"],
                      "axis_x": None if moving else known(core, "axis_x"),
                      "axis_y": None if moving else known(core, "axis_y"), "axis_z": v["axis_z"]},
        "storage": {"local": {"free_space": FREE, "total_space": TOTAL}, "sd_card": None}})


def legacy_job(core, request):
    printing = core.machine.shows_job
    percent, left, printed = progress(core)
    path = core.machine.last_path       # stays selected after the print
    node = core.file(path) if path else None
    estimate = meta(node)["estimated_print_time"] if node else 0
    left = (left or estimate) if printing else estimate
    file_ = {"name": None, "path": None, "date": None, "size": None, "origin": None}
    if node:
        file_ = {"name": node.name, "path": display_path(path), "size": node.size, "origin": path.split("/")[1],
                 "date": node.mtime}
    return document({
        "job": {"estimatedPrintTime": int(left + (printed or 0)) if printing and left is not None else left,
                "averagePrintTime": None, "lastPrintTime": None, "filament": None,
                "file": file_ | {"display": file_["name"]}, "user": "_api"},
        "progress": {"completion": percent / 100 if printing else None, "filepos": 0,
                     "printTime": int(printed or 0) if printing else None, "printTimeLeft": left if printing else None,
                     "printTimeLeftOrigin": "estimate", "pos_z_mm": known(core, "axis_z"),
                     "printSpeed": known(core, "speed"), "flow_factor": known(core, "flow")},
        "state": STATE_TEXTS.get(state_of(core), "Error")})


def settings(core, request):
    o = core.options
    return document({"api-key": o["api_key"], "username": o["username"],
                     "printer": {"name": o["name"], "location": o["location"], "farm_mode": False,
                                 "network_error_chime": False}})


def cameras(core, request):
    return document({"camera_list": []})


def transfer(core, request):
    return no_content()


def card_ready(core, request):
    return document({"ready": card_present(core)})


def update(core, request, env):
    if env == "system":
        return Response(501, headers=[POWERED])
    if env != "prusalink":
        return Response(400, headers=[POWERED])
    newer = core.options["update"]
    if newer:
        return Response(200, json={"new_version": newer}, headers=[("Update-Available", "True")])
    return Response(204, headers=[("Update-Available", "False")])


# -- files

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
    printed = core.machine.last_path == path
    return cache_headers(core) + [("Read-Only", str(not path.startswith("/local"))), ("Currently-Printed", str(printed))]


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


def file_print(core, request, storage_name, path):
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    if core.machine.state not in ("IDLE", "READY", "BUSY") or core.machine.job:
        return problem(request, 409, *NOT_TO_PRINT)
    found = place(core, storage_name, path)
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    core.ordered("print", found[1])
    core.start_print(found[1], gap=False, warmup=float(core.options["warmup"]))
    return no_content()


def file_delete(core, request, storage_name, path):
    if storage_name == "sdcard":
        return problem(request, 409, "SD Card Read Only", "SD Card storage is read only.", "entity-too-large")
    found = place(core, storage_name, path) if storage_name in core.storages else None
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    node, path = found
    if core.machine.job and core.machine.job.path == path:
        return problem(request, 409, "File is currently printed",
                       "You try to do an operation with the file, which is currently printed.", "file-currently-printed")
    if isinstance(node, Folder) and node.children and request.header("Force") != "?1":
        return problem(request, 409, "Directory is not empty", "Directory you want to delete is not empty.",
                       "directory-not-empty")
    core.ordered("delete", path)
    core.storages[storage_name].remove(path.split("/", 2)[2])
    return no_content()


# -- orders

def job_stop(core, request, number):
    if int(number) != core.machine.job_id:
        return problem(request, 404, *NOT_CURRENT_JOB)
    if core.machine.state not in ("PRINTING", "PAUSED") or not core.machine.job:
        return problem(request, 409, *NOT_PRINTING)
    return carry_out(core, "cancel")


def job_command(core, request, number, command):
    state = core.machine.state
    if int(number) != core.machine.job_id:
        return problem(request, 404, *NOT_CURRENT_JOB)
    if command == "pause":
        if state != "PRINTING" or not core.machine.job:
            return problem(request, 409, *NOT_PRINTING)
        return carry_out(core, "pause")
    if command == "resume":
        return carry_out(core, "resume") if state == "PAUSED" else problem(request, 409, *NOT_PAUSED)
    return no_content()     # continue and any other word: nothing happens


WAITS = {"pause": "pausing", "resume": "resuming", "cancel": "aborting"}


def carry_out(core, name, waits=False):
    """The legacy commands answer when the state is reached."""
    core.ordered(name, core.machine.job_id)
    getattr(core.machine, name)()
    response = no_content()
    response.delay = float(core.options[WAITS[name]]) + 0.01 if waits else 0.0
    return response


def legacy_job_command(core, request):
    given = {}
    if "json" in request.header("Content-Type", ""):
        try:
            given = json.loads(request.body)
        except ValueError:
            return core.server.page(400, request)
    command, action, state = given.get("command"), given.get("action"), core.machine.state
    if command == "pause" and not core.machine.job:
        return problem(request, 409, *NOT_PRINTING)
    if action == "toogle":      # spelled so
        action = {"PAUSED": "resume", "PRINTING": "pause"}.get(state)
    wanted = {("pause", "pause"): ("pause", "PRINTING"), ("pause", "resume"): ("resume", "PAUSED")}.get((command, action))
    if wanted and state == wanted[1]:
        return carry_out(core, wanted[0], waits=True)
    if command == "cancel" and core.machine.job:
        return carry_out(core, "cancel", waits=True)
    return no_content()


def set_ready(core, request):
    if core.machine.state not in ("IDLE", "READY"):
        return Response(409, headers=[POWERED])
    core.ordered("ready", True)
    core.machine.enter("ready")
    return Response(200, headers=[POWERED])


def unset_ready(core, request):
    """0.8.1 cannot take READY back: "Can't cancel, printer isn't ready" [seen on the real one]."""
    return core.server.page(500, request) if core.machine.phase == "ready" else Response(409, headers=[POWERED])


# -- routes

FILES = r"/api/v1/files/([^/]+)"
ROUTES = [(method, re.compile(pattern), handler) for method, pattern, handler in (
    ("GET", "/api/version", version),
    ("GET", "/api/printer", legacy_printer),
    ("GET", "/api/printer/sd", card_ready),
    ("POST", "/api/printer/ready", set_ready),
    ("DELETE", "/api/printer/ready", unset_ready),
    ("GET", "/api/job", legacy_job),
    ("POST", "/api/job", legacy_job_command),
    ("GET", "/api/settings", settings),
    ("GET", "/api/v1/info", info),
    ("GET", "/api/v1/status", status),
    ("GET", "/api/v1/job", job),
    ("GET", "/api/v1/storage", storage),
    ("GET", "/api/v1/transfer", transfer),
    ("DELETE", "/api/v1/transfer", transfer),
    ("GET", "/api/transfer", transfer),
    ("GET", "/api/download", transfer),
    ("GET", "/api/v1/cameras", cameras),
    ("GET", "/api/v1/update/([^/]+)", update),
    ("DELETE", r"/api/v1/job/(\d+)", job_stop),
    ("PUT", r"/api/v1/job/(\d+)/([^/]+)", job_command),
    ("GET", FILES + "/?", file_info),
    ("GET", FILES + "/(.+)", file_info),
    ("HEAD", FILES + "/?", file_head),
    ("HEAD", FILES + "/(.+)", file_head),
    ("POST", FILES + "/(.+)", file_print),
    ("DELETE", FILES + "/(.+)", file_delete),
)]
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "TRACE", "OPTIONS", "CONNECT"}
INSTANCE = "25cada12-c823-4537-9919-60aa46a9d05c"
FIXED = {pattern.pattern for _, pattern, _ in ROUTES if "(" not in pattern.pattern}


def route(request):
    """(handler, arguments) or None. An unknown method is taken for GET, HEAD may do what GET may [seen]."""
    asked = request.method if request.method in METHODS else "GET"
    for method, pattern, handler in ROUTES:
        match = pattern.fullmatch(request.path)
        if match and (method == asked or (method, asked) == ("GET", "HEAD") and handler is not file_info):
            return handler, match.groups()
    return None


def is_protected(request):
    """What has no route is answered without asking who it is, and HEAD of files too (the decorator is missing)."""
    if request.path == "/":
        return request.method != "HEAD"
    found = route(request)
    return found is not None and found[0] is not file_head


def answer(core, request):
    found = route(request)
    if found:
        handler, arguments = found
        return handler(core, request, *arguments)
    if request.path == "/" and request.method == "HEAD":
        return Response(200, headers=[POWERED, ("Instance-ID", INSTANCE)])
    if request.path == "/":
        return Response(200, body=b"<!DOCTYPE html><html><title>PrusaLink</title></html>", content_type=HTML)
    if request.path in FIXED:
        return core.server.page(405, request)
    return core.server.page(404, request) if request.method not in ("GET", "HEAD") \
        else problem(request, 404, *NOT_FOUND)
