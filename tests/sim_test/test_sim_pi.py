"""PrusaLink 0.8.1 on a Raspberry Pi, as seen on the real one."""
import json

import pytest
from sim_raw import Client, ask, status, still


def printing(pi, seconds=0, **more):
    pi.start_print("/local/dig.gcode", duration=1000, **more)
    pi.advance(seconds)


def test_http_1_0_and_one_request_per_connection(pi):
    with Client(pi) as client:
        answer = client.ask("GET", "/api/v1/status", {"Connection": "keep-alive"})
        assert answer.first == "HTTP/1.0 200 OK" and client.closed()
        assert list(answer.headers) == ["Date", "Server", "X-Powered-By", "Content-Type", "Content-Length"]


def test_json_has_blanks(pi):
    assert ask(pi, "GET", "/api/v1/status").body == (
        b'{"storage": [{"path": "/local", "read_only": false, "free_space": 82707181568, "name": "PrusaLink gcodes"}, '
        b'{"path": "/sdcard", "read_only": true, "name": "SD Card"}], "printer": {"state": "IDLE", "temp_nozzle": 25.0, '
        b'"temp_bed": 24.0, "axis_z": 50.0, "flow": 100, "speed": 100, "fan_hotend": 0, "fan_print": 0, '
        b'"status_connect": {"ok": true, "message": "Connect isn\'t configured"}, '
        b'"status_printer": {"ok": true, "message": "OK"}, "target_nozzle": 0.0, "target_bed": 0.0, '
        b'"axis_x": 178.0, "axis_y": 205.0}}')


def test_version_and_info(pi):
    assert list(ask(pi, "GET", "/api/version?system=0").json) == [
        "api", "server", "original", "text", "firmware", "sdk", "capabilities", "hostname"]
    info = ask(pi, "GET", "/api/v1/info").json
    assert (info["hostname"], info["port"], info["serial"]) == ("connect.prusa3d.com", 0, "CZPX4720X004XC34242")


def test_start_503_then_busy_then_late_fields(sim):
    p = still(sim.add("p", "pi", boot_wait=5, serial_wait=3, late_wait=67))
    answer = ask(p, "GET", "/api/v1/status")
    assert answer.status == 503 and answer.body.startswith(b"Printer Unavailable.\n")
    p.advance(6)
    assert list(status(p)["printer"].items())[0] == ("state", "BUSY") and "speed" not in status(p)["printer"]
    assert ask(p, "GET", "/api/v1/info").json["serial"] is None
    version = ask(p, "GET", "/api/version").json
    assert (version["original"], version["firmware"]) == ("Unknown printer type", None)
    p.advance(3)
    assert list(status(p)["printer"]) == ["state", "flow", "speed", "status_connect", "status_printer"]
    assert ask(p, "GET", "/api/v1/info").json["serial"] == p.serial
    assert ask(p, "GET", "/api/printer").json["temperature"]["bed"] == {"actual": None, "target": None}
    p.advance(67)
    assert status(p)["printer"]["temp_nozzle"] == 25.0


def test_printing(pi):
    printing(pi, 125)
    document = status(pi)
    assert document["job"] == {"id": 8, "progress": 12.0, "time_remaining": 875, "time_printing": 120}
    assert "axis_x" not in document["printer"]
    job = ask(pi, "GET", "/api/v1/job").json
    assert list(job) == ["file", "id", "state", "progress", "time_remaining", "time_printing", "inaccurate_estimates"]
    assert job["file"]["path"] == "/PrusaLink gcodes/dig.gcode"
    assert job["file"]["refs"] == {"download": "/api/files/local/PrusaLink gcodes/dig.gcode/raw", "icon": None,
                                   "thumbnail": "/api/thumbnails/PrusaLink gcodes/dig.gcode.orig.png"}
    assert job["file"]["meta"]["estimated_print_time"] == 754


def test_time_printing_is_absent_while_zero(pi):
    printing(pi, 5)
    assert "time_printing" not in status(pi)["job"]
    assert ask(pi, "GET", "/api/v1/job").json["time_printing"] == 0


def test_job_shows_nulls(pi):
    printing(pi, estimates=False)
    job = ask(pi, "GET", "/api/v1/job").json
    assert job["time_remaining"] is None and job["inaccurate_estimates"] is True


def test_attention_loses_progress_and_times(pi):
    printing(pi, 125)
    pi.attention()
    assert status(pi)["job"] == {"id": 8, "progress": 0.0}
    job = ask(pi, "GET", "/api/v1/job").json
    assert (job["progress"], job["time_remaining"], job["time_printing"], job["inaccurate_estimates"]) == (0.0, None, 0, None)
    pi.user_continues()
    assert status(pi)["job"]["progress"] == 12.0


def test_paused_keeps_them(pi):
    printing(pi, 125)
    pi.pause()
    pi.advance(1)
    assert status(pi)["job"]["progress"] == 12.0 and status(pi)["printer"]["axis_x"] is not None


def test_first_poll_of_a_new_job_has_the_old_progress(pi):
    printing(pi, 900)
    ask(pi, "DELETE", "/api/v1/job/8")
    pi.advance(12)
    assert ask(pi, "POST", "/api/v1/files/local/dig.gcode").status == 204
    pi.advance(0.2)
    assert status(pi)["job"] == {"id": 9, "progress": 90.0, "time_remaining": 0}
    pi.advance(1)
    assert status(pi)["job"]["progress"] == 0.0


@pytest.mark.parametrize("end, state", [(lambda p: p.finish(), "FINISHED"), (lambda p: p.user_cancels(), "STOPPED")])
def test_ends_last_11_s_without_job_and_refuse_a_print(pi, end, state):
    printing(pi, 10)
    end(pi)
    pi.advance(0.2)
    assert status(pi)["printer"]["state"] == state and "job" not in status(pi)
    answer = ask(pi, "POST", "/api/v1/files/local/dig.gcode", headers={"Accept": "application/json"})
    assert answer.status == 409 and answer.json["title"] == "Not in state to print"
    pi.advance(10)
    assert pi.state == state
    pi.advance(1)
    assert pi.state == "IDLE"
    assert ask(pi, "POST", "/api/v1/files/local/dig.gcode").status == 204


def test_order_rules(pi):
    assert ask(pi, "PUT", "/api/v1/job/7/pause").status == 409
    printing(pi)
    assert ask(pi, "PUT", "/api/v1/job/8/resume").status == 409
    assert ask(pi, "PUT", "/api/v1/job/8/pause").status == 204
    assert pi.state == "PRINTING"       # until it is reached
    pi.advance(0.2)
    assert pi.state == "PAUSED"
    assert ask(pi, "PUT", "/api/v1/job/8/pause").status == 409
    pi.attention()
    assert ask(pi, "DELETE", "/api/v1/job/8").status == 409
    pi.user_continues()
    assert ask(pi, "DELETE", "/api/v1/job/8").status == 204
    assert pi.orders == [("pause", 8), ("cancel", 8)]


@pytest.mark.parametrize("target, code", [("8/continue", 204), ("8/dance", 204), ("99/pause", 404), ("abc/pause", 404)])
def test_odd_commands(pi, target, code):
    printing(pi)
    assert ask(pi, "PUT", f"/api/v1/job/{target}").status == code
    assert pi.orders == [] and pi.state == "PRINTING"


def test_error_bodies(pi):
    text = ask(pi, "PUT", "/api/v1/job/99/pause")
    where = f"http://{pi.host}/error/not-found"
    assert text.headers["Content-Location"] == where
    assert text.body == f"Not Current Job\nGiven job id does not belong to current job\n\n\nSee: {where}".encode()
    answer = ask(pi, "PUT", "/api/v1/job/99/pause", headers={"Accept": "text/html, application/json"})
    assert answer.json == {"title": "Not Current Job", "message": "Given job id does not belong to current job", "url": where}
    assert b"404 - Page Not Found" in ask(pi, "PUT", "/api/v1/job/abc/pause").body


def test_no_route_needs_no_credentials(pi):
    assert ask(pi, "GET", "/api/v1/nothing", key=None).status == 404
    assert ask(pi, "POST", "/api/v1/status", key=None).status == 405
    assert ask(pi, "HEAD", "/api/v1/files/local/dig.gcode", key=None).status == 200
    assert ask(pi, "GET", "/api/v1/status?x=1").status == 200


def test_unknown_methods_are_taken_for_get(pi):
    assert ask(pi, "BREW", "/api/v1/status").status == 200
    assert ask(pi, "HEAD", "/api/v1/status").status == 200
    assert ask(pi, "PATCH", "/api/v1/status").status == 405
    assert "Instance-ID" in ask(pi, "HEAD", "/", key=None).headers


def test_error_state(pi):
    printing(pi, 5)
    pi.set(state="ERROR")
    document = status(pi)
    assert document["printer"]["status_printer"] == {"ok": False, "message": "Firmware detected a hardware issue"}
    assert "job" not in document


def test_ready(pi):
    assert ask(pi, "DELETE", "/api/printer/ready").status == 409
    assert ask(pi, "POST", "/api/printer/ready").status == 200
    assert pi.state == "READY" and ask(pi, "GET", "/api/printer").json["state"]["flags"]["prepared"] is False
    assert ask(pi, "DELETE", "/api/printer/ready").status == 500


def test_storages(pi):
    local, card = ask(pi, "GET", "/api/v1/storage").json["storage_list"]
    assert (local["path"], local["print_files"], card["print_files"]) == ("/local", 76364, 3400)
    pi.storage_present("sdcard", False)
    card = ask(pi, "GET", "/api/v1/storage").json["storage_list"][1]
    assert card == {"type": "SDCARD", "path": "/sdcard", "available": False}


def test_files(pi):
    folder = ask(pi, "GET", "/api/v1/files/local")
    assert folder.json["children"][1]["display_name"] == "a b.gcode" and folder.headers["Read-Only"] == "False"
    assert ask(pi, "GET", "/api/v1/files/local", headers={"If-None-Match": folder.headers["ETag"]}).status == 304
    file_ = ask(pi, "GET", "/api/v1/files/local/a%20b.gcode").json
    assert file_["meta"] == {"estimated_print_time": None} and file_["size"] == 3400
    assert ask(pi, "GET", "/api/v1/files/usb").status == 404
    assert ask(pi, "DELETE", "/api/v1/files/sdcard/x.gcode").status == 409


def test_card_print(pi):
    assert ask(pi, "POST", "/api/v1/files/sdcard/on%20the%20card.gcode").status == 204
    file_ = ask(pi, "GET", "/api/v1/job").json["file"]
    assert file_["path"] == "/SD Card/on the card.gcode" and file_["refs"]["download"] is None


def test_vanished_file_is_a_500(pi):
    printing(pi)
    pi.remove_file("/local/dig.gcode")
    assert ask(pi, "GET", "/api/v1/job").status == 500


def test_update(pi):
    answer = ask(pi, "GET", "/api/v1/update/prusalink")
    assert (answer.status, answer.headers["Update-Available"]) == (204, "False")
    pi.set(update="0.9.0")
    assert ask(pi, "GET", "/api/v1/update/prusalink").json == {"new_version": "0.9.0"}
    assert [ask(pi, "GET", f"/api/v1/update/{e}").status for e in ("system", "x")] == [501, 400]


def test_legacy(pi):
    assert ask(pi, "GET", "/api/job").json["job"]["file"]["name"] is None
    printing(pi, 250)
    job = ask(pi, "GET", "/api/job").json
    assert job["progress"]["completion"] == 0.25 and job["job"]["file"]["origin"] == "local"
    printer = ask(pi, "GET", "/api/printer").json
    assert printer["telemetry"]["axis_x"] is None and printer["state"]["flags"]["link_state"] == "PRINTING"
    body = json.dumps({"command": "pause", "action": "toogle"}).encode()
    answer = ask(pi, "POST", "/api/job", headers={"Content-Type": "application/json"}, body=body)
    assert (answer.status, pi.state) == (204, "PAUSED")      # answers when it is reached
    for body, code in ((b"[1]", 500), (b'{"comm', 400), (b"{}", 204)):
        assert ask(pi, "POST", "/api/job", headers={"Content-Type": "application/json"}, body=body).status == code
    pi.user_cancels()
    pi.advance(0.2)
    assert ask(pi, "GET", "/api/job").json["state"] == "Cancelling"


def test_nan_is_spelled_as_python_does(pi):
    pi.set(temp_nozzle=float("nan"))
    assert b'"temp_nozzle": NaN,' in ask(pi, "GET", "/api/v1/status").body


def test_serial_may_be_null(pi):
    pi.set(serial=None)
    assert ask(pi, "GET", "/api/v1/info").json["serial"] is None
