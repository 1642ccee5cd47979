"""Uploads to PrusaLink 0.8.1: each row as seen on the real one (tests/interop/test_sim_honest.py compares)."""
import hashlib
import socket
import struct

import pytest
from sim_put import GCODE, SMALL, Put, put
from sim_raw import ask, status

BASE = "/api/v1/files/local/"
BLOCK = 65365


def sent(pi, name, body=SMALL, **headers):
    return put(pi, BASE + name, body, GCODE | {k.replace("_", "-"): v for k, v in headers.items()})


def begun(pi, client, size=300_000, part=150_000, **headers):
    client.begin(BASE + "x.gcode", size, GCODE | {k.replace("_", "-"): v for k, v in headers.items()}).send(b"a" * part)
    pi.wait_for(lambda p: p.transfer and p.transfer.transferred == part // BLOCK * BLOCK)
    return client


def parts(pi):
    return sorted(path for path in pi.files() if path.endswith(".part"))


def test_201_with_nothing(pi):
    answer = sent(pi, "x.gcode")
    assert (answer.status, answer.body, answer.first) == (201, b"", "HTTP/1.0 201 Created")
    upload, = pi.uploads
    assert (upload.path, upload.received, upload.stored) == ("/local/x.gcode", len(SMALL), True)
    assert upload.sha256 == hashlib.sha256(SMALL).hexdigest() and pi.file("/local/x.gcode").content == SMALL
    assert parts(pi) == []


def test_octet_stream_fails_with_a_new_file(pi):
    answer = put(pi, BASE + "x.gcode", headers={"Content-Type": "application/octet-stream"})
    assert answer.status == 500 and answer.headers["Content-Type"].startswith("text/html")
    assert parts(pi) == ["/local/.x.gcode.part"] and "/local/x.gcode" not in pi.files()
    assert pi.requests[-1].received == len(SMALL)       # all of it, first


def test_octet_stream_removes_an_old_file(pi):
    answer = put(pi, BASE + "dig.gcode", headers={"Content-Type": "application/octet-stream", "Overwrite": "?1"})
    assert answer.status == 415 and "/local/dig.gcode" not in pi.files()


@pytest.mark.parametrize("kind", [{}, {"Content-Type": "text/plain"}, {"Content-Type": "application/x-gcode"}])
def test_415(pi, kind):
    assert put(pi, BASE + "x.gcode", headers=kind).status == 415


def test_411(pi):
    assert sent(pi, "x.gcode", b"").status == 411
    with Put(pi) as client:
        client.begin(BASE + "x.gcode", None, GCODE | {"Transfer-Encoding": "chunked"})
        assert client.answer("PUT").status == 411


def test_409_exists(pi):
    assert sent(pi, "dig.gcode").status == 409
    assert sent(pi, "dig.gcode", Overwrite="true").status == 409
    assert sent(pi, "dig.gcode", Overwrite="?1").status == 201


def test_409_card(pi):
    answer = put(pi, "/api/v1/files/sdcard/x.gcode", headers=GCODE)
    assert answer.status == 409 and answer.headers["Content-Location"].endswith("/error/entity-too-large")
    assert put(pi, "/api/v1/files/usb/x.gcode", headers=GCODE).status == 404


def test_500_while_another_runs(pi):
    with Put(pi) as client:
        begun(pi, client)
        assert sent(pi, "y.gcode").status == 500


@pytest.mark.parametrize("size, code", [(BLOCK, 201), (BLOCK + 1, 400), (BLOCK + 2, 201), (2 * BLOCK + 1, 400), (1, 400)])
def test_a_last_byte_alone_is_never_read(pi, size, code):
    assert sent(pi, "x.gcode", b"a" * size).status == code


def test_break_off(pi):
    with Put(pi) as client:
        begun(pi, client).socket.shutdown(socket.SHUT_WR)
        answer = client.answer("PUT")
    assert answer.status == 400 and answer.body.startswith(b"File Upload Failed")
    assert parts(pi) == ["/local/.x.gcode.part"] and pi.transfer is None
    assert sent(pi, "x.gcode").status == 201


def test_a_reset_leaves_its_transfer_for_ever(pi):
    with Put(pi) as client:
        begun(pi, client).socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    pi.wait_for(lambda p: p.open_connections == 0)
    assert sent(pi, "y.gcode").status == 500
    assert ask(pi, "DELETE", "/api/v1/transfer").status == 200
    assert sent(pi, "y.gcode").status == 500 and status(pi)["transfer"]["data_transferred"] == 2 * BLOCK
    pi.reboot()
    assert sent(pi, "y.gcode").status == 201


def test_no_timeout_and_no_interim_answer(pi):
    with Put(pi) as client:
        begun(pi, client, Expect="100-continue")
        pi.advance(3600)
        assert client.send(b"a" * 150_000).answer("PUT").status == 201
    assert pi.uploads[0].record.expects


def test_print_after_upload(pi):
    assert sent(pi, "x.gcode", Print_After_Upload="true").status == 201
    assert pi.state == "IDLE"
    assert sent(pi, "y.txt", Print_After_Upload="?1").status == 201     # it does not look at the name
    assert pi.orders[-2:] == [("upload", "/local/y.txt"), ("print", "/local/y.txt")]
    assert sent(pi, "z.gcode", Print_After_Upload="?1").status == 409
    assert pi.uploads[-1].stored and "/local/z.gcode" in pi.files()
    assert sent(pi, "../out.gcode", Print_After_Upload="?1").status == 408


def test_print_after_upload_is_refused_for_a_while_after_a_print(pi):
    pi.start_print("/local/dig.gcode", duration=100)
    pi.advance(101)
    assert pi.state == "FINISHED"
    assert sent(pi, "x.gcode", Print_After_Upload="?1").status == 409
    pi.advance(12)
    assert sent(pi, "x.gcode", Print_After_Upload="?1", Overwrite="?1").status == 201


def test_408_when_the_tree_is_late(sim):
    slow = sim.add("slow", "pi", tree_lag=60)
    with Put(slow) as client:
        client.begin(BASE + "x.gcode", len(SMALL), GCODE | {"Print-After-Upload": "?1"}).send(SMALL)
        assert client.answer("PUT").status == 408
    assert ask(slow, "GET", BASE + "x.gcode").status == 404
    slow.advance(60)
    assert ask(slow, "GET", BASE + "x.gcode").status == 200


def test_names(pi):
    assert sent(pi, "a%20b+c%20%C3%A4.gcode").status == 201
    assert "/local/a b+c ä.gcode" in pi.files()
    for name in ("q%22.gcode", "p%23.gcode", "p%25.gcode", "b%5C.gcode", "w%3F.gcode"):
        assert sent(pi, name).status == 400
    assert sent(pi, "n" * 242 + ".gcode").status == 201
    assert sent(pi, "n" * 243 + ".gcode").status == 500
    assert sent(pi, "dig.gcode/x.gcode").status == 500
    assert sent(pi, "../up.gcode").status == 201
    assert sent(pi, "%2e%2e/up.gcode").status == 409
    assert "/local/up.gcode" not in pi.files()
    assert sent(pi, "DIG.gcode").status == 201      # case matters


def test_folders(pi):
    folder = {"Create-Folder": "?1"}
    for name in ("made", "made", "a/b/c"):
        assert put(pi, BASE + name, b"", folder).status == 201
    assert put(pi, BASE + "made2", b"", {"Create-Folder": "true"}).status == 415
    assert put(pi, BASE + "dig.gcode", b"", folder).status == 500
    assert sent(pi, "made", Overwrite="?1").status == 500
    assert sent(pi, "made").status == 409
    assert sent(pi, "new/deep/x.gcode").status == 201
    assert list(ask(pi, "GET", BASE + "new").json["children"][0]) == ["type", "name", "size", "display_name"]


def test_a_full_disk_stumbles_and_is_stuck(pi):
    pi.disk_full(1000)
    with Put(pi) as client:
        assert client.begin(BASE + "x.gcode", 100_000, GCODE).send(b"a" * 2000).answer("PUT").status == 500
    pi.disk_full(None)
    assert sent(pi, "y.gcode").status == 500


def test_stop(pi):
    with Put(pi) as client:
        begun(pi, client)
        assert ask(pi, "DELETE", "/api/v1/transfer/1").status == 404
        assert ask(pi, "DELETE", "/api/v1/transfer").status == 200
        assert ask(pi, "GET", "/api/v1/transfer").json["time_remaining"] == 0       # it waits for the next block
        assert client.send(b"a" * BLOCK).answer("PUT").status == 400
    assert ask(pi, "DELETE", "/api/v1/transfer").status == 204


def test_a_refusal_does_not_read_the_body(pi):
    with Put(pi) as client:
        answer = client.begin(BASE + "dig.gcode", 10 ** 9, GCODE).answer("PUT")
    assert answer.status == 409 and pi.requests[-1].received == 0
