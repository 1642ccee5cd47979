"""Bugs that other bridges had, one story each. The numbers are those of our study of them; 20 (picture of a vanished job)
is in test_pictures.py."""
import json
import re

import pytest

from harness import BASE, House, polls

CONFIGS = "homeassistant/device/*/config"
# What Home Assistant takes in a device document; anything else costs the whole of it, or is ignored in silence.
ROOT_KEYS = {"device", "origin", "components", "availability", "availability_mode", "qos", "encoding", "state_topic",
             "command_topic", "payload_available", "payload_not_available"}
DEVICE_KEYS = {"identifiers", "connections", "name", "manufacturer", "model", "model_id", "serial_number", "sw_version",
               "hw_version", "suggested_area", "configuration_url", "via_device"}
STATES = ["idle", "ready", "busy", "printing", "paused", "finished", "stopped", "error", "attention", "connecting"]


@pytest.fixture(scope="module")
def living(tmp_path_factory):
    """Two printers in the middle of a print, looked at and left alone."""
    house = House(tmp_path_factory.mktemp("living"))
    try:
        house.open_broker()
        house.watch()
        house.add("mk4").add_file("/usb/" + "long " * 60 + ".gcode", duration=36000)
        house.sim["mk4"].start_print("/usb/" + "long " * 60 + ".gcode")
        house.sim["mk4"].set(fan_print=None)
        house.add("mk3", "pi").start_print(duration=36000)
        for printer in house.sim.printers.values():
            printer.advance(4000)
        house.run()
        for name in ("mk3", "mk4"):
            document(house, name)
        house.watcher.wait(f"homeassistant/device/{BASE}_bridge/config")
        yield house
    finally:
        house.close()


def document(house, name):
    return house.watcher.wait(CONFIGS, lambda t: f'"{BASE}/{name}/state"' in t).json


def components(house, name):
    return document(house, name)["components"]


def test_peers_1_a_retained_command_is_not_executed(house):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS", retain=True)
    house.run()
    assert house.wait("mk4", "response/cancel").json["code"] == "retained"
    assert printer.orders == []


def test_peers_2_a_command_of_yesterday_is_not_executed_after_a_reconnect(house):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    cable = house.cable()
    bridge = house.run()
    mark = house.watcher.mark
    cable.pull()
    house.watcher.wait(f"{BASE}/bridge/state", "offline", mark)
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS", qos=1)
    cable.plug()
    house.watcher.wait(f"{BASE}/bridge/state", "online", mark)
    polls(printer, 2)
    assert printer.orders == [] and house.watcher.since(mark, f"{BASE}/mk4/response/*") == []
    assert bridge.alive


def test_peers_3_and_4_birth_and_will_are_alike_and_come_again(house):
    """Both retained, QoS 1, one set of words; also after the connection came back by itself."""
    ear = house.watch(filters=(f"{BASE}/bridge/state",), qos=1)
    house.add("mk4")
    cable = house.cable()
    house.run()
    first = ear.wait(f"{BASE}/bridge/state", "online")
    cable.pull()
    will = ear.wait(f"{BASE}/bridge/state", "offline", first)
    cable.plug()
    again = ear.wait(f"{BASE}/bridge/state", "online", will)
    assert [(m.retain, m.qos) for m in (first, will, again)] == [(True, 1)] * 3


def test_peers_5_availability_counts_bridge_and_printer(living):
    config = document(living, "mk4")
    assert config["availability_mode"] == "all" and len(config["availability"]) == 2
    for tail, component in components(living, "mk4").items():
        assert component.get("availability_mode", "all") == "all", tail


def test_peers_6_no_key_that_home_assistant_does_not_know(living):
    for name in ("mk3", "mk4"):
        config = document(living, name)
        assert set(config) <= ROOT_KEYS and set(config["device"]) <= DEVICE_KEYS
        assert set(config["origin"]) <= {"name", "sw_version", "support_url"}
        assert None not in config["device"].values()


def test_peers_7_ids_do_not_collide(living):
    ids = [c["unique_id"] for name in ("mk3", "mk4") for c in components(living, name).values() if "unique_id" in c]
    assert len(ids) == len(set(ids))
    assert all(living.sim["mk3"].serial in i or living.sim["mk4"].serial in i for i in ids)


def test_peers_8_discovery_is_no_flood(living):
    """One message per device, however many entities it has."""
    topics = [m.topic for m in living.watcher.since(topic="homeassistant/*")]
    assert all(t.startswith("homeassistant/device/") for t in topics)
    assert len(topics) <= 2 * len(set(topics)) and len(set(topics)) == 3


def test_peers_9_an_entity_that_goes_is_reduced_before_it_is_left_out(house):
    house.add("mk4")
    first = house.run()
    topic = house.watcher.wait(CONFIGS, lambda t: f'"{BASE}/mk4/flow"' in t).topic
    first.stop()
    mark = house.watcher.mark
    house.run({"mapping": {"fields": {"flow": False}}}, name="again")
    reduced = house.watcher.wait(topic, after=mark)
    assert list(reduced.json["components"]["flow"]) == ["platform"]
    assert "flow" not in house.watcher.wait(topic, after=reduced).json["components"]


def test_peers_10_a_broker_that_lost_its_memory_gets_everything_again(house):
    house.add("mk4")
    house.run()
    house.watcher.wait(CONFIGS, lambda t: f'"{BASE}/mk4/state"' in t)
    mark = house.restart_broker()
    for topic in (CONFIGS, f"{BASE}/mk4/state", f"{BASE}/mk4/info/serial", f"{BASE}/mk4", f"{BASE}/bridge/info",
                  f"{BASE}/bridge/printers", f"{BASE}/mk4/can/print"):
        house.watcher.wait(topic, after=mark)


def test_peers_11_entity_ids_are_asked_for_in_the_way_that_still_works(living):
    for tail, component in components(living, "mk4").items():
        assert "object_id" not in component
        if "unique_id" in component:
            assert component["default_entity_id"].startswith(component["platform"] + "."), tail


def test_peers_12_a_time_does_not_drift_while_the_print_pauses(house):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    printer.advance(3600)
    house.run()
    started = house.wait("mk4", "job/started_at", lambda t: t != "None")
    printer.pause()
    house.wait("mk4", "state", "paused")
    polls(printer, 3)
    assert house.watcher.since(started, f"{BASE}/mk4/job/started_at") == []


def test_peers_13_what_is_missing_is_unknown_not_zero(living):
    assert living.value("mk4", "fan/print") == "None"
    assert living.value("mk4", "job/filament_change_in") in (None, "None")


def test_peers_15_a_text_has_at_most_255_characters(living):
    assert len(living.wait("mk4", "job/name", lambda t: t != "None").text) <= 255
    assert all(len(m.payload.decode()) <= 255 for m in living.watcher.since(topic=f"{BASE}/mk4/*/*"))


def test_peers_16_a_printer_that_is_off_does_not_fill_the_log(house):
    house.add("mk4").off()
    bridge = house.bridge()
    house.wait("mk4", "poll/failures", lambda t: t.isdigit() and int(t) >= 4)
    assert sum("mk4" in line for line in bridge.log.splitlines()) == 1


def test_peers_17_a_duration_is_whole_seconds(living):
    for name in ("mk3", "mk4"):
        for field in ("job/time_printing", "job/time_remaining"):
            assert re.fullmatch(r"\d+", living.wait(name, field, lambda t: t != "None").text)


def test_peers_18_counting_seconds_does_not_flood_the_recorder(living):
    """time_printing grows with each poll; the topic moves in steps of a minute."""
    polls(living.sim["mk4"], 1)
    mark = living.watcher.mark
    polls(living.sim["mk4"], 4)
    topics = [m.topic for m in living.watcher.since(mark, f"{BASE}/mk?/job/*")]
    assert len(topics) == len(set(topics)), topics


def test_peers_19_the_list_of_states_is_complete(living):
    state = components(living, "mk4")["state"]
    assert state["device_class"] == "enum" and state["options"] == STATES
    mark = living.watcher.mark
    living.sim["mk3"].set(state="DANCING")
    assert living.wait("mk3", "state", after=mark).text == "None"


def test_peers_21_events_answers_and_log_lines_are_not_retained(living):
    living.watcher.order("mk4", "dance").final()
    living.watcher.wait(f"{BASE}/bridge/log")
    kept = living.watcher.retained(f"{BASE}/#")
    assert [t for t in kept if "/response/" in t or t.endswith(("/event", "/log"))] == []
    assert not any(m.retain for m in living.watcher.since(topic=f"{BASE}/*/response/*"))


def test_peers_22_no_secret_in_log_or_topics(living):
    words = [p.password for p in living.sim.printers.values()]
    assert not any(w in living.bridges[0].log for w in words)
    assert not any(w.encode() in m.payload for w in words for m in living.watcher.since())
    assert json.loads(living.watcher.wait(f"{BASE}/bridge/printers").text)
