"""Who is at the address: the serial number decides what is believed, published and ordered."""
import json
import re
import time

import pytest

from harness import BASE, polls


def row_of(house, name, after=-1):
    """The row of a printer in bridge/printers, once its error is set."""
    def told(text):
        return any(r["id"] == name and r["error"] for r in json.loads(text))
    rows = house.watcher.wait(f"{BASE}/bridge/printers", told, after).json
    return next(r for r in rows if r["id"] == name)


def test_another_printer_at_the_address_is_never_taken_for_ours(house):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    bridge = house.run()
    house.wait("mk4", "can/cancel", "online")
    mark = house.watcher.mark
    printer.become("10589-1111111", temp_nozzle=123.0)
    printer.start_print(duration=36000)
    offline = house.wait("mk4", "availability", "offline", mark)
    house.wait("mk4", "state", "None", offline)
    row = row_of(house, "mk4", mark)
    assert "10589-1111111" in row["error"] and "forget" in row["remedy"] and not row["online"]
    for command in ("cancel", "pause", "print"):
        answer = house.watcher.order("mk4", command, "/usb/box.gcode" if command == "print" else "PRESS").final()
        assert answer["code"] == "wrong_printer" and "10589-1111111" in answer["message"]
    assert printer.orders == []
    # Nothing of the stranger was shown.
    polls_before = len(printer.requests)
    printer.wait_for(lambda p: len(p.requests) > polls_before + 2)
    said = [m for m in house.watcher.since(mark, f"{BASE}/mk4/*")]
    assert "123.0" not in [m.text for m in said]
    assert {m.text for m in said if m.topic.endswith("/availability")} == {"offline"}
    assert "10589-1111111" not in (house.value("mk4", "info/serial") or "")
    assert bridge.log.count("10589-1111111") >= 1


def test_the_right_printer_is_welcome_again(house):
    printer = house.add("mk4", serial="10589-7777777")
    house.run()
    mark = house.watcher.mark
    printer.become("10589-1111111")
    offline = house.wait("mk4", "availability", "offline", mark)
    printer.become("10589-7777777", temp_nozzle=66.0)
    house.wait_online("mk4", after=offline)
    assert house.value("mk4", "nozzle/temperature") == "66.0"


def test_forget_makes_the_stranger_the_printer(house):
    printer = house.add("mk4", serial="10589-7777777")
    house.run()
    house.watcher.wait("homeassistant/device/*/config", lambda t: "10589-7777777" in t)
    mark = house.watcher.mark
    printer.become("10589-1111111", temp_nozzle=66.0)
    house.wait("mk4", "availability", "offline", mark)
    assert house.watcher.request("forget", "mk4").final()["status"] == "done"
    house.wait_online("mk4", after=mark)
    assert house.wait("mk4", "info/serial", "10589-1111111")
    house.watcher.wait("homeassistant/device/*/config", lambda t: "10589-1111111" in t, mark)
    old = house.watcher.wait("homeassistant/device/*/config", "", mark)
    assert "7777777" in old.topic
    assert house.watcher.request("forget", "nobody").final()["code"] == "invalid"


def test_the_identity_outlives_the_bridge(house):
    printer = house.add("mk4")
    bridge = house.run()
    house.wait_remembered(printer.serial)
    bridge.stop()
    mark = house.watcher.mark
    printer.become("10589-2222222", temp_nozzle=123.0)
    house.bridge(name="again")
    row = row_of(house, "mk4", mark)
    assert "10589-2222222" in row["error"]
    assert house.value("mk4", "availability") == "offline"
    assert "123.0" not in [m.text for m in house.watcher.since(mark, f"{BASE}/mk4/*")]


@pytest.mark.parametrize("status", ["fresh", "old"])
def test_an_order_is_never_sent_to_a_printer_that_took_over_the_address(house, status):
    """It changed since the last poll: the new one's challenge or its serial number is met first."""
    house.config["defaults"] = {"poll": {"printing": "60s", "idle": "60s"}}
    printer = house.add("mk4", job_id=5)
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "can/cancel", "online")
    house.wait("mk4", "storage/usb/available")
    printer.become("10589-1111111")
    printer.start_print(duration=36000)
    printer.set(job_id=6)       # even its job has the same number
    if status == "old":
        time.sleep(1.1)         # then it is read again before the order goes out
    assert house.watcher.order("mk4", "cancel").final()["code"] == "wrong_printer"
    assert printer.orders == [] and printer.state == "PRINTING"
    assert house.watcher.order("mk4", "print", "/usb/box.gcode").final()["code"] == "wrong_printer"


def test_two_printers_with_one_serial_keep_their_topics_and_one_identity(house):
    for name in ("left", "right"):
        house.add(name, serial="10589-7777777")
    house.sim["right"].off()
    house.run(None, "left")
    house.watcher.wait("homeassistant/device/*/config", lambda t: "10589-7777777" in t)
    house.sim["right"].on()
    house.wait_online("right")
    rows = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "serial" in t).json
    row = next(r for r in rows if r["id"] == "right")
    assert "serial" in row["error"] and "unique_id" in row["remedy"] and row["online"]
    assert house.value("left", "state") == house.value("right", "state") == "idle"
    document = house.watcher.wait("homeassistant/device/*/config", lambda t: "10589-7777777" in t)
    assert f"{BASE}/left/state" in document.text and f"{BASE}/right/state" not in document.text
    assert len({m.topic for m in house.watcher.since(topic="homeassistant/device/*")
                if f"{BASE}/left/" in m.text or f"{BASE}/right/state" in m.text}) == 1


def test_the_remembered_one_keeps_the_identity(house):
    """The clone comes first in the file; the printer known before stays itself."""
    known = house.add("z-known", serial="10589-7777777")
    first = house.run()
    house.watcher.wait("homeassistant/device/*/config", lambda t: f"{BASE}/z-known/state" in t)
    first.stop()
    mark = house.watcher.mark
    clone = house.add("a-clone", serial=known.serial)
    printers = house.config["printers"]
    house.bridge({"printers": None}, name="again", start=False)
    again = house.bridges[-1]
    again.write(house.config | {"printers": {"a-clone": printers["a-clone"], "z-known": printers["z-known"]}})
    again.start()
    assert "serial" in row_of(house, "a-clone", mark)["error"]
    assert [m for m in house.watcher.since(mark, "homeassistant/device/*") if f"{BASE}/a-clone/state" in m.text] == []
    assert clone.requests


def test_a_unique_id_of_ones_own_replaces_the_serial(house):
    for name in ("left", "right"):
        house.add(name, serial="10589-7777777", configured={"unique_id": f"my-{name}"})
    house.run()
    for name in ("left", "right"):
        document = house.watcher.wait("homeassistant/device/*/config", lambda t: f'my-{name}_state"' in t).json
        assert document["components"]["state"]["unique_id"] == f"my-{name}_state"


def test_a_serial_that_comes_late_holds_back_only_discovery(house):
    """PrusaLink on a Pi does not know it before its serial line is up."""
    printer = house.add("mk3", "pi", serial_wait=1000)
    printer.reboot()
    house.run()
    assert house.value("mk3", "state") not in (None, "None")
    polls(printer, 2)
    assert [m for m in house.watcher.since(topic="homeassistant/device/*") if "mk3/state" in m.text] == []
    printer.advance(1001)
    document = house.watcher.wait("homeassistant/device/*/config", lambda t: "mk3/state" in t)
    assert printer.serial in document.text
    house.wait("mk3", "info/serial", printer.serial)


def test_a_starting_pi_is_not_offline_for_its_503s_for_ever(house):
    printer = house.add("mk3", "pi", boot_wait=1000)
    printer.reboot()
    house.bridge()
    house.wait("mk3", "poll/error", re.compile(".*503.*"))
    printer.advance(1001)
    house.wait_online("mk3")
