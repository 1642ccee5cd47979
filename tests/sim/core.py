"""One simulated printer, as the loop's thread sees it: its parts and what it shows."""
import secrets

from .buddy import BuddyServer
from .clock import Clock
from .faults import Faults
from .files import Storage
from .journal import Journal
from .machine import Machine
from .network import Network
from .options import PACES
from .pi import PiServer
from .transfers import Transfers
from .wire import Response

SERVERS = {"buddy": BuddyServer, "pi": PiServer}

SHOWN = {
    "temp_nozzle": lambda m: m.heat["nozzle"],
    "temp_bed": lambda m: m.heat["bed"],
    "target_nozzle": lambda m: m.target["nozzle"],
    "target_bed": lambda m: m.target["bed"],
    "axis_x": lambda m: 178.0 if m.phase in ("idle", "finished", "stopped") else 90.0,
    "axis_y": lambda m: 205.0 if m.phase in ("idle", "finished", "stopped") else 110.0,
    "axis_z": lambda m: 0.2 + 40.0 * m.job.done / max(m.job.duration, 1) if m.job else 50.0,
    "flow": lambda m: m.flow,
    "speed": lambda m: m.speed,
    "fan_hotend": lambda m: 4000 if m.heat["nozzle"] > 50 else 0,
    "fan_print": lambda m: 5000 if m.phase == "printing" and m.progress() > 0 else 0,
    "material": lambda m: "---" if m.phase in ("attention", "hidden_attention") else m.material,
    "job_id": lambda m: m.job_id,
    "progress": Machine.progress,
    "time_remaining": Machine.time_remaining,
    "time_printing": Machine.time_printing,
    "filament_change_in": Machine.filament_change_in,
}
# set() goes to the machine for these, since they change how it goes on.
SETTINGS = {"speed": "speed", "flow": "flow", "material": "material", "job_id": "job_id"}


class Core:
    def __init__(self, name, profile, options):
        self.name, self.profile, self.options = name, profile, options
        self.clock, self.journal = Clock(), Journal()
        server = SERVERS[profile]
        self.machine = Machine({p: options[p] for p in PACES}, server.MANNERS, int(options["job_id"]))
        self.ticked = self.clock.now()
        self.pins, self.overrides = {}, {}
        self.faults, self.transfers = Faults(self), Transfers(self)
        self.server = server(self)
        self.storages = self.server.storages()
        self.network = Network(options["address"], int(options["port"]), self.server.serve, self.journal)
        self.show(state=options["state"])

    @property
    def host(self):
        return self.network.address[0]

    @property
    def port(self):
        return self.network.address[1]

    # -- time

    def tick(self):
        now = self.clock.now()
        self.machine.run(now - self.ticked, float(self.options["speed"]))
        self.ticked = now
        self.transfers.tick()

    def advance(self, seconds):
        self.tick()
        self.machine.run(seconds, 1.0)
        self.clock.advance(seconds)
        self.ticked = self.clock.now()

    # -- what it shows

    def value(self, name):
        """A pinned value, else the machine's. None is absent."""
        return self.pins[name] if name in self.pins else SHOWN[name](self.machine)

    def show(self, state=None, **values):
        self.tick()
        for name, value in values.items():
            if name in SETTINGS and value is not None:
                self.pins.pop(name, None)
                setattr(self.machine, SETTINGS[name], value)
            elif name in SHOWN:
                self.pins[name] = value
            elif name in self.options:
                self.options[name] = value
            else:
                raise ValueError(f"{self.name}: nothing called {name!r} can be set; there are state, "
                                 + ", ".join(sorted(SHOWN | self.options)))
        if "job_id" in values and self.machine.job:
            self.machine.job.id = self.machine.job_id
        if state is not None and state != self.machine.state:
            path = self.first_file()
            self.machine.show(state, path, self.file(path).duration if path else 3600.0)

    # -- files

    def file(self, path):
        """The node at a path such as /usb/box.gcode, or None."""
        storage, rest = self.split(path)
        return self.storages[storage].find(rest)[0] if storage in self.storages else None

    def split(self, path):
        storage, _, rest = path.strip("/").partition("/")
        return storage, rest

    def add_file(self, path, **attributes):
        storage, rest = self.split(path)
        return self.storages[storage].add(rest, **attributes)

    def files(self):
        """path: file, of all storages."""
        return {f"/{name}{path}": node for name, storage in self.storages.items() for path, node in storage.walk()}

    def first_file(self):
        for name, storage in self.storages.items():
            for child in storage.root.children:
                if getattr(child, "printable", False):
                    return f"/{name}/{child.name}"
        return None

    def printed(self, node):
        """Is this the file of the current job?"""
        return self.machine.job is not None and self.file(self.machine.job.path) is node

    def start_print(self, path=None, duration=None, gap=False, **job):
        self.tick()
        path = path or self.first_file()
        node = self.file(path)
        if node is None:
            storage, rest = self.split(path)
            node = self.storages.setdefault(storage, Storage(storage)).add(rest)
        self.machine.start(path, node.duration if duration is None else duration, gap=gap, **job)

    # -- requests

    def ordered(self, name, argument):
        self.journal.order(name, argument)

    def answer(self, request, record):
        """Carry the request out. The record learns whether it was let in."""
        self.tick()
        denied = self.server.denied(request)
        if denied is not None:
            return denied
        record.authenticated = True
        override = self.overrides.get(request.target) or self.overrides.get(request.path)
        return Response(**override) if override else self.server.answer(request)

    # -- life

    def reboot(self):
        if self.transfers.now:
            self.transfers.now.lost_power = True
        self.network.reset_all()
        self.transfers.now = self.transfers.cut = None
        self.server.boot()
        self.machine.enter("idle")

    def become(self, serial, **changes):
        self.show(serial=serial, **changes)
        self.machine.job_id = secrets.randbelow(1000)
        self.reboot()
