"""What Home Assistant is told, when, and how what is gone is taken back."""
import json

import pytest

from harness import BASE, polls
from harness.process import until

PREFIX = "homeassistant"
CONFIGS = f"{PREFIX}/device/*/config"


def document(house, name="mk4", after=-1):
    """The next discovery document of a printer."""
    return house.watcher.wait(CONFIGS, lambda t: f'"{BASE}/{name}/state"' in t, after)


def announced(house, after=-1):
    return [m for m in house.watcher.since(after, CONFIGS)]


def settle(house):
    """Wait until the bridge has read back its topics and says nothing of discovery any more."""
    house.watcher.wait(f"{BASE}/bridge/printers", after=house.watcher.wait(f"{BASE}/bridge/state", "online"))
    quiet = house.watcher.mark
    while announced(house, quiet):
        quiet = house.watcher.mark
        polls(next(iter(house.sim.printers.values())), 3)


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_the_document_of_a_printer(house, profile):
    printer = house.add("mk4", profile, configured={"name": "Left one", "area": "Workshop"})
    printer.start_print(duration=36000)
    house.run()
    message = document(house)
    config = message.json
    assert message.retain and message.topic == f"{PREFIX}/device/{printer.serial}/config"
    device = config["device"]
    assert device["identifiers"] == [printer.serial] and device["serial_number"] == printer.serial
    assert device["name"] == "Left one" and device["suggested_area"] == "Workshop"
    assert device["configuration_url"] == printer.url and "via_device" in device
    assert config["availability_mode"] == "all"
    assert [a["topic"] for a in config["availability"]] == [f"{BASE}/bridge/state", f"{BASE}/mk4/availability"]
    assert {"name", "sw_version"} <= set(config["origin"])
    components = config["components"]
    for tail, component in components.items():
        if component["platform"] != "device_automation":        # triggers have no entity
            assert component["unique_id"] == f"{printer.serial}_{tail}", tail
    assert {"state", "nozzle_temperature", "job_progress", "cmd_pause", "online", "attention"} <= set(components)
    on = [t for t, c in components.items() if "unique_id" in c and c.get("enabled_by_default", True)]
    assert len(on) <= 20 and "nozzle_temperature" in on
    # Each value it points to is there, with a topic that the bridge keeps.
    retained = house.watcher.retained()
    for tail, component in components.items():
        topic = component.get("state_topic")
        if component["platform"] == "event":
            assert topic not in retained
        else:
            assert topic is None or topic in retained, (tail, topic)
        for extra in component.get("availability", []):
            assert extra["topic"] in retained, (tail, extra)


def test_a_button_of_home_assistant_works_as_announced(house):
    printer = house.add("mk4", pausing=0.1)
    printer.start_print(duration=36000)
    house.run()
    button = document(house).json["components"]["cmd_pause"]
    assert f"{BASE}/mk4/can/pause" in [a["topic"] for a in button["availability"]]
    house.wait("mk4", "can/pause", "online")
    house.watcher.publish(button["command_topic"], button["payload_press"])
    house.wait("mk4", "state", "paused")
    house.wait("mk4", "can/pause", "offline")


def test_numbers_say_how_they_are_shown(house):
    house.add("mk4").start_print(duration=36000)
    house.run()
    for tail, component in document(house).json["components"].items():
        if component["platform"] == "sensor" and "unit_of_measurement" in component:
            assert "suggested_display_precision" in component, tail


def test_an_unreached_printer_is_not_announced_but_the_bridge_tells_of_it(house):
    house.add("mk4").off()
    house.bridge()
    config = house.watcher.wait(CONFIGS, lambda t: "bridge" in t).json
    sensor = next(c for c in config["components"].values() if c["platform"] == "binary_sensor" and "mk4" in c["unique_id"])
    assert sensor["device_class"] == "connectivity"
    assert house.watcher.wait(sensor["state_topic"])
    house.wait("mk4", "state", "None")
    assert [m for m in announced(house) if f'"{BASE}/mk4/state"' in m.text] == []


def test_a_printer_reached_before_is_announced_though_it_is_off(house):
    printer = house.add("mk4")
    first = house.run()
    before = document(house)
    settle(house)
    first.stop()
    house.watcher.publish(before.topic, "", retain=True)
    printer.off()
    mark = house.watcher.mark
    house.bridge(name="again")
    again = document(house, after=mark)
    assert again.json["components"].keys() == before.json["components"].keys()
    assert house.value("mk4", "availability") == "offline"


def test_an_equal_document_is_not_sent_again(house):
    house.add("mk4")
    first = house.run()
    document(house)
    settle(house)
    first.stop()
    mark = house.watcher.mark
    house.bridge(name="again")
    online = house.watcher.wait(f"{BASE}/bridge/state", "online", mark)
    house.wait_online("mk4", after=online)
    polls(house.sim["mk4"], 4)
    assert announced(house, mark) == []


def test_a_changed_document_is_sent(house):
    house.add("mk4")
    first = house.run()
    document(house)
    settle(house)
    first.stop()
    mark = house.watcher.mark
    house.run({"printers": {"mk4": {"name": "New name"}}}, name="again")
    assert document(house, after=mark).json["device"]["name"] == "New name"


def test_what_is_not_mapped_any_more_is_taken_back_in_two_steps(house):
    house.add("mk4")
    first = house.run()
    before = document(house)
    settle(house)
    first.stop()
    mark = house.watcher.mark
    house.run({"mapping": {"fields": {"speed": False}, "commands": {"cancel": False}}}, name="again")
    reduced = house.watcher.wait(before.topic, after=mark)
    without = house.watcher.wait(before.topic, after=reduced)
    for tail in ("speed", "cmd_cancel"):
        assert list(reduced.json["components"][tail]) == ["platform"]
        assert tail not in without.json["components"]
    assert "state" in without.json["components"]


def test_a_printer_that_left_the_file_is_announced_once_more_and_emptied(house):
    """Home Assistant may have missed the first message while it was down: then it would keep a ghost."""
    house.add("stays")
    house.add("leaves")
    first = house.run()
    ghost = document(house, "leaves")
    settle(house)
    first.stop()
    mark = house.watcher.mark
    house.bridge({"printers": {"leaves": None}}, name="again")
    revived = house.watcher.wait(ghost.topic, after=mark)
    assert revived.json == ghost.json
    assert house.watcher.wait(ghost.topic, after=revived).text == ""
    until("its document is gone", lambda: ghost.topic not in house.watcher.retained(PREFIX + "/#"), interval=0.1)


@pytest.mark.parametrize("delay", [0.25, 1.3])
def test_a_printer_that_left_the_file_is_taken_back_over_a_long_line(house, delay):
    """What the broker keeps comes late, the second time after the bridge has given up to wait for it."""
    house.add("stays")
    house.add("leaves")
    first = house.run()
    ghost = document(house, "leaves")
    settle(house)
    first.stop()
    mark = house.watcher.mark
    house.cable(delay=delay)
    house.bridge({"printers": {"leaves": None}}, name="again")
    house.watcher.wait(ghost.topic, "", mark)
    house.wait("leaves", "state", "", mark)


def test_a_printer_with_a_new_id_keeps_its_document(house):
    """The serial is the identity: names and history must survive another id in the file."""
    printer = house.add("old")
    first = house.run()
    before = document(house, "old")
    settle(house)
    first.stop()
    mark = house.watcher.mark
    house.config["printers"] = {"new": house.config["printers"]["old"]}
    house.bridge(name="again")
    after = document(house, "new", mark)
    assert after.topic == before.topic
    polls(printer, 4)
    assert "" not in [m.text for m in house.watcher.since(mark, before.topic)]
    until("the old topics are gone", lambda: f"{BASE}/old/state" not in house.watcher.retained(), interval=0.1)


def test_birth_gets_discovery_and_then_all_states_again(house):
    house.add("mk4")
    house.run()
    document(house)
    settle(house)
    mark = house.watcher.mark
    house.watcher.publish(f"{PREFIX}/status", "online")
    config = document(house, after=mark)
    state = house.wait("mk4", "state", "idle", mark)
    availability = house.wait("mk4", "availability", "online", mark)
    assert config.number < state.number < availability.number
    # Once, although it is said twice.
    polls(house.sim["mk4"], 3)
    assert len([m for m in announced(house, mark) if m.topic == config.topic]) == 1


def test_what_is_no_birth_gets_nothing(house):
    house.add("mk4")
    house.run()
    document(house)
    settle(house)
    mark = house.watcher.mark
    for payload in ("offline", "", "ONLINE"):
        house.watcher.publish(f"{PREFIX}/status", payload)
    polls(house.sim["mk4"], 6)      # an answer to a birth comes within five seconds
    assert announced(house, mark) == []


def test_a_device_that_the_user_deleted_stays_away_until_the_next_start(house):
    """Home Assistant empties the topic once per component."""
    house.add("mk4")
    bridge = house.run()
    before = document(house)
    settle(house)
    for _ in range(20):
        house.watcher.publish(before.topic, "", retain=True)
    mark = house.watcher.mark
    polls(house.sim["mk4"], 4)
    assert announced(house, mark) == []
    bridge.stop()
    house.run(name="again")
    assert document(house, after=mark).topic == before.topic


def test_home_assistant_can_be_switched_off(house):
    house.add("mk4")
    house.run({"homeassistant": False})
    polls(house.sim["mk4"], 3)
    assert house.watcher.since(topic=f"{PREFIX}/*") == []


def test_home_assistant_can_be_switched_off_for_one_printer(house):
    house.add("seen")
    house.add("unseen", configured={"homeassistant": False})
    house.run()
    document(house, "seen")
    polls(house.sim["unseen"], 3)
    assert [m for m in announced(house) if f'"{BASE}/unseen/state"' in m.text] == []


def test_prefix_and_status_topic_are_configurable(house):
    house.add("mk4")
    house.run({"homeassistant": {"discovery_prefix": "ha", "status_topic": "ha/alive"}})
    first = house.watcher.wait("ha/device/*/config", lambda t: f"{BASE}/mk4/state" in t)
    house.watcher.publish("ha/alive", "online")
    assert house.watcher.wait(first.topic, after=first)
    assert house.watcher.since(topic=f"{PREFIX}/*") == []


def test_documents_of_others_are_left_alone(house):
    """Another instance of ours, another program, and something hostile."""
    strangers = {
        "other-instance": json.dumps({"device": {"identifiers": ["x"]}, "origin": {"name": "printer2mqtt"},
                                      "availability": [{"topic": f"{BASE}/bridge-attic/state"},
                                                       {"topic": f"{BASE}/gone/availability"}],
                                      "availability_mode": "all", "components": {"a": {"platform": "sensor"}}}),
        "zigbee": json.dumps({"device": {"identifiers": ["z"]}, "origin": {"name": "zigbee2mqtt"}, "components": {},
                              "availability": [{"topic": "zigbee2mqtt/bridge/state"}]}),
        "hostile": '{"device": [[[[', "nested": "[" * 5000, "binary": "\x00\x01"}
    for name, payload in strangers.items():
        house.watcher.publish(f"{PREFIX}/device/{name}/config", payload, retain=True)
    house.add("mk4")
    house.run()
    document(house)
    settle(house)
    polls(house.sim["mk4"], 3)
    retained = house.watcher.retained(f"{PREFIX}/#")
    for name, payload in strangers.items():
        assert retained[f"{PREFIX}/device/{name}/config"] == payload.encode(), name
    assert house.value("mk4", "availability") == "online"


def test_continue_is_announced_only_after_it_once_worked(house):
    printer = house.add("mk3", "pi")
    printer.start_print(duration=36000)
    house.run()
    first = document(house, "mk3")
    assert "cmd_continue" not in first.json["components"]
    printer.attention()
    house.wait("mk3", "state", "attention")
    answers = house.watcher.order("mk3", "continue")
    answers.wait("accepted")
    printer.user_continues()        # stands for a firmware that has it
    assert answers.final()["status"] == "done"
    house.watcher.wait(first.topic, lambda text: "cmd_continue" in json.loads(text)["components"], first)
