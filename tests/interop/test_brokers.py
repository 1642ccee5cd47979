"""Brokers by other authors: everything arrives, orders are answered, and all is back after a restart."""
import time

import pytest

from harness import BASE, House, Watcher
from stage.brokers import BROKERS
from stage.sweep import sweep
from stage.table import versions

PRINTERS = ("mk4", "mini", "xl")
QOS1 = {"state": {"qos": 1}, "job/progress": {"qos": 1}, "nozzle/temperature": {"qos": 1}}
# Together with what every printer has: more than a hundred fields each.
CUSTOM = [{"key": f"extra/n{n}", "endpoint": "status", "pointer": "/printer/temp_bed", "quantity": "temperature"}
          for n in range(32)]


@pytest.fixture(scope="module", params=BROKERS)
def broker_name(request):
    return request.param


@pytest.fixture(scope="module")
def broker(broker_name):
    broker = BROKERS[broker_name]()
    versions[broker_name] = f"{broker.version} (MQTT {5 if broker.speaks == 5 else '3.1.1'})"
    broker.start()
    yield broker
    broker.stop()


@pytest.fixture
def house(tmp_path, broker):
    house = House(tmp_path)
    house.broker = broker
    house.config["mqtt"] = {"url": broker.url}
    house.config["mapping"] = {"custom": CUSTOM, "fields": QOS1}
    house.watch(version=broker.speaks)
    for name in PRINTERS:
        printer = house.add(name, pausing=0.1, resuming=0.1)
        printer.start_print(f"/usb/{name}.gcode", duration=36000)
        printer.advance(600)
    try:
        yield house
    finally:
        for bridge in house.bridges:
            bridge.finish()
        sweep(house.watcher, kept(house, "#"))
        house.close()


def kept(house, topic):
    """{topic: text} as a newcomer gets it. Not every broker hands all that out before it passes a live message on."""
    fresh = house.watch(version=house.broker.speaks, filters=(topic,))
    seen, end = None, time.monotonic() + 3
    while fresh.mark != seen and time.monotonic() < end:
        seen = fresh.mark
        time.sleep(0.3)
    return {m.topic: m.text for m in fresh.since() if m.retain}


def everything(house, after=-1):
    """{topic: text} of all fields of all printers, once they have all been said after that."""
    house.wait_online(*PRINTERS, after=after)
    for name in PRINTERS:
        house.watcher.wait(f"homeassistant/device/{house.sim[name].serial}/config", bool, after)
        house.wait(name, "storage/usb/free", after=after)
        house.wait(name, "extra/n31", after=after)
    return {m.topic: m.text for m in house.watcher.since(after, f"{BASE}/*/*")
            if m.topic.split("/")[1] in PRINTERS and "/can/" not in m.topic and "/poll/" not in m.topic}


def test_all_fields_of_all_printers(house, broker, saw):
    house.run()
    said = everything(house)
    assert len(said) >= 3 * 100
    for name in PRINTERS:
        assert said[f"{BASE}/{name}/state"] == "printing" and said[f"{BASE}/{name}/job/name"] == f"{name}.gcode"
        assert said[f"{BASE}/{name}/extra/n31"] == said[f"{BASE}/{name}/bed/temperature"]
    empty = {t for t, text in said.items() if not text}      # no picture: an empty message, which no broker keeps
    assert empty <= {f"{BASE}/{n}/{j}/thumbnail" for n in PRINTERS for j in ("job", "last_job")}
    retained = kept(house, f"{BASE}/#")
    assert set(said) - set(retained) == empty
    assert retained[f"{BASE}/bridge/state"] == "online"
    saw(f"{len(said) - len(empty)} field topics of 3 printers are kept")


def test_the_protocol_is_told(house, broker, saw):
    bridge = house.run()
    info = house.watcher.wait(f"{BASE}/bridge/info").json
    assert info["protocol"] == ("5" if broker.speaks == 5 else "3.1.1"), info
    connected = bridge.wait_log(r"connected to the broker \S+ with MQTT (\S+)")
    assert connected[1] == info["protocol"]
    if broker.speaks != 5:
        refused = bridge.wait_log(r"error +(no connection.*)")
        saw("MQTT 5 was refused: " + refused[1])


def test_orders_are_answered(house):
    house.run()
    house.wait("mini", "can/pause", "online")
    answers = house.watcher.order("mini", "pause", {"transaction": 7})
    assert answers.final()["status"] == "done" and answers.statuses == ["accepted", "done"]
    house.wait("mini", "state", "paused")
    assert house.watcher.order("mini", "pause", {"job_id": 99}).final()["code"] == "wrong_job"
    assert house.watcher.order("mini", "no_such_thing").final()["code"] == "not_supported"
    assert [name for name, _ in house.sim["mini"].orders] == ["pause"]


def test_a_retained_order_is_refused(house, broker):
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS", retain=True)
    house.bridge()
    if broker.speaks == 5:
        assert house.wait("mk4", "response/cancel").json["code"] == "retained"
    house.wait_online(*PRINTERS)
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"
    assert [name for name, _ in house.sim["mk4"].orders] == ["pause"]


class Loud(Watcher):
    """Listens with QoS 1."""

    def _on_connect(self, *_):
        self.client.subscribe([(f, 1) for f in self.filters])


def test_hundreds_of_messages_with_qos_1_at_once(house, broker, saw):
    """More than any broker takes unacknowledged: 20 of mosquitto, 10 of HiveMQ, which throws out who sends more."""
    loud = Loud(broker, version=broker.speaks, filters=(f"{BASE}/mk4/bed/temperature",)).connect()
    house.config["mqtt"]["qos"] = 1
    try:
        bridge = house.run()
        said = everything(house)
        assert len(said) >= 3 * 100 and loud.wait("*").qos == 1
    finally:
        loud.close()
    assert house.watcher.order("xl", "pause").final()["status"] == "done"
    connections = bridge.log.count("connected to the broker")
    assert connections == 1, bridge.log
    saw(f"{len(said)} topics, one connection")


def test_fields_mapped_to_qos_1_arrive_with_it(house, broker):
    loud = Loud(broker, version=broker.speaks, filters=(f"{BASE}/mk4/#",)).connect()
    try:
        house.run()
        for field, qos in (("state", 1), ("nozzle/temperature", 1), ("bed/temperature", 0), ("availability", 1)):
            assert loud.wait(f"{BASE}/mk4/{field}").qos == qos, field
        house.sim["mk4"].set(temp_nozzle=180.0)
        assert loud.wait(f"{BASE}/mk4/nozzle/temperature", "180.0").qos == 1
    finally:
        loud.close()


def test_everything_is_back_after_a_restart_of_the_broker(house, broker, saw):
    house.run()
    before = everything(house)
    mark = house.watcher.mark
    broker.restart()
    after = everything(house, mark)
    assert sorted(set(before) - set(after)) == []
    house.watcher.wait(f"{BASE}/bridge/state", "online", mark)
    house.watcher.wait(f"{BASE}/bridge/info", after=mark)
    assert house.watcher.order("xl", "pause").final()["status"] == "done"
    saw(f"{len(after)} field topics came again")


def test_a_broker_that_dies(house, broker):
    house.run()
    everything(house)
    mark = house.watcher.mark
    broker.kill()
    house.sim["xl"].pause()
    broker.start()
    everything(house, mark)
    house.wait("xl", "state", "paused", mark)


def test_a_bridge_that_dies_is_said_to_be_offline(house):
    bridge = house.run()
    everything(house)
    bridge.kill()
    house.watcher.wait(f"{BASE}/bridge/state", "offline")
