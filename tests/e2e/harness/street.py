"""A street of printers, one for each fault, that all come to the same moment of their life and are then struck.

A street only runs and records; what must be true of the record is said by the story that runs it.
"""
import json
import os
import threading
import time
from dataclasses import dataclass, field

from .house import House
from .process import until
from .watcher import BASE

# What a printer shows before and after it is struck; nothing else of it moves by itself.
STILL = {"temp_bed": 40.0, "target_nozzle": 215.0, "target_bed": 60.0, "axis_x": 11.0, "axis_y": 12.0, "axis_z": 13.0,
         "fan_hotend": 4000, "fan_print": 5000, "progress": 1, "time_printing": 5000, "time_remaining": 355000}
BEFORE, MEANWHILE = 50.0, 77.0      # nozzle temperature
STRANGE_JOB = 9999
LASTING = 8                         # samples in a row that are more than a moment


def patience():
    """1 on a machine that has time, more on one that has not."""
    return min(max(1.0, os.getloadavg()[0] / os.cpu_count() / 4), 5.0)


def start_print(printer):
    printer.start_print(duration=360000)


def pause(printer):
    printer.pause()


def attention(printer):
    printer.attention()


# moment -> steps that bring a printer there: (what is done, the state it then shows, the event that tells)
PRINTING = (start_print, "printing", "started")
MOMENTS = {"idle": [], "printing": [PRINTING], "paused": [PRINTING, (pause, "paused", "paused")],
           "attention": [PRINTING, (attention, "attention", "attention")], "order": [PRINTING], "contact": [PRINTING]}


@dataclass
class Cell:
    """One printer: its fault and what was seen."""
    name: str
    profile: str
    fault: object
    printer: object = None
    struck: float = 0.0     # time.time()
    healed: float = 0.0
    at_strike: dict = field(default_factory=dict)
    asked_again: bool = False
    crowded: int = 0        # most samples in a row with two connections, or two requests in flight


def statuses(cell):
    """How its status polls were answered."""
    return [r.status for r in cell.printer.requests if r.target == "/api/v1/status"]


class Guard(threading.Thread):
    """Looks at the connections of all printers all the time. stall: the longest it could not, in seconds."""

    def __init__(self, cells):
        super().__init__(daemon=True)
        self.cells, self.ended, self.stall = cells, threading.Event(), 0.0

    def run(self):
        runs = dict.fromkeys([c.name for c in self.cells], 0)
        last = time.monotonic()
        while not self.ended.wait(0.03):
            now = time.monotonic()
            self.stall, last = max(self.stall, now - last), now
            for cell in self.cells:
                journal = cell.printer._core.journal
                runs[cell.name] = runs[cell.name] + 1 if journal.open > 1 or journal.in_flight > 1 else 0
                cell.crowded = max(cell.crowded, runs[cell.name])


class Street:
    """marks: moments as numbers of messages. missing: {cell name: what did not come in time}."""

    def __init__(self, folder, moment, faults, timeout):
        """timeout: seconds that a printer has for an answer; longer than this test may stand still."""
        self.patience = patience()
        self.house, self.moment, self.timeout = House(folder), moment, round(timeout * self.patience)
        self.steps = MOMENTS[moment]
        self.told = [] if moment == "contact" else [event for _, _, event in self.steps]
        self.marks, self.missing, self.messages = {}, {}, {}
        self.read = 0
        self.cells = [Cell(f"{profile}-{fault.name}", profile, fault)
                      for profile in ("buddy", "pi") for fault in faults]
        self.wells = []

    def run(self):
        house = self.house
        try:
            house.open_broker()
            house.watch()
            self._build()
            guard = self.guard = Guard(self.cells + self.wells)
            guard.start()
            getattr(self, "_contact" if self.moment == "contact" else "_live")()
            guard.ended.set()
            self.log = house.bridges[0].log
        finally:
            house.close()
        self._take()
        self.patience = max(self.patience, patience())
        return self

    # -- what was said

    def _take(self):
        new = self.house.watcher.messages[self.read:]
        self.read += len(new)
        for message in new:
            self.messages.setdefault(message.topic, []).append(message)

    def said(self, cell, tail, after=None, before=None):
        """Messages of a topic between two marks."""
        topic = f"{BASE}/{cell.name}/{tail}" if tail else f"{BASE}/{cell.name}"
        return [m for m in self.messages.get(topic, ())
                if m.number > (self.marks[after] if after else -1)
                and (before is None or m.number <= self.marks[before])]

    def topics(self, cell):
        start = f"{BASE}/{cell.name}/"
        return [t[len(start):] for t in self.messages if t.startswith(start)]

    def shows(self, cell, tail, after=None):
        found = self.said(cell, tail, after)
        return found[-1].text if found else None

    def finals(self, cell, command):
        return [m.json for m in self.said(cell, f"response/{command}") if m.json["final"]]

    def mark(self, name):
        self.marks[name] = self.house.watcher.mark

    def all_of(self, what, cells, seen, timeout=25.0):
        """Wait for each of them; who is late is noted, the others go on."""
        end = time.monotonic() + timeout * self.patience
        left = list(cells)
        while left and time.monotonic() < end:
            self._take()
            self.house.bridges[0].must_live()
            left = [c for c in left if not seen(c)]
            if left:
                time.sleep(0.05)
        for cell in left:
            self.missing.setdefault(cell.name, what)

    # -- how it goes

    def _build(self):
        self.house.config["defaults"]["timeout"] = f"{self.timeout}s"
        for profile in ("buddy", "pi"):
            self.wells.append(Cell(f"{profile}-well", profile, None))
        for cell in self.cells + self.wells:
            cell.printer = self.house.add(cell.name, cell.profile, job_id=128, pausing=0.1, resuming=0.1)
            cell.printer.set(temp_nozzle=BEFORE, **STILL)

    def _live(self):
        everybody = self.cells + self.wells
        self.house.bridge()
        self.all_of("online", everybody, lambda c: self.shows(c, "availability") == "online" and self.said(c, ""))
        self._bring(everybody)
        for well in self.wells:
            well.printer.reset_counters()
        self._miss_one()
        self._strike()
        self._meanwhile()
        self._heal()
        self._end()

    def _contact(self):
        """The printers are broken when the bridge starts, and the broker still has what an earlier life said."""
        for cell in self.cells + self.wells:
            for step, _, _ in self.steps:
                step(cell.printer)
            for tail, text in (("availability", "online"), ("nozzle/temperature", "99.0"), ("state", "finished")):
                self.house.watcher.publish(f"{BASE}/{cell.name}/{tail}", text, retain=True)
        self.house.watcher.echo()
        self._take()
        self.mark("once")
        self.mark("struck")
        for cell in self.cells:
            cell.at_strike = {tail: self.shows(cell, tail) for tail in self.topics(cell)}
            self._strike_one(cell)
        self.house.bridge()
        self.all_of("online", self.wells, lambda c: self.shows(c, "availability") == "online")
        for well in self.wells:
            well.printer.reset_counters()
        self._meanwhile()
        self._heal()
        self._end()

    def events(self, cell):
        return [m.json["event_type"] for m in self.said(cell, "event")]

    def _bring(self, everybody):
        for step, state, event in self.steps:
            for cell in everybody:
                step(cell.printer)
            self.all_of(state, everybody, lambda c: self.shows(c, "state") == state and event in self.events(c))
            self._job_is_known(everybody)

    def _job_is_known(self, cells):
        self.all_of("a job's name", cells, lambda c: self.shows(c, "job/name") not in (None, "None"))

    def _miss_one(self):
        """Each printer spoils one single status poll."""
        self._calm()
        self._take()
        self.mark("once")
        before = {c.name: len(statuses(c)) for c in self.cells}
        for cell in self.cells:
            if cell.fault.is_blip(cell.profile):
                cell.printer.fault(cell.fault.kind, path="/api/v1/status", count=1, **cell.fault.options)
        self.all_of("polls after a missed one", self.cells,
                    lambda c: len(statuses(c)) > before[c.name] + 2 and statuses(c)[-2:] == [200, 200])
        for cell in self.cells:
            cell.printer.heal()

    def _calm(self):
        before = {c.name: len(statuses(c)) for c in self.cells}
        self.all_of("two good polls", self.cells, lambda c: statuses(c)[before[c.name]:][-2:] == [200, 200])

    def _strike_one(self, cell):
        cell.struck = time.time()
        cell.printer.fault(cell.fault.kind, **cell.fault.options)
        cell.printer.set(temp_nozzle=MEANWHILE)

    def _strike(self):
        self._take()
        self.mark("struck")
        for cell in self.cells:
            cell.at_strike = {tail: self.shows(cell, tail) for tail in self.topics(cell)}
            if self.moment == "order":
                cell.printer.fault(cell.fault.kind, path="/api/v1/job/*", method="PUT", **cell.fault.options)
                self._send(cell, "pause", "PRESS")
        if self.moment == "order":
            self._strike_when_ordered()
            return
        for cell in self.cells:
            self._strike_one(cell)
            self._send(cell, "cancel", {"job_id": STRANGE_JOB})

    def _strike_when_ordered(self):
        left = list(self.cells)

        def more():
            for cell in list(left):
                if any(r.method == "PUT" for r in cell.printer.requests):
                    self._strike_one(cell)
                    left.remove(cell)
            return not left
        until("an order at each printer", more, interval=0.005)

    def _send(self, cell, command, payload):
        text = json.dumps(payload) if isinstance(payload, dict) else payload
        self.house.watcher.client.publish(f"{BASE}/{cell.name}/command/{command}", text, 1)

    def _meanwhile(self):
        fatal = [c for c in self.cells if not c.fault.understood]
        odd = [c for c in self.cells if c.fault.understood]
        self.all_of("offline", fatal, lambda c: self.shows(c, "availability", "struck") == "offline"
                    and self.shows(c, "nozzle/temperature", "struck") == "None")
        self.all_of("what it says meanwhile", odd, lambda c: self.shows(c, "nozzle/temperature") == c.fault.shown)
        for cell in self.cells:
            self._send(cell, "resume", {"job_id": STRANGE_JOB})
            self._send(cell, "refresh", "PRESS")
        self.all_of("answers while it is broken", self.cells, lambda c: self.finals(c, "resume") and
                    (self.finals(c, "refresh") or self.moment == "order"))    # there it waits for the order's end
        self.house.watcher.echo()
        self._take()
        self.mark("healed")

    def _heal(self):
        for cell in self.cells:
            cell.healed = time.time()
            cell.printer.heal()
            # A refused password is tried again after a minute, or when somebody asks.
            cell.asked_again = "password refused" in (self.shows(cell, "poll/error") or "")
            if cell.asked_again:
                self._send(cell, "refresh", "PRESS")
        self.all_of("online again", self.cells, lambda c: self.shows(c, "availability") == "online"
                    and self.shows(c, "nozzle/temperature") == f"{MEANWHILE}")
        if self.moment == "order":
            self.all_of("the order's end", self.cells, lambda c: self.finals(c, "pause"), 75)
            self.all_of("what the order did", self.cells,
                        lambda c: self.shows(c, "state") == ("paused" if c.fault.carried else "printing"))
        self.all_of("refresh", self.cells, lambda c: self.finals(c, "refresh"))

    def _end(self):
        """The print goes on and ends."""
        everybody = self.cells + self.wells
        self._take()
        self.mark("back")
        if self.moment != "idle":
            self._job_is_known(everybody)
            for cell in everybody:
                cell.printer.finish()
            self.all_of("finished", everybody, lambda c: "finished" in self.events(c))
        self.house.watcher.echo()
        self._take()
        self.mark("end")
