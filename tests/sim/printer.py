"""What tests and tools do with a simulated printer. Every method may be called from any thread."""
import functools
import os
import time

from .machine import IN_PRINT
from .pictures import previews
from .wire import raw

PATIENCE = float(os.environ.get("P2M_PATIENCE", "60"))     # seconds


def in_loop(method):
    """Run it in the loop's thread, where the printer lives."""
    @functools.wraps(method)
    def call(self, *args, **kwargs):
        return self._sim.call(lambda: method(self, *args, **kwargs))
    return call


class Printer:
    def __init__(self, sim, core):
        self._sim, self._core = sim, core

    # -- who and where

    @property
    def name(self):
        return self._core.name

    @property
    def profile(self):
        return self._core.profile

    @property
    def host(self):
        return self._core.host

    @property
    def port(self):
        return self._core.port

    @property
    def url(self):
        return f"http://{self.host}:{self.port}"

    @property
    def username(self):
        return self._core.options["username"]

    @property
    def password(self):
        return self._core.options["password"]

    @property
    def api_key(self):
        return self._core.options["api_key"]

    @property
    def serial(self):
        return self._core.options["serial"]

    def describe(self):
        return {key: getattr(self, key) for key in ("name", "profile", "url", "username", "password", "api_key",
                                                    "serial")}

    # -- what it does

    @property
    def state(self):
        return self._seen(lambda machine: machine.state)

    @property
    def phase(self):
        """Finer than state: see PHASES in machine.py."""
        return self._seen(lambda machine: machine.phase)

    @property
    def job_id(self):
        return self._seen(lambda machine: machine.job_id)

    @property
    def progress(self):
        return self._seen(lambda machine: machine.progress())

    @in_loop
    def _seen(self, what):
        self._core.tick()
        return what(self._core.machine)

    @in_loop
    def set(self, **values):
        """state=..., any value of core.SHOWN, or an option. None makes a value absent; release() lets it go again."""
        self._core.show(**values)

    @in_loop
    def release(self, *names):
        """Values pinned by set() move again; without names all of them."""
        for name in names or list(self._core.pins):
            self._core.pins.pop(name, None)

    @in_loop
    def start_print(self, path=None, duration=None, gap=False, questions=False, **job):
        """A print begins at the printer. gap: with the IDLE moment first; questions: stops in a start question.

        Also: warmup=, estimates=False (a file without M73), filament_change_at= (seconds of print).
        """
        self._core.machine.questions_next = questions
        self._core.start_print(path, duration, gap, **job)

    @in_loop
    def ask_next(self, yes=True):
        """The next print that anybody starts stops in a question first."""
        self._core.machine.questions_next = yes

    @in_loop
    def pause(self):
        self._in_print().pause()

    @in_loop
    def resume(self):
        self._in_print().resume()

    @in_loop
    def finish(self):
        self._in_print().finish()

    @in_loop
    def attention(self, hidden=False):
        """It waits for a person: in the middle of a print, or as a warning when idle. hidden: but says PRINTING."""
        self._core.tick()
        self._core.machine.attention(hidden)

    @in_loop
    def user_continues(self):
        self._core.tick()
        self._core.machine.user_continues()

    @in_loop
    def user_cancels(self):
        self._in_print().cancel()

    def _in_print(self):
        self._core.tick()
        if self._core.machine.phase not in IN_PRINT | {"starting", "starting_questions"}:
            raise RuntimeError(f"{self.name} does not print, it is {self._core.machine.phase}")
        return self._core.machine

    @in_loop
    def advance(self, seconds):
        """Time jumps for everything in this printer: print, phases, nonces, time-outs."""
        self._core.advance(float(seconds))

    @in_loop
    def stop_clock(self):
        """From now on its time passes by advance() only, and when it pauses itself; nobody is waited for longer."""
        self._core.clock.stop()

    # -- files

    @in_loop
    def add_file(self, path, **attributes):
        """size or content, mtime, duration, meta, read_only, thumbnails ({(w, h): PNG}, or True for some).

        A name may hold surrogate escapes: they are sent as raw bytes.
        """
        if attributes.get("thumbnails") is True:
            attributes["thumbnails"] = previews(len(path))
        self._core.add_file(path, **attributes)

    @in_loop
    def add_files(self, count, pattern=None, **attributes):
        """Many at once: {} in pattern is a number. Folders in it are made."""
        pattern = pattern or f"/{next(iter(self._core.storages))}/many/file {{:05}}.gcode"
        now = int(time.time())
        for number in range(count):
            self._core.add_file(pattern.format(number), **{"size": 1000 + number, "mtime": now - number} | attributes)

    @in_loop
    def add_folder(self, path):
        storage, rest = self._core.split(path)
        self._core.storages[storage].folder(rest)

    @in_loop
    def remove_file(self, path):
        storage, rest = self._core.split(path)
        return self._core.storages[storage].remove(rest)

    @in_loop
    def files(self):
        """path: size, of all files there are, hidden and temporary ones too."""
        return {path: node.size for path, node in self._core.files().items()}

    @in_loop
    def file(self, path):
        """What is known of a file (size, content if it was kept, sha256 if uploaded, ...), or None."""
        return self._core.file(path)

    @in_loop
    def storage_present(self, name, present=True):
        """The USB stick or SD card is there, or is not."""
        self._core.storages[name].present = present
        self._core.storages[name].changed()

    def set_stick(self, present=True):
        """The USB stick of a buddy, the SD card of a pi."""
        self.storage_present("usb" if self.profile == "buddy" else "sdcard", present)

    @in_loop
    def disk_full(self, free=0, fragmented=False):
        """So many bytes are free where uploads go; None: plenty. fragmented: there is room, but not in one piece."""
        storage = next(iter(self._core.storages.values()))
        storage.free, storage.fragmented = free, fragmented

    # -- transfers

    @property
    def uploads(self):
        """What clients sent, oldest first: path, size, received, sha256, status, stored, record, ... (journal.Upload)."""
        return list(self._core.journal.uploads)

    @property
    def transfer(self):
        """The transfer that runs now (transfers.Transfer), or None."""
        return self._seen(lambda machine: self._core.transfers.now)

    @in_loop
    def foreign_transfer(self, path=None, size=10_000_000, rate=None, transferred=0, to_print=False, url=None):
        """Prusa Connect sends a file. rate: bytes a second, then it ends by itself; without it rests at transferred."""
        path = path or f"/{next(iter(self._core.storages))}/from connect.gcode"
        self._core.transfers.foreign(path, int(size), rate and float(rate), int(transferred), to_print, url)

    @in_loop
    def move_transfer(self, transferred):
        """A foreign transfer without rate gets so far."""
        self._core.transfers.now.transferred = int(transferred)

    @in_loop
    def end_transfer(self, finished=True, cut=False):
        """The foreign transfer ends. cut: while a document about it is written, which breaks off in the middle (buddy)."""
        self._core.transfers.end(finished, cut)

    @in_loop
    def stop_transfer(self):
        """Somebody stops an upload at the printer, or in Connect."""
        self._core.transfers.now.stopped = True

    # -- cameras and updates of a pi

    @in_loop
    def add_camera(self, name="Camera", path=None, camera_id=None, picture=None, connected=True, **more):
        """One is plugged in and detected; returns its id. more: capabilities, resolutions."""
        return self._core.server.cameras.detect(name, path, camera_id, fixed=picture, connected=connected, **more)

    @in_loop
    def set_camera(self, camera_id, **values):
        """connected, registered, stored, picture (bytes; None: numbered ones)."""
        camera = self._core.server.cameras.loaded[camera_id]
        if "picture" in values:
            camera.fixed = values.pop("picture")
            self._core.server.cameras.take(camera)
        for name, value in values.items():
            setattr(camera, name, value)

    @in_loop
    def take_picture(self, camera_id):
        """As if somebody had pressed a button."""
        self._core.server.cameras.take(self._core.server.cameras.loaded[camera_id])

    @in_loop
    def remove_camera(self, camera_id):
        self._core.server.cameras.remove(camera_id)

    @property
    def cameras(self):
        """id: camera (pi/cameras.py Camera), in order."""
        return self._seen(lambda machine: {i: self._core.server.cameras.get(i) or self._core.server.cameras.loaded[i]
                                           for i in self._core.server.cameras.order})

    def update_available(self, version="0.9.0"):
        """A newer PrusaLink can be installed; "" for none."""
        self.set(update=version)

    @in_loop
    def expire_nonces(self):
        """All nonces given so far are stale: the next request with one is asked again."""
        self._core.server.auth.boot()

    # -- answers

    @in_loop
    def override(self, path, status=200, body=b"", headers=None, content_type="application/json"):
        """Answer requests for path (with or without query) with this, after the credentials were checked."""
        headers = list(headers.items() if isinstance(headers, dict) else headers or [])
        self._core.overrides[path] = {"status": status, "body": raw(body) if isinstance(body, str) else body,
                                      "headers": headers, "content_type": content_type}

    @in_loop
    def clear(self, path=None):
        """End one override, or all of them."""
        if path is None:
            self._core.overrides.clear()
        else:
            self._core.overrides.pop(path, None)

    @in_loop
    def fault(self, kind, path=None, method=None, count=None, after=0, **options):
        """See README.md for the kinds. path may hold * and ?; after: that many matching requests pass first."""
        self._core.faults.add(kind, path, method, count, after, **options)

    @in_loop
    def heal(self):
        """End all faults, and what they did to the network."""
        self._core.faults.heal()

    # -- network and identity

    @in_loop
    def off(self):
        self._core.network.off()

    @in_loop
    def on(self):
        self._core.network.on()

    @in_loop
    def blackhole(self):
        self._core.network.blackhole()

    @in_loop
    def drop_connections(self):
        self._core.network.reset_all()

    @in_loop
    def reboot(self):
        """Connections are reset, nonces void, a print is over."""
        self._core.reboot()

    @in_loop
    def become(self, serial, **changes):
        """Another printer has this address now."""
        self._core.become(serial, **changes)

    @in_loop
    def set_password(self, password):
        self._core.options["password"] = self._core.server.auth.password = password
        if self.profile == "buddy":
            self._core.options["api_key"] = password

    # -- what it saw

    @property
    def requests(self):
        return list(self._core.journal.requests)

    @property
    def orders(self):
        return list(self._core.journal.orders)

    @property
    def connections(self):
        """Opened so far."""
        return self._core.journal.connections

    @property
    def open_connections(self):
        return self._core.journal.open

    @property
    def max_connections(self):
        """Most that were open at once."""
        return self._core.journal.max_connections

    @property
    def max_in_flight(self):
        return self._core.journal.max_in_flight

    @property
    def unauthorized(self):
        """Answers 401 and 403."""
        return self._core.journal.unauthorized

    @in_loop
    def reset_counters(self):
        self._core.journal.reset()

    def counters(self):
        return {key: getattr(self, key) for key in ("connections", "open_connections", "max_connections",
                                                    "max_in_flight", "unauthorized")} | {
            "requests": len(self._core.journal.requests), "orders": self.orders, "uploads": len(self.uploads)}

    def wait_for(self, predicate, timeout=PATIENCE, interval=0.01):
        """Wait until predicate(printer) is true and return its value; raises TimeoutError."""
        end = time.monotonic() + timeout
        while not (value := predicate(self)):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name}: not seen in {timeout} s; state {self.state}, {self.counters()}")
            time.sleep(interval)
        return value
