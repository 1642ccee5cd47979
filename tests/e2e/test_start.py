"""How it begins and ends: what is said first, what a second copy does, what is left behind."""
import json
import re
import subprocess
import time

import pytest

from harness import BASE
from harness.bridge import program
from harness.process import until

KEPT = ("info/", "poll/", "last_job/", "total/")


def test_five_lines_are_enough(house):
    printer = house.add("mk4", configured=False)
    bridge = house.bridge(f"""\
mqtt: {{url: {house.broker.url}}}
printers:
  mk4: {{url: "{printer.host}:{printer.port}", password: {printer.password}}}
""")
    house.wait_online("mk4")
    house.wait("mk4", "state", "idle")
    assert (bridge.folder / ".local/state/printer2mqtt").is_dir()


def test_every_printer_is_said_to_be_offline_before_the_bridge_is_online(house):
    for name in ("mk4", "mini", "xl"):
        house.add(name)
        house.watcher.publish(f"{BASE}/{name}/availability", "online", retain=True)     # of an earlier life
    before = house.watcher.mark
    house.run()
    online = house.watcher.wait(f"{BASE}/bridge/state", "online", before)
    for name in ("mk4", "mini", "xl"):
        said = [m for m in house.watcher.since(before, f"{BASE}/{name}/*")]
        assert said[0].topic.endswith("/availability") and said[0].text == "offline"
        assert said[0].number < online.number
        assert said[0].retain


def test_fields_come_before_availability_and_absent_ones_too(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=215.0, temp_bed=None)
    house.run()
    online = house.wait("mk4", "availability", "online")
    before = {m.topic.removeprefix(f"{BASE}/mk4/"): m.text for m in house.watcher.since(topic=f"{BASE}/mk4/*")
              if m.number < online.number}
    assert before["state"] == "idle"
    assert before["nozzle/temperature"] == "215.0"
    assert before["bed/temperature"] == before["job/id"] == before["job/progress"] == "None"
    assert before["poll/failures"] == "0"


def test_a_printer_that_is_off_is_offline_and_unknown_but_nobody_waits_for_it(house):
    off, on = house.add("off"), house.add("on")
    off.off()
    house.bridge()
    state = house.watcher.wait(f"{BASE}/bridge/state", "online")
    house.wait_online("on")
    for field in ("state", "nozzle/temperature", "job/id"):
        assert house.wait("off", field).text == "None"
    assert house.value("off", "availability") == "offline"
    assert house.wait("off", "state").number > state.number
    house.wait("off", "poll/error", re.compile(".*refused.*"))
    assert on.requests


def test_it_leaves_saying_that_it_is_offline(house):
    house.add("mk4")
    bridge = house.run()
    bridge.stop()
    house.watcher.wait(f"{BASE}/bridge/state", "offline")
    assert house.watcher.retained(f"{BASE}/bridge/state") == {f"{BASE}/bridge/state": b"offline"}
    assert "stopping" in bridge.log


def test_after_a_power_cut_the_broker_says_that_it_is_offline(house):
    house.add("mk4")
    bridge = house.run()
    bridge.kill()
    message = house.watcher.wait(f"{BASE}/bridge/state", "offline")
    assert message.retain
    assert house.watcher.retained(f"{BASE}/bridge/state") == {f"{BASE}/bridge/state": b"offline"}


def test_a_second_copy_with_the_same_state_directory_is_refused(house):
    house.add("mk4")
    bridge = house.run()
    before = house.watcher.mark
    second = house.bridge(name="second")
    log = second.fails(2)
    errors = [line for line in log.splitlines() if "error" in line]
    assert len(errors) == 1 and "another printer2mqtt is running" in errors[0] and "state" in errors[0]
    second.process = None
    assert bridge.alive
    assert not house.watcher.since(before, f"{BASE}/bridge/state")


def test_a_second_copy_with_an_instance_name_lives_beside_it(house):
    house.add("mk4")
    mini = house.add("mini", configured=False)
    house.run()
    second = {"instance": "attic", "printers": {"mk4": None, "mini": {"url": mini.url, "password": mini.password}}}
    house.bridge(second, name="second")
    house.wait_online("mini")
    house.watcher.wait(f"{BASE}/bridge-attic/state", "online")
    info = house.watcher.wait(f"{BASE}/bridge-attic/info").json
    assert info["instance"] == "attic"
    assert house.watcher.text(f"{BASE}/bridge/state") == "online"


def test_a_copy_on_another_host_that_lives_is_not_thrown_out(house):
    house.add("mk4")
    house.watcher.publish(f"{BASE}/bridge/state", "online", retain=True)
    house.watcher.publish(f"{BASE}/bridge/info", json.dumps({"host": "elsewhere"}), retain=True)
    house.watcher.publish(f"{BASE}/bridge/health", json.dumps({"uptime": 77}), retain=True)
    before = house.watcher.mark
    bridge = house.bridge()
    bridge.wait_log(r"error .*another printer2mqtt runs on the host elsewhere")
    assert "instance" in bridge.log
    # The simulated printer is polled, so silence is not for want of news.
    house.sim["mk4"].wait_for(lambda p: len(p.requests) > 8)
    assert not house.watcher.since(before, f"{BASE}/mk4*")
    assert [m.text for m in house.watcher.since(before, f"{BASE}/bridge/*")] == []
    answers = house.watcher.order("mk4", "refresh")
    house.sim["mk4"].wait_for(lambda p: len(p.requests) > 10)
    assert answers.all == []


def test_a_dead_copy_on_another_host_is_replaced(house):
    house.add("mk4")
    house.watcher.publish(f"{BASE}/bridge/state", "offline", retain=True)
    house.watcher.publish(f"{BASE}/bridge/info", json.dumps({"host": "elsewhere"}), retain=True)
    house.run()
    assert house.watcher.wait(f"{BASE}/bridge/info", lambda t: json.loads(t)["host"] != "elsewhere")


def test_who_is_thrown_out_by_another_copy_stands_back(house):
    """Same client id: each one throws the other out. Some brokers say so, mosquitto 2.0.11 just closes."""
    house.add("mk4")
    first = house.run()
    second = house.bridge({"state_dir": str(house.folder / "other")}, name="second")
    until("one of them stands back", lambda: [b for b in (first, second) if "standing back" in b.log])
    stands, stays = (first, second) if "standing back" in first.log else (second, first)
    assert re.search("another (program|printer2mqtt)", stands.log) and "next try in 60 s" in stands.log
    assert 1 <= stands.log.count("error") <= 3
    until("the other has the broker", lambda: stays.log.rfind("connected to the broker") > stays.log.rfind("error"))
    quiet, asked = house.broker.log.count("New client connected"), len(house.sim["mk4"].requests)
    house.sim["mk4"].wait_for(lambda p: len(p.requests) > asked + 4)
    assert house.broker.log.count("New client connected") == quiet


def test_a_restart_on_request_keeps_the_process_and_says_all_again(house):
    house.add("mk4")
    bridge = house.run()
    pid = bridge.pid
    answers = house.watcher.request("restart")
    assert answers.final()["status"] == "done"
    offline = house.watcher.wait(f"{BASE}/bridge/state", "offline", answers.after)
    house.watcher.wait(f"{BASE}/bridge/state", "online", offline)
    house.wait_online("mk4", after=offline)
    assert bridge.pid == pid and bridge.alive


def test_the_json_topic_holds_what_is_known(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=215.5, temp_bed=None)
    house.run()
    document = house.watcher.wait(f"{BASE}/mk4", lambda t: "nozzle" in t).json
    assert document["nozzle"]["temperature"] == 215.5
    assert document["state"] == "idle"
    assert "temperature" not in document.get("bed", {})
    assert "poll" not in document
    assert document["storage"]["usb"]["available"] is True


def test_a_damaged_state_file_is_set_aside(house):
    house.add("mk4")
    state = house.folder / "state"
    state.mkdir()
    (state / "state.json").write_text("{ half a fi")
    bridge = house.run()
    assert "set aside" in bridge.log
    assert (state / "state.json.damaged").exists()
    until("the new one is written", lambda: (state / "state.json").exists() and json.loads(
        (state / "state.json").read_text())["printers"].get("mk4", {}).get("serial") == house.sim["mk4"].serial)


HUNG = """#include <netdb.h>
#include <unistd.h>
int getaddrinfo(const char *n, const char *s, const struct addrinfo *h, struct addrinfo **r)
{ (void)n, (void)s, (void)h, (void)r; sleep(60); return EAI_AGAIN; }
"""


def test_a_resolver_that_hangs_does_not_hold_up_the_end(house, sanitized):
    if sanitized:
        pytest.skip("a sanitizer wants to be the first library")
    shim = house.folder / "hung.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", shim], input=HUNG.encode(), check=True)
    bridge = house.bridge({"mqtt": {"url": "mqtt://broker.test"}, "printers": {"a": {"url": "http://a.test"}}},
                          env={"LD_PRELOAD": str(shim)})
    bridge.wait_log("1 printer")
    asked = time.monotonic()
    bridge.stop()
    assert time.monotonic() - asked < 30


def test_gnutls_is_not_set_up_in_each_start(tmp_path):
    """Its constructor asks whom the loader finds: us, before its own answer."""
    env = {"LD_DEBUG": "bindings,libs", "LD_DEBUG_OUTPUT": str(tmp_path / "loader"), "ASAN_OPTIONS": "detect_leaks=0"}
    subprocess.run([program(), "--version"], env=env, check=True, stdout=subprocess.DEVNULL)
    lines = "".join(file.read_text() for file in tmp_path.glob("loader.*"))
    if "libgnutls" not in lines:
        pytest.skip("this libcurl comes without GnuTLS")
    found = re.findall(r"binding file \S*libgnutls\S* \[0\] to (\S+) .*`_gnutls_global_init_skip'", lines)
    assert found and set(found) == {str(program())}
