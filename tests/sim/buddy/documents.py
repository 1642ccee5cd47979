"""What Buddy tells about itself (link_content/basic_gets.cpp, nhttp/status_renderer.cpp).

A document is f(core, firmware); members that are None are left out.
"""
from ..wire import Response
from .rendering import Fixed

JOB_STATES = {"PRINTING": "PRINTING", "PAUSED": "PAUSED", "ATTENTION": "PAUSED", "FINISHED": "FINISHED",
              "STOPPED": "STOPPED"}


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
    """The Response, as it may break off."""
    transfer, cut = core.transfers.shown()
    document = {"job": _status_job(core, firmware),
                "storage": {"path": "/usb/", "name": "usb", "read_only": False},
                "transfer": _status_transfer(core, transfer),
                "printer": _status_printer(core)}
    if (4, 7) <= firmware < (5, 1):
        document["printer"]["status_connect"] = {"ok": True, "message": "OK"}
    return Response(200, json=document, cut=cut)


def _status_transfer(core, transfer):
    if transfer is None:
        return None
    return {"id": transfer.id, "time_transferring": int(core.transfers.seconds(transfer)),
            "progress": Fixed(transfer.fraction, 2), "transferred": transfer.transferred}


def transfer(core, now):
    """nhttp/transfer_renderer.cpp: the size is a text, and there is no id."""
    folder, _, name = now.path.rpartition("/")
    return {"type": now.kind, "display_name": name, "path": folder, "size": str(now.size),
            "progress": Fixed(now.fraction, 2), "transferred": now.transferred,
            "time_remaining": core.transfers.remaining(now) or 0,
            "time_transferring": int(core.transfers.seconds(now)), "to_print": now.to_print}


def legacy_transfer(core, now):
    return {"target": "usb", "type": now.kind, "size": str(now.size), "start_time": str(int(now.started_time)),
            "to_print": now.to_print, "destination": now.path, "progress": Fixed(now.fraction, 2),
            "remaining_time": core.transfers.remaining(now) or 0}


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
