"""What the bridge remembers of printers that are off when it starts."""
import json

from harness import BASE

CONFIGS = "homeassistant/device/*/config"


def test_a_restart_changes_nothing_in_home_assistant(house):
    """A removed entity loses the names and rules its user gave it, a renamed device is a nuisance."""
    printer = house.add("mk3", "pi")
    printer.set(name="Berta of the long name behind the door")
    changes = {"mapping": {"custom": [{"key": "printer/zulu", "endpoint": "status", "pointer": "/printer/axis_z",
                                       "quantity": "position"}]}}
    bridge = house.run(changes)
    first = house.watcher.wait(CONFIGS, lambda t: "printer_zulu" in t and "Berta" in t and "cmd_refresh" in t)
    assert first.json["device"]["name"] == "Berta of the long name behind the door"
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: '"online":true' in t)
    house.watcher.wait(f"{BASE}/mk3")   # the first reads are over
    bridge.stop()
    before = house.watcher.mark
    printer.off()
    house.bridge(changes)
    # Not said before the retained topics were read back, discovery included.
    house.watcher.wait(f"{BASE}/bridge/printers", after=before)
    house.wait("mk3", "poll/error", lambda t: t != "None", before)
    assert house.watcher.since(before, CONFIGS) == []


def test_what_could_not_be_saved_is_saved_at_the_end(house):
    """A disk that was full is usually emptied by somebody, and the bridge restarted."""
    house.add("mk3", "pi")
    state = house.folder / "state"
    in_the_way = state / "state.json.new"
    in_the_way.mkdir(parents=True)
    bridge = house.run()
    bridge.wait_log("state.json.new: Is a directory; serial numbers and learned capabilities may be forgotten")
    in_the_way.rmdir()
    assert not (state / "state.json").exists()
    bridge.stop()
    assert json.loads((state / "state.json").read_text())["printers"]["mk3"]["serial"]
