"""What a newcomer gets wrong: the sentence in the terminal, and what is told on MQTT and in Home Assistant."""
import re

import pytest

from harness import BASE, polls

GOOD = """\
mqtt: {{url: {broker}}}
state_dir: {state}
printers:
  mk4:
    url: {url}
    password: {password}
"""


def written(house, text=GOOD, **more):
    printer = house.sim.printers.get("mk4") or house.add("mk4", configured=False)
    return text.format(broker=house.broker.url, url=printer.url, password=printer.password,
                       state=house.folder / "state", **more)


def refused(house, text):
    """The bridge's words about a configuration that it does not start with."""
    bridge = house.bridge(text)
    return bridge.fails(2).replace(str(bridge.file), "FILE")


@pytest.mark.parametrize("wrong, right, said", [
    ("state_dir:", "state_dr:", r"FILE:2:1: .*state_dr.*state_dir"),
    ("password:", "pasword:", r"FILE:6:5: .*pasword.*password"),
    ("  mk4:", "  bridge:", r"FILE:4:3: .*bridge"),
    ("  mk4:", "  My Printer:", r"FILE:4:3: .*my_printer"),
    ("    url: {url}", "    url: ftp://x", r"FILE:5:10: "),
    ("    url: {url}", "    url: {url}\n    driver: prusalnk", r"FILE:6:13: .*prusalnk.*prusalink"),
    ("    url: {url}", "    url: {url}\n    timeout: 5 sheep", r"FILE:6:14: "),
    ("    url: {url}", "    url: {url}\n    poll: {{idle: 1ms}}", r"FILE:6:18: "),
    ("    url: {url}", "    url: {url}\n    commands: {{disable: [pauze]}}", r"FILE:6:26: .*pauze.*pause"),
    ("    url: {url}\n", "", r"FILE:5:\d+: .*url"),
], ids=lambda text: text.split("\n")[-1].strip()[:24])
def test_an_error_names_line_column_and_the_nearest_key(house, wrong, right, said):
    log = refused(house, written(house, GOOD.replace(wrong, right)))
    assert re.search(said, log), log
    assert "1 error" in log and "nothing was started" in log
    assert house.watcher.since(topic=f"{BASE}/*") == []


def test_all_errors_of_a_file_come_in_one_run(house):
    log = refused(house, written(house, """\
mqtt: {{url: {broker}, keepalive: soon}}
printers:
  mk4: {{url: {url}, pasword: x}}
  mini: {{password: x}}
homeasistant: true
"""))
    assert [int(n) for n in re.findall(r"^FILE:(\d+):", log, re.M)] == [1, 3, 4, 5]
    assert "4 errors" in log


def test_a_yaml_mistake_says_where(house):
    log = refused(house, written(house, "mqtt: {{url: {broker}\nprinters:\n  mk4: [\n"))
    assert re.search(r"^FILE:\d+:\d+: ", log, re.M)


def test_a_missing_file_says_where_it_looked(house):
    bridge = house.bridge("", start=False)
    bridge.file.unlink()
    log = bridge.start().fails(2)
    assert str(bridge.file) in log and "No such file" in log


def test_a_template_without_quotes_is_explained(house):
    log = refused(house, written(house, GOOD + "mapping:\n  topic: {{base}}/{{printer}}/{{field}}\n"))
    assert "quote" in log


def test_a_world_readable_secret_is_a_warning_not_an_error(house):
    house.add("mk4", configured=False)
    bridge = house.bridge(written(house), start=False)
    bridge.file.chmod(0o644)
    bridge.start()
    house.wait_online("mk4")
    assert re.search(r"warning|readable", bridge.log)


def test_a_wrong_password_is_seen_everywhere(house):
    """In the terminal, in bridge/printers and as a sensor with a remedy in Home Assistant."""
    house.add("mk4", configured={"password": "wrong"})
    bridge = house.bridge()
    bridge.wait_log(r"warning mk4: offline: .*password.*Settings")
    row = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "password" in t).json[0]
    assert "password" in row["error"] and "PrusaLink" in row["remedy"]
    sensor = next(c for c in house.watcher.wait("homeassistant/device/*/config", lambda t: "mk4" in t).json["components"]
                  .values() if "mk4" in c.get("unique_id", ""))
    assert house.watcher.wait(sensor["state_topic"])
    assert house.watcher.wait(sensor["json_attributes_topic"])


def test_a_wrong_key_on_a_pi_is_said_too(house):
    printer = house.add("mk3", "pi", configured={"password": None, "username": None, "api_key": "wrong-key-wrong"})
    bridge = house.bridge()
    bridge.wait_log(r"warning mk3: offline: key refused \(HTTP 403\)\. Check the key")
    row = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "403" in t).json[0]
    assert "key" in row["error"] and "key" in row["remedy"]
    assert len(printer.requests) <= 3


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_every_way_to_log_in(house, profile):
    """Digest in both dialects, the key, and the key where a password was meant."""
    def add(name, **how):
        printer = house.add(name, profile, configured={"password": None, "username": None})
        house.config["printers"][name] |= {k: getattr(printer, v) for k, v in how.items()}
        return printer
    user = {"username": "username"} if profile == "pi" else {}
    add("digest", password="password", **user)
    add("key", api_key="api_key")
    house.config["printers"]["digest"]["auth"] = "digest"
    house.run()
    for name in ("digest", "key"):
        assert house.value(name, "availability") == "online"
    assert any("Digest" in r.header("Authorization", "") for r in house.sim["digest"].requests)
    assert all(r.header("X-Api-Key") for r in house.sim["key"].requests if r.authenticated)


def test_an_old_mini_that_knows_only_the_key_gets_the_password_as_key(house):
    printer = house.add("mini", firmware="4.4.1")
    bridge = house.bridge()
    # 4.4 has no v1 API, so it stays offline; but it was let in, and the remedy names the firmware.
    bridge.wait_log("warning mini: offline: ")
    assert any(r.header("X-Api-Key") == printer.password for r in printer.requests)
    row = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "firmware" in t).json[0]
    assert "4.7" in row["remedy"]


def test_no_broker_is_said_in_the_terminal(empty_house):
    house = empty_house
    house.open_broker()
    house.broker.stop()
    printer = house.add("mk4")
    bridge = house.bridge()
    bridge.wait_log(r"error   no connection to the broker mqtt://127.0.0.1:\d+: .*refused; next try in \d+ s")
    bridge.wait_log(r"info    mk4: online")
    polls(printer, 3)
    assert bridge.log.count("error") <= 4


def test_a_printer_that_is_off_is_said_once_with_what_to_do(house):
    house.add("mk4").off()
    bridge = house.bridge()
    bridge.wait_log(r"warning mk4: offline: connection refused\. Is the printer switched on")
    house.wait("mk4", "poll/failures", lambda t: t.isdigit() and int(t) >= 3)
    assert bridge.log.count("mk4") == 1
