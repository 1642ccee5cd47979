"""The fault matrix, the broker's half: each fault of a broker with printers of both kinds at each moment.

For each fault there is a square: printers at all moments, brought there before; things happen at the printers while the
broker is struck (a print begins, ends, is resumed), orders are sent; the last moment, first contact, is that of a
second bridge that begins while the broker is struck. What must be true afterwards is judged for each printer.
"""
import pytest

from harness import BASE, cells, status_times
from harness.square import LATE, MEANWHILE, NAMES, Hose, Square, intruder

class Fault:
    """orders: what becomes of one that is sent meanwhile: cannot (be sent), lost, expire (come late), arrive."""
    orders, mqtt, options = "lost", {}, {}

    def open(self, square):
        square.house.open_broker(**self.options)
        square.house.watch()

    def begin(self, square):
        raise NotImplementedError

    def meet(self, square, late):
        """late, the bridge that begins in the middle, was started."""

    def end(self, square):
        raise NotImplementedError


class Killed(Fault):
    orders = "cannot"

    def begin(self, square):
        square.house.watcher.subscribed.clear()
        square.house.broker.kill()

    def end(self, square):
        """The watcher is back before the bridges."""
        for bridge in square.house.bridges:
            bridge.process.freeze()
        square.house.broker.start()
        assert square.house.watcher.subscribed.wait(20)
        for bridge in square.house.bridges:
            bridge.process.thaw()


class LostStore(Killed):
    options = {"persistence": True}

    def begin(self, square):
        square.house.watcher.subscribed.clear()
        square.house.broker.stop()
        (square.house.broker.folder / "mosquitto.db").unlink()


class Frozen(Fault):
    orders = "expire"

    def begin(self, square):
        square.house.broker.freeze()

    def end(self, square):
        square.house.broker.thaw()


class BlackHole(Fault):
    mqtt = {"keepalive": "5s"}

    def open(self, square):
        super().open(square)
        self.hose = Hose(square.house.broker)
        square.house.closing.append(self.hose.close)
        square.house.config["mqtt"]["url"] = self.hose.url

    def begin(self, square):
        self.hose.kill()

    def end(self, square):
        self.hose.mode = "pass"


class SlowReader(BlackHole):
    mqtt, orders = {}, "arrive"

    def begin(self, square):
        self.hose.mode = "slow"


class RefusedLogin(Fault):
    options = {"users": {"bridge": "right", "me": "me"}, "persistence": True}
    mqtt = {"username": "bridge", "password": "right"}

    def open(self, square):
        square.house.open_broker(**self.options)
        square.house.watch(username="me", password="me")

    @staticmethod
    def _let_in(square, password):
        square.house.broker.users = {"bridge": password, "me": "me"}
        square.house.broker._passwords()
        square.house.restart_broker()

    def begin(self, square):
        self._let_in(square, "another")
        square.bridge.wait_log("refused the user name or password")

    def end(self, square):
        self._let_in(square, "right")


class TakenOver(Fault):
    """By a client that always comes back after a second."""

    def begin(self, square):
        self.intruders = [intruder(square.house.broker, NAMES[BASE])]
        square.bridge.wait_log("standing back", 40)

    def meet(self, square, late):
        late.wait_log("connected to the broker")
        self.intruders.append(intruder(square.house.broker, NAMES[LATE]))
        late.wait_log("standing back", 40)

    def end(self, square):
        """mosquitto 2.0.11 does not say 142: the third loss in a row tells that somebody else is there."""
        assert max(i.lost for i in self.intruders) <= 3, "a reconnect war"
        for client in self.intruders:
            client.disconnect()
            client.loop_stop()


class PacketTooLarge(Fault):
    """A broker that takes no large messages: no JSON, no discovery, no long name, but all else."""
    orders = "arrive"

    @staticmethod
    def _limit(square, line):
        conf = square.house.broker.conf
        conf.write_text("".join(x for x in conf.read_text().splitlines(True) if "max_packet_size" not in x) + line)
        square.house.restart_broker()

    def begin(self, square):
        self._limit(square, "max_packet_size 400\n")

    def end(self, square):
        for place in square.places:
            square.house.watcher.wait(f"{place.base}/{place.name}/nozzle/temperature", f"{MEANWHILE}",
                                      square.marks["struck"])
        for place in square.places:
            square.house.watcher.wait(f"{place.base}/{place.name}/availability", "online", square.marks["struck"])
        square.bridge.wait_log("warning .*does not take .*larger than the broker takes")
        self._limit(square, "")


FAULTS = {"killed": Killed, "frozen": Frozen, "black hole": BlackHole, "refused login": RefusedLogin,
          "lost store": LostStore, "taken over": TakenOver, "packet too large": PacketTooLarge,
          "slow reader": SlowReader}


def everything_is_back(square, place):
    if place.name in square.missing:
        yield f"never came: {square.missing[place.name]}"
    if place.moment == "contact":
        return
    for topic in square.before:
        if topic.endswith("/job/thumbnail") and square.state(place) == "finished":
            topic = topic.replace("/job/", "/last_job/")    # the picture goes with its job
        if f"/{place.name}/" in f"{topic}/" and topic not in square.after:
            yield f"{topic} is gone"


def its_values_are_true(square, place):
    if place.moment == "contact":
        return
    for tail, text in (("nozzle/temperature", f"{MEANWHILE}"), ("availability", "online"),
                       ("state", square.state(place))):
        kept = square.after.get(f"{place.base}/{place.name}/{tail}", b"").decode()
        if kept != text:
            yield f"the broker keeps {tail} {kept!r}, not {text!r}"


def events_are_told_once(square, place):
    if square.events(place) != square.told(place):
        yield f"the events were {square.events(place)}, not {square.told(place)}"


def orders_are_never_carried_out_late_or_twice(square, place):
    orders = [name for name, _ in place.printer.orders]
    wanted = 1 if place.moment == "order" or (place.moment == "idle" and square.fault.orders == "arrive") else 0
    if orders != ["pause"] * wanted:
        yield f"it carried out {orders}"


def orders_are_answered_once(square, place):
    mine = {"order": ("before", "done"), "idle": ("meanwhile", {"arrive": "done", "expire": "error"}.get(
        square.fault.orders))}.get(place.moment)
    if not mine:
        return
    finals = [a["status"] for a in square.finals(place, mine[0])]
    if finals != [mine[1]] * (mine[1] is not None):
        yield f"pause was answered with {finals}"


def its_polls_went_on(square, place):
    times = [t for t in status_times(place.printer)]
    if place.moment == "contact":
        times = times[1:]
    gaps = sorted(b - a for a, b in zip(times, times[1:]))
    if gaps[len(gaps) // 2] > 2 or gaps[-1] > 6 * square.patience:     # each second
        yield f"it was asked with these gaps: {gaps[-5:]}"


PROMISES = [everything_is_back, its_values_are_true, events_are_told_once, orders_are_never_carried_out_late_or_twice,
            orders_are_answered_once, its_polls_went_on]


@pytest.mark.parametrize("fault", sorted(FAULTS, key=lambda f: f not in ("taken over", "refused login")))
def test_a_brokers_fault(fault, tmp_path, record_property, sanitized):
    square = Square(tmp_path, FAULTS[fault]()).run()
    complaints = []
    for place in square.places:
        wrong = [text for promise in PROMISES for text in promise(square, place)]
        record_property("cell", cells.cell("broker", fault, place.moment, place.profile, wrong))
        complaints += [f"{fault} {place.name}: {text}" for text in wrong]
    if not sanitized and max(square.peaks) - square.peak_before > 12 << 20:
        complaints.append(f"{fault}: memory grew from {square.peak_before} to {square.peaks}")
    for secret in ("right", *(p.printer.password for p in square.places)):
        if secret in square.log:
            complaints.append(f"{fault}: a secret is in the log")
    assert not complaints, "\n".join(complaints)
