"""Retained topics of printers that left the file."""
import json
import shutil

import pytest

from harness import BASE, polls
from harness.process import until


def topics_of(house, name):
    return [t for t in house.watcher.retained() if t.startswith(f"{BASE}/{name}/") or t == f"{BASE}/{name}"]


@pytest.mark.parametrize("memory", ["state_dir", "bridge/printers"])
def test_topics_of_a_printer_that_left_the_file_are_removed(house, memory):
    """It is known from the state file, or from our own retained list."""
    house.add("stays")
    house.add("leaves")
    first = house.run()
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "leaves" in t)
    house.watcher.wait(f"{BASE}/leaves")
    house.wait_remembered("leaves")
    first.stop()
    assert len(topics_of(house, "leaves")) > 20
    if memory == "state_dir":
        house.watcher.publish(f"{BASE}/bridge/printers", "", retain=True)
    else:
        shutil.rmtree(house.folder / "state")
    bridge = house.bridge({"printers": {"leaves": None}}, name="again")
    until("its topics are gone", lambda: topics_of(house, "leaves") == [], interval=0.1)
    assert len(topics_of(house, "stays")) > 20
    assert bridge.log.count("leaves") == 1
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "leaves" not in t and "stays" in t)


def seconds_between(house, name):
    """The device of a printer that left the file, and the topics behind it."""
    house.add(name, serial=f"{name}-1")
    first = house.run(name=f"with-{name}")
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: name in t)
    house.watcher.wait(f"homeassistant/device/{name}-1/config")
    first.stop()
    mark = house.watcher.mark
    house.config["printers"].pop(name)
    second = house.bridge(name=f"without-{name}")
    emptied = house.wait(name, "state", "", mark)
    gone = house.watcher.wait(f"homeassistant/device/{name}-1/config", "", mark)
    second.stop()
    assert emptied.number > gone.number
    return emptied.time - gone.time


def test_topics_are_removed_after_the_device(house):
    """Home Assistant would log a warning for an empty state of each entity that it still has."""
    house.add("stays")
    # A broker or watcher that stands still makes it look shorter: once is enough.
    assert any(seconds_between(house, name) >= 1 for name in ("leaves", "leaves-too", "leaves-as-well"))


def test_topics_that_could_not_be_removed_yet_are_removed_after_the_next_start(house):
    """A printer that is off holds the judgement back for a minute."""
    house.add("stays")
    house.add("leaves")
    first = house.run()
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "leaves" in t)
    first.stop()
    house.sim["stays"].off()
    second = house.bridge({"printers": {"leaves": None}}, name="second")
    house.wait("stays", "poll/error", lambda t: "refused" in t)
    second.stop()
    assert len(topics_of(house, "leaves")) > 20
    house.sim["stays"].on()
    house.bridge({"printers": {"leaves": None}}, name="third")
    until("its topics are gone", lambda: topics_of(house, "leaves") == [], interval=0.1)


def test_topics_of_others_are_not_touched(house):
    """Another instance's printer, and topics that only look like a printer's."""
    others = {f"{BASE}/attic/state": "idle", f"{BASE}/attic/availability": "online",
              f"{BASE}/bridge-attic/state": "online", f"{BASE}/stranger": "{}", f"{BASE}-2/leaves/state": "idle"}
    for topic, payload in others.items():
        house.watcher.publish(topic, payload, retain=True)
    house.add("stays")
    house.add("leaves")
    first = house.run()
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "leaves" in t)
    first.stop()
    house.bridge({"printers": {"leaves": None}}, name="again")
    until("its topics are gone", lambda: topics_of(house, "leaves") == [], interval=0.1)
    polls(house.sim["stays"], 2)
    retained = house.watcher.retained()
    assert {t: retained.get(t, b"").decode() for t in others} == others


@pytest.mark.parametrize("first", ["theirs", "ours"])
def test_topics_of_a_printer_that_moved_to_another_instance_stay(house, first):
    """Whichever of the two is started first with its new file."""
    house.add("stays")
    moves = house.add("moves")
    ours = {"instance": "ours", "state_dir": str(house.folder / "ours")}
    house.run(ours, name="before").stop()
    assert len(topics_of(house, "moves")) > 20
    if first == "ours":
        house.sim["stays"].off()        # holds the judgement back
        again = house.bridge(ours | {"printers": {"moves": None}}, name="ours")
        again.wait_log("moves is not configured any more")
        house.wait("stays", "poll/error", lambda t: "refused" in t)
    mark = house.watcher.mark
    house.bridge({"instance": "theirs", "state_dir": str(house.folder / "theirs"), "printers": {"stays": None}}, name="theirs")
    house.watcher.wait(f"{BASE}/bridge-theirs/printers", lambda t: "moves" in t)
    house.wait_online("moves", after=mark)
    polls(moves, 2)
    if first == "theirs":
        again = house.bridge(ours | {"printers": {"moves": None}}, name="ours")
    mark = house.watcher.mark
    house.sim["stays"].on()
    again.wait_log("moves belongs to another instance now")
    polls(house.sim["stays"], 6)
    assert len(topics_of(house, "moves")) > 20
    assert "" not in [m.text for m in house.watcher.since(mark, f"{BASE}/moves/*")]
    state = json.loads((house.folder / "ours/state-ours.json").read_text())
    assert list(state["printers"]) == ["stays"]


def test_the_lists_of_other_instances_are_asked_for_once(empty_house):
    """Our own is among them, and is no reason to ask again."""
    house = empty_house
    house.open_broker(extra="log_type subscribe\n")
    house.watch()
    house.add("stays")
    house.add("leaves")
    first = house.run()
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "leaves" in t)
    first.stop()
    house.sim["stays"].off()        # holds the judgement back
    house.bridge({"printers": {"leaves": None}}, name="again")
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "leaves" not in t)
    asked = house.broker.process.log.count(f"{BASE}/+/printers")
    assert 1 <= asked <= 2


def test_a_hostile_list_of_printers_empties_nothing_else(house):
    house.watcher.publish("else/state", "1", retain=True)
    house.watcher.publish(f"{BASE}/bridge/printers", json.dumps(
        [{"id": "#"}, {"id": "+"}, {"id": "../else"}, {"id": ""}, {"id": "bridge"}, {"id": 5}, {"x": 1}, 7,
         {"id": "x" * 5000}]), retain=True)
    house.add("mk4")
    house.run()
    polls(house.sim["mk4"], 2)
    retained = house.watcher.retained()
    assert retained["else/state"] == b"1" and retained[f"{BASE}/bridge/state"] == b"online"
    assert retained[f"{BASE}/mk4/state"] == b"idle"


def test_a_disabled_printer_is_as_if_it_were_not_there(house):
    house.add("mk4")
    house.add("resting", configured={"enabled": False})
    house.run(None, "mk4")
    polls(house.sim["mk4"], 2)
    assert house.sim["resting"].requests == [] and topics_of(house, "resting") == []
