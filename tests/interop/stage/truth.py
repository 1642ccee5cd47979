"""What a printer's server says of itself all the time, to hold against what the bridge said meanwhile."""
import bisect
import threading
import time

EVERY = 0.25    # seconds between two looks
LATE = 4.0      # what was true so long ago may still be on the topics: two polls, a missed one, and the way
EARLY = 1.5     # our look may be that much later than the bridge's
LONG = 3        # looks that a wrong value lasts: what came and went between two of them was only seen by the bridge

# field: where in the status, and by how much it may differ for a deadband's sake; None: not at all
FIELDS = {
    "state": ("printer", "state", None),
    "job/id": ("job", "id", None),
    "job/progress": ("job", "progress", 1),
    "job/time_remaining": ("job", "time_remaining", 61),
    "job/time_printing": ("job", "time_printing", 61),
    "nozzle/temperature": ("printer", "temp_nozzle", 0.6),
    "nozzle/target": ("printer", "target_nozzle", 0.1),
    "bed/temperature": ("printer", "temp_bed", 0.6),
    "bed/target": ("printer", "target_bed", 0.1),
    "axis/z": ("printer", "axis_z", 0.11),
    "speed": ("printer", "speed", 0),
    "flow": ("printer", "flow", 0),
    "fan/print": ("printer", "fan_print", 31),
}
# May stay unknown for a while: the server shows the job before at first.
DOUBTED = {"job/progress", "job/time_remaining", "job/time_printing"}


class Truth:
    def __init__(self, server):
        self.server, self.times, self.samples = server, [], []
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self._watch, daemon=True)
        self.thread.start()

    def _watch(self):
        while not self.ending.wait(EVERY):
            began = time.monotonic()
            status, body = self.server.get("/api/v1/status")
            self.samples.append(body if status == 200 else None)
            self.times.append(began)

    def close(self):
        self.ending.set()
        self.thread.join(30)

    def lies(self, watcher, printer):
        """What the topics said that was not so, one line each; and how many times they were compared."""
        found, compared = [], 0
        times = list(self.times)
        for field, (group, key, slack) in FIELDS.items():
            said = [(m.time, m.text) for m in watcher.since(topic=f"*/{printer}/{field}")]
            wrong = 0
            for now in times[bisect.bisect(times, times[0] + LATE):]:
                value = _at(said, now)
                if value is None:
                    continue
                compared += 1
                window = self._window(now)
                truth = [_value(s, group, key) for s in window]
                wrong = 0 if _fits(value, truth, slack, field, window) else wrong + 1
                if wrong == LONG:
                    found.append(f"{field} was {value} at {now - times[0]:.1f} s, the printer said {truth} in "
                                 f"{[_state(s) for s in window]}")
        return found, compared

    def _window(self, now):
        low = bisect.bisect_left(self.times, now - LATE)
        return self.samples[low:bisect.bisect_right(self.times, now + EARLY)]


def _at(said, now):
    index = bisect.bisect_right(said, now, key=lambda pair: pair[0])
    return said[index - 1][1] if index else None


def _state(sample):
    return None if sample is None else sample["printer"]["state"].lower()


def _value(sample, group, key):
    value = ((sample or {}).get(group) or {}).get(key)
    return value.lower() if isinstance(value, str) else value


def _fits(value, truth, slack, field, window):
    known = [v for v in truth if v is not None]
    if value == "None":
        return len(known) < len(truth) or field in DOUBTED
    # In ATTENTION the server forgets how far the job is; what it said before is still so.
    if field in DOUBTED and "attention" in map(_state, window):
        return True
    if not known:
        return False
    if isinstance(known[0], str):
        return value in known
    return min(known) - (slack or 0) <= float(value) <= max(known) + (slack or 0) if slack is not None else \
        float(value) in known
