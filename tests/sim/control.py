"""The same by HTTP and JSON, for the demonstration and for tools that are not Python.

POST /NAME/METHOD with a JSON object of arguments; GET /NAME counters and state; GET /NAME/requests, /NAME/uploads;
GET / all printers.
"""
import dataclasses
import json

from .journal import Journal
from .network import Network
from .wire import parse_head

METHODS = set("""set release start_print ask_next pause resume finish attention user_continues user_cancels advance
    add_file add_files add_folder remove_file files storage_present set_stick disk_full
    foreign_transfer move_transfer end_transfer stop_transfer expire_nonces
    add_camera remove_camera take_picture update_available
    override clear fault heal off on blackhole drop_connections reboot become set_password reset_counters""".split())


class Control:
    def __init__(self, sim, address, port):
        self.sim = sim
        self.network = Network(address, port, self.serve, Journal())
        self.url = "http://{}:{}".format(*self.network.address)

    async def serve(self, connection):
        while (head := connection.take_head()) is None:
            if not await connection.more():
                return
        request = parse_head(head)
        while request and len(connection.buffer) < (request.content_length or 0):
            if not await connection.more():
                return
        status, value = self.answer(request, bytes(connection.buffer)) if request else (400, {"error": "no request"})
        body = json.dumps(value, default=str).encode() + b"\n"
        await connection.send(b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                              b"Content-Length: %d\r\n\r\n%b" % (status, len(body), body))

    def answer(self, request, body):
        name, _, method = request.path.strip("/").partition("/")
        printer = self.sim.printers.get(name)
        if request.method == "GET" and not name:
            return 200, [p.describe() for p in self.sim.printers.values()]
        if printer is None:
            return 404, {"error": f"no printer {name!r}"}
        if request.method == "GET":
            return self.show(printer, method)
        if method not in METHODS:
            return 404, {"error": f"no method {method!r}, there are {', '.join(sorted(METHODS))}"}
        try:
            return 200, {"result": getattr(printer, method)(**json.loads(body or b"{}"))}
        except (TypeError, ValueError, RuntimeError, KeyError) as e:
            return 400, {"error": f"{type(e).__name__}: {e}"}

    @staticmethod
    def show(printer, what):
        if what in ("requests", "uploads"):
            return 200, [dataclasses.asdict(r) for r in getattr(printer, what)]
        return 200, printer.describe() | printer.counters() | {
            "state": printer.state, "phase": printer.phase, "job_id": printer.job_id, "progress": printer.progress}
