"""What PrusaLink tells about itself and the printer, as far as it knows it yet (web/main.py)."""
import time

from ..transfers import FROM_CLIENT
from ..wire import Response
from .answers import document, done, no_content
from .files import DISPLAY, display_path, meta, refs, size_of

TOTAL, FREE = 270553174016, 82707181568
STATE_TEXTS = {"IDLE": "Operational", "READY": "Operational", "BUSY": "Busy", "PRINTING": "Printing",
               "PAUSED": "Paused", "FINISHED": "Operational", "STOPPED": "Cancelling", "ERROR": "Error",
               "ATTENTION": "Error"}
NO_CONNECT = "Connect isn't configured"
JOB_VALUES = {"progress", "time_remaining", "time_printing", "job_id"}
OLD_PROGRESS_LASTS = 0.5    # seconds; what the printer said last for the job before
TIME_STEP = 10              # seconds; seen on 0.8.1: 9, 9, 19, 28


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
    if machine.state == "ATTENTION":        # all gone until it prints again
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


def version(core, request):
    o = core.options
    return document({"api": "0.9.0-legacy" if o["version"].startswith("0.7") else "2.0.0", "server": o["version"],
                     "original": once_open(core, o["model"] or "PrusaLink I3MK3S", "Unknown printer type"),
                     "text": f"PrusaLink {o['version']}", "firmware": once_open(core, o["firmware"]),
                     "sdk": o["version"], "capabilities": {"upload-by-put": True}, "hostname": o["hostname"]})


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
    printer |= {"status_connect": {"ok": True, "message": "OK" if core.options["connect"] else NO_CONNECT},
                "status_printer": printer_condition(state)}
    printer |= {n: known(core, n) for n in ("target_nozzle", "target_bed")}
    if state not in ("PRINTING", "BUSY"):
        printer |= {n: known(core, n) for n in ("axis_x", "axis_y")}
    answer_ = {"storage": [{"path": "/local", "read_only": False, "free_space": FREE, "name": DISPLAY["local"]},
                           {"path": "/sdcard", "read_only": True,
                            "name": DISPLAY["sdcard"] if card_present(core) else None}],
               "printer": printer, "camera": {"id": core.server.cameras.order[0]} if core.server.cameras.order else None,
               "job": status_job(core), "transfer": status_transfer(core)}
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
             "m_timestamp": node.mtime, "refs": refs(core, node, path), "meta": meta(node)}
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


def status_transfer(core):
    now, _ = core.transfers.shown()
    if now is None:
        return None
    return {"id": now.id, "time_transferring": int(core.transfers.seconds(now)), "progress": round(now.fraction * 100, 2),
            "data_transferred": now.transferred}


def transfer_left(core, now):
    """Of an upload by PUT it subtracts seconds since the start of the machine from those since 1970: billions."""
    if now.stopped:
        return 0
    if now.kind == FROM_CLIENT:
        passed = time.time() - now.started_monotonic
        return int(now.size / now.transferred * passed - passed) if now.transferred else None
    return core.transfers.remaining(now)


def transfer(core, request):
    now, _ = core.transfers.shown()
    if now is None:
        return no_content()
    return document({"type": now.kind, "display_name": now.name, "path": "/local", "url": now.url, "size": now.size,
                     "progress": round(now.fraction * 100, 2), "transferred": now.transferred,
                     "time_remaining": transfer_left(core, now),
                     "time_transferring": int(core.transfers.seconds(now)), "to_print": now.to_print})


def legacy_transfer(core, request):
    now, _ = core.transfers.shown()
    if now is None:
        return no_content()
    own = now.kind == FROM_CLIENT
    path = now.name if own else display_path(now.path)
    return document({"type": now.kind, "url": now.url, "target": "local", "destination": path, "path": path,
                     "size": now.size, "start_time": int(now.started_monotonic if own else now.started_time),
                     "progress": round(now.fraction, 4), "remaining_time": transfer_left(core, now),
                     "to_select": None if own else False, "to_print": now.to_print})


def stop_transfer(core, request):
    """It ends with the next block that comes, if one does."""
    now, _ = core.transfers.shown()
    if now is None:
        return no_content()
    core.ordered("cancel_transfer", now.id)
    now.stopped = True
    if now.kind != FROM_CLIENT:
        core.transfers.end(finished=False)
    return done()


def card_ready(core, request):
    return document({"ready": card_present(core)})
