"""Orders to PrusaLink and when it takes them (web/main.py, command_handlers.py)."""
import json

from ..files import Folder
from ..wire import Response
from .answers import (FILE_NOT_FOUND, NO_LOCATION, NOT_CURRENT_JOB, NOT_PAUSED, NOT_PRINTING, NOT_TO_PRINT, POWERED,
                      no_content, problem)
from .files import place

WAITS = {"pause": "pausing", "resume": "resuming", "cancel": "aborting"}


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
    if not isinstance(given, dict):
        return core.server.page(500, request)
    command, action, state = given.get("command"), given.get("action"), core.machine.state
    if command == "pause" and not core.machine.job:
        return problem(request, 409, *NOT_PRINTING)
    if action == "toogle":      # spelled so
        action = {"PAUSED": "resume", "PRINTING": "pause"}.get(state)
    if command == "pause" and (action, state) in (("pause", "PRINTING"), ("resume", "PAUSED")):
        return carry_out(core, action, waits=True)
    if command == "cancel" and core.machine.job:
        return carry_out(core, "cancel", waits=True)
    return no_content()


def file_print(core, request, storage_name, path):
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    found = place(core, storage_name, path)
    refusal = refused_print(core, request, found)
    if refusal:
        return refusal
    start(core, found[1])
    return no_content()


def refused_print(core, request, found):
    if core.machine.state not in ("IDLE", "READY", "BUSY") or core.machine.job:
        return problem(request, 409, *NOT_TO_PRINT)
    if not found:
        return problem(request, 404, *FILE_NOT_FOUND)
    return core.server.page(500, request) if isinstance(found[0], Folder) else None


def start(core, path):
    """Whatever it is: it prints a text, too [seen]."""
    core.ordered("print", path)
    core.start_print(path, gap=False, warmup=float(core.options["warmup"]))


def set_ready(core, request):
    if core.machine.state not in ("IDLE", "READY"):
        return Response(409, headers=[POWERED])
    core.ordered("ready", True)
    core.machine.enter("ready")
    return Response(200, headers=[POWERED])


def unset_ready(core, request):
    """0.8.1 cannot take READY back: "Can't cancel, printer isn't ready" [seen on the real one]."""
    return core.server.page(500, request) if core.machine.phase == "ready" else Response(409, headers=[POWERED])
