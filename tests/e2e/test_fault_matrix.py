"""The fault matrix: each fault at each moment of a printer's life, with each kind of printer; none is left out.

A cell is a printer. All printers of a moment live in one street with one bridge, are brought to the moment together,
miss one poll, are struck, asked, healed, and end their print. Then each cell is judged by the promises, from what was
recorded. The table of all cells is printed at the end of the run.
"""
from dataclasses import dataclass, field

import pytest

from harness import cells, status_times
from harness.street import BEFORE, LASTING, MEANWHILE, MOMENTS, Street
from sim.faults import AT_ONCE, KINDS


@dataclass(frozen=True)
class Fault:
    """understood: its status can be read; shown: the nozzle temperature then. carried: an order in a struck request
    is carried out. code: of the final answer to an order that was not."""
    name: str
    kind: str
    options: dict = field(default_factory=dict)
    understood: bool = False
    shown: str = "None"
    carried: bool = False
    code: str = "timeout"

    @property
    def at_once(self):
        return self.kind in AT_ONCE

    def is_blip(self, profile):
        """May it strike a single poll? A dead network is no single poll; and a Pi, whose nonce stays the same for a
        minute, says with one refusal already that the password is wrong."""
        return not self.at_once and (self.name, profile) != ("storm", "pi")


def row(name, **more):
    options = {k: more.pop(k) for k in list(more) if k not in Fault.__dataclass_fields__}
    return Fault(name, name.split("-")[0], options, **more)


FAULTS = [
    row("hang"), row("lost", carried=True), row("close"), row("reset", carried=True), row("half", carried=True),
    row("drip", carried=True), row("slow", delay=0.6, understood=True, shown=f"{MEANWHILE}", carried=True),
    row("huge", size=3_000_000, carried=True), row("nested", carried=True),
    row("nan", understood=True, carried=True),
    row("badutf8", understood=True, shown=f"{MEANWHILE}", carried=True),
    row("broken", carried=True), row("empty", carried=True), row("html", carried=True),
    row("storm", code="auth"), row("storm-stale", stale=True, code="auth"), row("raw408"),
    row("error-503", status=503, code="printer_error"), row("error-500", status=500, code="printer_error"),
    row("error-404", status=404, code="wrong_job"), row("redirect", code="printer_error"), row("garbage"),
    row("long", carried=True), row("short", carried=True), row("refuse"), row("blackhole"),
    # These strike bodies of requests: polls and orders have none. Uploads have their own stories.
    *(row(name, understood=True, shown=f"{MEANWHILE}", carried=True, code="done") for name in ("pace", "stall", "breakoff")),
]
STATUS = ("state", "nozzle/", "bed/", "axis/", "fan/", "speed", "flow", "job/id", "job/progress", "job/time_p", "job/time_r")
KEPT = ("info/", "last_job/", "total/", "poll/")
PICTURES = ("job/thumbnail", "last_job/thumbnail", "camera/")
NO_FIELDS = ("availability", "event", "can/", "response/", "command/", "has/", *PICTURES)


def test_the_matrix_knows_every_fault_of_the_simulator():
    assert {f.kind for f in FAULTS} == set(KINDS)


def live_topics(street, cell):
    return [t for t in street.topics(cell) if not t.startswith(KEPT + NO_FIELDS)]


# -- the promises, each about one cell; a generator of complaints


def nothing_is_missing(street, cell):
    if cell.name in street.missing:
        yield f"never came: {street.missing[cell.name]}"


def one_missed_poll_changes_nothing(street, cell):
    for tail in ["availability", *live_topics(street, cell)]:
        texts = {m.text for m in street.said(cell, tail, "once", "struck")}
        if tail == "availability" and texts:
            yield f"one missed poll, and availability was {texts}"
        if tail in ("state", "nozzle/temperature", "job/id", "job/progress") and "None" in texts and \
                cell.fault.kind != "nan":
            yield f"one missed poll, and {tail} was {texts}"


def effect(street, cell, tail):
    """What an order did may be seen in the moment before the printer is struck. A Pi tells its axes when it rests."""
    shown = {"state": "paused", "job/state": "paused", "axis/x": "11.0", "axis/y": "12.0"}
    return {shown.get(tail)} if street.moment == "order" and cell.fault.carried else set()


def it_never_lies(street, cell):
    """While it cannot be understood each value is absent, or the last one from before."""
    if cell.fault.understood:
        return
    for tail in live_topics(street, cell):
        texts = [m.text for m in street.said(cell, tail, "struck", "healed")]
        if set(texts) - {"None", cell.at_strike.get(tail)} - effect(street, cell, tail):
            yield f"{tail} was said to be {texts}"
        if cell.at_strike.get(tail, "None") != "None" and texts[-1:] != ["None"]:
            yield f"{tail} stayed {cell.at_strike[tail]!r}: {texts}"
    for message in street.said(cell, "", "struck", "healed")[-1:]:
        lies = set(message.json) - {"info", "last_job", "total"}
        if lies:
            yield f"the JSON still held {lies}"


def odd_values_are_absent_not_zero(street, cell):
    if not cell.fault.understood:
        return
    texts = {m.text for m in street.said(cell, "nozzle/temperature", "once")}
    allowed = {"None", f"{BEFORE}", f"{MEANWHILE}"} if cell.fault.kind == "nan" or street.moment == "contact" else {
        f"{BEFORE}", f"{MEANWHILE}"}
    if texts - allowed:
        yield f"nozzle/temperature was said to be {texts}"


def availability_is_said_once_each_way(street, cell):
    texts = [m.text for m in street.said(cell, "availability", "struck")]
    stays = cell.fault.understood and street.moment != "contact"
    wanted = [] if stays else ["offline", "online"]
    if texts != wanted:
        yield f"availability was {texts}, not {wanted}"


def offline_is_said_before_the_nones(street, cell):
    """Of what the status tells. Another endpoint that is struck first costs its own values at once."""
    if cell.fault.understood:
        return
    offline = [m.number for m in street.said(cell, "availability", "struck") if m.text == "offline"]
    for tail in [t for t in live_topics(street, cell) if t.startswith(STATUS)]:
        first = [m for m in street.said(cell, tail, "struck", "healed") if m.text == "None"][:1]
        if first and offline and first[0].number < offline[0]:
            yield f"{tail} was None before availability was offline"


def fields_come_back_before_availability(street, cell):
    online = [m.number for m in street.said(cell, "availability", "healed") if m.text == "online"]
    if cell.fault.understood or not online:
        return
    for tail in ("nozzle/temperature", "state", "bed/temperature"):
        first = [m for m in street.said(cell, tail, "healed") if m.text != "None"][:1]
        if not first or first[0].number > online[0]:
            yield f"{tail} came back after availability"


def two_missed_polls_make_it_offline(street, cell):
    if cell.fault.understood:
        return
    offline = [m.number for m in street.said(cell, "availability", "struck") if m.text == "offline"]
    failures = [m for m in street.said(cell, "poll/failures", "struck", "healed") if m.text not in ("0", "None")]
    if not failures or int(failures[-1].text) < 2:
        yield f"poll/failures was {[m.text for m in failures]}"
    if not street.said(cell, "poll/error", "struck", "healed"):
        yield "poll/error was never said"
    if offline and street.moment != "contact" and not cell.fault.at_once:
        struck = [r for r in cell.printer.requests if cell.struck - 0.2 < r.time < cell.healed]
        if len(struck) < 2:
            yield f"offline after {len(struck)} requests"


def every_order_is_answered_once(street, cell):
    for command, wanted in (("resume", 1), ("cancel", street.moment not in ("contact", "order")),
                            ("pause", street.moment == "order"),
                            ("refresh", 1 + cell.asked_again)):
        finals = street.finals(cell, command)
        if len(finals) != wanted:
            yield f"{command} was answered with {finals}"
        if command in ("resume", "cancel") and any(a["status"] != "error" for a in finals):
            yield f"{command} for another job was answered with {finals}"
    first = street.finals(cell, "refresh")[:1]
    if street.moment != "order" and first and (first[0]["status"] == "done") != cell.fault.understood:
        yield f"refresh was answered with {first}"


def an_order_is_carried_out_once_or_not_at_all(street, cell):
    orders = [name for name, _ in cell.printer.orders]
    puts = [r for r in cell.printer.requests if r.method != "GET"]
    if street.moment != "order":
        if orders or puts:
            yield f"it got orders: {orders} {puts}"
        return
    if orders != ["pause"] * cell.fault.carried:
        yield f"it carried out {orders}"
    if len(puts) > (3 if cell.fault.kind == "storm" else 1):
        yield f"the order was sent {len(puts)} times"
    for answer in street.finals(cell, "pause"):
        if cell.fault.carried and answer["status"] != "done":
            yield f"pause was carried out, but answered with {answer}"
        codes = {cell.fault.code, "offline"} if cell.fault.kind == "storm" else {cell.fault.code}
        if not cell.fault.carried and (answer["status"] != "error" or answer["code"] not in codes):
            yield f"pause was not carried out, but answered with {answer}"


def events_are_told_once_and_none_is_invented(street, cell):
    told = street.events(cell)
    wanted = list(street.told)
    if not cell.fault.understood and street.moment != "contact":
        wanted += ["printer_offline", "printer_online"]
    if street.moment == "order" and cell.fault.carried:
        wanted.append("paused")
        if "paused" in told and "printer_offline" in told and told.index("paused") < told.index("printer_online"):
            told.remove("paused")       # the effect was seen before the printer was gone
            wanted.remove("paused")
    if street.moment != "idle":
        wanted.append("finished")
    if told != wanted:
        yield f"the events were {told}, not {wanted}"
    if any(m.retain for m in street.said(cell, "event")):
        yield "an event was retained"


def one_connection_and_one_request(street, cell):
    if cell.crowded >= LASTING * street.patience:
        yield "two connections or two requests at a time"


def it_spares_the_printer(street, cell):
    span = cell.healed - cell.struck
    asked = [r for r in cell.printer.requests if cell.struck < r.time < cell.healed]
    most = 60 if cell.fault.understood else 30
    if len(asked) > most + 6 * span:
        yield f"{len(asked)} requests in {span:.1f} s of trouble"


def no_secret_is_told(street, cell):
    secrets = {cell.printer.password, cell.printer.api_key}
    if any(s in street.log for s in secrets):
        yield "a secret is in the log"
    if any(s.encode() in m.payload for s in secrets for ms in street.messages.values() for m in ms):
        yield "a secret is on a topic"


PROMISES = [nothing_is_missing, one_missed_poll_changes_nothing, it_never_lies, odd_values_are_absent_not_zero,
            availability_is_said_once_each_way, offline_is_said_before_the_nones, fields_come_back_before_availability,
            two_missed_polls_make_it_offline, every_order_is_answered_once,
            an_order_is_carried_out_once_or_not_at_all, events_are_told_once_and_none_is_invented,
            one_connection_and_one_request, it_spares_the_printer, no_secret_is_told]


def the_neighbours_noticed_nothing(street):
    for well in street.wells:
        said = street.said(well, "availability", "struck", "healed")
        if [m.text for m in said] not in ([], ["offline", "online"] if street.moment == "contact" else []):
            yield f"{well.name} was {said}"
        times = [t for t in status_times(well.printer)]
        gaps = sorted(b - a for a, b in zip(times, times[1:]))
        if len(gaps) < 5 or gaps[len(gaps) // 2] > 2 or gaps[-1] > 6 * street.patience:     # each second
            yield f"{well.name} was asked with these gaps: {gaps[-5:]}"
        if street.moment != "contact" and any(m.text == "None" for m in street.said(well, "state", "struck", "back")):
            yield f"{well.name} lost its state"


@pytest.mark.parametrize("moment", ["order", *[m for m in MOMENTS if m != "order"]])
def test_a_printers_fault(moment, tmp_path, record_property, sanitized):
    street = Street(tmp_path, moment, FAULTS, timeout=5 if sanitized else 3).run()
    complaints = [f"{moment}: {text}" for text in the_neighbours_noticed_nothing(street)]
    for cell in street.cells:
        wrong = [text for promise in PROMISES for text in promise(street, cell)]
        record_property("cell", cells.cell("printer", cell.fault.name, moment, cell.profile, wrong))
        complaints += [f"{moment} {cell.name}: {text}" for text in wrong]
    assert not complaints, "\n".join([f"(this test stood still for {street.guard.stall:.1f} s)", *complaints])
