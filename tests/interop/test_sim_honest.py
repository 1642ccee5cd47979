"""The simulated Raspberry Pi against a real PrusaLink: the same requests, the same answers (or else the simulator is wrong).

Compared are status, the headers of meaning, and the shape of the body: keys in any order, kinds of values, and the values
that are no accident (states, types, names, messages).
"""
import json
import os
import pathlib
import re
import socket
import struct
import time
import urllib.parse

import pytest

from harness.process import until
from sim import Sim
from sim.pictures import in_gcode, previews
from stage import pi

SYSTEM = "PrusaLink (Raspberry Pi) and its simulator"
LAUNCHER = pathlib.Path(__file__).resolve().parent / "prusalink_with_camera.py"
HEADERS = ("Content-Type", "Content-Disposition", "Cache-Control", "Read-Only", "Currently-Printed", "Update-Available",
           "WWW-Authenticate")
SAID = {"type", "state", "name", "display_name", "message", "title", "read_only", "connected", "detected", "stored",
        "registered", "trigger_scheme", "rotation", "resolution", "path", "to_print", "url", "size", "config", "download",
        "thumbnail", "icon", "new_version", "driver"}
GCODE = {"Content-Type": "text/x.gcode"}
JSON = {"Content-Type": "application/json"}
SMALL = b"; hello\nG28\n" * 100
SLICED = (in_gcode(previews(5)) + "G28\n" * 50 + "; estimated printing time (normal mode) = 1h 2m 3s\n"
          "; filament_type = PLA\n; filament used [g] = 12.34\n; filament used [mm] = 4100.5\n; filament cost = 0.4\n"
          "; layer_height = 0.2\n").encode()
FILES = "/api/v1/files/local"


@pytest.fixture(scope="module")
def real():
    patch = pytest.MonkeyPatch()
    patch.setattr(pi, "LAUNCHER", LAUNCHER)
    patch.setattr(pi, "CONFIG", pi.CONFIG.replace("Files of mine", "PrusaLink gcodes")
                  .replace("detect = False", "detect = True"))
    server = pi.PrusaLink("honest")
    # A file rather than an argument: the environment of the process is the stage's.
    launcher = server.folder / "launch.py"
    launcher.write_text(f"import os, runpy\nos.environ['P2M_UPDATE'] = {str(server.folder / 'newer')!r}\n"
                        f"runpy.run_path({str(LAUNCHER)!r}, run_name='__main__')\n")
    patch.setattr(pi, "LAUNCHER", launcher)
    try:
        yield server.start().ready("temp_nozzle")
    finally:
        patch.undo()
        server.close()


@pytest.fixture
def fresh(real):
    """It has no files, and no transfer."""
    folder = real.folder / "PrusaLink gcodes"
    for name in os.listdir(folder):
        path = urllib.parse.quote(name)
        real.ask("DELETE", f"{FILES}/{urllib.parse.unquote(path)}", Force="?1")
        if (folder / name).is_file():
            (folder / name).unlink()
    until("its files are gone", lambda: real.get(FILES)[1].get("children") == [], 10, 0.1)
    return real


@pytest.fixture
def sim():
    with Sim() as sim:
        printer = sim.add("mk3", "pi", password=pi.PASSWORD, api_key=pi.KEY, update_wait=0, name="honest", location="Cellar")
        for path in list(printer.files()):
            printer.remove_file(path)
        printer.add_file("/sdcard/from the card.gcode", size=2550)
        printer.add_camera()
        yield printer


class Answer:
    def __init__(self, data):
        self.data = data
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        self.status = int(first.split()[1]) if first.startswith("HTTP/") else None
        self.headers = dict(line.split(": ", 1) for line in lines if ": " in line)

    @property
    def json(self):
        return json.loads(self.body)

    def shape(self):
        kind = self.headers.get("Content-Type", "")
        if "json" in kind and self.body:
            body = shape(self.json)
        elif kind.startswith("text/plain"):
            body = re.sub(r"http://\S+?/", "http://host/", self.body.decode())
        else:
            body = kind
        headers = {name: self.headers.get(name) for name in HEADERS if not name.startswith("WWW")}
        return {"status": self.status, "headers": headers, "body": body, "is there a body": bool(self.body)}


def shape(value, key=None):
    if isinstance(value, dict):
        return {k: shape(v, k) for k, v in sorted(value.items())}
    if isinstance(value, list):
        return sorted((shape(v, key) for v in value), key=json.dumps)
    return value if key in SAID or value is None else type(value).__name__


def ask(url, method, target, headers=None, body=b"", key=pi.KEY, length=True):
    """One request as it is, and all that comes back."""
    host, port = url.removeprefix("http://").split(":")
    lines = [f"{method} {urllib.parse.quote(target, safe='/?=%')} HTTP/1.1", "Host: host"]
    lines += [f"X-Api-Key: {key}"] if key else []
    lines += [f"{n}: {v}" for n, v in (headers or {}).items()]
    lines += [f"Content-Length: {len(body)}"] if length and (body or method in ("PUT", "POST", "PATCH")) else []
    with socket.create_connection((host, int(port)), timeout=20) as s:
        s.sendall("\r\n".join(lines + ["", ""]).encode() + body)
        data = b""
        try:
            while piece := s.recv(1 << 16):
                data += piece
        except ConnectionResetError:
            pass
        return Answer(data)


def differences(mine, its, at=""):
    """Lines that say where the simulator is not like the real one."""
    if isinstance(mine, dict) and isinstance(its, dict):
        return [line for key in sorted(mine.keys() | its.keys())
                for line in differences(mine.get(key, "(nothing)"), its.get(key, "(nothing)"), f"{at}/{key}")]
    if isinstance(mine, list) and isinstance(its, list) and len(mine) == len(its):
        return [line for n, pair in enumerate(zip(mine, its)) for line in differences(*pair, f"{at}/{n}")]
    return [] if mine == its else [f"{at}: simulator {mine!r}, real {its!r}"]


class Both:
    """Asks both, compares, and remembers what was compared."""

    def __init__(self, real, sim):
        self.real, self.sim, self.compared = real, sim, 0

    def __call__(self, method, target, *more, **options):
        mine, its = (ask(url, method, target, *more, **options) for url in (self.sim.url, self.real.url))
        self.alike(f"{method} {target} {more}", mine.shape(), its.shape())
        return its

    def alike(self, what, mine, its):
        found = differences(mine, its)
        assert not found, f"{what[:200]}: " + "; ".join(found)
        self.compared += 1

    def settle(self):
        """PrusaLink looks at its directory now and then."""
        time.sleep(0.5)


@pytest.fixture
def both(fresh, sim, saw):
    both = Both(fresh, sim)
    yield both
    saw(f"{both.compared} answers are alike")


def put(both, name, body=SMALL, **headers):
    return both("PUT", f"{FILES}/{name}", GCODE | {k.replace("_", "-"): v for k, v in headers.items()}, body)


def test_uploads(both):
    assert put(both, "a.gcode").status == 201
    assert put(both, "a.gcode").status == 409
    assert put(both, "a.gcode", Overwrite="?1").status == 201
    assert put(both, "a.gcode", Overwrite="true").status == 409
    assert put(both, "a b č.gcode").status == 201
    assert put(both, "plus+plus.gcode").status == 201
    assert put(both, "x.txt").status == 201
    assert put(both, "sub/dir/d.gcode").status == 201
    assert put(both, "n" * 242 + ".gcode").status == 201
    assert put(both, "n" * 245 + ".gcode").status == 500
    for name in ("q%22uote.gcode", "p%23.gcode", "p%25.gcode", "b%5Cs.gcode", "w%3F.gcode"):
        assert put(both, name).status == 400
    assert put(both, "x.txt/y.gcode").status == 500
    assert both("PUT", f"{FILES}/b.gcode", {"Content-Type": "application/octet-stream"}, SMALL).status == 500
    assert both("PUT", f"{FILES}/c.gcode", {}, SMALL).status == 415
    assert both("PUT", f"{FILES}/c.gcode", {"Content-Type": "text/plain"}, SMALL).status == 415
    assert both("PUT", f"{FILES}/c.gcode", GCODE).status == 411
    assert both("PUT", f"{FILES}/c.gcode", GCODE | {"Transfer-Encoding": "chunked"}, length=False).status == 411
    assert both("PUT", "/api/v1/files/nope/c.gcode", GCODE, SMALL).status == 404
    assert both("PUT", "/api/v1/files/sdcard/c.gcode", GCODE, SMALL).status == 409
    assert both("PUT", f"{FILES}/c.gcode", GCODE, SMALL, key=None).status == 401
    assert both("PUT", f"{FILES}/c.gcode", GCODE, SMALL, key="wrong").status == 403
    assert put(both, "one.gcode", b"a" * 65366).status == 400
    assert put(both, "two.gcode", b"a" * 65367).status == 201
    octets = {"Content-Type": "application/octet-stream", "Overwrite": "?1"}
    assert both("PUT", f"{FILES}/a.gcode", octets, SMALL).status == 415
    both.settle()
    assert both("GET", f"{FILES}/a.gcode").status == 404
    both("GET", FILES)
    both("GET", f"{FILES}/sub")
    stored = os.listdir(both.real.folder / "PrusaLink gcodes")
    parts = {n for n in stored if n.startswith(".") and n.endswith(".part")}
    assert parts == {p[7:] for p in both.sim.files() if p.endswith(".part")} and ".b.gcode.part" in parts


def test_dots_lead_out_of_the_directory(both):
    assert put(both, "../up.gcode").status == 201
    assert (both.real.folder / "up.gcode").exists()
    assert put(both, "%2e%2e/up.gcode").status == 409
    assert put(both, "../up.gcode", Overwrite="?1", Print_After_Upload="?1").status == 408
    (both.real.folder / "up.gcode").unlink()


def test_folders(both):
    for name in ("made", "made", "one/two/three"):
        assert both("PUT", f"{FILES}/{name}", {"Create-Folder": "?1"}).status == 201
    assert both("PUT", f"{FILES}/made2", {"Create-Folder": "true"}).status == 415
    put(both, "x.txt")
    assert both("PUT", f"{FILES}/x.txt", {"Create-Folder": "?1"}).status == 500
    assert put(both, "made", Overwrite="?1").status == 500
    put(both, "one/x.gcode")
    both.settle()
    both("GET", FILES)
    both("GET", f"{FILES}/made")
    assert both("DELETE", f"{FILES}/one").status == 409
    assert both("DELETE", f"{FILES}/one", {"Force": "?1"}).status == 204
    assert both("DELETE", f"{FILES}/made").status == 204
    both.settle()
    assert both("DELETE", f"{FILES}/made").status == 404
    assert both("POST", f"{FILES}/x.txt/nothing").status == 404


def test_reading(both):
    put(both, "sliced.gcode", SLICED)
    put(both, "x.txt")
    both.settle()
    both("GET", f"{FILES}/sliced.gcode")
    both("GET", f"{FILES}/x.txt")
    both("GET", FILES)
    assert both("HEAD", f"{FILES}/x.txt").status == 200
    assert both("HEAD", f"{FILES}/x.txt", key=None).status == 200
    assert both("HEAD", f"{FILES}/none").status == 404
    for target in ("/api/v1/status", "/api/v1/info", "/api/version", "/api/v1/storage"):
        assert both("HEAD", target).body
    for target in (FILES, FILES + "/", "/api/v1/files/sdcard", "/api/v1/files/nope", f"{FILES}/none"):
        both("GET", target)
    assert both("GET", FILES, {"If-Modified-Since": "x"}).status == 500
    for url in (both.real.url, both.sim.url):
        listing = ask(url, "GET", FILES)
        etag = listing.headers["ETag"]
        assert ask(url, "GET", FILES, {"If-Modified-Since": listing.headers["Last-Modified"]}).status == 200
        assert ask(url, "GET", FILES, {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}).status == 304
        assert ask(url, "GET", FILES, {"If-None-Match": etag}).status == 304
        assert ask(url, "HEAD", FILES, {"If-None-Match": etag}).status == 200
    raw = "/api/files/local/PrusaLink gcodes/sliced.gcode/raw"
    assert both("GET", raw).body == SLICED
    assert both("GET", raw, {"Range": "bytes=0-9"}).body == SLICED
    assert both("HEAD", raw).headers["Content-Length"] == str(len(SLICED))
    both("GET", "/api/files/local/PrusaLink gcodes/x.txt/raw")
    assert both("GET", "/api/files/local/PrusaLink gcodes/none/raw").status == 404
    picture = "/api/thumbnails/PrusaLink gcodes/sliced.gcode.orig.png"
    assert both("GET", picture).body == previews(5)[220, 124]
    assert both("HEAD", picture).status == 200
    assert both("GET", picture.replace("png", "jpg")).status == 410
    assert both("GET", "/api/thumbnails/PrusaLink gcodes/x.txt.orig.png").status == 404
    assert both("GET", "/api/thumbnails/PrusaLink gcodes/none.gcode.orig.png").status == 404


class Sender:
    """An upload that stops on its way."""

    def __init__(self, url, name, size, sent):
        host, port = url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self.socket.sendall((f"PUT {FILES}/{name} HTTP/1.1\r\nHost: host\r\nX-Api-Key: {pi.KEY}\r\nExpect: 100-continue\r\n"
                             f"Content-Type: text/x.gcode\r\nContent-Length: {size}\r\n\r\n").encode() + b"a" * sent)

    def answer(self):
        data = b""
        while piece := self.socket.recv(1 << 16):
            data += piece
        return Answer(data)


def test_transfers(both):
    assert both("GET", "/api/v1/transfer").status == 204
    assert both("DELETE", "/api/v1/transfer").status == 204
    senders = [Sender(url, "t.gcode", 300000, 150000) for url in (both.sim.url, both.real.url)]
    until("both take it", lambda: all(ask(u, "GET", "/api/v1/transfer").body.count(b"130730")
                                      for u in (both.sim.url, both.real.url)), 10, 0.05)
    both("GET", "/api/v1/transfer")
    both("GET", "/api/transfer")
    left = [ask(u, "GET", "/api/v1/transfer").json["time_remaining"] for u in (both.sim.url, both.real.url)]
    assert min(left) > 10 ** 9        # as both say
    both("GET", "/api/v1/status")
    assert both("DELETE", "/api/v1/transfer/1").status == 404
    assert put(both, "second.gcode").status == 500
    assert both("DELETE", "/api/v1/transfer").status == 200
    assert both("GET", "/api/v1/transfer").json["time_remaining"] == 0
    for sender in senders:
        sender.socket.sendall(b"a" * 65365)
    answers = [sender.answer() for sender in senders]
    both.alike("the sender", *(a.shape() for a in answers))
    assert answers[1].status == 400
    until("both are done", lambda: all(ask(u, "GET", "/api/v1/transfer").status == 204
                                       for u in (both.sim.url, both.real.url)), 10, 0.05)
    senders = [Sender(url, "half.gcode", 300000, 150000) for url in (both.sim.url, both.real.url)]
    for sender in senders:
        sender.socket.shutdown(socket.SHUT_WR)
    answers = [sender.answer() for sender in senders]
    both.alike("the sender", *(a.shape() for a in answers))
    assert answers[1].status == 400
    assert both("GET", "/api/v1/transfer").status == 204


def test_cameras(both):
    url = "/api/v1/cameras"
    its, = ask(both.real.url, "GET", url).json["camera_list"]
    camera, = both.sim.cameras
    for server, camera_id in ((both.real.url, its["camera_id"]), (both.sim.url, camera)):
        until("it took its first picture", lambda: ask(server, "GET", f"{url}/{camera_id}/snap").status == 200, 10, 0.1)

    def one(method, suffix="", *more):
        mine = ask(both.sim.url, method, f"{url}/{camera}{suffix}", *more)
        real = ask(both.real.url, method, f"{url}/{its['camera_id']}{suffix}", *more)
        mine_shape, its_shape = (json.loads(json.dumps(a.shape()).replace(i, "ID"))
                                 for a, i in ((mine, camera), (real, its["camera_id"])))
        both.alike(f"{method} {suffix} {more}", mine_shape, its_shape)
        return real

    assert one("GET").status == 200
    assert one("GET", "/snap").status == 200
    assert both("GET", f"{url}/snap").status == 200
    assert both("HEAD", f"{url}/snap").status == 405
    assert one("GET", "/snap", {"If-Modified-Since": "rubbish"}).status == 500
    assert one("GET", "/snap", {"If-Modified-Since": "Fri, 31 Dec 2100 00:00:00 GMT"}).status == 304
    assert one("POST", "/snap").status == 500
    wanted = b'{"trigger_scheme": "MANUAL", "rotation": 90, "name": "New", "foo": 1}'
    assert one("PATCH", "/config", JSON, wanted).status == 200
    one("GET")
    both("GET", "/api/v1/status")
    assert one("PATCH", "/config", JSON, b'{"trigger_scheme": "NOPE"}').status == 200
    assert one("PATCH", "/config", {}, b"{}").status == 200
    assert one("PATCH", "/config", JSON, b"{").status == 400
    assert one("PATCH", "/config", JSON, b"[]").status == 500
    assert one("GET").status == 200
    assert one("POST", "", JSON, b'{"config": {}}').status == 409
    assert one("PATCH", "/config", JSON, b'{"rotation": 45}').status == 500
    assert one("GET").status == 404 and one("GET", "/snap").status == 404
    assert both("GET", f"{url}/snap").status == 404
    for method, suffix in (("PATCH", "/config"), ("DELETE", "/config"), ("POST", "/connection"), ("DELETE", "/connection"),
                           ("POST", "/snap")):
        assert one(method, suffix).status == 404
        assert both(method, f"{url}/nope{suffix}").status == 404
    config = b'{"config": {"path": "/dev/video0", "name": "Camera", "driver": "V4L2"}}'
    assert one("POST", "", JSON, config).status == 200
    assert one("POST", "", JSON, config).status == 409
    assert one("DELETE", "/config").status == 200
    assert one("GET", "/snap").status == 204
    assert one("DELETE").status == 409
    assert both("DELETE", f"{url}/nope").status == 404 and both("GET", f"{url}/nope").status == 404
    for body in (b'{"config": {"name": "x", "driver": "V4L2"}}', b'{"config": {"name": "x", "driver": "X", "path": "q"}}',
                 b'{"a": 1}', b""):
        assert both("POST", f"{url}/third", JSON if body else {}, body).status == 400
    assert both("POST", f"{url}/third", JSON, b'{"config": 3}').status == 500
    second = config.replace(b"video0", b"video1").replace(b"Camera", b"Second")
    assert both("POST", f"{url}/second", JSON, second).status == 200
    assert both("POST", f"{url}/broken", JSON, config.replace(b"/dev/video0", b"/dev/none")).status == 200
    assert both("GET", f"{url}/broken").status == 404 and both("GET", f"{url}/broken/snap").status == 404
    assert both("PUT", url, JSON, b'["second", "unknown"]').status == 200
    lists = [ask(u, "GET", url).json["camera_list"] for u in (both.sim.url, both.real.url)]
    mine, real = ([c["camera_id"] for c in found] for found in lists)
    assert mine[::2] == real[::2] == ["second", "broken"] and (mine[1], real[1]) == (camera, its["camera_id"])
    both.alike("the list", *(shape([c | {"camera_id": ""} for c in found]) for found in lists))
    assert both("PUT", url, JSON, b"x").status == 400
    assert both("DELETE", f"{url}/second").status == 200 and both("DELETE", f"{url}/broken").status == 200
    assert one("DELETE", "/connection").status == 409


def test_updates(both):
    for env in ("system", "x"):
        for method in ("GET", "POST"):
            both(method, f"/api/v1/update/{env}")
    assert both("GET", "/api/v1/update/prusalink").status == 204
    assert both("POST", "/api/v1/update/prusalink").status == 204
    assert both("PUT", "/api/v1/update/prusalink").status == 404
    newer = both.real.folder / "newer"
    newer.touch()
    both.sim.update_available("0.9.0")
    assert both("GET", "/api/v1/update/prusalink").json == {"new_version": "0.9.0"}
    newer.unlink()


def test_print_after_upload(both):
    assert put(both, "yes.gcode", pi.gcode(5).encode(), Print_After_Upload="true").status == 201
    assert put(both, "now.gcode", pi.gcode(5).encode(), Print_After_Upload="?1").status == 201
    until("both print", lambda: all(ask(u, "GET", "/api/v1/status").json["printer"]["state"] == "PRINTING"
                                    for u in (both.real.url, both.sim.url)), 10, 0.1)
    assert put(both, "later.gcode", Print_After_Upload="?1").status == 409
    both.settle()
    assert both("HEAD", f"{FILES}/later.gcode").status == 200
    assert both("DELETE", f"{FILES}/now.gcode").status == 409
    assert put(both, "now.gcode", Overwrite="?1").status == 201
    assert both("POST", f"{FILES}/later.gcode").status == 409
    for server in (both.real, both.sim):
        job = ask(server.url, "GET", "/api/v1/status").json["job"]["id"]
        assert ask(server.url, "DELETE", f"/api/v1/job/{job}").status == 204
    both.real.wait_state("idle", timeout=60)


def test_a_reset_leaves_its_transfer_for_ever(both):
    """The last one: only a restart of PrusaLink helps."""
    for url in (both.sim.url, both.real.url):
        sender = Sender(url, "t.gcode", 300000, 150000)
        until("it takes it", lambda: ask(url, "GET", "/api/v1/transfer").body.count(b"130730"), 10, 0.05)
        sender.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        sender.socket.close()
    time.sleep(0.5)
    assert both("GET", "/api/v1/transfer").status == 200
    assert put(both, "next.gcode").status == 500
    assert both("DELETE", "/api/v1/transfer").status == 200
    assert both("GET", "/api/v1/transfer").status == 200
    assert put(both, "next.gcode").status == 500
    both.real.kill()
