"""A square of printers at all moments of their life, with one bridge, whose broker is then struck; and a second bridge
that begins while it is. Like a street it only runs and records.
"""
import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass

from .cable import Cable
from .house import House
from .process import until
from .street import BEFORE, MEANWHILE, MOMENTS, STILL, patience
from .watcher import BASE, Watcher, mqtt

LATE = "late"       # base topic of the bridge that begins while the broker is struck
NAMES = {BASE: "bridge-of-old", LATE: "bridge-come-late"}       # client ids


def goes_on(printer, what):
    """Who goes on prints: a Buddy that says so and stands still may as well be aborting."""
    what()
    printer.wait_for(lambda p: p.state == "PRINTING")
    printer.set(time_printing=STILL["time_printing"] + 1)


# What happens at the printers meanwhile: moment -> (what, the state then, the event that tells)
HAPPENS = {"idle": (lambda p: p.start_print(duration=360000), "printing", "started"),
           "printing": (lambda p: p.finish(), "finished", "finished"),
           "paused": (lambda p: goes_on(p, p.resume), "printing", "resumed"),
           "attention": (lambda p: goes_on(p, p.user_continues), "printing", "resumed"),
           "order": (lambda p: None, "paused", "paused"), "contact": (lambda p: None, "printing", None)}


class Hose(Cable):
    """mode: pass; dead (what is connected then never hears again, what connects then neither); slow (a few bytes at a
    time go to the broker)."""
    mode = "pass"
    killed = 0      # generation of connections that are dead

    def kill(self):
        self.mode, self.killed = "dead", self.killed + 1

    def _serve(self, client):
        if self.mode != "dead":
            super()._serve(client)
            return
        with client, contextlib.suppress(OSError):
            while client.recv(65536):
                pass

    def _join(self, client, head):
        born = self.killed
        with socket.create_connection(("127.0.0.1", self.broker.port)) as server:
            self.ends |= {client, server}
            server.sendall(head)
            threading.Thread(target=self._carry, args=(client, server, born, True), daemon=True).start()
            self._carry(server, client, born, False)
            self.ends -= {client, server}

    def _carry(self, source, target, born, is_slow):
        with contextlib.suppress(OSError):
            while data := source.recv(200 if is_slow and self.mode == "slow" else 65536):
                while is_slow and self.mode == "slow" and data:
                    target.sendall(data[:200])
                    data = data[200:]
                    time.sleep(0.1)
                if born == self.killed and data:
                    target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


@dataclass
class Place:
    moment: str
    profile: str
    printer: object

    @property
    def base(self):
        return LATE if self.moment == "contact" else BASE

    @property
    def name(self):
        return self.printer.name


class Square:
    def __init__(self, folder, fault):
        self.house, self.fault, self.patience = House(folder), fault, patience()
        self.places, self.missing, self.marks = [], {}, {}

    def run(self):
        try:
            self.fault.open(self)
            self._build()
            self._bring()
            self.before = self.house.watcher.retained(f"{BASE}/#") | self.house.watcher.retained("homeassistant/#")
            self._order()
            self.peak_before = self.bridge.memory_peak()
            self.asked_before = {p.name: len(p.printer.requests) for p in self.places}
            self.began = time.time()
            self.mark("struck")
            self.fault.begin(self)
            self._meanwhile()
            self.mark("ends")
            self.fault.end(self)
            self.ended = time.time()
            self._return()
            self.peaks = [b.memory_peak() for b in self.house.bridges]
            self.log = "".join(b.log for b in self.house.bridges)
        finally:
            self.house.close()
        self.patience = max(self.patience, patience())
        return self

    # -- what was said

    def mark(self, name):
        self.marks[name] = self.house.watcher.mark

    def said(self, place, tail, after=None):
        after = self.marks[after] if after else -1
        return self.house.watcher.since(after, f"{place.base}/{place.name}/{tail}")

    def shows(self, place, tail, after=None):
        found = self.said(place, tail, after)
        return found[-1].text if found else None

    def events(self, place):
        return [m.json["event_type"] for m in self.said(place, "event")]

    def told(self, place):
        steps = [] if place.moment == "contact" else [event for _, _, event in MOMENTS[place.moment]]
        news = HAPPENS[place.moment][2]
        more = ["paused"] if place.moment == "idle" and self.fault.orders == "arrive" else []
        return steps + [news] * (news is not None) + more

    def state(self, place):
        return "paused" if place.moment == "idle" and self.fault.orders == "arrive" else HAPPENS[place.moment][1]

    def all_of(self, what, places, seen, timeout=25.0):
        left, end = list(places), time.monotonic() + timeout * self.patience
        while left and time.monotonic() < end:
            for bridge in self.house.bridges:
                bridge.must_live()
            left = [p for p in left if not seen(p)]
            if left:
                time.sleep(0.1)
        for place in left:
            self.missing.setdefault(place.name, what)

    # -- how it goes

    def _build(self):
        house = self.house
        house.config["mqtt"] |= {"client_id": NAMES[BASE], "keepalive": "30s"} | self.fault.mqtt
        for moment in MOMENTS:
            for profile in ("buddy", "pi"):
                printer = house.add(f"{moment}-{profile}", profile, job_id=128, pausing=0.1, resuming=0.1, finished=None,
                                    hostname="ü" * 220)
                printer.set(temp_nozzle=BEFORE, **STILL)
                self.places.append(Place(moment, profile, printer))
        late = {p.name: house.config["printers"].pop(p.name) for p in self.places if p.moment == "contact"}
        self.late = {"printers": late | dict.fromkeys(house.config["printers"]), "state_dir": str(house.folder / LATE),
                     "mqtt": {"base_topic": LATE, "client_id": NAMES[LATE]}}

    def _bring(self):
        self.bridge = self.house.bridge()
        here = [p for p in self.places if p.moment != "contact"]
        self.all_of("online", here, lambda p: self.shows(p, "availability") == "online")
        self.all_of("JSON", here, lambda p: self.house.watcher.text(f"{BASE}/{p.name}"))
        for place in here:
            for step, state, event in MOMENTS[place.moment]:
                step(place.printer)
                self.all_of(state, [place], lambda p: self.shows(p, "state") == state and event in self.events(p))
        printing = [p for p in here if p.moment != "idle"]
        self.all_of("a job's name", printing, lambda p: self.shows(p, "job/name") not in (None, "None"))
        self.house.watcher.wait("homeassistant/device/*/config", lambda t: "order-pi/state" in t)

    def _order(self):
        ordered = [p for p in self.places if p.moment == "order"]
        for place in ordered:
            place.printer.fault("slow", path="/api/v1/job/*", method="PUT", delay=2.0)
            self.send(place, "pause", {"transaction": "before"})
        for place in ordered:
            place.printer.wait_for(lambda p: any(r.method == "PUT" for r in p.requests), timeout=10)

    def send(self, place, command, payload):
        self.house.watcher.client.publish(f"{place.base}/{place.name}/command/{command}", json.dumps(payload), 1)

    def _meanwhile(self):
        for place in self.places:
            place.printer.set(temp_nozzle=MEANWHILE)
            if place.moment == "contact":       # prints when it is met first: that is no event
                place.printer.start_print(duration=360000)
        late = self.house.bridge(self.late, name="late")
        for place in self.places:
            if place.moment != "contact":
                HAPPENS[place.moment][0](place.printer)
        self.fault.meet(self, late)
        self._polls(2)
        for place in self.places:
            if place.moment == "idle" and self.fault.orders != "cannot":
                limit = {"expires": int(time.time())} if self.fault.orders == "expire" else {}
                self.send(place, "pause", {"transaction": "meanwhile"} | limit)
        self._polls(3)

    def _polls(self, more):
        """Also the late bridge's."""
        before = {p.name: len(p.printer.requests) for p in self.places}
        until("more polls", lambda: all(len(p.printer.requests) >= before[p.name] + more for p in self.places),
              30 * self.patience, 0.05)

    def finals(self, place, transaction):
        return [m.json for m in self.said(place, "response/pause")
                if m.json["final"] and m.json.get("transaction") == transaction]

    def _return(self):
        watcher = self.house.watcher
        for base in (BASE, LATE):
            until(f"{base}/bridge/state online", lambda b=base: watcher.text(f"{b}/bridge/state") == "online", 90, 0.1)
        self.all_of("the truth", self.places, lambda p: (self.shows(p, "nozzle/temperature"), self.shows(p, "state"),
                    self.shows(p, "availability")) == (f"{MEANWHILE}", self.state(p), "online"), 30)
        self.all_of("events", self.places, lambda p: len(self.events(p)) >= len(self.told(p)))
        self.all_of("an answer", [p for p in self.places if p.moment == "order"], lambda p: self.finals(p, "before"))
        if self.fault.orders in ("arrive", "expire"):
            self.all_of("an answer", [p for p in self.places if p.moment == "idle"],
                        lambda p: self.finals(p, "meanwhile"))
        self._polls(2)      # what should not come had its chance
        watcher.echo()
        with contextlib.suppress(AssertionError):
            until("all retained topics", lambda: not set(self.before) - set(self.retained()), 15, 0.3)
        self.after = self.retained()

    def retained(self):
        return self.house.watcher.retained(f"{BASE}/#") | self.house.watcher.retained("homeassistant/#")


def intruder(broker, name):
    """Somebody else with this client id; counts how often it was taken over itself."""
    client = Watcher(broker).client.__class__
    made = (client(mqtt.CallbackAPIVersion.VERSION2, name, protocol=mqtt.MQTTv5) if hasattr(mqtt, "CallbackAPIVersion")
            else client(name, protocol=mqtt.MQTTv5))
    made.lost = 0

    def lost(*_):
        made.lost += 1
    made.on_disconnect = lost
    made.connect("127.0.0.1", broker.port)
    made.reconnect_delay_set(1, 1)
    made.loop_start()
    until("the intruder is in", made.is_connected)
    return made
