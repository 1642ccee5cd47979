"""Orders from the command line: done when the printer shows it, refused in one sentence with the remedy."""
import pytest
from harness.terminal import Terminal


@pytest.fixture(params=["buddy", "pi"])
def printer(request, empty_house):
    options = {"username": "anna"} if request.param == "pi" else {}
    return empty_house.add("mk", request.param, pausing=0.1, resuming=0.1, aborting=0.1, starting=0.1, **options)


@pytest.fixture
def desk(empty_house, printer, tmp_path):
    return Terminal(tmp_path, empty_house)


def start(printer):
    printer.start_print(duration=36000)
    printer.advance(600)


def test_pause_resume_and_cancel(desk, printer):
    start(printer)
    assert desk("pause", "mk").out == "mk: the printer is now paused\n" and printer.state == "PAUSED"
    assert desk("resume", "mk").out == "mk: the printer is now printing\n" and printer.state == "PRINTING"
    assert desk("cancel", "mk").out == "mk: the printer is now stopped\n" and printer.state == "STOPPED"
    assert [name for name, _ in printer.orders] == ["pause", "resume", "cancel"]


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_an_order_waits_until_the_effect_shows(empty_house, tmp_path, profile):
    printer = empty_house.add("mk", profile, aborting=1.0, **({"username": "anna"} if profile == "pi" else {}))
    start(printer)
    answer = Terminal(tmp_path, empty_house)("cancel", "mk", "--json").json
    assert (answer["command"], answer["status"], answer["final"]) == ("cancel", "done", True)
    assert (answer["state_before"], answer["state_after"]) == ("printing", "stopped")
    assert answer["took_ms"] >= 900 and answer["job_id"] == printer.job_id


@pytest.mark.parametrize("word, sentence", [("pause", "nothing is being printed"), ("resume", "nothing is being printed"),
                                            ("cancel", "nothing is being printed")])
def test_an_order_that_makes_no_sense_is_refused_and_not_sent(desk, printer, word, sentence):
    assert sentence in desk.fails(word, "mk")
    assert printer.orders == []


def test_the_state_is_told_when_it_forbids_the_order(desk, printer):
    start(printer)
    assert "only be ordered while the printer is paused; it is printing" in desk.fails("resume", "mk")
    refused = desk("resume", "mk", "--json", status=1)
    assert refused.json["code"] == "conflict" and refused.err.count("\n") == 1


def test_print_by_full_and_by_short_path(desk, printer):
    storage = "usb" if printer.profile == "buddy" else "local"
    printer.add_file(f"/{storage}/new box.gcode", duration=36000)
    assert "printing" in desk("print", "mk", f"/{storage}/new box.gcode").out
    desk("cancel", "mk")
    printer.advance(20)
    assert "printing" in desk("print", "mk", "new box.gcode").out
    assert [name for name, _ in printer.orders] == ["print", "cancel", "print"]


def test_print_of_what_is_not_there(desk, printer):
    assert "no such file" in desk.fails("print", "mk", "none.gcode")
    assert ".." in desk.fails("print", "mk", "/usb/../x.gcode" if printer.profile == "buddy" else "/local/../x.gcode")


def test_continue_says_that_this_firmware_cannot(desk, printer):
    start(printer)
    printer.attention()
    if printer.profile == "buddy":
        assert "answer the question at the printer" in desk.fails("continue", "mk")


def test_any_order_of_the_bridge(empty_house, tmp_path):
    printer = empty_house.add("mk3", "pi", username="anna")
    desk = Terminal(tmp_path, empty_house)
    printer.add_camera("Front")
    answer = desk("order", "mk3", "camera_list").out
    assert answer.startswith("mk3: ") and "Front" in answer
    assert desk("order", "mk3", "list_files", "/local", "--json").json["status"] == "done"
    start(printer)
    assert desk("order", "mk3", "pause", '{"value": "PRESS", "transaction": "t1"}', "--json").json["transaction"] == "t1"
    assert "not the current one" in desk.fails("order", "mk3", "resume", '{"job_id": 7}')
    assert "no command is called pauze" in desk.fails("order", "mk3", "pauze")
    assert "\x1b" not in desk.fails("order", "mk3", "pau\x1bze")


@pytest.mark.parametrize("words, sentence", [
    (["upload", "box.gcode"], "printer2mqtt upload sends a file"),
    (["upload", '{"file": "box.gcode"}'], "printer2mqtt upload sends a file"),
    (["snapshot"], "printer2mqtt snap stores a picture"), (["set_poll_interval", "9"], "send it over MQTT"),
    (["select_file", "/local/box.gcode"], "printer2mqtt print"), (["print_selected"], "printer2mqtt print"),
    (["reprint"], "printer2mqtt print")])
def test_what_only_a_running_bridge_can_keep_is_refused(empty_house, tmp_path, words, sentence):
    (tmp_path / "box.gcode").write_text("G28\n")
    printer = empty_house.add("mk", "pi", configured={"uploads": {"directory": str(tmp_path)}})
    assert sentence in Terminal(tmp_path, empty_house).fails("order", "mk", *words)
    assert printer.orders == []


def test_an_order_tells_what_it_was_about(desk, printer):
    folder = "/usb/new" if printer.profile == "buddy" else "/local/new"
    assert desk("order", "mk", "create_folder", folder).out == f"mk: {folder} is made\n"
    assert desk("order", "mk", "delete", folder).out == f"mk: {folder} is deleted\n"


def test_read_only_in_the_file_holds_here_too(empty_house, tmp_path):
    printer = empty_house.add("mk", configured={"read_only": True})
    start(printer)
    assert "read_only" in Terminal(tmp_path, empty_house).fails("pause", "mk")
    assert printer.orders == []


def test_a_terminal_is_told_what_is_waited_for(desk, printer):
    start(printer)
    status, seen = desk.screen("pause", "mk")
    assert status == 0 and "took the order; waiting until it shows" in seen and "now paused" in seen


def test_a_stale_login_does_not_send_the_order_twice(empty_house, tmp_path):
    printer = empty_house.add("mk", pausing=0.1)
    start(printer)
    printer.fault("error", path="/api/v1/job/*/pause", status=401, count=1)
    Terminal(tmp_path, empty_house)("pause", "mk")
    assert [name for name, _ in printer.orders] == ["pause"]
