"""A house with printers: what a story needs, cleaned up behind it."""
import copy

from sim import Sim

from .bridge import Bridge
from .broker import Broker
from .cable import Cable
from .process import PATIENCE, until
from .watcher import BASE, Watcher

FAST = {"printing": "1s", "idle": "1s", "offline": "500ms", "offline_max": "1s"}


def merged(config, changes):
    """config with changes laid over it, maps joined; None removes a key."""
    result = copy.deepcopy(config)
    for key, value in changes.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict) and isinstance(result.get(key), dict):
            result[key] = merged(result[key], value)
        else:
            result[key] = copy.deepcopy(value)
    return result


def status_times(printer):
    """When its status was asked for."""
    return [r.time for r in printer.requests if r.target == "/api/v1/status"]


def polls(printer, more):
    """Wait until the printer was asked for its status so many times more."""
    before = len(status_times(printer))
    printer.wait_for(lambda p: len(status_times(p)) >= before + more, timeout=PATIENCE + 3 * more)


def asked_each_second(printer):
    """Nobody held its polls up. A machine that is busy elsewhere may, now and then."""
    times = status_times(printer)
    gaps = sorted(b - a for a, b in zip(times, times[1:]))
    return len(gaps) > 2 and gaps[-2 - len(gaps) // 10] < 3 and gaps[-1] < 15


class House:
    """Broker, watcher, printers and bridges of one story."""

    def __init__(self, folder):
        self.folder = folder
        self.sim = Sim()
        self.closing = []
        self.bridges = []
        self.broker = None
        self.watcher = None
        self.config = {"state_dir": str(folder / "state"), "defaults": {"poll": FAST, "timeout": "15s"}, "mqtt": {}, "printers": {}}

    # -- who lives here

    def open_broker(self, **options):
        self.broker = Broker(self.folder / "broker", **options).start()
        self.closing.append(self.broker.close)
        self.config["mqtt"] = merged({"url": self.broker.url}, self.config["mqtt"])
        return self.broker

    def watch(self, **options):
        """Another watcher; the first one is self.watcher."""
        watcher = Watcher(self.broker, **options).connect()
        self.closing.append(watcher.close)
        self.watcher = self.watcher or watcher
        return watcher

    def cable(self, **options):
        """Bridges that start from now on reach the broker through it."""
        cable = Cable(self.broker, **options)
        self.closing.append(cable.close)
        self.config["mqtt"]["url"] = cable.url
        return cable

    def restart_broker(self, meanwhile=None):
        """Bridges return when the watcher is back already. Returns a mark: what the broker kept is before it.

        meanwhile: happens while the bridges live and the broker does not.
        """
        self.watcher.subscribed.clear()
        if meanwhile:
            self.broker.stop()
            meanwhile()
        for bridge in self.bridges:
            bridge.process.freeze()
        self.broker.restart()
        assert self.watcher.subscribed.wait(PATIENCE), "the watcher did not come back"
        mark = self.watcher.echo()
        for bridge in self.bridges:
            bridge.process.thaw()
        return mark

    def add(self, name="mk4", profile="buddy", configured=None, **options):
        """A printer that lives and is configured. configured: changes of its configuration, False for none."""
        printer = self.sim.add(name, profile, **options)
        if configured is not False:
            self.config["printers"][name] = merged({"url": printer.url, "password": printer.password}
                                                   | self._user(printer), configured or {})
        return printer

    @staticmethod
    def _user(printer):
        return {} if printer.username == "maker" else {"username": printer.username}

    def bridge(self, changes=None, name="bridge", start=True, **options):
        """A bridge with the house's configuration and these changes."""
        config = changes if isinstance(changes, str) else merged(self.config, changes or {})
        bridge = Bridge(self.folder / name, config, **options)
        self.bridges.append(bridge)
        if self.watcher:
            self.watcher.guards.append(bridge.must_live)
        return bridge.start() if start else bridge

    def run(self, changes=None, *printers, **options):
        """A bridge, and all its printers (or these) have been reached."""
        bridge = self.bridge(changes, **options)
        self.wait_online(*printers or self.config["printers"])
        return bridge

    # -- what is seen of them

    def topic(self, printer, tail):
        return f"{BASE}/{printer}/{tail}"

    def wait(self, printer, tail, payload=None, after=-1, **options):
        return self.watcher.wait(f"{BASE}/{printer}/{tail}", payload, after, **options)

    def value(self, printer, tail):
        return self.watcher.text(f"{BASE}/{printer}/{tail}")

    def wait_online(self, *printers, after=-1):
        for printer in printers:
            self.wait(printer, "availability", "online", after)

    @property
    def memory(self):
        """What is remembered over restarts, as text; "" = nothing yet."""
        path = self.folder / "state/state.json"
        return path.read_text() if path.exists() else ""

    def wait_remembered(self, text):
        until(f"{text!r} is remembered", lambda: text in self.memory)

    # -- the end

    def close(self):
        """Everybody goes. A bridge that ended wrongly or left a sanitizer's report fails the story."""
        errors = []
        for end in [b.finish for b in reversed(self.bridges)] + list(reversed(self.closing)) + [self._close_sim]:
            try:
                end()
            except Exception as error:     # noqa: BLE001, the rest must be closed all the same
                errors.append(error)
        if errors:
            raise errors[0]

    def _close_sim(self):
        self.sim.__exit__(None, None, None)
