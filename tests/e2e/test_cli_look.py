"""Words that look at a printer."""
import re

import pytest
from harness.terminal import Terminal

COLOUR = "\x1b["


@pytest.fixture(params=["buddy", "pi"])
def printer(request, empty_house):
    return empty_house.add("mk", request.param, **({"username": "anna"} if request.param == "pi" else {}))


@pytest.fixture
def desk(empty_house, printer, tmp_path):
    return Terminal(tmp_path, empty_house)


def printing(printer):
    printer.start_print(duration=4000)
    printer.advance(1000)


def test_status_of_a_print(desk, printer):
    printing(printer)
    printer.set(temp_nozzle=214.96, target_nozzle=215.0, temp_bed=59.5, target_bed=60.0, time_remaining=1439, progress=64)
    text = desk("status", "mk").out
    assert re.search(r"^State +printing$", text, re.M)
    assert re.search(r"^Nozzle +215\.0 / 215 °C$", text, re.M) and re.search(r"^Bed +59\.5 / 60 °C$", text, re.M)
    assert re.search(r"^Progress +█+.*░+  64 %   0h 23m left, done at (\d{4}-\d\d-\d\d )?\d\d:\d\d$", text, re.M)
    assert re.search(r"^File +\S+", text, re.M) and COLOUR not in text


def test_status_of_an_idle_printer_shows_no_job(desk, printer):
    text = desk("status", "mk").out
    assert re.search(r"^State +idle$", text, re.M) and "Progress" not in text and "File" not in text


def test_status_as_json_has_the_keys_of_the_topics(desk, printer):
    printing(printer)
    status = desk("status", "mk", "--json").json
    assert status["printer"] == "mk" and status["online"] is True and status["state"] == "printing"
    assert status["nozzle"].keys() == {"temperature", "target"} and status["job"]["id"] == printer.job_id
    assert isinstance(status["job"]["progress"], (int, float)) and status["job"]["name"]


def test_status_asks_only_for_what_there_is(desk, printer):
    for job in ([], ["/api/v1/job"]):
        printer.reset_counters()
        desk("status", "mk")
        assert [r.target for r in printer.requests if r.authenticated] == ["/api/version", "/api/v1/status", *job]
        assert printer.unauthorized == 1 and printer.max_in_flight == 1
        printing(printer)


def test_colours_only_on_a_terminal(desk, printer):
    status, seen = desk.screen("status", "mk")
    assert status == 0 and COLOUR in seen
    desk.env["NO_COLOR"] = "1"
    assert COLOUR not in desk.screen("status", "mk")[1]


def test_a_table_of_all_printers_asked_at_once(empty_house, tmp_path):
    for number in range(6):
        empty_house.add(f"p{number}").fault("slow", path="/api/v1/status", delay=5.0)
    empty_house.add("dead").off()
    desk = Terminal(tmp_path, empty_house)
    answer = desk("status", status=1)
    assert answer.lines[0].split() == ["PRINTER", "STATE", "NOZZLE", "BED", "PROGRESS", "LEFT", "FILE"]
    assert [line.split()[:2] for line in answer.lines[1:7]] == [[f"p{n}", "idle"] for n in range(6)]
    assert answer.lines[7].split()[:3] == ["dead", "offline", "connection"]
    assert answer.err == "printer2mqtt: 1 of 7 printers did not answer\n"
    together = [r.time for p in empty_house.sim.printers.values() for r in p.requests if r.target == "/api/v1/status"]
    assert max(together) - min(together) < 5.0      # none waited for another's answer


def test_all_printers_as_json(empty_house, tmp_path):
    empty_house.add("mk4")
    empty_house.add("dead").off()
    desk = Terminal(tmp_path, empty_house)
    first, second = desk("status", "--json", status=1).json
    assert (first["printer"], first["online"], first["state"]) == ("mk4", True, "idle")
    assert second["printer"] == "dead" and second["online"] is False and "refused" in second["error"]
    assert "state" not in second


def test_printers_that_are_switched_off_in_the_file_are_not_in_the_table(empty_house, tmp_path):
    empty_house.add("mk4")
    empty_house.add("stored", configured={"enabled": False})
    desk = Terminal(tmp_path, empty_house)
    assert len(desk("status").lines) == 2
    assert "idle" in desk("status", "stored").out


def test_job(desk, printer):
    assert desk("job", "mk").out == "nothing is being printed\n"
    assert "job" not in desk("job", "mk", "--json").json
    printing(printer)
    printer.set(time_printing=1000)
    text = desk("job", "mk").out
    assert re.search(rf"^Job id +{printer.job_id}$", text, re.M) and re.search(r"^Time printing +0h 16m$", text, re.M)
    assert desk("job", "mk", "--json").json["job"]["id"] == printer.job_id


def test_info_and_version(desk, printer):
    text = desk("info", "mk").out
    assert printer.serial in text and "0.40 mm" in text
    info = desk("info", "mk", "--json").json["info"]
    assert info["serial"] == printer.serial and info["nozzle_diameter"] == 0.4
    version = desk("version", "mk", "--json").json["info"]
    assert version["api"] == "2.0.0" and "serial" not in version
    assert "API version" in desk("version", "mk").out


def test_storage(desk, printer):
    text = desk("storage", "mk").out
    if printer.profile == "buddy":
        assert re.search(r"^/usb +present +writable$", text, re.M)
        printer.storage_present("usb", False)
        assert re.search(r"^/usb +absent", desk("storage", "mk").out, re.M)
    else:
        assert re.search(r"^/local +present +writable +\d+\.\d GB +\d+\.\d GB$", text, re.M)
        assert desk("storage", "mk", "--json").json["storage"]["sdcard"]["read_only"] is True


def test_transfer(desk, printer):
    assert desk("transfer", "mk").out == "nothing is being transferred\n"


def test_legacy_shows_what_the_printer_says(desk, printer):
    text = desk("legacy", "mk").out
    assert re.search(r"^temperature\.tool0\.actual  25$", text, re.M) and "state.text  Operational" in text
    both = desk("legacy", "mk", "--json").json
    assert both["printer"]["temperature"]["bed"]["target"] == 0 and both["job"]["state"] == "Operational"


def test_an_answer_that_is_none_is_a_failure_in_one_sentence(desk, printer):
    printer.override("/api/v1/status", body=b"<html>")
    assert "status" in desk.fails("status", "mk")
    printer.clear()
    printer.override("/api/v1/storage", status=500)
    assert "500" in desk.fails("storage", "mk")
    printer.override("/api/printer", status=404)
    assert "404" in desk.fails("legacy", "mk")


def test_a_closed_pipe_is_a_failure(desk, printer):
    import subprocess
    command = subprocess.list2cmdline(desk.command("status", "mk"))
    done = subprocess.run(["bash", "-c", f"{command} >/dev/full"], env=desk.env, capture_output=True, text=True)
    assert done.returncode == 1 and "stdout" in done.stderr
