"""A real Home Assistant: what its owner sees and does, and that nothing of ours fills its log."""
import itertools
import json
import time

import pytest

from harness import BASE, Broker, House
from harness.process import until
from stage.hass import HomeAssistant
from stage.sweep import sweep
from stage.table import versions

SYSTEM = "Home Assistant"
# What it says by itself when the broker goes.
BROKER_GONE = ["mqtt.client] Error returned from MQTT server", "The client is not currently connected", "failed to receive on socket",
               "mqtt.client] Failed to connect to MQTT server"]
# When it reloads MQTT it stumbles over each trigger that it ever met, also those of devices long gone.
TRIGGERS_AFTER_RELOAD = ["Unable to remove unknown dispatcher"]
# Its own echo when a person deletes a device, once for each entity.
DELETED = ["No device components to cleanup"]
# It is told to log more than it does by itself.
TALKATIVE = ["is logging too frequently"]
NOT_NOW = {"cmd_print", "cmd_print_selected", "cmd_reprint", "cmd_resume", "last_job_thumbnail"}     # while it prints
serials = (f"interop-{n}" for n in itertools.count(1))


class Seen:
    """A printer as Home Assistant shows it. Entities are named by the ends of their unique ids."""

    def __init__(self, api, serial):
        self.api, self.serial = api, serial

    def __contains__(self, tail):
        return tail in self.entities

    @property
    def entities(self):
        """The registered ones."""
        prefix = self.serial + "_"
        return {u.removeprefix(prefix): e for u, e in self.api.entities().items() if u.startswith(prefix)}

    @property
    def device(self):
        return self.api.devices().get(self.serial)

    def wait(self, tail, *states, timeout=30):
        self.api.wait(f"{self.serial}_{tail}", *states, timeout=timeout)

    def press(self, tail):
        self.api.call("button.press", f"{self.serial}_{tail}")

    def set(self, tail, value):
        self.api.call("number.set_value", f"{self.serial}_{tail}", value=value)


@pytest.fixture(scope="module")
def broker(tmp_path_factory):
    broker = Broker(tmp_path_factory.mktemp("broker"), persistence=True).start()
    yield broker
    broker.stop()


@pytest.fixture(scope="module")
def one_home(broker):
    home = HomeAssistant(broker.port)
    try:
        home.start()
        versions[SYSTEM] = home.version
        yield home
    finally:
        home.close()


@pytest.fixture
def home(one_home):
    """The story ends with a look into its log: no WARNING and no ERROR that has to do with us."""
    one_home.excused = TALKATIVE + (DELETED if versions[SYSTEM].startswith("2024.") else [])   # those echo every removal
    before = len(one_home.log)
    yield one_home
    complaints = one_home.complaints("mqtt", BASE, since=before)
    assert not complaints, "\n".join(complaints)


@pytest.fixture
def house(tmp_path, broker, home):
    """Printers and bridges beside that Home Assistant. Afterwards all that they left at the broker is gone."""
    house = House(tmp_path)
    house.broker = broker
    house.config["mqtt"] = {"url": broker.url}
    house.watch()
    try:
        yield house
    finally:
        for bridge in house.bridges:
            bridge.finish()
        sweep(house.watcher, house.watcher.retained("homeassistant/#"))
        until("its devices are gone", lambda: not home.api.devices(), 30)
        sweep(house.watcher, house.watcher.retained())
        house.close()


@pytest.fixture
def printing(house):
    """Of a serial number of its own: a device that it knew before is not the same to it as a new one."""
    printer = house.add("mk4", serial=next(serials), pausing=0.1, resuming=0.1)
    printer.start_print("/usb/box.gcode", duration=36000)
    printer.advance(600)
    return printer


@pytest.fixture
def mk4(home, printing):
    return Seen(home.api, printing.serial)


@pytest.fixture
def other(house, home):
    """A printer beside it that stays as it is."""
    return Seen(home.api, house.add("other", serial=next(serials)).serial)


def config_topic(seen):
    return f"homeassistant/device/{seen.serial}/config"


def all_registered(house, seen):
    """Home Assistant takes them one by one. Returns the ends of their unique ids."""
    components = house.watcher.wait(config_topic(seen)).json["components"]
    entities = {tail for tail, component in components.items() if "unique_id" in component}
    until("all entities are registered", lambda: set(seen.entities) == entities)
    return entities


def test_a_printer_is_there_with_all_its_entities(house, mk4, saw):
    house.run()
    entities = all_registered(house, mk4)
    mk4.wait("state", "printing")
    enabled = {tail: e["entity_id"] for tail, e in mk4.entities.items() if not e["disabled_by"]}
    assert len(enabled) <= 20
    until("each enabled one is shown", lambda: set(enabled.values()) <= set(mk4.api.states()))
    until("the job's picture is shown", lambda: mk4.api.states()[enabled["job_thumbnail"]]["state"].startswith("20"))
    for tail, wanted in {"nozzle_temperature": "215.0", "job_name": "box.gcode", "online": "on",
                         "attention": "off", "cmd_pause": "unknown", "cmd_cancel": "unknown",
                         "cmd_resume": "unavailable"}.items():
        mk4.wait(tail, wanted)
    assert mk4.device["serial_number"] == mk4.serial and mk4.device["via_device_id"]
    triggers = mk4.api.command("device_automation/trigger/list", device_id=mk4.device["id"])
    saw(f"{len(entities)} entities, {len(enabled)} of them enabled, "
        f"{len([t for t in triggers if t['domain'] == 'mqtt'])} device triggers")


def test_the_owner_pauses_and_resumes(house, printing, mk4):
    house.run()
    mk4.wait("cmd_pause", "unknown")
    mk4.press("cmd_pause")
    mk4.wait("state", "paused")
    mk4.wait("cmd_resume", "unknown")
    mk4.wait("cmd_pause", "unavailable")
    assert printing.orders == [("pause", 1)]
    mk4.press("cmd_resume")
    mk4.wait("state", "printing")
    assert printing.orders[1:] == [("resume", 1)]


def test_the_owner_switches_everything_on(house, home, mk4, saw):
    home.excused += TRIGGERS_AFTER_RELOAD
    house.run()
    all_registered(house, mk4)
    home.switch_on([f"{mk4.serial}_{tail}" for tail, e in mk4.entities.items() if e["disabled_by"]])
    mk4.wait("cmd_set_poll_interval", "1")

    def silent():
        """Those without a value that makes sense."""
        states = mk4.api.states()
        return {tail for tail, e in mk4.entities.items()
                if states.get(e["entity_id"], {}).get("state") in (None, "unavailable")}
    assert not silent() - NOT_NOW
    for tail, wanted in {"speed": "100", "job_path": "/usb/BOX~1.GCO", "info_serial": mk4.serial,
                         "total_jobs_finished": "0", "printing": "on", "error": "off"}.items():
        mk4.wait(tail, wanted)
    saw(f"all {len(mk4.entities)} entities have a state")
    mk4.set("cmd_set_poll_interval", 7)
    mk4.wait("cmd_set_poll_interval", "7")
    assert house.value("mk4", "poll/interval") == "7"


def test_the_owner_takes_a_picture_and_installs_an_update(house, home, saw):
    home.excused += TRIGGERS_AFTER_RELOAD
    pi = house.add("mk3", "pi", serial=next(serials), configured={"commands": {"enable": ["server_update"]}})
    pi.add_camera("Front", camera_id="Front")
    pi.update_available("0.9.0")
    mk3 = Seen(home.api, pi.serial)
    house.run()
    house.watcher.order("mk3", "check_update").final()
    until("all are announced", lambda: {"camera_front_snapshot", "server_update"} <= set(mk3.entities))
    home.switch_on([f"{mk3.serial}_{tail}" for tail in ("camera_front_snapshot", "cmd_snapshot", "server_update")])
    mk3.wait("camera_front_snapshot", "unavailable")
    mk3.wait("cmd_snapshot", "unknown")
    mk3.press("cmd_snapshot")
    picture = mk3.entities["camera_front_snapshot"]["entity_id"]
    until("the picture is shown", lambda: mk3.api.states()[picture]["state"].startswith("20"))
    mk3.wait("server_update", "on")
    mk3.api.call("update.install", f"{mk3.serial}_server_update")
    mk3.wait("server_update", "off", timeout=60)
    update = mk3.api.states()[mk3.entities["server_update"]["entity_id"]]["attributes"]
    assert update["installed_version"] == update["latest_version"] == "0.9.0"
    saw("a camera's picture is shown; an update is found, installed, and over")


def test_each_state_is_shown(house, printing, mk4):
    house.run()
    mk4.wait("state", "printing")
    for state in ("paused", "printing", "busy", "attention", "error", "stopped", "finished", "ready", "idle"):
        printing.set(state=state.upper())
        mk4.wait("state", state)
        mk4.wait("attention", "on" if state in ("attention", "error") else "off")
        mk4.wait("cmd_pause", "unknown" if state == "printing" else "unavailable")


def test_the_end_of_a_print_is_an_event_and_fires_a_trigger(house, home, printing, mk4):
    house.run()
    mk4.wait("state", "printing")
    fired = home.api.listen({"trigger": "device", "domain": "mqtt", "device_id": mk4.device["id"],
                             "type": "finished", "subtype": "print"})
    printing.finish()
    assert json.loads(fired()["payload"])["event_type"] == "finished"
    event = mk4.entities["job_event"]["entity_id"]
    until("the event entity tells it", lambda: mk4.api.states()[event]["attributes"].get("event_type") == "finished")
    assert mk4.api.states()[event]["attributes"]["file"] == "box.gcode"
    mk4.wait("last_job_result", "finished")


def test_a_printer_that_is_off_is_unavailable_and_said_to_be_off(house, printing, mk4):
    house.run()
    mk4.wait("state", "printing")
    printing.off()
    mk4.wait("online", "off")
    for tail in ("state", "nozzle_temperature", "cmd_pause"):
        mk4.wait(tail, "unavailable")
    printing.on()
    mk4.wait("state", "printing")
    mk4.wait("online", "on")
    mk4.wait("cmd_pause", "unknown")


def test_a_wrong_password_is_seen_before_the_first_contact(house, home):
    house.add("mk4", serial=next(serials), configured={"password": "not this one", "name": "Attic"})
    house.bridge()
    until("the bridge is there", lambda: home.api.devices())
    (bridge,) = home.api.devices()
    home.api.wait(f"{bridge}_printer_mk4", "off")

    def shown():
        return home.api.states()[home.api.entities()[f"{bridge}_printer_mk4"]["entity_id"]]["attributes"]
    until("why", lambda: "password" in (shown().get("error") or ""))
    assert "password" in shown()["remedy"] and "Attic" in shown()["friendly_name"]


def test_a_bridge_that_dies_takes_its_printers_along_and_brings_them_back(house, mk4):
    bridge = house.run()
    mk4.wait("state", "printing")
    bridge.kill()
    mk4.wait("state", "unavailable")
    mk4.wait("online", "unavailable")
    bridge.start()
    mk4.wait("state", "printing")
    mk4.wait("online", "on")


def test_a_broker_that_restarts(house, home, mk4, broker):
    home.excused += BROKER_GONE
    house.run()
    mk4.wait("state", "printing")
    broker.restart()
    mark = house.watcher.mark
    house.wait("mk4", "availability", "online", mark, timeout=30)
    mk4.wait("state", "printing", timeout=60)
    mk4.wait("cmd_pause", "unknown")
    mk4.press("cmd_pause")
    mk4.wait("state", "paused")


def test_a_broker_that_restarts_and_forgets(house, home, printing, mk4, broker):
    home.excused += BROKER_GONE
    house.run()
    mk4.wait("state", "printing")
    broker.kill()       # what it had not saved is lost
    (broker.folder / "mosquitto.db").unlink(missing_ok=True)
    mark = house.watcher.mark
    broker.start()
    house.wait("mk4", "availability", "online", mark, timeout=30)
    house.watcher.wait(config_topic(mk4), bool, mark)
    printing.pause()
    mk4.wait("state", "paused", timeout=60)
    assert mk4.device


def test_home_assistant_restarts(house, home, mk4, saw):
    house.run()
    mk4.wait("state", "printing")
    before = {tail: e["entity_id"] for tail, e in mk4.entities.items()}
    began = time.monotonic()
    mark = house.watcher.mark
    home.restart()
    mk4.wait("state", "printing")
    mk4.wait("cmd_pause", "unknown")
    saw(f"states are back {time.monotonic() - began:.0f} s after the restart began")
    birth = house.watcher.wait("homeassistant/status", "online", mark, timeout=60)
    house.watcher.wait(config_topic(mk4), bool, birth)
    house.wait("mk4", "state", "printing", birth)
    assert {tail: e["entity_id"] for tail, e in mk4.entities.items()} == before


def test_a_device_that_its_owner_deletes_stays_away_until_the_next_start(house, home, printing, mk4):
    home.excused += DELETED
    bridge = house.run()
    mk4.wait("state", "printing")
    mark = house.watcher.mark
    home.api.remove_device(mk4.serial)
    house.watcher.wait(config_topic(mk4), "", mark)
    printing.pause()
    house.wait("mk4", "state", "paused", mark)
    printing.resume()
    house.wait("mk4", "state", "printing", house.watcher.last(f"{BASE}/mk4/state"))
    assert not mk4.device
    assert not [m for m in house.watcher.since(mark, config_topic(mk4)) if m.payload]
    bridge.stop()
    bridge.start()
    mk4.wait("state", "printing")


def without(house, name):
    """The configuration has one printer less."""
    del house.config["printers"][name]
    house.bridges[-1].write(house.config)


def test_a_printer_that_leaves_the_file_leaves_home_assistant(house, home, mk4, other, saw):
    bridge = house.run()
    mk4.wait("state", "printing")
    other.wait("state", "idle")
    bridge.stop()
    without(house, "mk4")
    before = len(home.log)
    bridge.start()
    until("its device is gone", lambda: not mk4.device and not mk4.entities, 30)
    until("its topics are gone", lambda: not house.watcher.retained(f"{BASE}/mk4/#"), 30)
    other.wait("state", "idle")
    saw(f"{home.log[before:].count(DELETED[0])} warnings of its own echo")


def test_a_printer_that_left_while_home_assistant_was_down_leaves_no_ghost(house, home, mk4, other):
    bridge = house.run()
    mk4.wait("state", "printing")
    other.wait("state", "idle")
    bridge.stop()
    home.stop()
    without(house, "mk4")
    mark = house.watcher.mark
    bridge.start()
    house.watcher.wait(config_topic(mk4), "", mark, timeout=30)
    home.start()
    until("its device is gone", lambda: not mk4.device and not mk4.entities, 60)
    until("its row on the bridge's page is gone", lambda: not [u for u in home.api.entities() if u.endswith("printer_mk4")])
    other.wait("state", "idle")


def test_a_printer_with_a_new_id_is_the_same_device(house, home, printing, mk4):
    bridge = house.run()
    mk4.wait("state", "printing")
    before = {tail: e["id"] for tail, e in mk4.entities.items()}
    home.api.rename(f"{mk4.serial}_state", "sensor.my_printer", "My printer")
    bridge.stop()
    house.config["printers"]["attic"] = house.config["printers"].pop("mk4")
    bridge.write(house.config)
    bridge.start()
    house.wait_online("attic")
    printing.pause()
    mk4.wait("state", "paused")
    assert {tail: e["id"] for tail, e in mk4.entities.items()} == before
    assert mk4.entities["state"]["entity_id"] == "sensor.my_printer"
    mk4.wait("cmd_resume", "unknown")
    mk4.press("cmd_resume")
    mk4.wait("state", "printing")
    until("the old topics are gone", lambda: not house.watcher.retained(f"{BASE}/mk4/#"), 30)
