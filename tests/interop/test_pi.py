"""A PrusaLink as it runs on Raspberry Pis: whole prints by orders over MQTT, and never a lie about them."""
import json
import re
import time

import pytest

from harness import BASE
from harness.process import until
from stage import pi
from stage.pi import gcode
from stage.table import versions
from stage.truth import Truth

SYSTEM = "PrusaLink (Raspberry Pi)"


@pytest.fixture(scope="module")
def one_pi():
    server = pi.PrusaLink()
    try:
        server.start().ready("temp_nozzle", "fan_print")
        about = server.get("/api/version")[1]
        versions[SYSTEM] = f"{about['server']}, SDK {about['sdk']}, printer firmware {about['firmware']}"
        yield server
    finally:
        server.close()


@pytest.fixture(scope="module")
def truth(one_pi):
    truth = Truth(one_pi)
    yield truth
    truth.close()


@pytest.fixture
def link(one_pi):
    """It is there and idle: a print that a story left is over."""
    if one_pi.process.status is not None:
        one_pi.start()
    one_pi.printer.release()
    one_pi.printer.person_answers()
    one_pi.printer.pace = 5.0
    until("it answers", lambda: one_pi.state != "", 60, 0.2)
    if one_pi.state in ("printing", "paused"):
        one_pi.ask("DELETE", f"/api/v1/job/{one_pi.status['job']['id']}")
    one_pi.wait_state("idle", timeout=60)
    return one_pi


@pytest.fixture
def run(house, link, truth):
    """A bridge with this printer as mk3. The story ends with a comparison of what the topics said and what was so."""
    def start(**configured):
        house.config["printers"]["mk3"] = {"url": link.url, "username": pi.USER, "password": link.password} | configured
        return house.run()
    yield start
    lies, compared = truth.lies(house.watcher, "mk3")
    assert not lies, "\n".join(lies[:20])
    assert compared or len(house.watcher.messages) < 400


def order(house, command, payload="PRESS", timeout=40):
    return house.watcher.order("mk3", command, payload).final(timeout)


def test_what_it_shows_is_what_prusalink_says(house, link, run, saw):
    run()
    house.wait("mk3", "state", "idle")
    house.wait("mk3", "info/serial", link.printer.serial)
    house.wait("mk3", "info/model", "I3MK3S")
    house.wait("mk3", "nozzle/temperature", "24.0")
    house.wait("mk3", "storage/local/free", lambda text: int(text) > 0)
    topics = {t.removeprefix(f"{BASE}/mk3/"): p.decode() for t, p in house.watcher.retained(f"{BASE}/mk3/#").items()}
    assert topics["storage/sdcard/read_only"] in ("true", "false")
    assert topics.get("storage/sdcard/files") in (None, "None", "0", "1")       # counted; its print_files is a size
    document = json.loads(house.watcher.wait("homeassistant/device/*/config", lambda t: link.printer.serial in t).text)
    assert document["device"]["serial_number"] == link.printer.serial
    known = sorted(t for t, p in topics.items() if p != "None" and "/" in t)
    saw(f"{len(topics)} topics, {len(known)} with a value; {len(document['components'])} entities")


def test_a_whole_print_by_orders(house, link, run, saw):
    path = link.upload("a whole print.gcode", gcode(5, change_at=60))
    run()
    house.wait("mk3", "can/print", "online")
    answer = order(house, "print", path)
    assert answer["status"] == "done" and answer["state_after"] in ("printing", "busy"), answer
    saw(f"print took effect after {answer['took_ms']} ms")
    house.wait("mk3", "job/name", "a whole print.gcode")
    job = int(house.wait("mk3", "job/id", re.compile(r"\d+")).text)
    assert answer["job_id"] in (None, job)
    house.wait("mk3", "job/path", path)
    house.wait("mk3", "job/filament_type", "PETG")
    house.wait("mk3", "nozzle/target", "215.0")
    house.wait("mk3", "job/progress", lambda text: text != "None" and float(text) >= 20, timeout=60)

    mark = house.watcher.mark
    assert (answer := order(house, "pause"))["status"] == "done", answer
    saw(f"pause took effect after {answer['took_ms']} ms")
    assert link.state == "paused"
    assert house.wait("mk3", "can/resume", "online", mark) and house.value("mk3", "can/pause") == "offline"
    assert (answer := order(house, "resume", {"job_id": job}))["status"] == "done", answer
    assert link.state == "printing"

    house.wait("mk3", "state", "attention", mark, timeout=60)
    progress, left = house.value("mk3", "job/progress"), house.value("mk3", "job/time_remaining")
    assert float(progress) >= 55 and left != "None"
    until("PrusaLink says 0 % meanwhile", lambda: link.status["job"]["progress"] == 0)
    time.sleep(3)       # some polls
    assert (house.value("mk3", "job/progress"), house.value("mk3", "job/time_remaining")) == (progress, left)
    assert house.value("mk3", "job/id") == str(job) and house.value("mk3", "state") == "attention"
    refused = order(house, "cancel")
    assert refused["code"] == "conflict", refused
    link.printer.person_answers()
    house.wait("mk3", "state", "printing", house.wait("mk3", "state", "attention", mark))
    saw(f"ATTENTION: PrusaLink said 0 %, the topic kept {progress} %")

    link.printer.pace = 40
    house.wait("mk3", "state", "finished", mark, timeout=60)
    refused = order(house, "print", path)
    assert refused["code"] == "conflict" and "finished" in refused["message"], refused
    house.wait("mk3", "state", "idle", mark, timeout=30)
    for field in ("job/id", "job/name", "job/progress", "job/path"):
        assert house.value("mk3", field) == "None"
    progress = [float(m.text) for m in house.watcher.since(topic=f"{BASE}/mk3/job/progress") if m.text != "None"]
    assert progress == sorted(progress), progress


def test_a_cancelled_print_and_the_next_one(house, link, run, saw):
    path = link.upload("cancel me.gcode", gcode(20))
    run()
    house.wait("mk3", "can/print", "online")
    assert order(house, "print", path)["status"] == "done"
    house.wait("mk3", "job/progress", lambda text: text not in ("None", "0"))
    mark = house.watcher.mark
    cancelled = order(house, "cancel")
    assert cancelled["status"] == "done" and cancelled["state_after"] in ("stopped", "idle"), cancelled
    saw(f"cancel took effect after {cancelled['took_ms']} ms")
    stopped = house.wait("mk3", "state", "stopped", mark)
    refused = order(house, "print", path)
    assert refused["code"] == "conflict" and "stopped" in refused["message"], refused
    assert link.ask("POST", f"/api/v1/files{path}")[0] == 409       # as PrusaLink itself would have
    idle = house.wait("mk3", "state", "idle", mark, timeout=30)
    saw(f"STOPPED for {idle.time - stopped.time:.1f} s refuses a print")
    assert order(house, "print", path)["status"] == "done"
    # The new job's first reading may carry the old one's progress: never shown.
    first = house.wait("mk3", "job/progress", lambda text: text != "None", idle)
    assert float(first.text) < 10, first
    assert order(house, "cancel")["status"] == "done"


def test_continue_is_taken_but_not_carried_out(house, link, run, saw):
    """It answers 204 to whatever word there is; only its effect would tell, and none comes."""
    path = link.upload("wants somebody.gcode", gcode(5, change_at=5))
    run()
    house.wait("mk3", "can/print", "online")
    assert order(house, "print", path)["status"] == "done"
    house.wait("mk3", "state", "attention", timeout=60)
    answer = order(house, "continue", timeout=90)
    assert answer["status"] == "error" and answer["code"] == "timeout", answer
    assert link.state == "attention"
    saw(f"continue: {answer['message']}")
    document = house.watcher.last(f"homeassistant/device/{link.printer.serial}/config").json
    assert "cmd_pause" in document["components"] and "cmd_continue" not in document["components"]
    link.printer.person_answers()
    house.wait("mk3", "state", "printing", house.watcher.last(f"{BASE}/mk3/state"))
    assert order(house, "cancel")["status"] == "done"


def test_a_refusal_of_prusalink_itself_is_told(house, link, run):
    run()
    house.wait("mk3", "can/print", "online")
    missing = order(house, "print", "/local/is not there.gcode")
    assert missing["status"] == "error" and missing["http_status"] == 404 and missing["code"] == "not_found", missing


def test_a_print_from_the_card(house, link, run):
    run()
    house.wait("mk3", "storage/sdcard/available", "true")
    files = link.get("/api/v1/files/sdcard")[1]["children"]
    answer = order(house, "print", "/sdcard/" + files[0]["name"])
    assert answer["status"] == "done", answer
    house.wait("mk3", "job/path", re.compile("/sdcard/.*"))
    assert order(house, "pause")["status"] == "done"
    assert order(house, "resume")["status"] == "done"
    assert order(house, "cancel")["status"] == "done"


def test_files_are_uploaded_printed_listed_and_deleted(house, link, run, saw, tmp_path):
    """By orders over MQTT, also with names and lengths that PrusaLink finds hard."""
    body = gcode(3).encode()
    stuck = body + b";" * (65365 + 1 - len(body) % 65365)      # a length that it gets stuck on
    for name, content in (("tower one+ü.gcode", body), ("stuck.gcode", stuck)):
        (tmp_path / name).write_bytes(content)
    run(uploads={"directory": str(tmp_path)}, commands={"enable": ["delete"]})
    house.wait("mk3", "can/upload", "online")
    for name in ("stuck.gcode", "tower one+ü.gcode"):
        answer = order(house, "upload", {"file": name, "overwrite": True}, timeout=90)
        assert answer["status"] == "done", answer
    refused = order(house, "upload", {"file": "stuck.gcode"}, timeout=60)
    assert (refused["code"], "overwrite" in refused["message"]) == ("conflict", True)
    listed = {f["path"] for f in order(house, "list_files", timeout=60)["value"]}
    assert {"/local/stuck.gcode", "/local/tower one+ü.gcode"} <= listed, listed
    again = order(house, "upload", {"file": "tower one+ü.gcode", "overwrite": True, "print": True}, timeout=90)
    assert again["status"] == "done", again
    house.wait("mk3", "job/name", "tower one+ü.gcode", timeout=60)
    assert order(house, "cancel", timeout=90)["status"] == "done"
    link.wait_state("idle", timeout=60)
    for name in ("stuck.gcode", "tower one+ü.gcode"):
        assert order(house, "delete", f"/local/{name}", timeout=60)["status"] == "done"
    saw("uploads by MQTT: odd names, a length that it gets stuck on, refused, printed, deleted")


def test_states_that_come_from_the_printer_itself(house, link, run):
    run()
    house.wait("mk3", "state", "idle")
    link.printer.say("// action:ready")
    house.wait("mk3", "state", "ready")
    link.printer.say("// action:not_ready")
    house.wait("mk3", "state", "idle", house.watcher.last(f"{BASE}/mk3/state"))
    link.printer.busy()
    house.wait("mk3", "state", "busy")
    link.printer.release()
    house.wait("mk3", "state", "idle", house.watcher.last(f"{BASE}/mk3/state"))
    link.printer.wants_person()
    house.wait("mk3", "state", "attention")
    link.printer.release()
    house.wait("mk3", "state", "idle", house.watcher.last(f"{BASE}/mk3/state"))


def test_prusalink_restarts(house, link, run, saw):
    """503 first, then a printer without a serial number, then one without temperatures: nothing of that is a lie."""
    path = link.upload("before.gcode", gcode(1))
    bridge = run()
    house.wait("mk3", "nozzle/temperature", "24.0")
    link.printer.reports = False        # as after a power cut of the Pi: it must be asked for reports first
    mark = house.watcher.mark
    link.kill()
    offline = house.wait("mk3", "availability", "offline", mark)
    house.wait("mk3", "state", "None", offline)
    assert house.value("mk3", "info/serial") == link.printer.serial
    assert order(house, "print", path)["code"] == "offline"
    link.start()
    online = house.wait("mk3", "availability", "online", offline, timeout=60)
    assert house.value("mk3", "nozzle/temperature") == "None"
    house.wait("mk3", "state", "idle", offline, timeout=60)
    saw(f"online {online.time - offline.time:.0f} s after it was said to be offline")
    until("the serial number is back", lambda: house.value("mk3", "info/serial") == link.printer.serial, 40)
    house.wait("mk3", "nozzle/temperature", "24.0", offline, timeout=100)
    documents = house.watcher.since(topic=f"homeassistant/device/{link.printer.serial}/config")
    assert all(m.payload for m in documents)        # the device never went
    assert "wrong" not in bridge.log


def test_a_bridge_that_meets_prusalink_at_its_start(house, link, run, saw):
    """Discovery waits for the serial number: without it the printer is not who it is."""
    link.kill()
    house.config["printers"]["mk3"] = {"url": link.url, "username": pi.USER, "password": link.password}
    bridge = house.bridge()
    house.wait("mk3", "poll/error", lambda text: "refused" in text)
    link.start()
    online = house.wait("mk3", "availability", "online", timeout=60)
    serial = house.wait("mk3", "info/serial", link.printer.serial, timeout=90)
    document = house.watcher.wait(f"homeassistant/device/{link.printer.serial}/config", bool, timeout=30)
    assert document.number > serial.number
    devices = {m.topic for m in house.watcher.since(topic="homeassistant/device/*/config")}
    assert devices == {document.topic, "homeassistant/device/printer2mqtt_bridge/config"}
    saw(f"serial number {serial.time - online.time:.0f} s after the first answer")
    assert "serial number" not in bridge.log.replace(f"serial number {link.printer.serial}", "")


def test_a_wrong_password_and_an_api_key(house, link):
    house.config["printers"]["mk3"] = {"url": link.url, "username": pi.USER, "password": "not this one"}
    bridge = house.bridge()
    printers = house.watcher.wait(f"{BASE}/bridge/printers", lambda text: "password" in text).json
    assert not printers[0]["online"] and "password" in printers[0]["remedy"]
    house.wait("mk3", "availability", "offline")
    assert order(house, "pause")["code"] in ("offline", "auth")
    bridge.stop()
    assert "not this one" not in bridge.log
    house.config["printers"]["mk3"] = {"url": link.url, "api_key": "not this one either"}
    bridge = house.bridge(name="key")
    bridge.wait_log("refused")
    bridge.stop()
    mark = house.watcher.mark
    house.config["printers"]["mk3"] = {"url": link.url, "api_key": pi.KEY}
    house.bridge(name="right key")
    house.wait("mk3", "availability", "online", mark)
    house.wait("mk3", "state", "idle", mark)


def test_a_printer_that_halts(house, link, run):
    """The last story: this printer needs to be switched off and on."""
    path = link.upload("halts.gcode", gcode(20))
    run()
    house.wait("mk3", "can/print", "online")
    assert order(house, "print", path)["status"] == "done"
    house.wait("mk3", "job/progress", lambda text: text not in ("None", "0"), timeout=60)
    link.printer.halt()
    house.wait("mk3", "state", "error")
    message = link.status["printer"]["status_printer"]["message"]
    house.wait("mk3", "message", message)
    assert order(house, "pause")["code"] == "conflict"
