"""Orders to Buddy and when it takes them (link_content/prusa_link_api_v1.cpp, nhttp/job_command.cpp)."""
import json
import re

from ..files import Folder
from ..wire import Response

ORDERS = {"pause": {"PRINTING"}, "resume": {"PAUSED"}, "cancel": {"PRINTING", "PAUSED", "ATTENTION"}}
# 204 means "order taken": where the machine is already on its way, nothing more happens.
EFFECTIVE = {"pause": {"printing", "hidden_attention"}, "resume": {"paused", "pausing"},
             "cancel": {"questions", "printing", "pausing", "paused", "resuming", "attention", "hidden_attention"}}
# The legacy commands look at finer states and refuse the busy ones (job_command_marlin.cpp).
LEGACY_ORDERS = {
    ("cancel", None): ("cancel", {"printing", "paused", "attention", "hidden_attention", "questions", "warning"}),
    ("pause", "pause"): ("pause", {"printing", "hidden_attention"}),
    ("pause", "resume"): ("resume", {"paused"}),
}
PRINT_FROM = {"IDLE", "READY", "STOPPED", "FINISHED"}
BODY_LIMITS = (("/api/job", 100), ("/api/files", 25))


def body_limit(request):
    """How long a body the handler of this request reads; None: it reads none (it then spoils what follows)."""
    if request.method == "POST":
        for prefix, limit in BODY_LIMITS:
            if request.path == prefix or prefix == "/api/files" and request.path.startswith("/api/files/"):
                return limit
    return None


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


def print_file(core, request, place, legacy):
    # Closes in any case: there could be a body that nobody reads (prusa_api_helpers.cpp).
    return Response(start(core, place[1], place[0]), closing="linger")


def start(core, path, node):
    """Print it. The status that says what came of it."""
    if node is None:
        return 404
    if core.machine.state not in PRINT_FROM or core.machine.job or isinstance(node, Folder) or node.transferring:
        return 409
    core.ordered("print", path)
    core.start_print("/usb/" + core.storages["usb"].long_path(path[5:]), gap=True, warmup=float(core.options["warmup"]))
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
    status_now = start(core, place[1], place[0])
    message = {404: "Gcode doesn't exist", 409: "Can't start print now"}.get(status_now, "")
    return Response(status_now, message=message, closing="as asked")


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
