"""wait and monitor: words that stay."""
import json
import re
import signal

import pytest
from harness.process import PATIENCE, until
from harness.terminal import Terminal


@pytest.fixture(params=["buddy", "pi"])
def printer(request, empty_house):
    options = {"username": "anna"} if request.param == "pi" else {}
    configured = {"poll": {"printing": "500ms", "idle": "500ms"}}
    return empty_house.add("mk", request.param, configured=configured, finishing=0.1, aborting=0.1, finished=None, **options)


@pytest.fixture
def desk(empty_house, printer, tmp_path):
    return Terminal(tmp_path, empty_house)


def start(printer):
    printer.start_print(duration=36000)
    printer.advance(600)


def watched(printer):
    """Somebody polls the running print."""
    printer.reset_counters()
    printer.wait_for(lambda p: sum(r.target == "/api/v1/status" for r in p.requests) >= 2)


def test_wait_when_nothing_is_printed(desk, printer):
    assert desk("wait", "mk").out == "mk: nothing is being printed\n"


@pytest.mark.parametrize("end, status, says", [("finish", 0, "Print finished"), ("user_cancels", 1, "Print cancelled")])
def test_wait_tells_how_the_print_ended(desk, printer, end, status, says):
    start(printer)
    with desk.started("wait", "mk") as process:
        watched(printer)
        getattr(printer, end)()
        out, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == status and says in (err if status else out)


def test_wait_of_a_print_that_is_over(desk, printer):
    start(printer)
    printer.finish()
    printer.wait_for(lambda p: p.state == "FINISHED")
    assert desk("wait", "mk").out == "mk: the print is finished\n"


def test_wait_goes_on_while_the_printer_is_away(desk, printer):
    start(printer)
    with desk.started("wait", "mk", "--json") as process:
        watched(printer)
        printer.off()
        with pytest.raises(TimeoutError):
            printer.wait_for(lambda p: process.poll() is not None, timeout=2.5)
        printer.on()
        watched(printer)
        printer.finish()
        out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and json.loads(out)["finished"] is True


def test_wait_that_is_interrupted_says_so(desk, printer):
    start(printer)
    with desk.started("wait", "mk") as process:
        watched(printer)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "interrupted; it still prints" in err


def test_monitor_writes_a_line_for_each_change(desk, printer):
    with desk.started("monitor", "mk") as process:
        assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d mk idle, nozzle 25\.0 °C, bed 24\.0 °C\n", process.stdout.readline())
        watched(printer)                    # nothing changed: no line
        start(printer)
        line = process.stdout.readline()
        assert re.search(r"mk (printing|attention|busy|idle)", line)
        while line and "printing" not in line:
            line = process.stdout.readline()
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 0 and err == ""


def test_monitor_as_json_lines(desk, printer):
    with desk.started("monitor", "mk", "--json") as process:
        first = json.loads(process.stdout.readline())
        printer.off()
        while json.loads(process.stdout.readline())["online"]:
            pass
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=PATIENCE)
    assert first["printer"] == "mk" and first["state"] == "idle" and process.returncode == 0


def test_monitor_of_all_printers_shows_those_that_are_off(empty_house, printer, tmp_path):
    empty_house.add("dead").off()
    with Terminal(tmp_path, empty_house).started("monitor") as process:
        lines = {process.stdout.readline().split()[2] for _ in range(2)}
    assert lines == {"mk", "dead"}


def test_monitor_on_a_terminal_is_drawn_in_place_and_ends_with_ctrl_c(desk, printer):
    start(printer)
    status, seen = desk.screen("monitor", "mk", until=r"printing(?s:.)*\x1b\[\d+A\r", interrupt=True)
    assert status == 0 and "\x1b[?25l" in seen and seen.rstrip().endswith("\x1b[?25h")
    assert re.search(r"State.*printing", seen) and re.search(r"░\x1b\[0m +\d+ %", seen)


def test_a_narrow_terminal_does_not_break_lines(desk, printer):
    start(printer)
    _, seen = desk.screen("monitor", "mk", until=r"\x1b\[\d+A\r", interrupt=True, columns=24)
    for line in re.split(r"\r?\n", re.sub(r"\x1b\[[?0-9]*[A-Za-z]", "", seen)):
        assert len(line.split("\r")[-1].replace("^C", "")) <= 24


def test_wait_shows_progress_on_a_terminal_only(desk, printer):
    start(printer)
    status, seen = desk.screen("wait", "mk", until=r"mk printing \d+ %", interrupt=True)
    assert status == 1 and "interrupted" in seen


def test_nobody_is_left_behind(desk, printer):
    with desk.started("monitor", "mk") as process:
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)
    until("connections are closed", lambda: printer.open_connections == 0)
