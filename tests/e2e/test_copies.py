"""Two copies of the bridge with the same topics: the one that comes later does no harm."""
import json

from harness import BASE, polls
from harness.process import until


def other_host(house, printers=()):
    """Another copy, on another host, lives and has these printers."""
    for tail, payload in (("state", "online"), ("info", json.dumps({"host": "elsewhere"})),
                          ("health", json.dumps({"uptime": 77})), ("printers", json.dumps([{"id": p} for p in printers]))):
        house.watcher.publish(f"{BASE}/bridge/{tail}", payload, retain=True)
    for printer in printers:
        house.watcher.publish(f"{BASE}/{printer}/availability", "online", retain=True)


def test_a_copy_that_stands_back_removes_nothing_of_the_one_that_lives(house):
    house.add("mk4")
    other_host(house, ["theirs"])
    before = house.watcher.mark
    bridge = house.bridge()
    bridge.wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    house.sim["mk4"].wait_for(lambda p: len(p.requests) > 8)
    assert house.watcher.retained(f"{BASE}/theirs/#") == {f"{BASE}/theirs/availability": b"online"}
    assert not house.watcher.since(before, f"{BASE}/*")


def test_a_copy_that_stands_back_tells_no_events(house):
    printer = house.add("mk4")
    other_host(house)
    bridge = house.bridge()
    bridge.wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    before = house.watcher.mark
    printer.start_print(duration=36000)
    bridge.wait_log("Print started")
    polls(printer, 2)
    assert not house.watcher.since(before, f"{BASE}/*")


def test_what_ended_while_another_copy_lived_is_not_told_again(house):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    bridge = house.run()
    house.wait("mk4", "can/pause", "online")
    house.wait_remembered("box.gcode")
    bridge.stop()
    printer.advance(40000)
    other_host(house)
    before = house.watcher.mark
    again = house.bridge(name="again")
    again.wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    again.wait_log("Print finished")
    polls(printer, 3)
    assert not house.watcher.since(before, f"{BASE}/*")


def test_a_copy_that_took_over_while_we_were_away_stays(house):
    """Two that live would carry out each order twice."""
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    cable = house.cable()
    bridge = house.run()
    house.wait("mk4", "can/pause", "online")
    cable.pull()
    house.watcher.wait(f"{BASE}/bridge/state", "offline")
    other_host(house)
    before = house.watcher.mark
    cable.plug()
    bridge.wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    house.watcher.publish(f"{BASE}/mk4/command/pause", "PRESS")
    polls(printer, 3)
    assert printer.orders == []
    assert {m.topic for m in house.watcher.since(before, f"{BASE}/*")} == {f"{BASE}/mk4/command/pause"}


def test_the_copy_that_lives_is_seen_over_a_long_line(house):
    """A broker far away: what it keeps comes long after the connection."""
    house.add("mk4")
    other_host(house)
    house.cable(delay=0.25)
    before = house.watcher.mark
    house.bridge().wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    assert not house.watcher.since(before, f"{BASE}/*")


def test_one_that_ends_while_it_looks_for_others_does_not_stay_online(house):
    """What the broker kept of it, and not its will, may be all that there is."""
    house.add("mk4")
    cable = house.cable(delay=0.25)
    bridge = house.run()
    cable.pull()
    house.watcher.wait(f"{BASE}/bridge/state", "offline")
    house.watcher.publish(f"{BASE}/bridge/state", "online", retain=True)
    cable.plug()
    until("it is connected again", lambda: bridge.log.count("connected to the broker mqtt") == 2, interval=0.02)
    bridge.stop()
    assert house.watcher.retained(f"{BASE}/bridge/state") == {f"{BASE}/bridge/state": b"offline"}


def test_the_will_of_a_copy_that_stood_back_does_not_take_us_offline(house):
    house.add("mk4")
    house.run()
    before = house.watcher.mark
    house.watcher.publish(f"{BASE}/bridge/state", "offline", retain=True)
    will = house.watcher.wait(f"{BASE}/bridge/state", "offline", before)
    house.watcher.wait(f"{BASE}/bridge/state", "online", will)


def test_a_printer_that_is_switched_off_in_the_file_is_remembered(house):
    house.add("mk4")
    bridge = house.run()
    serial = house.sim["mk4"].serial
    house.watcher.wait(f"homeassistant/device/{serial}/config")
    house.watcher.wait(f"{BASE}/bridge/printers", lambda text: '"online":true' in text)
    bridge.stop()
    before = house.watcher.mark
    bridge = house.bridge({"printers": {"mk4": {"enabled": False}}})
    house.watcher.wait(f"{BASE}/mk4/availability", "", before)
    until("its topics are gone", lambda: house.watcher.retained(f"{BASE}/mk4/#") == {}, interval=0.1)
    bridge.stop()
    assert not house.watcher.since(before, f"homeassistant/device/{serial}/config")
    state = json.loads(house.memory)
    assert state["printers"]["mk4"]["serial"] == serial
