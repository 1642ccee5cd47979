"""The broker goes, comes back, hangs, refuses: nothing is lost that was true, nothing stands still."""
import glob
import json
import time

import pytest

from harness import BASE, asked_each_second, polls
from harness.process import until


def said_again(house, mark):
    """After a reconnect: fields, then availability, then the bridge."""
    state = house.watcher.wait(f"{BASE}/bridge/state", "online", mark)
    availability = house.wait("mk4", "availability", "online", mark)
    field = house.wait("mk4", "nozzle/temperature", after=mark)
    assert field.number < availability.number < state.number
    return field


@pytest.mark.parametrize("persistence", [False, True], ids=["forgets", "remembers"])
def test_after_a_restart_of_the_broker_everything_is_back(empty_house, persistence):
    house = empty_house
    house.open_broker(persistence=persistence)
    house.watch()
    house.add("mk4").set(temp_nozzle=50.0)
    house.run()
    house.watcher.wait("homeassistant/device/*/config", lambda t: "mk4/state" in t)
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "mk4" in t)
    before = house.watcher.retained()
    house.sim["mk4"].set(temp_nozzle=77.0)
    mark = house.restart_broker(meanwhile=lambda: polls(house.sim["mk4"], 2))
    assert said_again(house, mark).text == "77.0"
    for topic in (f"{BASE}/bridge/info", f"{BASE}/bridge/printers", "homeassistant/device/*/config"):
        if not persistence:
            house.watcher.wait(topic, after=mark)
    until("all retained topics are back", lambda: set(before) <= set(house.watcher.retained()), interval=0.2)


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_lost_connection_is_said_by_the_will_and_taken_back_at_the_end(house, protocol):
    house.add("mk4").set(temp_nozzle=50.0)
    cable = house.cable()
    bridge = house.run({"mqtt": {"protocol": protocol}})
    mark = house.watcher.mark
    cable.pull()
    will = house.watcher.wait(f"{BASE}/bridge/state", "offline", mark)
    assert will.retain
    bridge.wait_log("error .*no connection to the broker")
    cable.plug()
    said_again(house, will)


def test_a_broker_that_hangs_delays_no_poll_and_no_stop(house):
    printer = house.add("mk4")
    bridge = house.run()
    house.broker.freeze()
    printer.reset_counters()
    polls(printer, 5)
    assert asked_each_second(printer)
    began = time.monotonic()
    bridge.stop()
    assert time.monotonic() - began < 15
    house.broker.thaw()


def test_a_broker_that_hung_gets_the_newest_values(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=50.0)
    house.run()
    house.broker.freeze()
    for temperature in (60.0, 70.0, 80.0):
        printer.set(temp_nozzle=temperature)
        polls(printer, 1)
    house.broker.thaw()
    house.wait("mk4", "nozzle/temperature", "80.0")
    assert house.value("mk4", "availability") == "online"


def test_a_broker_that_comes_later_is_found(empty_house):
    house = empty_house
    house.open_broker()
    house.broker.stop()
    printer = house.add("mk4")
    bridge = house.bridge()
    bridge.wait_log(r"error .*no connection to the broker .*refused.*next try")
    polls(printer, 3)       # it is polled meanwhile
    house.broker.start()
    house.watch()
    house.wait_online("mk4")
    assert house.wait("mk4", "state").text == "idle"


def test_without_a_broker_it_stops_at_once(empty_house):
    house = empty_house
    house.open_broker()
    house.broker.stop()
    house.add("mk4")
    bridge = house.bridge()
    bridge.wait_log("no connection to the broker")
    began = time.monotonic()
    bridge.stop()
    assert time.monotonic() - began < 10


def test_a_wrong_password_at_the_broker_is_explained_and_not_tried_like_mad(empty_house):
    house = empty_house
    house.open_broker(users={"bridge": "right", "me": "me"})
    house.add("mk4")
    bridge = house.bridge({"mqtt": {"username": "bridge", "password": "wrong"}})
    line = bridge.wait_log(r"error .*refused the user name or password.*next try in (\d+) s")
    assert int(line[1]) >= 5
    polls(house.sim["mk4"], 3)
    assert house.broker.log.count("New client connected") <= 1
    assert "3.1.1" not in bridge.log
    bridge.stop()
    house.watch(username="me", password="me")
    house.run({"mqtt": {"username": "bridge", "password": "right"}}, name="again")


@pytest.mark.parametrize("manner", ["refuse", "close"])
def test_a_broker_that_does_not_know_mqtt_5_is_spoken_to_in_3(house, manner):
    old = house.cable(mqtt5=manner)
    printer = house.add("mk4", pausing=0.1)
    printer.start_print(duration=36000)
    house.run()
    assert house.watcher.wait(f"{BASE}/bridge/info").json["protocol"] == "3.1.1"
    assert old.attempts[-1] == 4 and old.attempts.count(5) <= 2
    house.wait("mk4", "can/pause", "online")
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"


def test_mqtt_5_is_spoken_where_it_is_known(house):
    house.add("mk4")
    bridge = house.run()
    assert house.watcher.wait(f"{BASE}/bridge/info").json["protocol"] == "5"
    assert "with MQTT 5" in bridge.log


RULES = {"defaultACLAccess": dict.fromkeys(("publishClientSend", "publishClientReceive", "subscribe", "unsubscribe"), True),
         "anonymousGroup": "all", "groups": [{"groupname": "all", "roles": [{"rolename": "deaf"}]}],
         "roles": [{"rolename": "deaf", "acls": [{"acltype": "subscribePattern", "allow": False, "priority": 1,
                                                  "topic": f"{BASE}/+/command/#"}]}]}


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_refused_subscription_is_told(empty_house, tmp_path, protocol):
    """The broker's access rules let it say values but not hear orders."""
    plugins = glob.glob("/usr/lib/*/mosquitto_dynamic_security.so")
    if not plugins:
        pytest.skip("mosquitto came without its dynamic security plugin")
    (tmp_path / "rules.json").write_text(json.dumps(RULES))
    (tmp_path / "rules.json").chmod(0o600)
    house = empty_house
    house.open_broker(extra=f"plugin {plugins[0]}\nplugin_opt_config_file {tmp_path}/rules.json\n")
    house.watch()
    house.add("mk4")
    bridge = house.run({"mqtt": {"protocol": protocol}})
    bridge.wait_log(rf"error .*refused the subscription to {BASE}/mk4/command/#")
    told = house.watcher.wait(f"{BASE}/bridge/log", lambda t: "subscription" in t).json
    assert told["level"] == "error" and "access" in told["message"]


def test_final_answers_survive_a_broken_connection(house):
    """The broker was gone when the order was done: the answer comes when it is back, after the fields."""
    printer = house.add("mk4", pausing=0.1)
    printer.start_print(duration=36000)
    cable = house.cable()
    bridge = house.run()
    house.wait("mk4", "can/pause", "online")
    printer.fault("slow", path="/api/v1/job/*", method="PUT", delay=None)
    answers = house.watcher.order("mk4", "pause", {"transaction": 7})
    printer.wait_for(lambda p: any(r.method == "PUT" for r in p.requests))
    cable.pull()
    bridge.wait_log("no connection to the broker")
    printer.heal()
    bridge.wait_log("order pause done")
    assert answers.all == []
    cable.plug()
    final = answers.final()
    assert final["status"] == "done" and final["transaction"] == 7
    assert house.wait("mk4", "state", "paused").number < answers.messages[-1].number
    assert [a for a in answers.statuses if a == "done"] == ["done"]


def test_many_printers_fit_into_mosquittos_defaults(house):
    """Its queue for a slow client is short; all must arrive, also after a restart of the broker."""
    names = [f"p{n:02}" for n in range(30)]
    for name in names:
        house.add(name)
    house.run()
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: t.count('"online":true') == 30)
    mark = house.restart_broker()
    house.wait_online(*names, after=mark)
    retained = house.watcher.retained()
    for name in names:
        assert retained[f"{BASE}/{name}/state"] == b"idle"
        assert retained[f"{BASE}/{name}/availability"] == b"online"
