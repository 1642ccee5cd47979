"""What is on the topics: formats, absence, changes only, times that hold still."""
import re

import pytest

from harness import BASE, polls

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_a_print_is_told_in_plain_values(house, profile):
    printer = house.add("mk4", profile, speed=1)
    path = {"buddy": "/usb/parts/clip.gcode", "pi": "/local/clip.gcode"}[profile]
    printer.add_file(path, size=20480, duration=100_000)
    printer.start_print(path, duration=100_000)
    printer.advance(50_000)
    printer.set(temp_nozzle=215.04, target_nozzle=215.0, fan_print=5000, speed=95)
    house.run()
    for field, value in {
            "state": "printing", "nozzle/temperature": "215.0", "nozzle/target": "215.0", "fan/print": "5000",
            "speed": "95", "job/progress": "50", "job/id": str(printer.job_id), "job/name": "clip.gcode",
            "job/state": "printing", "job/size": "20480"}.items():
        assert house.wait("mk4", field, lambda text: text != "None").text == value, field
    assert house.value("mk4", "job/path").lower().startswith(path.lower()[:4])
    assert house.wait("mk4", "job/started_at", TIME)
    assert house.wait("mk4", "job/finishes_at", TIME)
    assert house.wait("mk4", "poll/last_success", TIME)
    assert 40_000 <= int(house.value("mk4", "job/time_remaining")) <= 60_000
    assert re.fullmatch(r"\d+", house.value("mk4", "poll/latency"))
    storage = {"buddy": "usb", "pi": "local"}[profile]
    assert house.wait("mk4", f"storage/{storage}/available").text == "true"
    assert house.wait("mk4", "info/serial").text == printer.serial


def test_fields_are_retained_with_qos_0_and_availability_with_qos_1(house):
    house.add("mk4")
    house.run()
    listener = house.watch()        # of the messages that follow
    house.sim["mk4"].set(temp_nozzle=111.0)
    message = listener.wait(f"{BASE}/mk4/nozzle/temperature", "111.0")
    assert message.retain
    assert f"{BASE}/mk4/nozzle/temperature" in house.watcher.retained()


def test_an_ended_print_leaves_no_value_behind(house):
    printer = house.add("mk4")
    printer.start_print(duration=100_000)
    printer.advance(30_000)
    house.run()
    house.wait("mk4", "job/progress", "30")
    mark = house.watcher.mark
    printer.finish()
    for field in ("job/id", "job/progress", "job/name", "job/time_remaining", "job/finishes_at", "job/started_at"):
        house.wait("mk4", field, "None", mark)
    house.wait("mk4", "state", "finished", mark)
    document = house.watcher.wait(f"{BASE}/mk4", lambda t: '"finished"' in t, mark).json
    assert "job" not in document


def test_what_the_printer_leaves_out_is_none_and_never_zero(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=20.0, fan_print=0)
    house.run()
    assert house.value("mk4", "fan/print") == "0"
    mark = house.watcher.mark
    printer.set(temp_nozzle=None, fan_print=None, axis_z=None)
    for field in ("nozzle/temperature", "fan/print", "axis/z"):
        assert house.wait("mk4", field, after=mark).text == "None"
    mark = house.watcher.mark
    printer.set(temp_nozzle=21.5)
    assert house.wait("mk4", "nozzle/temperature", after=mark).text == "21.5"


def test_nan_is_absent(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=50.0)
    house.run()
    printer.fault("nan", path="/api/v1/status")
    house.wait("mk4", "nozzle/temperature", "None")
    assert house.value("mk4", "availability") == "online"


def test_an_invented_state_is_unknown_and_reported_once(house):
    printer = house.add("mk4")
    bridge = house.run()
    mark = house.watcher.mark
    printer.set(state="DANCING")
    assert house.wait("mk4", "state", after=mark).text == "None"
    assert house.value("mk4", "availability") == "online"
    polls(printer, 3)
    assert bridge.log.count("DANCING") == 1


def test_only_changes_are_published(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=215.0, target_nozzle=215.0, temp_bed=60.0, target_bed=60.0)
    house.run()
    house.wait("mk4", "storage/usb/available")
    house.watcher.wait(f"{BASE}/mk4", lambda t: "storage" in t)
    polls(printer, 1)
    mark = house.watcher.mark
    for noise in (215.3, 214.8, 215.4):
        printer.set(temp_nozzle=noise)
        polls(printer, 1)
    said = [m for m in house.watcher.since(mark, f"{BASE}/mk4/*") if "/poll/" not in m.topic]
    assert said == []
    printer.set(temp_nozzle=216.2)
    assert house.wait("mk4", "nozzle/temperature", after=mark).text == "216.2"


def test_times_hold_still_through_pause_and_attention(house):
    """time_printing stands still while it is paused: whoever reckons from it drifts with every poll."""
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    printer.advance(3600)
    house.run()
    started = house.wait("mk4", "job/started_at", TIME)
    printer.pause()
    house.wait("mk4", "state", "paused")
    polls(printer, 3)
    printer.resume()
    house.wait("mk4", "state", "printing", house.wait("mk4", "state", "paused"))
    printer.attention()
    house.wait("mk4", "state", "attention")
    assert house.wait("mk4", "job/finishes_at", "None")
    polls(printer, 2)
    printer.user_continues()
    back = house.wait("mk4", "state", "printing", house.wait("mk4", "state", "attention"))
    finishes = house.wait("mk4", "job/finishes_at", TIME, back)
    polls(printer, 1)
    values = [m.text for m in house.watcher.since(topic=f"{BASE}/mk4/job/started_at") if m.text != "None"]
    assert values == [started.text]
    assert len(house.watcher.since(finishes, f"{BASE}/mk4/job/finishes_at")) == 0


def test_attention_keeps_the_progress_of_the_job_on_a_pi(house):
    """The Pi says 0 % while it waits for a person."""
    printer = house.add("mk3", "pi")
    printer.start_print(duration=100_000)
    printer.advance(50_000)
    house.run()
    house.wait("mk3", "job/progress", "50")
    mark = house.watcher.mark
    printer.attention()
    house.wait("mk3", "state", "attention", mark)
    polls(printer, 2)
    assert [m.text for m in house.watcher.since(mark, f"{BASE}/mk3/job/progress")] == []


def test_the_progress_of_the_old_job_is_not_shown_for_the_new_one(house):
    """The first polls of a new job on a Pi may carry the old one's progress."""
    printer = house.add("mk3", "pi", finished=None)
    printer.start_print(duration=100_000)
    printer.advance(90_000)
    house.run()
    house.wait("mk3", "job/progress", "90")
    printer.finish()
    house.wait("mk3", "state", "finished")
    mark = house.watcher.mark
    printer.set(state="IDLE", progress=90, time_remaining=0)
    printer.start_print(duration=100_000)
    house.wait("mk3", "state", "printing", mark)
    polls(printer, 2)
    printer.release()
    house.wait("mk3", "job/progress", "0", mark)
    assert "90" not in [m.text for m in house.watcher.since(mark, f"{BASE}/mk3/job/progress")]


def test_names_are_clean_text_of_at_most_255_characters(house):
    printer = house.add("mk4")
    printer.add_file("/usb/" + "ü" * 300 + ".gcode", duration=1000)
    printer.start_print("/usb/" + "ü" * 300 + ".gcode", duration=1000)
    house.run()
    name = house.wait("mk4", "job/name", lambda t: t != "None").text
    assert len(name) == 255 and name.startswith("üü")
    mark = house.watcher.mark
    printer.fault("badutf8", path="/api/v1/job")
    printer.pause()     # the job is read again
    house.wait("mk4", "state", "paused", mark)
    message = house.wait("mk4", "job/name", after=mark)
    assert message.payload.decode("utf-8")
    assert not re.search(r"[\x00-\x1f\x7f]", message.text)


def test_an_unplugged_stick_is_told(house):
    printer = house.add("mk4")
    printer.storage_present("usb", False)
    house.run()
    assert house.wait("mk4", "storage/usb/available").text == "false"


def test_mapping_turns_fields_off_and_gives_them_other_topics(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=215.3, temp_bed=60.44, axis_x=None)
    house.run({"mapping": {"fields": {
        "message": False, "speed": False,
        "nozzle/temperature": {"topic": "home/{printer}/hotend", "decimals": 2, "retain": False},
        "bed/temperature": "home/bed",
        "storage/<name>/available": {"topic": "home/{printer}/drives/{name}", "qos": 1}},
        "custom": [{"key": "printer/zulu", "endpoint": "status", "pointer": "/printer/axis_z",
                    "quantity": "position"}]}})
    assert house.watcher.wait("home/mk4/hotend").text == "215.30"
    assert not house.watcher.wait("home/mk4/hotend").retain
    assert house.watcher.wait("home/bed").text == "60.4"
    assert house.watcher.wait("home/mk4/drives/usb").text == "true"
    assert house.wait("mk4", "printer/zulu").text == "50.0"
    for field in ("nozzle/temperature", "bed/temperature", "speed", "message"):
        assert house.value("mk4", field) is None, field
    document = house.watcher.wait(f"{BASE}/mk4").json
    assert document["nozzle"]["temperature"] == 215.3 and "speed" not in document
    assert "home/mk4/hotend" not in house.watcher.retained()


def test_absent_clear_empties_the_topic(house):
    printer = house.add("mk4")
    printer.set(temp_nozzle=100.0)
    house.run({"mapping": {"absent": "clear"}})
    assert f"{BASE}/mk4/nozzle/temperature" in house.watcher.retained()
    mark = house.watcher.mark
    printer.set(temp_nozzle=None)
    assert house.wait("mk4", "nozzle/temperature", after=mark).text == ""
    assert f"{BASE}/mk4/nozzle/temperature" not in house.watcher.retained()
    assert "None" not in [m.text for m in house.watcher.since(topic=f"{BASE}/mk4/*")]


def test_the_json_topic_can_be_switched_off(house):
    house.add("mk4")
    house.run({"json": False})
    polls(house.sim["mk4"], 2)
    assert house.watcher.last(f"{BASE}/mk4") is None


def test_a_topic_rule_of_ones_own_moves_all_fields_but_not_availability(house):
    house.add("mk4")
    house.bridge({"mqtt": {"base_topic": "farm"}, "mapping": {"topic": "values/{printer}/{field}"}})
    house.watcher.wait("farm/mk4/availability", "online")
    assert house.watcher.wait("values/mk4/state").text == "idle"
    assert not house.watcher.since(topic=f"{BASE}/*")
    assert house.watcher.wait("farm/bridge/state", "online")
