"""What Buddy answers in each state, and how it takes orders."""
import math
import time

import pytest
from sim_raw import Client, ask, status, still


def test_idle(buddy):
    document = status(buddy)
    assert list(document) == ["storage", "printer"]
    assert document["storage"] == {"path": "/usb/", "name": "usb", "read_only": False}
    assert list(document["printer"]) == ["state", "temp_bed", "target_bed", "temp_nozzle", "target_nozzle", "axis_z",
                                         "axis_x", "axis_y", "flow", "speed", "fan_hotend", "fan_print"]


def test_printing_has_the_job_first_and_no_axes(buddy):
    buddy.start_print("/usb/box.gcode", duration=1000)
    buddy.advance(250)
    document = status(buddy)
    assert list(document) == ["job", "storage", "printer"]
    assert document["job"] == {"id": 129, "progress": 25.0, "time_remaining": 750, "time_printing": 250}
    assert "axis_x" not in document["printer"]
    assert b'"progress":25.00,' in ask(buddy, "GET", "/api/v1/status").body


def test_version_and_info(buddy):
    assert ask(buddy, "GET", "/api/version").body == (
        b'{"api":"2.0.0","server":"2.1.2","nozzle_diameter":0.40,"text":"PrusaLink","hostname":"mk4",'
        b'"capabilities":{"upload-by-put":true}}')
    assert ask(buddy, "GET", "/api/v1/info").body == (
        b'{"nozzle_diameter":0.40,"mmu":false,"serial":"10589-1234567","hostname":"mk4","min_extrusion_temp":170}')


def test_firmware_decides_what_there_is(sim):
    old, middle, new = (sim.add(n, "buddy", firmware=f) for n, f in (("a", "4.6.2"), ("b", "4.7.2"), ("c", "6.5.3")))
    assert [ask(old, "GET", t).status for t in ("/api/v1/storage", "/api/v1/status", "/api/v1/job")] == [200, 404, 404]
    assert status(middle)["printer"]["status_connect"] == {"ok": True, "message": "OK"}
    assert ask(new, "GET", "/api/version").json["firmware"] == "6.5.3"


def test_job_document(buddy):
    buddy.start_print("/usb/parts/clip.gcode", duration=100)
    assert ask(buddy, "GET", "/api/v1/job").json == {
        "id": 129, "state": "PRINTING", "progress": 0.0, "time_remaining": 100, "time_printing": 0,
        "file": {"refs": {"icon": "/thumb/s/usb/PARTS/CLIP~1.GCO", "thumbnail": "/thumb/l/usb/PARTS/CLIP~1.GCO",
                          "download": "/usb/PARTS/CLIP~1.GCO"},
                 "name": "CLIP~1.GCO", "display_name": "clip.gcode", "path": "/usb/PARTS", "size": 20480,
                 "m_timestamp": 1700000000}}


def test_job_without_stick_has_no_size(buddy):
    buddy.start_print("/usb/box.gcode")
    buddy.storage_present("usb", False)
    assert "size" not in ask(buddy, "GET", "/api/v1/job").json["file"]
    assert ask(buddy, "GET", "/api/v1/storage").json["storage_list"][0]["available"] is False
    assert ask(buddy, "GET", "/api/v1/files/usb").json["children"] == []
    assert status(buddy)["storage"]["path"] == "/usb/"


def test_finished_has_no_job_and_stays(buddy):
    buddy.start_print(duration=100)
    buddy.advance(102)
    assert buddy.state == "FINISHED"
    assert "job" not in status(buddy) and ask(buddy, "GET", "/api/v1/job").status == 204
    buddy.advance(86400)
    assert buddy.state == "FINISHED"


def test_job_vanishes_in_busy_and_comes_back(buddy):
    buddy.start_print(duration=100)
    buddy.set(state="BUSY")
    assert "job" not in status(buddy)
    buddy.set(state="PRINTING")
    assert status(buddy)["job"]["id"] == 129


def test_attention_is_paused_in_the_job_document(buddy):
    buddy.start_print(duration=100)
    buddy.attention()
    assert status(buddy)["printer"]["state"] == "ATTENTION"
    assert ask(buddy, "GET", "/api/v1/job").json["state"] == "PAUSED"
    assert ask(buddy, "GET", "/api/printer").json["telemetry"]["material"] == "---"
    buddy.user_continues()
    assert buddy.state == "PRINTING"


def test_attention_when_idle_has_no_job(buddy):
    buddy.attention()
    assert status(buddy)["printer"]["state"] == "ATTENTION" and "job" not in status(buddy)


def test_hidden_attention_reads_printing(buddy):
    buddy.start_print(duration=100)
    buddy.attention(hidden=True)
    buddy.advance(50)
    assert status(buddy)["job"]["progress"] == 0 and buddy.state == "PRINTING"


def test_print_goes_through_idle_without_job(buddy):
    assert ask(buddy, "POST", "/api/v1/files/usb/box.gcode").status == 204
    assert buddy.state == "IDLE" and "job" not in status(buddy)
    assert ask(buddy, "POST", "/api/v1/files/usb/box.gcode").status == 409
    buddy.advance(1.1)
    assert status(buddy)["job"]["id"] == 129
    assert buddy.orders == [("print", "/usb/box.gcode")]


def test_start_questions_use_up_the_id_and_show_old_time(buddy):
    buddy.start_print(duration=100)
    buddy.advance(110)
    buddy.ask_next()
    ask(buddy, "POST", "/api/v1/files/usb/box.gcode")
    buddy.advance(1.1)
    document = status(buddy)
    assert document["printer"]["state"] == "ATTENTION"
    assert document["job"] == {"id": 130, "progress": 0.0, "time_printing": 100}
    assert ask(buddy, "DELETE", "/api/v1/job/130").status == 204
    buddy.advance(1)
    assert buddy.state == "IDLE"        # never STOPPED


def test_time_remaining_is_absent_while_heating(buddy):
    buddy.start_print(duration=100, warmup=30)
    buddy.advance(20)
    assert status(buddy)["job"] == {"id": 129, "progress": 0.0, "time_printing": 20}
    buddy.advance(20)
    assert status(buddy)["job"] == {"id": 129, "progress": 10.0, "time_remaining": 90, "time_printing": 40}


def test_file_without_m73_has_no_time_remaining(buddy):
    buddy.start_print(duration=100, estimates=False)
    assert "time_remaining" not in status(buddy)["job"]


def test_speed_rescales_time_remaining(buddy):
    buddy.start_print(duration=100)
    buddy.set(speed=200)
    assert status(buddy)["job"]["time_remaining"] == 50 and status(buddy)["printer"]["speed"] == 200


def test_filament_change_counts_down_and_asks(buddy):
    buddy.start_print(duration=100, filament_change_at=40)
    assert status(buddy)["job"]["filament_change_in"] == 40
    buddy.advance(41)
    assert buddy.state == "ATTENTION"


def test_job_ids_have_16_bits(sim):
    p = still(sim.add("p", "buddy", job_id=65535))
    p.start_print()
    assert p.job_id == 0


RULES = {"IDLE": (409, 409, 409), "PRINTING": (204, 409, 204), "PAUSED": (409, 204, 204), "ATTENTION": (409, 409, 204),
         "BUSY": (409, 409, 409), "FINISHED": (409, 409, 409), "STOPPED": (409, 409, 409)}


@pytest.mark.parametrize("state", RULES)
def test_order_rules(sim, state):
    seen = []
    for number, (method, suffix) in enumerate((("PUT", "/pause"), ("PUT", "/resume"), ("DELETE", ""))):
        p = sim.add(f"p{number}", "buddy")
        p.start_print()
        p.set(state=state)
        seen.append(ask(p, method, f"/api/v1/job/{p.job_id}{suffix}").status)
    assert tuple(seen) == RULES[state]


@pytest.mark.parametrize("state, code", [("IDLE", 204), ("STOPPED", 204), ("FINISHED", 204), ("BUSY", 409), ("PRINTING", 409),
                                         ("PAUSED", 409), ("ATTENTION", 409)])
def test_print_rules(buddy, state, code):
    buddy.set(state=state)
    assert ask(buddy, "POST", "/api/v1/files/usb/box.gcode").status == code
    assert ask(buddy, "POST", "/api/v1/files/usb/none.gcode").status == 404


def test_continue_and_odd_ids(buddy):
    buddy.start_print()
    for target, code in (("129/continue", 400), ("129", 400), ("abc/pause", 400), ("128/pause", 404), ("129abc/pause", 204)):
        assert ask(buddy, "PUT", f"/api/v1/job/{target}").status == code, target
    assert ask(buddy, "GET", "/api/v1/job/129").status == 405


def test_204_means_order_taken(buddy):
    buddy.start_print()
    assert [ask(buddy, "DELETE", "/api/v1/job/129").status for _ in range(2)] == [204, 204]
    assert buddy.state == "PRINTING"
    buddy.advance(1)
    assert buddy.state == "STOPPED"
    assert buddy.orders == [("cancel", 129)] * 2


def test_pause_takes_a_while_and_stops_the_clock(buddy):
    buddy.start_print(duration=100)
    buddy.advance(10)
    ask(buddy, "PUT", "/api/v1/job/129/pause")
    assert (buddy.state, buddy.phase) == ("PAUSED", "pausing")
    buddy.advance(50)
    assert status(buddy)["job"]["time_printing"] == 10 and buddy.phase == "paused"


def test_nan_comes_out_bare(buddy):
    buddy.set(temp_nozzle=math.nan, temp_bed=-math.inf, axis_z=-0.0)
    body = ask(buddy, "GET", "/api/v1/status").body
    assert b'"temp_nozzle":nan,' in body and b'"temp_bed":-inf,' in body and b'"axis_z":-0.0,' in body


def test_names_pass_raw(buddy):
    buddy.add_file('/usb/a\x1b"\t\udcff.gcode', size=1)
    buddy.start_print('/usb/a\x1b"\t\udcff.gcode')
    assert b'"display_name":"a\x1b\\"\\t\xff.gcode"' in ask(buddy, "GET", "/api/v1/job").body


def test_values_can_be_absent_and_states_unknown(buddy):
    buddy.set(speed=None, state="UNKNOWN")
    printer = status(buddy)["printer"]
    assert "speed" not in printer and printer["state"] == "UNKNOWN"
    buddy.release()
    assert status(buddy)["printer"]["speed"] == 100


def test_folder_listing(buddy):
    document = ask(buddy, "GET", "/api/v1/files/usb").json
    assert (document["type"], document["ro"], document["name"]) == ("FOLDER", False, "usb")
    assert "m_timestamp" not in document
    assert [(c["name"], c["type"]) for c in document["children"]] == [
        ("BOX~1.GCO", "PRINT_FILE"), ("MULTIP~1.BGC", "PRINT_FILE"), ("PARTS", "FOLDER")]
    assert "size" not in document["children"][0]


def test_short_and_long_name_are_one_file(buddy):
    long, short = (ask(buddy, "GET", f"/api/v1/files/usb/{n}").json for n in ("box.gcode", "BOX~1.GCO"))
    assert long == short == {
        "name": "BOX~1.GCO", "ro": False, "type": "PRINT_FILE", "m_timestamp": 1700000000, "size": 72964,
        "refs": {"icon": "/thumb/s/usb/BOX~1.GCO", "thumbnail": "/thumb/l/usb/BOX~1.GCO", "download": "/usb/BOX~1.GCO"},
        "display_name": "box.gcode"}


def test_etag_and_head(buddy):
    etag = ask(buddy, "GET", "/api/v1/files/usb").headers["ETag"]
    assert ask(buddy, "GET", "/api/v1/files/usb", headers={"If-None-Match": etag}).status == 304
    buddy.add_file("/usb/new.gcode")
    assert ask(buddy, "GET", "/api/v1/files/usb", headers={"If-None-Match": etag}).status == 200
    with Client(buddy) as client:
        head = client.ask("HEAD", "/api/v1/files/usb/box.gcode")
        assert head.headers["Currently-Printing"] == "false" and "Content-Length" not in head.headers
        assert client.open()


@pytest.mark.parametrize("path, code", [("local", 403), ("sdcard/x.gcode", 403), ("usb/none.gcode", 404), ("usb/../x", 404),
                                        ("usb/%2e%2e/x", 404), ("usb/%8", 404), ("usb/parts/clip.gcode", 200),
                                        ("usb//box.gcode", 200), ("usb/%62ox.gcode", 200)])
def test_file_paths(buddy, path, code):
    assert ask(buddy, "GET", f"/api/v1/files/{path}").status == code


def test_plus_is_a_blank(buddy):
    buddy.add_file("/usb/a b.gcode")
    assert ask(buddy, "GET", "/api/v1/files/usb/a+b.gcode").status == 200


def test_delete(buddy):
    buddy.start_print("/usb/box.gcode")
    assert ask(buddy, "DELETE", "/api/v1/files/usb/box.gcode").status == 409
    assert ask(buddy, "DELETE", "/api/v1/files/usb/parts").status == 404
    assert ask(buddy, "DELETE", "/api/v1/files/usb/parts/clip.gcode").status == 204
    assert ask(buddy, "GET", "/api/v1/files/usb/parts/clip.gcode").status == 404


def test_legacy_idle(buddy):
    assert ask(buddy, "GET", "/api/job").body == b'{"state":"Operational","job": null,"progress": null}'
    printer = ask(buddy, "GET", "/api/printer").json
    assert "link_state" not in printer["state"]["flags"] and printer["state"]["text"] == "Operational"
    assert ask(buddy, "GET", "/api/settings").body == b'{"printer": {}}'


def test_legacy_job(buddy):
    buddy.start_print("/usb/box.gcode", duration=100, estimates=False)
    buddy.advance(25)
    document = ask(buddy, "GET", "/api/job").json
    assert document["job"]["estimatedPrintTime"] == 24      # 25 + 0xffffffff, wrapped
    assert document["progress"] == {"completion": 0.25, "printTime": 25}
    assert ask(buddy, "GET", "/api/printer").json["state"]["flags"]["link_state"] == "PRINTING"


def test_legacy_commands(buddy):
    def post(body):
        return ask(buddy, "POST", "/api/job", body=body).status
    assert post(b'{"command":"cancel"}') == 409
    buddy.start_print()
    assert post(b'{"x":[1,{"command":"cancel"}],"action":"pause","command":"pause"}') == 204
    buddy.advance(1)
    assert post(b'{"command":"pause","action":"toggle"}') == 204
    assert post(b'{"command":"pau') == 400
    assert post(b'{"command":"dance"}') == 400
    assert post(b" " * 101) == 413
    assert ask(buddy, "POST", "/api/job").status == 411
    assert buddy.orders == [("pause", 129), ("resume", 129)]


def test_legacy_start(buddy):
    assert ask(buddy, "POST", "/api/files/usb/box.gcode", body=b'{"command":"start"}').status == 204
    answer = ask(buddy, "POST", "/api/files/usb/box.gcode", body=b'{"command":"start"}')
    assert (answer.status, answer.body) == (409, b"409: Conflict\n\nCan't start print now\n")
    assert ask(buddy, "POST", "/api/files/usb/box.gcode", body=b'{"command":"start","x":12}').status == 413
    assert ask(buddy, "GET", "/api/files").json["files"][0]["children"][0]["path"] == "usb/BOX~1.GCO"


def test_speed_factor_keeps_seconds_consistent(sim):
    p = sim.add("p", "buddy", speed=100)
    p.start_print(duration=10000)
    p.wait_for(lambda p: p.progress >= 1)
    still(p)
    job = status(p)["job"]
    assert abs(job["time_printing"] + job["time_remaining"] - 10000) <= 1
    fast = sim.add("fast", "buddy", speed=1000)
    fast.start_print(duration=100)
    fast.wait_for(lambda p: p.state == "FINISHED")


def test_heats_up(buddy):
    buddy.start_print(duration=1000)
    buddy.advance(5)
    printer = status(buddy)["printer"]
    assert 60 < printer["temp_nozzle"] < 70 and printer["target_nozzle"] == 215.0
    buddy.finish()
    assert status(buddy)["printer"]["target_nozzle"] == 0.0


def test_time_is_wall_time_without_speed(sim):
    p, began = sim.add("p", "buddy"), time.monotonic()
    p.start_print(duration=1000)
    time.sleep(0.05)
    assert status(p)["job"]["time_printing"] <= time.monotonic() - began
