"""Cameras and updates of PrusaLink 0.8.1 (tests/interop/test_sim_honest.py compares them with the real ones)."""
import email.utils
import json

import pytest
from sim_raw import ask, status

ALL = "/api/v1/cameras"
JSON = {"Content-Type": "application/json"}


@pytest.fixture
def camera(pi):
    camera = pi.add_camera("Desk")
    pi.advance(1)
    return camera


def say(pi, method, target, value):
    return ask(pi, method, ALL + target, headers=JSON, body=json.dumps(value).encode())


def test_none(pi, buddy):
    assert ask(pi, "GET", ALL).json == {"camera_list": []} and "camera" not in status(pi)
    assert ask(pi, "GET", ALL + "/snap").json == {"message": "Camera is not available"}
    assert ask(buddy, "GET", ALL).status == 404


def test_list_and_order(pi, camera):
    other = pi.add_camera("Nozzle")
    assert status(pi)["camera"] == {"id": camera}
    entries = ask(pi, "GET", ALL).json["camera_list"]
    assert entries[0] == {"camera_id": camera, "connected": True, "detected": True, "stored": False, "registered": False,
                          "config": {"path": "/dev/video0", "name": "Desk", "driver": "V4L2", "resolution": "1920x1080"}}
    assert say(pi, "PUT", "", [other, "unknown"]).status == 200
    assert [c["camera_id"] for c in ask(pi, "GET", ALL).json["camera_list"]] == [other, camera] == list(pi.cameras)


def test_snap(pi, camera):
    first = ask(pi, "GET", f"{ALL}/{camera}/snap")
    assert first.headers["Content-Type"] == "image/jpeg" and first.body.startswith(b"\xff\xd8") and b"picture 1" in first.body
    assert ask(pi, "GET", ALL + "/snap").body == first.body
    taken = first.headers["Last-Modified"]
    later = email.utils.formatdate(email.utils.parsedate_to_datetime(taken).timestamp() + 1, usegmt=True)
    answers = [ask(pi, "GET", ALL + "/snap", headers={"If-Modified-Since": d}).status for d in (taken, later, "rubbish")]
    assert answers == [200, 304, 500]
    pi.advance(30)
    assert b"picture 2" in ask(pi, "GET", ALL + "/snap").body
    fresh = pi.add_camera("Fresh")
    assert ask(pi, "GET", f"{ALL}/{fresh}/snap").status == 204
    assert ask(pi, "GET", ALL + "/nope/snap").json == {"message": "Camera with id: nope is not available"}
    pi.set_camera(camera, picture=b"\xff\xd8 mine")
    assert ask(pi, "GET", f"{ALL}/{camera}/snap").body == b"\xff\xd8 mine"


def test_trigger_takes_a_picture_and_fails(pi, camera):
    assert ask(pi, "POST", f"{ALL}/{camera}/snap").status == 500 and pi.cameras[camera].pictures == 2
    pi.set(snap_fails=False)
    answer = ask(pi, "POST", f"{ALL}/{camera}/snap")
    assert answer.headers["Content-Type"] == "image/jpeg" and b"picture 3" in answer.body
    assert ask(pi, "POST", f"{ALL}/nope/snap").status == 404


def test_configuration(pi, camera):
    shown = ask(pi, "GET", f"{ALL}/{camera}").json
    assert list(shown) == ["trigger_scheme", "rotation", "resolution", "name", "available_resolutions", "capabilities"]
    assert say(pi, "PATCH", f"/{camera}/config", {"rotation": 90, "name": "New", "trigger_scheme": "MANUAL"}).status == 200
    shown = ask(pi, "GET", f"{ALL}/{camera}").json
    assert (shown["rotation"], shown["name"], shown["trigger_scheme"]) == (90, "New", "MANUAL")
    assert ask(pi, "GET", ALL).json["camera_list"][0]["stored"] is True
    assert ask(pi, "DELETE", f"{ALL}/{camera}/config").status == 200
    assert ask(pi, "GET", f"{ALL}/{camera}").json["rotation"] == 0
    assert ask(pi, "GET", f"{ALL}/{camera}/snap").status == 204
    assert say(pi, "PATCH", f"/{camera}/config", {"rotation": 45}).status == 500        # and it is gone
    assert ask(pi, "GET", f"{ALL}/{camera}").status == 404
    assert say(pi, "POST", f"/{camera}", {"config": {"name": "N", "driver": "V4L2", "path": "/dev/video0"}}).status == 200
    assert ask(pi, "GET", f"{ALL}/{camera}").status == 200


def test_create_and_delete(pi, camera):
    config = {"name": "Two", "driver": "V4L2", "path": "/dev/video7"}
    assert say(pi, "POST", "/two", {"config": config}).status == 200
    assert say(pi, "POST", "/two", {"config": config}).status == 409
    for bad in ({"a": 1}, {"config": {"name": "x"}}, {"config": config | {"driver": "?"}}):
        assert say(pi, "POST", "/three", bad).status == 400
    assert [ask(pi, "DELETE", f"{ALL}/{c}").status for c in ("two", "two", camera)] == [200, 404, 409]


def test_connect(pi, camera):
    pi.set(connect=True)
    assert [ask(pi, m, f"{ALL}/{camera}/connection").status for m in ("DELETE", "POST", "POST")] == [409, 200, 409]
    assert ask(pi, "GET", ALL).json["camera_list"][0]["registered"] is True
    assert ask(pi, "DELETE", f"{ALL}/{camera}/connection").status == 200
    assert status(pi)["printer"]["status_connect"]["message"] == "OK"


def test_updates(pi):
    pi.set(update_wait=0)
    answer = ask(pi, "GET", "/api/v1/update/prusalink")
    assert (answer.status, answer.headers["Update-Available"]) == (204, "False")
    assert ask(pi, "POST", "/api/v1/update/prusalink").status == 204
    pi.update_available("0.9.0")
    answer = ask(pi, "GET", "/api/v1/update/prusalink")
    assert (answer.json, answer.headers["Update-Available"]) == ({"new_version": "0.9.0"}, "True")
    pi.set(update_fails=True)
    assert [ask(pi, m, "/api/v1/update/prusalink").status for m in ("GET", "POST")] == [409, 409]
    pi.set(update_fails=False)
    assert ask(pi, "POST", "/api/v1/update/prusalink").status == 200
    assert ask(pi, "GET", "/api/version").json["server"] == "0.9.0" and ("update", "0.9.0") in pi.orders
    assert ask(pi, "GET", "/api/v1/update/prusalink").status == 204
    assert [ask(pi, "POST", f"/api/v1/update/{e}").status for e in ("system", "x")] == [501, 400]
