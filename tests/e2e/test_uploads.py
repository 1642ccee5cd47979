"""Files to a printer, four ways: whole, once, answered; what is refused says what to do; nothing is left behind."""
import hashlib
import http.server
import json
import os
import threading
import time

import pytest

from harness import BASE
from harness.process import until

PROFILES = {"buddy": "/usb", "pi": "/local"}
GCODE = b"; a tower\n" + b"G1 X1 Y1\n" * 4000


@pytest.fixture
def srv(tmp_path):
    """A folder whose files may be uploaded."""
    folder = tmp_path / "srv"
    folder.mkdir()
    (folder / "tower.gcode").write_bytes(GCODE)
    return folder


@pytest.fixture
def spool(house):
    return house.folder / "state/uploads"


def uploads(folder, **more):
    return {"uploads": {"directory": str(folder), **more}}


def stored(printer, path):
    """What lies there, as bytes."""
    return printer.file(path).content


def left(spool):
    return sorted(os.listdir(spool)) if spool.exists() else []


def nothing_left(spool):
    until("the spool is empty", lambda: left(spool) == [])


# ---- a file below the directory

@pytest.mark.parametrize("profile", PROFILES)
def test_a_file_of_the_directory_goes_to_the_printer(house, srv, spool, profile):
    printer = house.add("mk4", profile, uploads(srv))
    house.run()
    answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode", "transaction": 7})
    done = answers.final()
    assert (answers.statuses, done["transaction"]) == (["accepted", "done"], 7), answers.all
    path = f"{PROFILES[profile]}/tower.gcode"
    assert stored(printer, path) == GCODE and path in done["message"]
    upload, = printer.uploads
    assert (upload.status, upload.print_after, upload.received) == (201, False, len(GCODE)) and not upload.record.expects
    nothing_left(spool)


def test_where_it_goes_and_whether_it_replaces_and_prints(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    printer.add_file("/usb/parts/a b+ü.gcode", content=b"old")
    house.run()
    order = {"file": "tower.gcode", "path": "/usb/parts/a b+ü.gcode"}
    refused = house.watcher.order("mk4", "upload", order).final()
    assert refused["code"] == "conflict" and "overwrite" in refused["message"]
    assert stored(printer, order["path"]) == b"old"
    done = house.watcher.order("mk4", "upload", order | {"overwrite": True, "print": True}).final()
    assert done["status"] == "done" and "printed" in done["message"], done
    assert stored(printer, order["path"]) == GCODE
    house.wait("mk4", "state", "printing")


def test_nothing_outside_of_the_directory_is_read(house, srv, tmp_path):
    (tmp_path / "secret.gcode").write_bytes(b"secret")
    (srv / "link.gcode").symlink_to(tmp_path / "secret.gcode")
    os.mkfifo(srv / "fifo.gcode")
    (srv / "empty.gcode").touch()
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    for file, word in (("../secret.gcode", "leads out"), ("link.gcode", "symbolic link"), ("fifo.gcode", "regular file"),
                       ("none.gcode", "no file"), ("empty.gcode", "empty"), (str(tmp_path / "secret.gcode"), "no file")):
        answer = house.watcher.order("mk4", "upload", {"file": file, "path": "/usb/x.gcode"}).final()
        assert answer["status"] == "error" and word in answer["message"], answer
    assert printer.uploads == []


@pytest.mark.parametrize("payload, code, word", [
    ({"file": "tower.gcode", "path": "/usb/../x.gcode"}, "invalid", ".."),
    ({"file": "tower.gcode", "path": "/usb/" + "x" * 120 + ".gcode"}, "invalid", "103"),
    ({"file": "tower.gcode", "path": "/usb/x.stl"}, "invalid", ".gcode"),
    ({"file": "tower.gcode", "path": "/usb/a:b.gcode"}, "invalid", ":"),
    ({"file": "tower.gcode", "path": "/moon/x.gcode"}, "not_found", "moon"),
    ({"file": "tower.gcode", "url": "http://h/x"}, "invalid", "only one"),
    ({"path": "/usb/x.gcode"}, "invalid", "which file"),
    ({"file": "tower.gcode", "print": "yes"}, "invalid", "true or false"),
    ({"file": "tower.gcode", "force": True}, "invalid", "force"),
    ({"url": "http://127.0.0.1:1/x.gcode"}, "not_allowed", "uploads.origins"),
])
def test_what_cannot_be_is_refused_before_a_byte_is_sent(house, srv, spool, payload, code, word):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    answers = house.watcher.order("mk4", "upload", payload)
    answer = answers.final()
    assert answers.statuses == ["error"] and answer["code"] in (code, "invalid", "not_found", "too_big"), answer
    assert word in answer["message"], answer
    assert printer.uploads == []
    nothing_left(spool)


def test_uploads_are_off_until_configured(house):
    house.add("mk4")
    house.run()
    answer = house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).final()
    assert answer["code"] == "not_allowed" and "uploads:" in answer["message"]


# ---- the file as a message

@pytest.mark.parametrize("version", [5, 4])
def test_a_message_can_be_the_file(house, srv, spool, version):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run({"mqtt": {"protocol": "5" if version == 5 else "3.1.1"}})
    body = bytes(range(256)) * 8000     # 2 MB, no UTF-8
    answers = house.watcher.order("mk4", "upload/usb/parts/new.gcode", body)
    final = house.watcher.wait(f"{BASE}/mk4/response/upload", lambda t: json.loads(t)["final"], answers.after).json
    assert final["status"] == "done", final
    assert stored(printer, "/usb/parts/new.gcode") == body
    nothing_left(spool)


def test_a_message_is_printed_or_replaces_by_its_topic_or_its_properties(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    printer.add_file("/usb/a.gcode", content=b"old")
    house.run()
    watch = house.watcher
    mark = watch.mark
    watch.publish(f"{BASE}/mk4/command/upload/usb/a.gcode", GCODE, UserProperty=[("overwrite", "true")])
    assert watch.wait(f"{BASE}/mk4/response/upload", lambda t: json.loads(t)["final"], mark).json["status"] == "done"
    assert stored(printer, "/usb/a.gcode") == GCODE and printer.uploads[-1].overwrite
    mark = watch.mark
    watch.publish(f"{BASE}/mk4/command/upload_and_print/usb/b.gcode", GCODE)
    assert watch.wait(f"{BASE}/mk4/response/upload", lambda t: json.loads(t)["final"], mark).json["status"] == "done"
    assert printer.uploads[-1].print_after
    house.wait("mk4", "state", "printing")


def test_a_message_says_by_a_property_that_it_is_to_be_printed(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    for name, said in (("a", "false"), ("b", "?1")):
        mark = house.watcher.mark
        house.watcher.publish(f"{BASE}/mk4/command/upload/usb/{name}.gcode", GCODE, UserProperty=[("print", said)])
        final = house.watcher.wait(f"{BASE}/mk4/response/upload", lambda t: json.loads(t)["final"], mark)
        assert final.json["status"] == "done"
        assert bool(printer.uploads[-1].print_after) is (said == "?1")


@pytest.mark.parametrize("path, body, word", [("/", GCODE, "needs a path"), ("/usb/a.gcode", b"", "needs a path"),
                                              ("/usb/" + "x" * 600, GCODE, "too long")],
                         ids=["no path", "no file", "long path"])
def test_a_message_that_is_no_file_is_refused(house, srv, spool, path, body, word):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/mk4/command/upload{path}", body)
    answer = house.watcher.wait(f"{BASE}/mk4/response/upload", after=mark).json
    assert answer["code"] == "invalid" and word in answer["message"], answer
    assert printer.uploads == [] and left(spool) == []


@pytest.mark.parametrize("way", ["directory", "payload"])
def test_no_file_is_larger_than_the_configuration_allows(house, srv, spool, way):
    printer = house.add("mk4", "buddy", uploads(srv, max="4k"))
    house.run()
    mark = house.watcher.mark
    if way == "directory":
        house.watcher.order("mk4", "upload", {"file": "tower.gcode"})
    else:
        house.watcher.publish(f"{BASE}/mk4/command/upload/usb/a.gcode", GCODE)
    answer = house.watcher.wait(f"{BASE}/mk4/response/upload", after=mark).json
    assert answer["code"] == "too_big" and "uploads.max" in answer["message"], answer
    assert printer.uploads == []
    nothing_left(spool)


def test_a_message_over_the_limit_is_refused(house, srv, spool):
    printer = house.add("mk4", "buddy", uploads(srv, payload="4k"))
    house.run()
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/mk4/command/upload/usb/a.gcode", b"x" * 5000)
    answer = house.watcher.wait(f"{BASE}/mk4/response/upload", after=mark).json
    assert answer["code"] == "too_big" and "uploads.payload" in answer["message"]
    assert printer.uploads == [] and left(spool) == []


def test_no_message_is_a_file_where_the_mapping_says_so(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run({"mapping": {"commands": {"upload": False}}})
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/mk4/command/upload/usb/a.gcode", GCODE)
    answer = house.watcher.wait(f"{BASE}/mk4/response/upload", lambda t: json.loads(t)["final"], mark).json
    assert answer["code"] == "not_supported" and "mapping" in answer["message"] and printer.uploads == []


@pytest.mark.parametrize("retain", ["live", "kept"])
def test_a_message_that_was_retained_is_no_file(house, srv, spool, retain):
    printer = house.add("mk4", "buddy", uploads(srv))
    topic = f"{BASE}/mk4/command/upload_and_print/usb/a.gcode"
    if retain == "kept":
        house.watcher.publish(topic, GCODE, retain=True)
    mark = house.watcher.mark
    house.run()
    if retain == "live":
        house.watcher.publish(topic, GCODE, retain=True)
    assert house.watcher.wait(f"{BASE}/mk4/response/upload", after=mark).json["code"] == "retained"
    house.watcher.publish(topic, b"", retain=True)
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"
    assert printer.uploads == [] and left(spool) == []


def test_without_a_folder_for_uploads_files_of_the_directory_still_go(house, srv, spool):
    spool.parent.mkdir()
    spool.write_text("in the way")
    house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    bridge.wait_log("warning .*uploads.*; uploads from addresses and messages are refused")
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/mk4/command/upload/usb/a.gcode", GCODE)
    answer = house.wait("mk4", "response/upload", lambda t: json.loads(t)["final"], mark).json
    assert answer["code"] == "not_supported" and "no folder" in answer["message"], answer
    assert house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).final()["status"] == "done"


# ---- from an address

@pytest.fixture
def web():
    """A server with files; /big never ends, /away redirects."""
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path == "/files/away.gcode":
                self.send_response(302)
                self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
            elif self.path == "/files/big.gcode":
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b"x" * 65536)
                except OSError:
                    pass
            elif self.path.startswith("/files/tower"):
                self.send_response(200)
                self.send_header("Content-Length", str(len(GCODE)))
                self.end_headers()
                self.wfile.write(GCODE)
            else:
                self.send_error(404)

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_file_from_an_allowed_address(house, web, spool):
    printer = house.add("mk4", "pi", {"uploads": {"origins": [f"{web}/files"], "max": "1M"}})
    house.run()
    done = house.watcher.order("mk4", "upload", {"url": f"{web}/files/tower%20one.gcode"}).final()
    assert done["status"] == "done", done
    assert stored(printer, "/local/tower one.gcode") == GCODE
    for url, code, word in ((f"{web}/files/away.gcode", "invalid", "redirect"), (f"{web}/files/big.gcode", "too_big", "uploads.max"),
                            (f"{web}/files/none.gcode", "not_found", "404"), (f"{web}/other/tower.gcode", "not_allowed", "origins"),
                            (f"{web}/files/../other/tower.gcode", "not_allowed", "origins")):
        answer = house.watcher.order("mk4", "upload", {"url": url}).final()
        assert (answer["status"], answer["code"]) == ("error", code) and word in answer["message"], answer
    assert len(printer.uploads) == 1
    nothing_left(spool)


@pytest.fixture
def slow_web():
    """A server that sends half of the file and the rest when it may."""
    may = threading.Event()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(GCODE)))
            self.end_headers()
            self.wfile.write(GCODE[:5000])
            may.wait(60)
            self.wfile.write(GCODE[5000:])

        def log_message(self, *_):
            pass
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", may
    may.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_a_file_that_is_just_fetched_is_fetched_again_after_a_restart(house, slow_web, spool, how):
    web, may = slow_web
    printer = house.add("mk4", "pi", {"uploads": {"origins": [web]}})
    bridge = house.run()
    answers = house.watcher.order("mk4", "upload", {"url": f"{web}/{'long' * 40}.gcode"})
    answers.wait("accepted")
    getattr(bridge, how)()
    may.set()
    house.run(name="again")
    assert answers.final(timeout=40)["status"] == "done"
    assert stored(printer, f"/local/{'long' * 40}.gcode") == GCODE
    nothing_left(spool)


def test_a_file_that_is_just_fetched_can_be_broken_off(house, slow_web, spool):
    web, may = slow_web
    printer = house.add("mk4", "pi", {"uploads": {"origins": [web]}})
    house.run()
    answers = house.watcher.order("mk4", "upload", {"url": f"{web}/a.gcode"})
    answers.wait("accepted")
    assert house.watcher.order("mk4", "cancel_transfer").final()["status"] == "done"
    assert answers.final()["code"] == "superseded"
    may.set()
    nothing_left(spool)
    assert printer.uploads == []


@pytest.mark.parametrize("way", ["upload/usb/a.gcode", "upload"])
def test_a_record_that_cannot_be_written_is_said(house, srv, spool, way):
    (spool / "000000000001.json.new").mkdir(parents=True)
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/mk4/command/{way}", {"file": "tower.gcode"})
    answer = house.watcher.wait(f"{BASE}/mk4/response/upload", after=mark).json
    assert answer["status"] == "error" and "cannot write" in answer["message"], answer
    until("the spool is empty", lambda: left(spool) == ["000000000001.json.new"])
    assert house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).final()["status"] == "done"
    assert len(printer.uploads) == 1


# ---- a watched folder

def test_what_is_moved_into_the_watched_folder_is_uploaded(house, tmp_path, spool):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out), "print": True}})
    house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    (tmp_path / "tower.gcode").write_bytes(GCODE)
    os.rename(tmp_path / "tower.gcode", out / "tower.gcode")
    (out / "notes.txt").write_text("no gcode")
    (out / "half.gcode.part").write_text("not yet")
    until("it is in done/", lambda: (out / "done/tower.gcode").exists())
    until("the other one is in failed/", lambda: (out / "failed/notes.txt.txt").exists())
    assert stored(printer, "/usb/tower.gcode") == GCODE
    assert ".gcode" in (out / "failed/notes.txt.txt").read_text()
    assert (out / "half.gcode.part").exists()
    assert [u.print_after for u in printer.uploads] == [True]
    house.wait("mk4", "state", "printing")
    nothing_left(spool)


def test_what_replaces_a_file_on_its_way_is_uploaded_too(house, tmp_path):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out), "overwrite": True}})
    house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    slow(printer, 400000)
    (out / "tower.gcode").write_bytes(GCODE * 60)
    house.wait("mk4", "transfer/active", "true")
    (tmp_path / "newer.gcode").write_bytes(GCODE)
    os.replace(tmp_path / "newer.gcode", out / "tower.gcode")
    printer.heal()
    until("the newer one is in done/", lambda: (out / "done/tower.gcode").exists(), timeout=40)
    assert stored(printer, "/usb/tower.gcode") == GCODE


def test_a_watched_file_survives_a_restart_and_is_uploaded_once(house, tmp_path, spool):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out)}})
    bridge = house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    printer.fault("stall", method="PUT", at=len(GCODE))
    (out / "tower.gcode").write_bytes(GCODE * 600)
    until("it is on its way", lambda: any(r.method == "PUT" for r in printer.requests))
    bridge.kill()
    printer.heal()
    slow(printer, 7000000)      # longer than a file must lie still
    again = house.run(name="again")
    until("it is in done/", lambda: (out / "done/tower.gcode").exists(), timeout=40)
    (out / "next.gcode").write_bytes(GCODE)
    until("the next one too", lambda: (out / "done/next.gcode").exists(), timeout=40)
    assert [u.path for u in printer.uploads if u.status == 201] == ["/usb/tower.gcode", "/usb/next.gcode"]
    assert "fail" not in again.log and os.listdir(out / "failed") == []
    nothing_left(spool)


class Share:
    """A folder that is empty while its share is not mounted."""

    def __init__(self, folder):
        self.folder, self.aside = folder, folder.with_name("share")

    def unmount(self):
        self.folder.rename(self.aside)
        self.folder.mkdir()

    def mount(self):
        self.folder.rename(self.folder.with_name("mountpoint"))
        self.aside.rename(self.folder)


@pytest.mark.parametrize("end", ["restart", "share away"])
def test_what_cannot_be_moved_away_is_not_uploaded_again(house, tmp_path, spool, end):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out), "overwrite": True, "print": True}})
    bridge = house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    printer.fault("stall", method="PUT", at=0)
    (out / "tower.gcode").write_bytes(GCODE)
    until("it is on its way", lambda: any(r.method == "PUT" for r in printer.requests))
    for folder in ("done", "failed"):
        (out / folder).rmdir()
        (out / folder).touch()
    printer.heal()
    bridge.wait_log("cannot move")
    assert len(left(spool)) == 1
    share = Share(out)
    if end == "restart":
        bridge.stop()
    else:
        share.unmount()
        until("it was looked at", lambda: (out / "failed").is_dir(), timeout=60)
    for folder in ("done", "failed"):
        ((out if end == "restart" else share.aside) / folder).unlink()
    if end == "restart":
        house.run(name="again")
    else:
        share.mount()
    until("it is moved away", lambda: not (out / "tower.gcode").exists(), timeout=70)
    nothing_left(spool)
    assert [u.status for u in printer.uploads].count(201) == 1 and printer.job_id == 1


def test_a_watched_file_whose_answer_was_lost_is_printed_once(house, tmp_path, spool):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out), "print": True, "overwrite": True}})
    bridge = house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    printer.fault("lost", method="PUT")
    (out / "tower.gcode").write_bytes(GCODE)
    until("it is stored", lambda: "/usb/tower.gcode" in printer.files())
    bridge.kill()
    printer.heal()
    house.run(name="again")
    until("it is in failed/", lambda: (out / "failed/tower.gcode.txt").exists(), timeout=40)
    assert "look whether it prints" in (out / "failed/tower.gcode.txt").read_text()
    assert [u.status for u in printer.uploads].count(201) == 1 and printer.job_id == 1
    nothing_left(spool)


def test_a_share_that_is_not_mounted_at_the_start_prints_nothing_twice(house, tmp_path, spool):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out), "print": True, "overwrite": True}})
    bridge = house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    printer.fault("lost", method="PUT")
    (out / "tower.gcode").write_bytes(GCODE)
    until("it is stored", lambda: "/usb/tower.gcode" in printer.files())
    bridge.kill()
    share = Share(out)
    share.unmount()
    printer.heal()
    printer.finish()
    again = house.run(name="again")
    again.wait_log("tower.gcode waits for its file")
    (out / "other.gcode").write_bytes(GCODE)        # nobody waits for it
    until("the other one is uploaded", lambda: (out / "done/other.gcode").exists(), timeout=60)
    share.mount()
    until("it is in failed/", lambda: (out / "failed/tower.gcode.txt").exists(), timeout=60)
    assert [u.path for u in printer.uploads if u.status == 201] == ["/usb/tower.gcode", "/usb/other.gcode"]
    nothing_left(spool)


def test_a_share_that_goes_during_an_upload_prints_nothing_twice(house, tmp_path, spool):
    out = tmp_path / "out"
    printer = house.add("mk4", "buddy", {"uploads": {"watch": str(out), "print": True, "overwrite": True}})
    bridge = house.run()
    until("the folder is made", lambda: (out / "failed").is_dir())
    printer.fault("stall", method="PUT", at=0)
    (out / "tower.gcode").write_bytes(GCODE)
    until("it is on its way", lambda: any(r.method == "PUT" for r in printer.requests))
    share = Share(out)
    share.unmount()
    printer.heal()
    bridge.wait_log("tower.gcode waits for its file")
    share.mount()
    until("it is in done/", lambda: (out / "done/tower.gcode").exists(), timeout=60)
    assert [u.status for u in printer.uploads] == [201] and printer.job_id == 1
    nothing_left(spool)


# ---- on the way

def slow(printer, rate):
    printer.fault("pace", method="PUT", rate=rate)


def test_it_is_told_how_far_it_is_and_polls_go_on(house, srv):
    (srv / "long.gcode").write_bytes(b"G1\n" * 7000000)
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    slow(printer, 2000000)
    mark = house.watcher.mark
    answers = house.watcher.order("mk4", "upload", {"file": "long.gcode"})
    house.wait("mk4", "transfer/active", "true", mark)
    house.wait("mk4", "transfer/name", "long.gcode")
    house.wait("mk4", "transfer/source", "bridge")
    house.wait("mk4", "transfer/size", "21000000")
    house.wait("mk4", "transfer/rate", lambda t: t != "None" and int(t) > 0)
    house.wait("mk4", "transfer/progress", lambda t: t != "None" and 0 < int(t) < 100)
    house.wait("mk4", "can/cancel_transfer", "online")
    done = answers.final(timeout=40)
    assert done["status"] == "done"
    house.wait("mk4", "transfer/active", "false", mark)
    house.wait("mk4", "transfer/name", "None", mark)
    assert printer.max_in_flight <= 2 and printer.max_connections <= 3


def test_orders_go_on_during_an_upload(house, srv):
    (srv / "long.gcode").write_bytes(b"G1\n" * 7000000)
    printer = house.add("mk4", "buddy", uploads(srv))
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "state", "printing")
    slow(printer, 2000000)
    answers = house.watcher.order("mk4", "upload", {"file": "long.gcode"})
    house.wait("mk4", "transfer/active", "true")
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"
    assert answers.statuses == ["accepted"]
    printer.heal()
    assert answers.final(timeout=40)["status"] == "done"


def test_it_can_be_broken_off(house, srv, spool):
    (srv / "long.gcode").write_bytes(b"G1\n" * 7000000)
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    slow(printer, 1000000)
    first = house.watcher.order("mk4", "upload", {"file": "long.gcode", "transaction": 1})
    house.wait("mk4", "transfer/active", "true")
    second = house.watcher.order("mk4", "upload", {"file": "tower.gcode", "transaction": 2})
    second.wait("accepted")
    printer.heal()
    slow(printer, 1000000)
    assert house.watcher.order("mk4", "cancel_transfer").final()["status"] == "done"
    assert first.wait(final=True, transaction=1)["code"] == "superseded"
    printer.heal()
    assert second.wait(final=True, transaction=2, timeout=60)["status"] == "done"
    assert "/usb/long.gcode" not in printer.files()
    nothing_left(spool)


def test_a_broken_connection_is_tried_again_and_stored_once(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    printer.fault("breakoff", method="PUT", at=10000, how="reset", count=1)
    done = house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).final(timeout=40)
    assert done["status"] == "done"
    assert [u.status for u in printer.uploads][-1] == 201 and stored(printer, "/usb/tower.gcode") == GCODE


def test_a_stale_nonce_costs_no_body(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    printer.expire_nonces()
    done = house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).final(timeout=40)
    assert done["status"] == "done"
    assert sum(u.received for u in printer.uploads) == len(GCODE)


def test_a_repeated_key_is_uploaded_once(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    slow(printer, 20000)
    order = {"file": "tower.gcode", "idempotency_key": "k1"}
    first = house.watcher.order("mk4", "upload", order)
    first.wait("accepted")
    second = house.watcher.order("mk4", "upload", order)
    assert second.final(timeout=40)["status"] == "done"
    assert house.watcher.order("mk4", "upload", order).final()["status"] == "done"
    assert len(printer.uploads) == 1


# ---- a restart in between

@pytest.mark.parametrize("moment", ["queued", "first bytes", "half way", "stored"])
@pytest.mark.parametrize("way", ["directory", "payload"])
def test_a_bridge_that_is_killed_loses_nothing_and_prints_once(house, srv, spool, moment, way):
    body = GCODE * 400      # more than what lies in sockets
    (srv / "tower.gcode").write_bytes(body)
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    if moment == "stored":
        printer.fault("lost", method="PUT")
    else:
        printer.fault("stall", method="PUT", at={"queued": 0, "first bytes": 1, "half way": len(body) // 2}[moment])
    mark = house.watcher.mark
    sender = {"ResponseTopic": "me/answers", "CorrelationData": b"\x00z"}
    if way == "payload":
        house.watcher.publish(f"{BASE}/mk4/command/upload_and_print/usb/tower.gcode", body, **sender)
    else:
        house.watcher.publish(f"{BASE}/mk4/command/upload", {"file": "tower.gcode", "print": True}, **sender)
    house.watcher.wait("me/answers", lambda t: json.loads(t)["status"] == "accepted", mark)
    if moment == "stored":
        until("it is stored", lambda: "/usb/tower.gcode" in printer.files())
    elif moment != "queued":
        until("it is on its way", lambda: any(r.method == "PUT" for r in printer.requests))
    bridge.kill()
    printer.heal()
    mark = house.watcher.mark
    house.bridge(name="again")
    final = house.watcher.wait("me/answers", lambda t: json.loads(t)["final"], mark, timeout=90)
    assert printer.file("/usb/tower.gcode").sha256 == hashlib.sha256(body).hexdigest()
    assert len([u for u in printer.uploads if u.status == 201]) == 1 and printer.job_id == 1
    assert final.json["status"] == ("error" if moment == "stored" else "done"), final.json
    nothing_left(spool)


def test_a_file_that_changed_while_the_bridge_was_away_is_not_sent(house, srv, spool):
    body = GCODE * 400      # more than what lies in sockets
    (srv / "tower.gcode").write_bytes(body)
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=len(body) // 2)
    house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).wait("accepted")
    until("it is on its way", lambda: any(r.method == "PUT" for r in printer.requests))
    bridge.kill()
    printer.heal()
    (srv / "tower.gcode").write_bytes(body + b"; another\n")
    mark = house.watcher.mark
    house.run(name="again")
    answer = house.wait("mk4", "response/upload", lambda t: json.loads(t)["final"], mark).json
    assert answer["code"] == "conflict" and "has changed since it was sent" in answer["message"], answer
    assert [u for u in printer.uploads if u.status == 201] == []
    nothing_left(spool)


@pytest.mark.parametrize("change", [{"uploads": None}, {"commands": {"disable": ["upload"]}}], ids=["off", "disabled"])
def test_what_is_not_allowed_any_more_is_given_up_after_a_restart(house, srv, spool, change):
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    house.watcher.order("mk4", "upload", {"file": "tower.gcode"}).wait("accepted")
    bridge.kill()
    printer.heal()
    again = house.run({"printers": {"mk4": change}}, name="again")
    again.wait_log("given up")
    house.wait("mk4", "response/upload", lambda t: '"not_allowed"' in t)
    nothing_left(spool)


def test_uploads_wait_for_a_printer_that_is_off(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode"})
    answers.wait("accepted")
    mark = house.watcher.mark
    printer.off()
    house.wait("mk4", "availability", "offline", mark)
    refused = house.watcher.order("mk4", "upload", {"file": "tower.gcode", "path": "/usb/b.gcode"}).final()
    assert refused["code"] == "offline"
    printer.heal()
    printer.on()
    assert house.watcher.wait(f"{BASE}/mk4/response/upload", lambda t: '"done"' in t, timeout=90)
    assert stored(printer, "/usb/tower.gcode") == GCODE
    assert bridge.alive and hashlib.sha256(GCODE).hexdigest() == printer.uploads[-1].sha256


def test_one_that_waits_for_a_printer_that_is_off_can_be_broken_off(house, srv, spool):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.run()
    printer.fault("stall", method="PUT", at=0)
    answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode"})
    answers.wait("accepted")
    mark = house.watcher.mark
    printer.off()
    house.wait("mk4", "availability", "offline", mark)
    assert house.watcher.order("mk4", "cancel_transfer").final()["status"] == "done"
    assert answers.final()["code"] == "superseded"
    assert house.watcher.order("mk4", "cancel_transfer").final()["code"] == "offline"
    nothing_left(spool)


def test_who_repeats_a_key_is_answered_at_the_end(house, srv):
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    order = {"file": "tower.gcode", "idempotency_key": "k1"}
    house.watcher.order("mk4", "upload", order | {"transaction": 1}).wait("accepted")
    second = house.watcher.order("mk4", "upload", order | {"transaction": 2})
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"
    bridge.stop()
    assert second.wait(final=True, transaction=2)["code"] == "offline"
    assert not [a for a in second.all if a["final"] and a.get("transaction") == 1]


def test_what_expires_while_it_waits_is_not_uploaded(house, srv, spool):
    (srv / "long.gcode").write_bytes(b"G1\n" * 7000000)
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    house.watcher.order("mk4", "upload", {"file": "long.gcode", "transaction": 1}).wait("accepted")
    expires = int(time.time()) + 10
    late = house.watcher.order("mk4", "upload", {"file": "tower.gcode", "transaction": 2, "expires": expires})
    late.wait("accepted")
    bridge.kill()
    time.sleep(max(expires - time.time(), 0) + 0.5)
    printer.heal()
    house.run(name="again")
    assert late.wait(final=True, transaction=2, timeout=60)["code"] == "expired"
    assert "/usb/tower.gcode" not in printer.files()
    nothing_left(spool)


def test_a_read_only_printer_takes_nothing_from_its_folder(house, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/tower.gcode").write_bytes(GCODE)
    house.add("mk4", "buddy", {"read_only": True, "uploads": {"watch": str(tmp_path / "out")}})
    bridge = house.run()
    bridge.wait_log("read_only.*folder")
    assert os.listdir(tmp_path / "out") == ["tower.gcode"]


def test_what_lay_on_a_disk_with_another_number_goes_on(house, srv, spool):
    """A device's number may change when the machine starts anew."""
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode"})
    answers.wait("accepted")
    until("it is on its way", lambda: any(r.method == "PUT" for r in printer.requests))
    bridge.kill()
    record, = spool.glob("*.json")
    record.write_text(json.dumps(json.loads(record.read_text()) | {"device": "4711"}))
    printer.heal()
    house.run(name="again")
    assert answers.final(timeout=40)["status"] == "done"


def test_a_printer_that_left_the_configuration_is_answered_for(house, srv, spool):
    printer = house.add("mk4", "buddy", uploads(srv))
    house.add("mini")
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode"})
    answers.wait("accepted")
    bridge.kill()
    house.run({"printers": {"mk4": {"enabled": False}}}, name="again")
    assert answers.final()["code"] == "not_allowed"
    nothing_left(spool)


def test_a_folder_that_is_not_open_any_more_is_said(house, srv, spool):
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode"})
    answers.wait("accepted")
    bridge.kill()
    printer.heal()
    house.run({"printers": {"mk4": {"uploads": {"directory": None, "payload": "1M"}}}}, name="again")
    answer = answers.final()
    assert answer["code"] == "not_allowed" and "uploads.directory" in answer["message"], answer


def test_eight_wait_and_survive_a_clean_end(house, srv, spool):
    printer = house.add("mk4", "buddy", uploads(srv))
    bridge = house.run()
    printer.fault("stall", method="PUT", at=0)
    for n in range(10):     # one after the other: orders in one moment are looked into side by side
        answers = house.watcher.order("mk4", "upload", {"file": "tower.gcode", "path": f"/usb/{n}.gcode", "transaction": n})
        if n < 9:
            answers.wait("accepted", transaction=n)
    assert answers.wait(final=True, transaction=9)["code"] == "queue_full"
    mark = house.watcher.mark
    bridge.stop()
    printer.heal()
    house.run(name="again")
    for n in range(9):
        house.watcher.wait(f"{BASE}/mk4/response/upload", lambda t: (a := json.loads(t))["final"] and a["transaction"] == n
                           and a["status"] == "done", mark, timeout=60)
    assert [u.path for u in printer.uploads if u.status == 201] == [f"/usb/{n}.gcode" for n in range(9)]
    nothing_left(spool)
