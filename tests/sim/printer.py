"""What tests and tools do with a simulated printer. Every method may be called from any thread."""
import functools
import time

from .machine import IN_PRINT
from .wire import raw


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

    # -- files

    @in_loop
    def add_file(self, path, **attributes):
        """size, mtime, duration, meta, read_only. A name may hold surrogate escapes: they are sent as raw bytes."""
        self._core.add_file(path, **attributes)

    @in_loop
    def remove_file(self, path):
        storage, rest = self._core.split(path)
        return self._core.storages[storage].remove(rest)

    @in_loop
    def storage_present(self, name, present=True):
        """The USB stick or SD card is there, or is not."""
        self._core.storages[name].present = present

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
            "requests": len(self._core.journal.requests), "orders": self.orders}

    def wait_for(self, predicate, timeout=5.0, interval=0.01):
        """Wait until predicate(printer) is true and return its value; raises TimeoutError."""
        end = time.monotonic() + timeout
        while not (value := predicate(self)):
            if time.monotonic() > end:
                raise TimeoutError(f"{self.name}: not seen in {timeout} s; state {self.state}, {self.counters()}")
            time.sleep(interval)
        return value
