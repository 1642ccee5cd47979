"""A real PrusaLink for the Raspberry Pi, with a printer of ours on its serial line."""
import hashlib
import http.client
import json
import pathlib
import shutil
import urllib.parse

from fake_printer import FakePrinter
from harness.process import Process, free_port, until

from .cache import from_pypi, scratch

VERSION = "0.8.1"
LAUNCHER = pathlib.Path(__file__).resolve().parents[1] / "prusalink_on_loopback.py"
USER, PASSWORD, KEY = "maker", "Interop-8-printer", "0123456789abcdefInterop"
REALM = "Administrator"
STORAGE = "local"

SETTINGS = """\
[printer]
type = MK3S
name = {name}
location = Cellar
[service::connect]
token =
[service::local]
enable = 1
username = {user}
digest = {digest}
api_key = {key}
"""
CONFIG = """\
[daemon]
data_dir = {folder}
pid_file = {folder}/lock
[http]
address = 127.0.0.1
port = {port}
[printer]
port = {folder}/tty
settings = {folder}/printer.ini
directory = {folder}/Files of mine
[cameras]
auto_detect = False
"""


class PrusaLink:
    """name, reports, pace: see FakePrinter. It keeps its files over a restart."""

    def __init__(self, name="mk3", password=PASSWORD, **printer):
        self.environment = from_pypi(f"prusalink-{VERSION}", f"prusalink=={VERSION}")
        self.folder, self.port, self.password = scratch(f"prusalink-{name}"), free_port(), password
        (self.folder / "card").mkdir()
        (self.folder / "card/from the card.gcode").write_text("G28\nG1 X10 F3000\n" * 150)
        digest = hashlib.md5(f"{USER}:{REALM}:{password}".encode()).hexdigest()
        (self.folder / "prusalink.ini").write_text(CONFIG.format(folder=self.folder, port=self.port))
        (self.folder / "printer.ini").write_text(SETTINGS.format(name=name, user=USER, digest=digest, key=KEY))
        self.printer = FakePrinter(self.folder / "tty", self.folder / "serial.log", self.folder / "card", **printer)
        self.process = None

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self):
        return {"PrusaLink": self.process.log, "the serial line": (self.folder / "serial.log").read_text()}

    def start(self):
        # It asks pip for updates of itself; that shall not leave this machine.
        self.process = Process([self.environment / "bin/python", LAUNCHER, "-f", "-i", "-c",
                                self.folder / "prusalink.ini", "start"], self.folder / "log",
                               {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": str(self.folder), "PIP_NO_INDEX": "1"})
        return self

    def ready(self, *wanted, timeout=60):
        """Wait until it says IDLE, and these values of the printer are there."""
        def look():
            if self.process.status is not None:
                raise AssertionError(f"PrusaLink ended with {self.process.status}:\n{self.process.log[-5000:]}")
            status, body = self.get("/api/v1/status")
            printer = body.get("printer", {}) if status == 200 else {}
            return printer.get("state") == "IDLE" and all(w in printer for w in wanted)
        until(f"PrusaLink is IDLE with {wanted}", look, timeout, 0.2)
        return self

    def kill(self):
        """It crashes; the printer on the serial line does not notice."""
        self.process.kill()

    def close(self):
        if self.process:
            self.process.kill()
        self.printer.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    # -- its own API, by its key: what a person would look at

    def ask(self, method, path, body=None, **headers):
        """(status, body); (None, {}) when nobody answers."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, urllib.parse.quote(path), body,
                               {"X-Api-Key": KEY} | {k.replace("_", "-"): v for k, v in headers.items()})
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException):
            return None, {}
        finally:
            connection.close()
        try:
            return answer.status, json.loads(data)
        except ValueError:
            return answer.status, {}

    def get(self, path):
        return self.ask("GET", path)

    @property
    def status(self):
        return self.get("/api/v1/status")[1]

    @property
    def state(self):
        return self.status.get("printer", {}).get("state", "").lower()

    def wait_state(self, *states, timeout=30):
        until(f"PrusaLink is {' or '.join(states)}", lambda: self.state in states, timeout, 0.1)

    def upload(self, name, gcode):
        """Store a file; returns the path that `print` takes."""
        path = f"/{STORAGE}/{name}"
        status, answer = self.ask("PUT", f"/api/v1/files{path}", gcode.encode(), Overwrite="?1",
                                  Content_Type="text/x.gcode")
        assert status == 201, (status, answer)
        return path


def gcode(minutes, change_at=None, steps=100):
    """A print of so many minutes at a printer that keeps its pace; change_at: per cent where the filament changes."""
    lines = ["; estimated printing time (normal mode) = " + f"{minutes}m 0s", "; filament_type = PETG", "M73 P0 R%d" % minutes,
             "M140 S60", "M104 S215", "M190 S60", "M109 S215", "G28", "M106 S128"]
    for step in range(steps):
        lines += [f"M73 P{step * 100 // steps} R{minutes - minutes * step // steps}",
                  f"G1 X{step % 50} Y{step % 40} Z{0.2 + step / 50:.2f} F6000", f"G4 P{minutes * 60000 // steps}"]
        if change_at is not None and step * 100 // steps == change_at:
            lines.append("M600")
            change_at = None
    return "\n".join(lines + ["M73 P100 R0", "M107", "M104 S0", "M140 S0", ""])
