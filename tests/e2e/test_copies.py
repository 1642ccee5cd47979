"""Two copies of the bridge with the same topics: the one that comes later does no harm."""
import json

from harness import BASE
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


def test_a_copy_is_found_through_a_slow_network(house):
    house.add("mk4")
    other_host(house)
    before = house.watcher.mark
    house.cable(late=0.4)
    house.bridge().wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    assert not house.watcher.since(before, f"{BASE}/*")


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
    state = json.loads((house.folder / "state/state.json").read_text())
    assert state["printers"]["mk4"]["serial"] == serial
