"""Uploads to Buddy: each row of what its firmware does (nhttp/gcode_upload.cpp, splice.cpp)."""
import hashlib
import json

import pytest
from sim_put import SMALL, Put, put
from sim_raw import ask, curl, status

BASE = "/api/v1/files/usb/"


def said(answer):
    return answer.status, answer.body.split(b"\n")[2].decode() if answer.body.count(b"\n") > 2 else ""


def test_201_is_the_file_and_the_end_of_the_connection(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "a%20long+name.gcode", len(SMALL)).send(SMALL)
        answer = client.answer("PUT")
        assert client.closed()
    assert answer.first == "HTTP/1.1 201 Created" and answer.headers["Connection"] == "close"
    assert "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers
    assert (answer.json["name"], answer.json["display_name"], answer.json["size"]) == (
        "ALONGN~1.GCO", "a long name.gcode", len(SMALL))
    upload, = buddy.uploads
    assert (upload.path, upload.received, upload.status, upload.stored) == ("/usb/a long name.gcode", len(SMALL), 201, True)
    assert upload.sha256 == hashlib.sha256(SMALL).hexdigest() and not upload.record.expects
    assert buddy.file("/usb/A LONG NAME.GCODE").content == SMALL
    assert ask(buddy, "GET", "/usb/ALONGN~1.GCO").body == SMALL
    assert not [path for path in buddy.files() if path.endswith(".tmp")]


def test_folders_on_the_way_are_made(buddy):
    assert put(buddy, BASE + "new/deep/x.gcode").status == 201
    assert "/usb/new/deep/x.gcode" in buddy.files()


# -- before the body

def test_411_without_length(buddy):
    with Put(buddy) as client:
        assert client.begin(BASE + "x.gcode", None).answered()[0].status == 411
        client.begin(BASE + "x.gcode", None, {"Transfer-Encoding": "chunked"})


def test_501_when_empty(buddy):
    with Put(buddy) as client:
        answer, closed = client.begin(BASE + "x.gcode", 0).answered()
        assert said(answer) == (501, "0-sized files aren't implemented") and closed


def test_409_while_another_transfer_runs(buddy):
    buddy.foreign_transfer(size=1000)
    assert said(put(buddy, BASE + "x.gcode")) == (409, "Another transfer in progress")
    buddy.end_transfer()
    with Put(buddy) as first:
        first.begin(BASE + "x.gcode", 1000).send(b"G")
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred)
        assert said(put(buddy, BASE + "y.gcode")) == (409, "Another transfer in progress")


@pytest.mark.parametrize("trouble, message", [
    (lambda p: p.disk_full(100), "USB drive full"),
    (lambda p: p.disk_full(None, fragmented=True), "File is not contiguous"),
    (lambda p: p.set_stick(False), "Failed to open file")])
def test_507_before_the_body(buddy, trouble, message):
    trouble(buddy)
    with Put(buddy) as client:
        answer, closed = client.begin(BASE + "x.gcode", len(SMALL)).answered()
        assert said(answer) == (507, message) and closed
    buddy.disk_full(None)
    buddy.set_stick(True)
    assert put(buddy, BASE + "x.gcode").status == 201        # no transfer was left


def test_414_of_the_url(buddy):
    name = "n" * (168 - len(BASE))
    assert put(buddy, BASE + name).status == 415
    assert put(buddy, BASE + name + "n").status == 414


def test_401_closes_before_the_body(buddy):
    with Put(buddy) as client:
        answer, closed = client.begin(BASE + "x.gcode", 10 ** 9, key=False).answered()
        assert answer.status == 401 and closed


# -- while the body is being sent

def refused(printer, target, headers=(), size=10_000_000):
    """The server says no and closes its side, but goes on to eat what is still sent."""
    with Put(printer) as client:
        client.begin(target, size, headers)
        client.send(b"G")
        answer, closed = client.answered()
        assert closed and answer.headers["Connection"] == "close"
        client.send(b"a" * 2_000_000)
    printer.wait_for(lambda p: p.requests[-1].received >= 2_000_000)
    assert not [path for path in printer.files() if path.endswith(".tmp")]
    return said(answer)


def test_415_by_the_name(buddy):
    assert refused(buddy, BASE + "firmware.bbf") == (415, "Not a GCODE")


def test_415_by_a_name_that_is_cut(buddy):
    """103 bytes with /usb/ are kept, without a word."""
    fits, longer = "n" * 92 + ".gcode", "n" * 93 + ".gcode"
    assert put(buddy, BASE + fits).status == 201
    assert refused(buddy, BASE + longer) == (415, "Not a GCODE")
    assert put(buddy, BASE + "%C3%A4" * 10 + "n" * 72 + ".gcode").status == 201      # decoded bytes count
    assert put(buddy, BASE + "%C3%A4" * 10 + "n" * 73 + ".gcode").status == 415


def test_409_exists(buddy):
    assert refused(buddy, BASE + "box.gcode") == (409, "File already exists")
    assert refused(buddy, BASE + "BOX~1.GCO") == (409, "File already exists")
    assert refused(buddy, BASE + "box.gcode", {"Overwrite": "true"}) == (409, "File already exists")


def test_409_busy(buddy):
    buddy.start_print("/usb/box.gcode", duration=1000)
    assert refused(buddy, BASE + "box.gcode", {"Overwrite": "?1"}) == (409, "File is busy")


def test_409_conflicting_path(buddy):
    assert refused(buddy, BASE + "box.gcode/x.gcode") == (409, "Conflicting upload path")


@pytest.mark.parametrize("name", ["a%3Ab.gcode", "a%3F.gcode", "%22q%22.gcode", "a%7Cb.gcode", "a%5Cb.gcode", "a%0Ab.gcode"])
def test_422(buddy, name):
    assert refused(buddy, BASE + name) == (422, "Filename contains invalid characters")


def test_507_in_the_middle(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 100_000).send(b"G" * 10_000)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 10_000)
        buddy.set_stick(False)
        client.send(b"G" * 10_000)
        assert said(client.answer("PUT")) == (507, "USB write error or USB full")


def test_503_stopped_by_connect(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 100_000).send(b"G" * 10_000)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 10_000)
        buddy.stop_transfer()
        client.send(b"G" * 10_000)
        assert said(client.answer("PUT")) == (503, "Upload stopped from connect")
    assert "/usb/x.gcode" not in buddy.files()


def test_400_when_the_client_closes(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 1000).send(b"G" * 100)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 100)
        assert "/usb/0.tmp" in buddy.files()
        client.socket.shutdown(1)
        assert said(client.answer("PUT")) == (400, "Connection closed by client")
    assert buddy.transfer is None and "/usb/0.tmp" not in buddy.files()


def test_a_reset_ends_it_too(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 1000).send(b"G" * 100)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 100)
    buddy.wait_for(lambda p: p.transfer is None)
    assert put(buddy, BASE + "x.gcode").status == 201


def test_408_after_ten_silent_seconds(buddy, sim):
    for printer in (buddy, sim.add("old", "buddy", firmware="4.7.0")):
        with Put(printer) as client:
            client.begin(BASE + "x.gcode", 1000).send(b"G" * 100)
            printer.wait_for(lambda p: p.transfer and p.transfer.transferred == 100)
            printer.advance(3)
            assert printer.transfer
            printer.advance(8)
            raw = client.rest()
        if printer is buddy:
            assert raw.startswith(b"HTTP/1.1 408 Request Timeout\r\nContent-Type: text/plain") and b"Connection timeout" in raw
        else:
            assert raw == b"HTTP/1.1 408 Request Timeout\r\n\r\n\0"
        assert printer.transfer is None and "/usb/0.tmp" not in printer.files()


# -- after the body

def test_the_pages_after_the_body_are_text(buddy):
    """Before they are as Accept wants them."""
    json_please = {"Accept": "application/json"}
    assert json.loads(put(buddy, BASE + "box.gcode", headers=json_please).body)["message"] == "File already exists"
    answer = put(buddy, BASE + "new/a%3Ab.gcode", headers=json_please)
    assert said(answer) == (422, "Filename contains invalid characters")


def test_422_at_the_end_where_the_folder_is_new_or_with_overwrite(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "a%3Ab.gcode", 1000, {"Overwrite": "?1"}).send(b"G" * 999)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 999)
        assert client.send(b"G").answer("PUT").status == 422


def test_404_without_directory(buddy):
    assert said(put(buddy, BASE + "note.txt/deep/x.gcode")) == (404, "Destination directory does not exist")


def test_409_a_directory_has_the_name(buddy):
    buddy.add_folder("/usb/dir.gcode")
    assert said(put(buddy, BASE + "dir.gcode", headers={"Overwrite": "?1"})) == (409, "Is a directory or ongoing transfer")


def test_overwrite_removes_the_old_one_at_the_very_end(buddy):
    old = buddy.file("/usb/box.gcode").size
    with Put(buddy) as client:
        client.begin(BASE + "box.gcode", 1000, {"Overwrite": "?1"}).send(b"G" * 999)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 999)
        assert buddy.files()["/usb/box.gcode"] == old and buddy.files()["/usb/0.tmp"] == 1000
        assert client.send(b"G").answer("PUT").json["name"] == "BOX~1.GCO"
    assert buddy.files()["/usb/box.gcode"] == 1000


@pytest.mark.parametrize("value", ["true", "TruE", "1", "?1"])
def test_print_after_upload(buddy, value):
    assert put(buddy, BASE + "x.gcode", headers={"Print-After-Upload": value}).status == 201
    assert buddy.orders == [("upload", "/usb/x.gcode"), ("print", "/usb/x.gcode")] and buddy.phase == "starting"


def test_print_after_upload_not_wanted(buddy):
    assert put(buddy, BASE + "x.gcode", headers={"Print-After-Upload": "false"}).status == 201
    assert buddy.orders == [("upload", "/usb/x.gcode")] and buddy.state == "IDLE"


def test_409_cannot_print_but_the_file_is_stored(buddy):
    buddy.start_print("/usb/box.gcode", duration=1000)
    answer = put(buddy, BASE + "x.gcode", headers={"Print-After-Upload": "?1"})
    assert said(answer) == (409, "Can't print right now")
    assert buddy.uploads[-1].stored and buddy.files()["/usb/x.gcode"] == len(SMALL)


def test_uploading_while_printing_is_fine(buddy):
    buddy.start_print("/usb/box.gcode", duration=1000)
    assert put(buddy, BASE + "x.gcode").status == 201


def test_a_power_cut_leaves_the_temporary_file(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 1000).send(b"G" * 100)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 100)
        buddy.reboot()
    buddy.wait_for(lambda p: not p.open_connections)
    assert buddy.transfer is None and "/usb/0.tmp" in buddy.files()


def test_expect_gets_no_interim_answer(buddy):
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 5, {"Expect": "100-continue"}).send(b"G28\nG")
        assert client.answer("PUT").status == 201
    assert buddy.uploads[-1].record.expects


def test_create_folder(buddy):
    folder = {"Create-Folder": "?1"}
    assert put(buddy, BASE + "made", b"", folder).status == 201
    assert said(put(buddy, BASE + "made", b"", folder)) == (409, "Already exists")
    assert said(put(buddy, BASE + "no/parent", b"", folder)) == (500, "Error creating directory")
    assert put(buddy, BASE + "made2", b"", {"Create-Folder": "true"}).status == 501
    assert "made" in [c["display_name"] for c in ask(buddy, "GET", BASE).json["children"]]
    assert put(buddy, "/api/v1/files/local/x.gcode").status == 403


def test_polls_go_on_beside_an_upload(buddy):
    """It has a slot of its own; the others are free."""
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 1000).send(b"G" * 500)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 500)
        with Put(buddy) as a, Put(buddy) as b, Put(buddy) as c:
            for one in (a, b, c):
                assert one.ask("GET", "/api/version").status == 200
            assert status(buddy)["transfer"]["progress"] == 0.5
        assert client.send(b"G" * 500).answer("PUT").status == 201


def test_long_files_are_only_counted(sim):
    printer = sim.add("p", "buddy", keep=1000)
    body = b"a" * 1001
    assert put(printer, BASE + "x.gcode", body).status == 201
    node = printer.file("/usb/x.gcode")
    assert (node.content, node.size, node.sha256) == (None, 1001, hashlib.sha256(body).hexdigest())
    assert len(ask(printer, "GET", "/usb/x.gcode").body) == 1001
    blind = sim.add("blind", "buddy", hashed=False)
    assert put(blind, BASE + "x.gcode").status == 201 and blind.uploads[0].sha256 is None


def test_multipart_is_gone(buddy, sim):
    kind = {"Content-Type": "multipart/form-data; boundary=x"}
    assert ask(buddy, "POST", "/api/files/usb", headers=kind, body=b"--x--").status == 410


# -- on demand

def test_pace(buddy):
    buddy.fault("pace", method="PUT", rate=2000)
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 100_000).send(b"a" * 100_000)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred >= 100)
        assert buddy.transfer.transferred < 50_000


@pytest.mark.parametrize("how, end", [("close", b""), ("raw408", b"HTTP/1.1 408 Request Timeout\r\n\r\n\0")])
def test_breakoff(buddy, how, end):
    buddy.fault("breakoff", method="PUT", at=500, how=how, count=1)
    with Put(buddy) as client:
        assert client.begin(BASE + "x.gcode", 1000).send(b"a" * 500).rest() == end
    broken = buddy.uploads[0]
    assert (broken.received, broken.status, broken.stored) == (500, None, False) and broken.ended and buddy.transfer is None
    assert put(buddy, BASE + "x.gcode").status == 201


def test_breakoff_by_a_reset(buddy):
    buddy.fault("breakoff", method="PUT", at=500, count=1)
    with Put(buddy) as client, pytest.raises(ConnectionResetError):
        client.begin(BASE + "x.gcode", 1000).send(b"a" * 600).rest()


def test_stall_until_healed(buddy):
    buddy.fault("stall", method="PUT", at=500, count=1)
    with Put(buddy) as client:
        client.begin(BASE + "x.gcode", 1000).send(b"a" * 1000)
        buddy.wait_for(lambda p: p.transfer and p.transfer.transferred == 500)
        buddy.advance(60)
        assert buddy.transfer.transferred == 500
        buddy.heal()
        assert client.answer("PUT").status == 201


def test_a_stale_nonce_costs_a_body(buddy, tmp_path):
    """curl with --digest asks first; who sends the body with a stale nonce sends it in vain."""
    (tmp_path / "f").write_bytes(SMALL)
    code, _ = curl(buddy, BASE + "x.gcode", "-T", str(tmp_path / "f"), "-H", "Expect:")
    assert code == 201
    first, second = [r for r in buddy.requests if r.method == "PUT"]
    assert (first.status, first.received, second.status, second.received) == (401, 0, 201, len(SMALL))
    buddy.expire_nonces()
    with Put(buddy) as client:
        client.begin(BASE + "y.gcode", len(SMALL), {"Authorization": second.header("Authorization")}, key=False).send(SMALL)
        answer = client.answer("PUT")
    assert answer.status == 401
    buddy.wait_for(lambda p: p.requests[-1].received == len(SMALL))
