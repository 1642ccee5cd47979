"""`explain` and the rest of what is said about a configuration: as the bridge does it, without broker or printer."""
import pytest
from harness.terminal import Terminal

FORBIDDEN = [({"read_only": True}, "pause", "no, it is read_only in the configuration"),
             ({"commands": {"disable": ["pause"]}}, "pause", "no, it is disabled in the configuration"),
             ({}, "delete", "not until commands: {enable: [...]} names it"),
             ({}, "upload", "not until uploads says where files may come from")]
ALLOWED = [({}, "pause"), ({"read_only": True}, "refresh"), ({"commands": {"enable": ["delete"]}}, "delete"),
           ({"uploads": {"directory": "/tmp"}}, "upload")]


def told(empty_house, folder, what, **configured):
    empty_house.add("mk4", configured=configured)
    return Terminal(folder, empty_house)("explain", "mk4", what, "--json").json


@pytest.mark.parametrize("configured, command, sentence", FORBIDDEN)
def test_an_order_that_would_be_refused_is_explained_as_such(empty_house, tmp_path, configured, command, sentence):
    facts = told(empty_house, tmp_path, command, **configured)
    assert facts["allowed"] == sentence and "entity" not in facts


@pytest.mark.parametrize("configured, command", ALLOWED)
def test_an_order_that_is_allowed_is_not_said_to_be_refused(empty_house, tmp_path, configured, command):
    assert "allowed" not in told(empty_house, tmp_path, command, **configured)


@pytest.mark.parametrize("what", ["pause", "nozzle/temperature"])
def test_what_is_not_announced_has_no_entity(empty_house, tmp_path, what):
    assert "entity" not in told(empty_house, tmp_path, what, homeassistant=False)


@pytest.mark.parametrize("what", ["pause", "nozzle/temperature"])
def test_what_is_announced_has_an_entity(empty_house, tmp_path, what):
    assert "entity" in told(empty_house, tmp_path, what)


@pytest.mark.parametrize("command, key", [("camera_order", "cameras"), ("camera_create", "config"),
                                          ("camera_change", "config")])
def test_an_order_that_takes_json_says_so(empty_house, tmp_path, command, key):
    payload = told(empty_house, tmp_path, command)["payload"]
    assert payload.startswith("JSON with ") and key in payload


def test_the_storage_or_camera_that_is_meant_is_explained(empty_house, tmp_path):
    desk = Terminal(tmp_path, empty_house)
    empty_house.add("mk3", "pi", configured={"mapping": {"fields": {"storage/sdcard/free": False}}})
    desk.configure(empty_house)
    for key in ("storage/local/free", "camera/top/name"):
        facts = desk("explain", "mk3", key, "--json").json
        assert facts["field"] == key and facts["topic"] == f"printer2mqtt/mk3/{key}" and "entity" in facts
    assert desk("explain", "mk3", "storage/sdcard/free", "--json").json["topic"] == "off in the mapping"
    assert desk("explain", "mk3", "storage/<name>/free", "--json").json["field"] == "storage/usb/free"
