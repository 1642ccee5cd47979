"""The command line when the printer lies, the disk is full, a file changes or somebody presses Ctrl-C."""
import contextlib
import http.server
import json
import os
import re
import resource
import signal
import subprocess
import threading
import time

import pytest
from harness.process import PATIENCE, until
from harness.terminal import Terminal

G = b"; a print\nG28\n"


class Liar(http.server.BaseHTTPRequestHandler):
    """A printer without a password that says what the story wants: documents by path, or functions of the handler."""
    protocol_version = "HTTP/1.1"
    storages = {"storage_list": [{"path": "/usb", "type": "USB", "name": "usb", "available": True, "read_only": False}]}
    documents = {}
    asked = []

    def do_GET(self):
        self.asked.append((self.command, self.path))
        document = {"/api/v1/storage": self.storages, **self.documents}.get(self.path)
        if callable(document):
            return document(self)
        return self.say(404 if document is None else 200, document or {})

    do_PUT = do_DELETE = do_GET

    def say(self, status, document):
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def liar():
    handler = type("Story", (Liar,), {"documents": {}, "asked": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    handler.url = f"http://127.0.0.1:{server.server_port}"
    yield handler
    server.shutdown()
    server.server_close()


@pytest.fixture
def alone(tmp_path):
    return Terminal(tmp_path)


@pytest.fixture
def printer(empty_house):
    return empty_house.add("mk")


@pytest.fixture
def desk(empty_house, printer, tmp_path):
    return Terminal(tmp_path, empty_house)


def here(desk, name, content=G):
    file = desk.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def content(desk):
    """Everything in the folder but the configuration."""
    return {f.name: f.read_bytes() for f in desk.folder.iterdir() if f.is_file() and f.name != "config.yaml"}


@contextlib.contextmanager
def running(desk, *words, ignoring=()):
    """Like desk.started, with signals ignored as nohup does."""
    def ignore():
        for number in ignoring:
            signal.signal(number, signal.SIG_IGN)
    process = subprocess.Popen(desk.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                               env=desk.env, cwd=desk.folder, preexec_fn=ignore)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def asked(printer, method, end):
    return [r for r in printer.requests if r.method == method and r.target.endswith(end)]


# -- a terminal, a pipe or a disk that takes no more

@pytest.mark.parametrize("words", [["schema"], ["reference"], ["--help"], ["--version"], ["status", "--help"], ["check"],
                                   ["mapping"], ["status"], ["status", "mk"], ["files", "mk"], ["mkdir", "mk", "new"]])
def test_what_cannot_be_written_is_a_failure(desk, words):
    with open("/dev/full", "w") as full:
        done = subprocess.run(desk.command(*words), stdout=full, stderr=subprocess.PIPE, text=True, env=desk.env,
                              cwd=desk.folder, timeout=PATIENCE)
    assert done.returncode == 1 and "cannot write to stdout" in done.stderr


@pytest.mark.parametrize("words", [["schema"], ["status", "mk"], ["files", "mk"], ["mkdir", "mk", "new"]])
@pytest.mark.parametrize("closed, status", [("<&-", 0), (">&-", 1), ("2>&-", 0), ("<&- 2>&-", 0)])
def test_a_stream_that_is_closed_is_no_place_for_a_socket(desk, words, closed, status):
    done = subprocess.run(["sh", "-c", f'"$@" {closed}; echo "status $?" >end', "sh", *desk.command(*words)],
                          capture_output=True, text=True, env=desk.env, cwd=desk.folder, timeout=30)
    assert (desk.folder / "end").read_text() == f"status {status}\n", done
    assert "cannot write to stdout" in done.stderr if status else done.stdout


# -- paths that are empty, as of a variable that is not set

@pytest.mark.parametrize("words", [["sync", "mk", "d", "", "--delete"], ["delete", "mk", "", "--force"], ["mkdir", "mk", ""],
                                   ["print", "mk", ""], ["files", "mk", ""], ["download", "mk", ""], ["upload", "mk", "d/a.gcode", ""]])
def test_an_empty_path_is_refused(desk, printer, words):
    here(desk, "d/a.gcode")
    assert "PATH is empty" in desk.fails(*words)
    assert printer.orders == []


# -- download: what is here

def test_a_download_touches_no_other_file(desk, printer):
    here(desk, "mine.gcode")
    desk("upload", "mk", "mine.gcode")
    here(desk, "copy.gcode.part", b"somebody's")
    desk("download", "mk", "mine.gcode", "copy.gcode")
    assert content(desk) == {"mine.gcode": G, "copy.gcode.part": b"somebody's", "copy.gcode": G}


def test_a_file_that_appears_meanwhile_is_not_overwritten(desk, printer):
    here(desk, "mine.gcode")
    desk("upload", "mk", "mine.gcode")
    printer.fault("slow", path="/usb/*", delay=None)
    with running(desk, "download", "mk", "mine.gcode", "copy.gcode") as process:
        printer.wait_for(lambda p: any(r.target.startswith("/usb/") for r in p.requests))
        here(desk, "copy.gcode", b"new")
        printer.heal()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "--overwrite" in err
    assert content(desk) == {"mine.gcode": G, "copy.gcode": b"new"}


def test_what_is_no_file_is_not_replaced(desk, printer):
    here(desk, "mine.gcode")
    desk("upload", "mk", "mine.gcode")
    os.mkfifo(desk.folder / "pipe")
    assert "not a regular file" in desk.fails("download", "mk", "mine.gcode", "pipe", "--overwrite")
    assert (desk.folder / "pipe").is_fifo()


@pytest.mark.parametrize("number, ignored", [(signal.SIGHUP, False), (signal.SIGTERM, False), (signal.SIGHUP, True)])
def test_a_download_that_is_ended_leaves_nothing(desk, printer, number, ignored):
    here(desk, "mine.gcode")
    desk("upload", "mk", "mine.gcode")
    printer.fault("slow", path="/usb/*", delay=None)
    with running(desk, "download", "mk", "mine.gcode", "copy.gcode", ignoring=[number] if ignored else []) as process:
        printer.wait_for(lambda p: any(r.target.startswith("/usb/") for r in p.requests))
        process.send_signal(number)
        if ignored:
            printer.heal()
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == (0 if ignored else 1) and (ignored or "interrupted" in err)
    assert content(desk) == {"mine.gcode": G} | ({"copy.gcode": G} if ignored else {})


# -- download: what comes

def offers(liar, name, size, body):
    liar.documents["/api/v1/files/usb/x.gcode"] = {
        "type": "PRINT_FILE", "name": "X.GCO", "display_name": name, "size": size, "m_timestamp": 1700000000,
        "refs": {"download": "/usb/X.GCO"}}
    liar.documents["/usb/X.GCO"] = body


def test_an_answer_without_an_end_does_not_fill_the_disk(liar, alone):
    sent = []

    def endless(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        handler.close_connection = True
        with contextlib.suppress(OSError):
            while len(sent) < 500:
                handler.wfile.write(bytes(1 << 20))
                sent.append(1)

    offers(liar, "x.gcode", 10, endless)
    assert "more than the 10 bytes" in alone.fails("download", "/usb/x.gcode", "--url", liar.url)
    assert len(sent) < 100 and content(alone) == {}


@pytest.mark.parametrize("name", ["../x.gcode", "/etc/x.gcode", "..\\x.gcode", ".bashrc", "..", "a/../../x.gcode"])
def test_names_from_a_printer_never_leave_the_folder(liar, alone, name):
    offers(liar, name, 2, lambda handler: handler.say(200, {}))
    (alone.folder / "in").mkdir()
    before = set(alone.folder.parent.rglob("*"))
    for words in (["download", "/usb/x.gcode", "in"],):
        answer = subprocess.run(alone.command(*words, "--url", liar.url), env=alone.env, cwd=alone.folder, capture_output=True)
        new = set(alone.folder.parent.rglob("*")) - before
        assert new in (set(), {alone.folder / "in" / "x.gcode"}), (answer, new)


# -- snap

def test_a_picture_that_cannot_be_stored_leaves_the_last_one(empty_house, tmp_path):
    printer = empty_house.add("mk3", "pi", username="anna")
    printer.add_camera("Front", picture=b"\xff\xd8" + bytes(20000) + b"\xff\xd9")
    desk = Terminal(tmp_path, empty_house)
    here(desk, "now.jpg", b"the last one")

    def small_disk():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    done = subprocess.run(desk.command("snap", "mk3", "now.jpg"), env=desk.env, cwd=desk.folder, text=True,
                          capture_output=True, preexec_fn=small_disk)
    assert done.returncode == 1 and "cannot store" in done.stderr
    assert content(desk) == {"now.jpg": b"the last one"}
    desk("snap", "mk3", "now.jpg")
    assert content(desk)["now.jpg"][:2] == b"\xff\xd8"


# -- sync: what must stay

def test_sync_leaves_firmware_and_other_files_alone(liar, alone):
    liar.documents["/api/v1/status"] = {"printer": {"state": "IDLE"}}
    liar.documents["/api/v1/files/usb"] = {"type": "FOLDER", "name": "usb", "children": [
        {"type": "FIRMWARE", "name": "MK4.BBF", "display_name": "mk4.bbf"},
        {"type": "FILE", "name": "NOTES.TXT", "display_name": "notes.txt"},
        {"type": "PRINT_FILE", "name": "OLD.GCO", "display_name": "old.gcode"},
        {"type": "FOLDER", "name": "DOCS", "display_name": "docs"}]}
    liar.documents["/api/v1/files/usb/DOCS"] = {"type": "FOLDER", "name": "DOCS", "children": [
        {"type": "FIRMWARE", "name": "MK4.BBF", "display_name": "mk4.bbf"}]}
    here(alone, "d/mk4.bbf")
    report = alone("sync", "d", "/usb", "--delete", "--dry-run", "--json", "--url", liar.url).json
    assert [(s["action"], s["name"]) for s in report["steps"]] == [("delete", "old.gcode")]


def test_sync_of_nothing_empties_no_printer(desk, printer):
    printer.add_file("/usb/mine/a.gcode")
    printer.add_file("/usb/mine/parts/b.gcode")
    here(desk, "share/notes.txt")
    sentence = desk.fails("sync", "mk", "share", "/usb/mine", "--delete")
    assert "share has nothing in it" in sentence and "mounted?" in sentence and "--force" in sentence
    assert printer.orders == []
    assert "b.gcode" in desk("sync", "mk", "share", "/usb/mine", "--delete", "--dry-run").out
    desk("sync", "mk", "share", "/usb/mine")
    assert printer.orders == []
    assert "3 deleted" in desk("sync", "mk", "share", "/usb/mine", "--delete", "--force").out
    desk("sync", "mk", "share", "/usb/mine", "--delete")
    assert desk("files", "mk", "/usb/mine", "--json").json["files"] == []


def test_a_link_to_nowhere_deletes_nothing(desk, printer):
    printer.add_file("/usb/mine/a.gcode")
    here(desk, "d/b.gcode")
    (desk.folder / "d/a.gcode").symlink_to("/nowhere/a.gcode")
    (desk.folder / "d/notes.txt").symlink_to("/nowhere/notes.txt")
    assert "cannot read d/a.gcode" in desk.fails("sync", "mk", "d", "/usb/mine", "--delete")
    assert [e["name"] for e in desk("files", "mk", "/usb/mine", "--json").json["files"]] == ["a.gcode"]


def test_sync_of_a_full_stick_does_not_wait_for_each_file(desk, printer):
    here(desk, "d/a.gcode")
    printer.fault("error", path="*a.gcode", method="PUT", status=507)
    desk("sync", "mk", "d", status=1)
    assert len(asked(printer, "PUT", "/a.gcode")) == 1 and len(asked(printer, "GET", "/a.gcode")) <= 2


def test_ctrl_c_ends_a_sync_that_still_reads(desk, printer):
    here(desk, "d/a.gcode")
    printer.fault("hang", path="/api/v1/files/*")
    with running(desk, "sync", "mk", "d") as process:
        printer.wait_for(lambda p: any(r.target.startswith("/api/v1/files/") for r in p.requests))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)
    assert process.returncode == 1 and "interrupted" in err


# -- what the configuration forbids

def test_a_disabled_upload_is_refused_here_too(empty_house, tmp_path):
    printer = empty_house.add("mk", configured={"commands": {"disable": ["upload"]}})
    desk = Terminal(tmp_path, empty_house)
    here(desk, "d/a.gcode")
    assert "upload is disabled" in desk.fails("upload", "mk", "d/a.gcode")
    assert "upload is disabled" in desk("sync", "mk", "d", status=1).out
    assert asked(printer, "PUT", "a.gcode") == []


def test_a_disabled_print_is_refused_with_an_upload_too(empty_house, tmp_path):
    printer = empty_house.add("mk", configured={"commands": {"disable": ["print"]}})
    desk = Terminal(tmp_path, empty_house)
    here(desk, "a.gcode")
    assert "print is disabled" in desk.fails("upload", "mk", "a.gcode", "--print")
    assert asked(printer, "PUT", "a.gcode") == []
    desk("upload", "mk", "a.gcode")


def test_a_program_is_told_why_nothing_was_sent(empty_house, tmp_path):
    empty_house.add("mk", configured={"commands": {"disable": ["print"]}})
    desk = Terminal(tmp_path, empty_house)
    here(desk, "a.txt")
    for words, code in ((["a.txt", "--print"], "not_allowed"), (["none.gcode"], "invalid"), (["a.txt"], "invalid"),
                        (["a.txt", ""], "invalid")):
        done = desk("upload", "mk", *words, "--json", status=1).json
        assert done["status"] == "error" and done["code"] == code, words


# -- what is shown

def test_no_sentence_changes_the_direction_of_writing(desk):
    for words in (["files", "mk", "/usb/\u202ex"], ["sync", "mk", "\u202e"], ["status", "\u202emk"]):
        answer = desk(*words, status=2 if words[0] == "status" else 1)
        assert "\u202e" not in answer.err and "\x1b" not in answer.err and "\\u202e" in answer.err


def test_a_low_terminal_does_not_scroll(desk, printer):
    printer.start_print(duration=36000)
    printer.advance(600)
    _, seen = desk.screen("monitor", "mk", until=r"Progress(?s:.)*\x1b\[\d+A\r", interrupt=True, rows=5)
    assert all(int(n) <= 4 for n in re.findall(r"\x1b\[(\d+)A", seen))
