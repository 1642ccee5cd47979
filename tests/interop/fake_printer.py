"""The printer on the serial line behind a real PrusaLink: what an MK3S with firmware 3.14 says, on a pty of our own.

    printer = FakePrinter(folder / "tty", folder / "serial.log", card=folder / "card")
    printer.say("// action:ready")      # somebody turned the knob to "Ready"
    printer.person_answers()            # somebody confirmed the filament change
    printer.close()

It heats by 30 degrees a second and takes `pace` times less than a file asks for. card: a folder that is its SD card.
"""
import contextlib
import os
import pty
import re
import threading
import time
import tty

ROOM = 24.0
HEATING = 30.0      # degrees a second
TICK = 0.1
REPORT = 2.0        # between reports that come by themselves
BUSY = 2.0          # between two times it says that it is busy
SERIAL = "CZPX4720X004XC34242"
MODES = (("NORMAL", "P", "R"), ("SILENT", "Q", "S"))
# What PrusaLink reads there: job id, sheet settings, and lengths of Bowden and use.
MEMORY = {0x0d05: b"\0\0\0\7", 0x0d49: (b"Smooth1" + b"\xff\xff\x3c\0") * 8, 0x0fed: b"\2\0\0\0", 0x0ff1: b"\1\0\0\0",
          0x0fff: b"\1"}


class Heater:
    def __init__(self):
        self.now, self.target = ROOM, 0.0

    def step(self, seconds):
        goal = max(self.target, ROOM)
        most = HEATING * seconds
        self.now += max(-most, min(most, goal - self.now))

    @property
    def there(self):
        return abs(self.now - max(self.target, ROOM)) < 1


class Card:
    """The SD card and the print from it. folder None: the slot is empty."""

    def __init__(self, folder):
        self.folder, self.name, self.size, self.read, self.began, self.state = folder, None, 0, 0, 0.0, "closed"

    def files(self):
        """{short name: path}, as a FAT shows them."""
        if self.folder is None:
            return {}
        found = {}
        for path in sorted(self.folder.glob("*.gcode")):
            stem = re.sub(r"[^A-Z0-9_]", "", path.stem.upper())
            found[f"{stem if len(stem) < 9 else stem[:6] + '~1'}.GCO"] = path
        return found

    def open(self, name):
        path = self.files().get(name)
        if path:
            self.name, self.size, self.read, self.state = name, path.stat().st_size, 0, "open"
        return path

    def step(self, pace, seconds):
        """True when the print has just come to its end."""
        if self.state != "printing":
            return False
        self.read = min(self.size, self.read + max(1, int(60 * pace * seconds)))
        if self.read < self.size:
            return False
        self.state = "closed"
        return True


def fat_time(stamp):
    t = time.gmtime(stamp)
    return (t.tm_year - 1980) << 25 | t.tm_mon << 21 | t.tm_mday << 16 | t.tm_hour << 11 | t.tm_min << 5 | t.tm_sec // 2


def number(line, letter, default=None):
    found = re.search(rf'(?<![A-Z"]){letter}(-?\d*\.?\d+)', line)
    return float(found[1]) if found else default


class FakePrinter:
    def __init__(self, link, log, card=None, serial=SERIAL, pace=5.0, reports=True):
        """link: becomes the name of the pty. reports: tells temperatures unasked from the start, as a printer does
        that met PrusaLink before; PrusaLink itself asks for them only after a minute."""
        self.link, self.serial, self.pace, self.reports = link, serial, pace, reports
        self.master, self.slave = pty.openpty()
        tty.setraw(self.slave)
        with contextlib.suppress(FileNotFoundError):
            link.unlink()
        link.symlink_to(os.ttyname(self.slave))
        self.log = open(log, "w", buffering=1)
        self.lock = threading.Lock()
        self.nozzle, self.bed, self.card = Heater(), Heater(), Card(card)
        self.axes, self.relative = dict.fromkeys("XYZE", 0.0), set()
        self.feed, self.fan, self.factor = 1200.0, 0, {"M220": 100, "M221": 100}
        self.percent = dict.fromkeys(("NORMAL", "SILENT"), (-1, -1))
        self.memory = dict(MEMORY)
        self.held = None                    # what it says every two seconds instead of an "ok"; "" for silence
        self.person = threading.Event()
        self.ending = threading.Event()
        self.threads = [threading.Thread(target=run, daemon=True) for run in (self._live, self._listen)]
        for thread in self.threads:
            thread.start()

    # -- what happens to it

    def say(self, *lines):
        with self.lock:
            for line in lines:
                self.log.write(f"{time.monotonic():.3f} > {line}\n")
                os.write(self.master, line.encode() + b"\n")

    def busy(self):
        """It does something long by itself, until release()."""
        self.held = "echo:busy: processing"

    def wants_person(self):
        """It waits for somebody at its knob, until release()."""
        self.held = "echo:busy: paused for user"

    def mute(self):
        """The cable is loose, until release()."""
        self.held = ""

    def release(self):
        self.held = None

    def person_answers(self):
        """An M600, M0 or M1 of the file goes on."""
        self.person.set()

    def halt(self):
        """It gives up until it is switched off and on."""
        self.say("Error:Printer halted. kill() called!")
        self.mute()

    def close(self):
        self.ending.set()
        self.person.set()
        self.release()
        with contextlib.suppress(OSError):
            os.write(self.slave, b"\n")     # wakes the reader
        for thread in self.threads:
            thread.join(5)
        os.close(self.master)
        os.close(self.slave)
        self.log.close()
        with contextlib.suppress(FileNotFoundError):
            self.link.unlink()

    # -- its life

    def _live(self):
        told = spoke = time.monotonic()
        while not self.ending.wait(TICK):
            now = time.monotonic()
            self.nozzle.step(TICK)
            self.bed.step(TICK)
            if self.card.step(self.pace, TICK):
                self.say("Done printing file")
            if self.held and now - spoke > BUSY:
                spoke = now
                self.say(self.held)
            if self.reports and self.held != "" and now - told > REPORT:
                told = now
                self.say(self._temperatures(), self._position(), self._fans())

    def _temperatures(self):
        n, b = self.nozzle, self.bed
        return (f"T:{n.now:.1f} /{n.target:.1f} B:{b.now:.1f} /{b.target:.1f} T0:{n.now:.1f} /{n.target:.1f} "
                f"@:{100 if n.target else 0} B@:{100 if b.target else 0} P:0.0 A:28.5")

    def _position(self):
        here = "Y:{Y:.2f} Z:{Z:.2f} E:{E:.2f}".format(**self.axes)
        x = f"{self.axes['X']:.2f}"
        return f"X:{x} {here} Count X: {x} {here}"

    def _fans(self):
        return f"E0:{4200 if self.nozzle.now > 50 else 0} RPM PRN1:{self.fan * 18} RPM E0@:255 PRN1@:{self.fan}"

    def _listen(self):
        rest = b""
        while not self.ending.is_set():
            try:
                rest += os.read(self.master, 4096)
            except OSError:                 # PrusaLink is away
                self.ending.wait(TICK)
                continue
            while b"\n" in rest and not self.ending.is_set():
                raw, rest = rest.split(b"\n", 1)
                self._take(raw.decode("latin1").strip())

    def _take(self, line):
        self.log.write(f"{time.monotonic():.3f} < {line}\n")
        self._wait_released()
        # The line takes its time at 115200 baud; PrusaLink stumbles over answers that come at once.
        self.ending.wait(0.003)
        line = re.sub(r"^N-?\d+ *|\*\d+$", "", line).strip()
        word = (line.split() or [""])[0]
        obey = COMMANDS.get(word)
        answer = obey(self, line, word) if obey else None
        self._wait_released()
        self.say(answer or "ok")

    def _wait_released(self):
        while self.held is not None and not self.ending.is_set():
            time.sleep(0.02)

    # -- G-code: each answers its "ok" line, None for a plain one

    def _prusa(self, line, _word):
        self.say({"PRUSA Fir": "3.14.0-8179", "PRUSA SN": self.serial}.get(line, "echo:Unknown command"))

    def _query(self, line, word):
        if "Q" in line:
            self.say({"M862.1": "0.40", "M862.2": "302"}[word])

    def _read_memory(self, line, _word):
        at = int(re.search(r"A *(?:0?x)?([0-9a-fA-F]+)", line)[1], 16)
        written = re.search(r" X([0-9a-fA-F]+)", line)
        if written:
            self.memory[at] = bytes.fromhex(written[1])
            return
        count = int(number(line, "C", 1))
        data = self.memory.get(at, b"").ljust(count, b"\0")[:count]
        self.say(*(f"{at + i:04x}  {data[i:i + 16].hex(' ').upper()}" for i in range(0, count, 16)))

    def _temperature(self, _line, _word):
        return "ok " + self._temperatures()

    def _where(self, _line, _word):
        self.say(self._position())

    def _auto_report(self, line, _word):
        self.reports = number(line, "S", 0) > 0

    def _factor(self, line, word):
        if number(line, "S") is None:
            self.say(f"{self.factor[word]}%")
        else:
            self.factor[word] = int(number(line, "S"))

    def _progress(self, line, _word):
        for mode, done, left in MODES:
            before = self.percent[mode]
            self.percent[mode] = int(number(line, done, before[0])), int(number(line, left, before[1]))
            self.say("{} MODE: Percent done: {}; print time remaining in mins: {}; Change in mins: -1"
                     .format(mode, *self.percent[mode]))

    def _move(self, line, _word):
        self.feed = number(line, "F", self.feed)
        way = 0.0
        for axis in "XYZE":
            to = number(line, axis)
            if to is not None:
                to += self.axes[axis] if axis in self.relative else 0
                way = max(way, abs(to - self.axes[axis]))
                self.axes[axis] = to
        self._pass(way / max(self.feed, 1) * 60)

    def _home(self, _line, _word):
        self.say("echo:busy: processing")
        self._pass(5)
        self.axes.update(X=0.0, Y=0.0, Z=0.15)

    def _mode(self, _line, word):
        axes = {"E"} if word in ("M82", "M83") else set("XYZE")
        self.relative = self.relative | axes if word in ("G91", "M83") else self.relative - axes

    def _origin(self, line, _word):
        self.axes.update({axis: number(line, axis, self.axes[axis]) for axis in "XYZE"})

    def _dwell(self, line, _word):
        self._pass(number(line, "S", 0) + number(line, "P", 0) / 1000)

    def _pass(self, seconds):
        end = time.monotonic() + seconds / self.pace
        while time.monotonic() < end and not self.ending.is_set():
            time.sleep(min(0.02, seconds / self.pace))
            end = min(end, time.monotonic() + seconds / self.pace)     # somebody made it faster

    def _heat(self, line, word):
        heater = self.nozzle if word in ("M104", "M109") else self.bed
        heater.target = number(line, "S", number(line, "R", 0))
        while word in ("M109", "M190") and not heater.there and not self.ending.wait(0.2):
            bed = f"0 B:{self.bed.now:.1f}" if word == "M190" else "0 W:?"
            self.say(f"T:{self.nozzle.now:.1f} E:{bed}")

    def _set_fan(self, line, word):
        self.fan = int(number(line, "S", 255)) if word == "M106" else 0

    def _wait_person(self, _line, _word):
        self.person.clear()
        while not self.person.is_set():
            self.say("echo:busy: paused for user")
            self.person.wait(BUSY)

    def _pause(self, _line, _word):
        if self.card.state == "printing":
            self.card.state = "paused"
        self.say("// action:paused")

    def _resume(self, _line, _word):
        if self.card.state == "paused":
            self.card.state = "printing"
        self.say("// action:resumed")

    def _stop(self, _line, _word):
        self.card.state = "closed"
        self.nozzle.target = self.bed.target = 0.0
        self.fan = 0
        self.percent = dict.fromkeys(self.percent, (-1, -1))
        self.say("// action:cancel")

    def _mesh(self, _line, _word):
        self.say("Mesh bed leveling not active.")

    def _screen(self, _line, _word):
        self.say("LCD status changed")

    # -- SD card

    def _card_there(self, _line, _word):
        self.say("echo:SD card ok" if self.card.folder else "echo:SD init fail")

    def _card_list(self, _line, _word):
        self.say("Begin file list")
        for short, path in self.card.files().items():
            status = path.stat()
            self.say(f'{short} 0x{fat_time(status.st_mtime):08x} {status.st_size} "{path.name}"')
        self.say("End file list")

    def _card_open(self, line, _word):
        short = line[3:].strip().lstrip("/").upper()
        path = self.card.open(short)
        if path:
            self.say(f"File opened: {path.name} Size: {self.card.size}", "File selected")
        else:
            self.say(f"open failed, File: {short}.")

    def _card_print(self, _line, _word):
        if self.card.state in ("open", "paused"):
            self.card.state, self.card.began = "printing", time.monotonic()

    def _card_pause(self, _line, _word):
        if self.card.state == "printing":
            self.card.state = "paused"

    def _card_status(self, _line, _word):
        if self.card.state == "printing":
            minutes = int(time.monotonic() - self.card.began) // 60
            self.say(f"/{self.card.name}", f"SD printing byte {self.card.read}/{self.card.size}",
                     f"{minutes // 60}:{minutes % 60:02}")
        else:
            self.say("SD print paused" if self.card.state == "paused" else "Not SD printing")


COMMANDS = {word: obey for words, obey in (
    ("PRUSA", FakePrinter._prusa), ("M862.1 M862.2", FakePrinter._query), ("D3", FakePrinter._read_memory),
    ("M105", FakePrinter._temperature), ("M114", FakePrinter._where), ("M155", FakePrinter._auto_report),
    ("M220 M221", FakePrinter._factor), ("M73", FakePrinter._progress), ("G0 G1", FakePrinter._move),
    ("G28", FakePrinter._home), ("G90 G91 M82 M83", FakePrinter._mode), ("G92", FakePrinter._origin),
    ("G4", FakePrinter._dwell), ("M104 M109 M140 M190", FakePrinter._heat), ("M106 M107", FakePrinter._set_fan),
    ("M600 M0 M1", FakePrinter._wait_person), ("M601", FakePrinter._pause), ("M602", FakePrinter._resume),
    ("M603", FakePrinter._stop), ("M420", FakePrinter._mesh), ("M117", FakePrinter._screen),
    ("M21", FakePrinter._card_there), ("M20", FakePrinter._card_list), ("M23", FakePrinter._card_open),
    ("M24", FakePrinter._card_print), ("M25", FakePrinter._card_pause), ("M27", FakePrinter._card_status),
) for word in words.split()}
