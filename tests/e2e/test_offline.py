"""A printer that goes and comes back: what is said, in which order, how often it is asked."""
import re

import pytest

from harness import BASE, asked_each_second, polls, status_times
from harness.process import until


def go_off(house, name="mk4"):
    """Switch it off; returns the message that it is offline."""
    mark = house.watcher.mark
    house.sim[name].off()
    return house.wait(name, "availability", "offline", mark)


def test_offline_is_availability_first_then_none_in_every_field_of_the_printer(house):
    printer = house.add("mk4")
    printer.start_print(duration=1000)
    printer.advance(300)
    house.run()
    house.wait("mk4", "job/name", lambda t: t != "None")
    house.wait("mk4", "has/job/thumbnail", "online")
    mark = house.watcher.mark
    offline = go_off(house)
    for field in ("state", "nozzle/temperature", "bed/target", "job/id", "job/progress", "job/name",
                  "job/started_at", "job/finishes_at", "storage/usb/available", "speed", "fan/print"):
        assert house.wait("mk4", field, after=offline).text == "None", field
    told = [m.topic.removeprefix(f"{BASE}/mk4/") for m in house.watcher.since(mark, f"{BASE}/mk4/*")
            if m.number < offline.number]
    assert [t for t in told if not t.startswith(("poll/", "job/", "nozzle/", "bed/", "axis/"))] == []


def test_offline_keeps_info_and_the_health_of_polling(house):
    printer = house.add("mk4")
    house.run()
    house.wait("mk4", "info/serial", printer.serial)
    house.wait("mk4", "info/hostname", "mk4")
    offline = go_off(house)
    house.wait("mk4", "state", "None", offline)
    house.wait("mk4", "poll/error", re.compile(".*refused.*"))
    house.watcher.wait(f"{BASE}/mk4", after=offline)
    assert house.value("mk4", "info/serial") == printer.serial
    assert house.value("mk4", "info/hostname") == "mk4"
    assert house.value("mk4", "poll/last_success") != "None"
    assert int(house.value("mk4", "poll/failures")) >= 2
    assert "state" not in house.watcher.last(f"{BASE}/mk4").json


def test_offline_takes_the_orders_away_but_refresh(house):
    house.add("mk4")
    house.run()
    house.wait("mk4", "can/print", "online")
    offline = go_off(house)
    house.wait("mk4", "can/print", "offline", offline)
    assert house.value("mk4", "can/refresh") == house.value("mk4", "can/set_poll_interval") == "online"
    assert house.value("mk4", "can/pause") == "offline"


@pytest.mark.parametrize("kind", ["close", "error", "broken"])
def test_one_missed_poll_is_not_a_word_worth(house, kind):
    printer = house.add("mk4")
    bridge = house.run()
    polls(printer, 1)
    mark = house.watcher.mark
    printer.fault(kind, path="/api/v1/status", count=1)
    # Closed connections are tried again at once by the HTTP edge; the other two are answers.
    polls(printer, 3)
    assert house.watcher.since(mark, f"{BASE}/mk4/availability") == []
    assert house.watcher.since(mark, f"{BASE}/mk4/state") == []
    assert "offline" not in bridge.log


def test_return_says_the_fields_first_then_availability(house):
    printer = house.add("mk4")
    house.run()
    offline = go_off(house)
    house.wait("mk4", "state", "None", offline)
    mark = house.watcher.mark
    printer.set(temp_nozzle=77.0)
    printer.on()
    online = house.wait("mk4", "availability", "online", mark)
    before = {m.topic.removeprefix(f"{BASE}/mk4/") for m in house.watcher.since(mark, f"{BASE}/mk4/*")
              if m.number < online.number}
    assert {"state", "nozzle/temperature"} <= before
    assert house.value("mk4", "state") == "idle" and house.value("mk4", "nozzle/temperature") == "77.0"
    assert house.wait("mk4", "poll/error", after=offline)
    house.wait("mk4", "storage/usb/available", "true", mark)


def test_it_is_logged_once_when_off_and_once_when_back(house):
    printer = house.add("mk4")
    bridge = house.run()
    offline = go_off(house)
    until("some tries", lambda: int(house.value("mk4", "poll/failures") or 0) >= 4)
    printer.on()
    house.wait_online("mk4", after=offline)
    assert bridge.log.count("mk4: offline") == 1
    assert bridge.log.count("mk4: online again") == 1
    warning = house.watcher.wait(f"{BASE}/bridge/log", lambda t: "offline" in t).json
    assert warning["level"] == "warning" and warning["printer"] == "mk4"


def test_a_changed_password_is_offline_at_once_and_says_what_to_do(house):
    printer = house.add("mk4")
    bridge = house.run()
    mark = house.watcher.mark
    printer.set_password("another one")
    printer.reboot()
    house.wait("mk4", "availability", "offline", mark)
    row = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: '"online":false' in t.replace(" ", ""), mark).json[0]
    assert "401" in row["error"] and "password" in row["remedy"]
    assert "password" in bridge.log
    # The next try comes after a minute, unless somebody asks.
    asked = len(status_times(printer))
    printer.set_password(house.config["printers"]["mk4"]["password"])
    answers = house.watcher.order("mk4", "refresh")
    assert answers.final()["status"] == "done"
    house.wait_online("mk4", after=mark)
    assert len(status_times(printer)) > asked


def test_a_password_refused_is_not_tried_again_for_a_minute(house):
    printer = house.add("mk4", configured={"password": "wrong"})
    witness = house.add("witness")
    house.bridge()
    house.wait("mk4", "state", "None")
    asked = len(printer.requests)
    assert asked <= 4
    polls(witness, 4)
    assert len(printer.requests) == asked


def test_back_off_grows_while_it_fails(house):
    house.config["defaults"] = {"poll": {"idle": "1s", "offline": "500ms", "offline_max": "2s"}}
    printer = house.add("mk4")
    printer.fault("error", path="/api/v1/status", status=503)
    house.bridge()
    house.wait("mk4", "state", "None")
    printer.wait_for(lambda p: len(status_times(p)) >= 7, timeout=30)
    times = status_times(printer)
    # The first one is asked twice, for the challenge; then the second try, 0.5, 1, 2, 2 s.
    gaps = [b - a for a, b in zip(times, times[1:])][2:]
    assert gaps[0] >= 0.4 and gaps[1] >= 0.9 and gaps[2] >= 1.9 and gaps[3] >= 1.9


def test_an_idle_printer_is_asked_less_often_than_a_printing_one(house):
    house.config["defaults"] = {"poll": {"printing": "1s", "idle": "3s"}}
    idle, printing = house.add("idle"), house.add("printing")
    printing.start_print(duration=36000)
    house.run()
    house.wait("printing", "state", "printing")
    for printer in (idle, printing):
        printer.reset_counters()
    with house.sim.lateness() as late:
        idle.wait_for(lambda p: len(status_times(p)) >= 3)
    first, _, third = status_times(idle)[:3]
    assert len([t for t in status_times(printing) if first - 1 < t < third + 1]) >= 4
    assert third - first > 5.5 - late()


def test_no_endpoint_is_asked_more_than_once_a_second(house):
    """Also while much happens: the job begins, pauses, changes."""
    house.config["defaults"] = {"poll": {"printing": "500ms", "idle": "500ms"}}
    printer = house.add("mk4")
    house.run()
    house.wait("mk4", "storage/usb/available")
    polls(printer, 1)
    printer.reset_counters()
    with house.sim.lateness() as late:
        for change in ({"state": "PRINTING"}, {"state": "PAUSED"}, {"state": "PRINTING"}, {"state": "FINISHED"}):
            printer.set(**change)
            polls(printer, 1)
    by_target = {}
    for request in printer.requests:
        by_target.setdefault(request.target, []).append(request.time)
    assert len(by_target["/api/v1/job"]) >= 2
    for target, times in by_target.items():
        assert all(b - a > 0.95 - late() for a, b in zip(times, times[1:])), (target, times)
        assert times[-1] - times[0] > 0.95 * (len(times) - 1) - late(), (target, times)


def test_a_dead_or_hanging_printer_delays_nobody(house):
    for name, kind in (("off", "refuse"), ("silent", "hang"), ("hole", "blackhole"), ("slow", "drip")):
        house.add(name, configured={"timeout": "2s"}).fault(kind)
    well = house.add("well")
    house.bridge()
    house.wait_online("well")
    polls(well, 6)
    assert asked_each_second(well)
    for name in ("off", "silent", "hole"):
        house.wait(name, "state", "None")
    for name in ("off", "silent", "hole"):
        house.sim[name].heal()
    house.wait_online("off", "silent", "hole")


def test_set_poll_interval_is_an_order_of_its_own(house):
    printer = house.add("mk4")
    house.run()
    answer = house.watcher.order("mk4", "set_poll_interval", "30").final()
    assert answer["status"] == "done"
    assert house.value("mk4", "poll/interval") == "30"
    polls(printer, 1)
    asked = len(status_times(printer))
    # Slow now; but a refresh asks at once.
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"
    assert len(status_times(printer)) == asked + 1
    assert house.watcher.order("mk4", "set_poll_interval", "0.1").final()["code"] == "invalid"


def test_a_printer_that_is_slower_than_its_polls_is_read_all_the_same(house):
    """Each second a poll is due, and each answer takes longer."""
    house.add("mk4").fault("slow", delay=1.1)
    house.run()
    house.watcher.wait("homeassistant/device/*/config", lambda t: f"{BASE}/mk4/state" in t)
    house.wait("mk4", "storage/*", "true")
    house.wait("mk4", "files/list", lambda t: "box.gcode" in t)
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"


def test_also_while_a_file_is_sent_to_it(house):
    """That is looked at with each poll, too."""
    printer = house.add("mk4")
    printer.start_print("/usb/box.gcode", duration=36000)
    printer.foreign_transfer(transferred=1000)
    printer.fault("slow", delay=1.1)
    house.run()
    house.watcher.wait("homeassistant/device/*/config", lambda t: f"{BASE}/mk4/state" in t)
    house.wait("mk4", "storage/*", "true")
    house.wait("mk4", "job/thumbnail", printer.file("/usb/box.gcode").thumbnails[220, 124])
    house.wait("mk4", "transfer/transferred", "1000")
