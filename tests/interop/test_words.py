"""The words of the command line with a PrusaLink as it runs on Raspberry Pis."""
import re

import pytest
from harness.terminal import Terminal
from stage import pi
from stage.pi import gcode

SYSTEM = "PrusaLink (command line)"


@pytest.fixture(scope="module")
def server():
    server = pi.PrusaLink("words")
    try:
        server.start().ready("temp_nozzle", "fan_print")
        yield server
    finally:
        server.close()


@pytest.fixture
def desk(server, tmp_path):
    desk = Terminal(tmp_path)
    secret = desk.folder / "secret"
    secret.write_text(server.password)
    desk.options = ["--url", server.url, "--username", pi.USER, "--password-file", str(secret)]
    return desk


def write(desk, name, text):
    (desk.folder / name).parent.mkdir(exist_ok=True)
    (desk.folder / name).write_text(text)
    return name


def test_looking(desk, server, saw):
    status = desk("status", "--json").json
    assert status["state"] == "idle" and status["nozzle"]["temperature"] > 0
    assert desk("info", "--json").json["info"]["serial"] and desk("version", "--json").json["info"]["server"] == pi.VERSION
    assert re.search(r"^/local +present +writable", desk("storage").out, re.M)
    assert desk("transfer").out == "nothing is being transferred\n" and desk("job").out == "nothing is being printed\n"
    assert desk("legacy", "--json").json["printer"]["state"]["text"] == "Operational"
    assert desk("cameras").out == "the printer has no cameras\n"
    assert "from the card.gcode" in desk("files").out
    saw("status, info, version, storage, transfer, job, legacy, cameras, files tell what it says")


def test_files_there_and_back(desk, server, saw):
    text = gcode(40)
    write(desk, "über box.gcode", text)
    assert "/local/über box.gcode stored" in desk("upload", "über box.gcode").out
    assert "--overwrite" in desk.fails("upload", "über box.gcode")
    desk("upload", "über box.gcode", "--overwrite")
    desk("download", "über box.gcode", "back.gcode")
    assert (desk.folder / "back.gcode").read_text() == text
    assert desk("mkdir", "parts").out == "127.0.0.1:%d: /local/parts is made\n" % server.port
    desk("upload", "über box.gcode", "parts")
    assert "--force" in desk.fails("delete", "parts")
    desk("delete", "parts", "--force")
    desk("delete", "/local/über box.gcode")
    assert "there is no" in desk.fails("files", "über box.gcode")
    saw("upload, download, mkdir and delete, spaces and umlauts, byte for byte")


def test_sync(desk, server, saw):
    write(desk, "d/a.gcode", gcode(10))
    write(desk, "d/b.gcode", gcode(20))
    assert "2 uploaded" in desk("sync", "d", "/local/mine").out
    assert desk("sync", "d", "/local/mine", "--json").json["same"] == 2
    (desk.folder / "d/a.gcode").unlink()
    write(desk, "d/b.gcode", gcode(30))
    assert "1 replaced, 1 deleted" in desk("sync", "d", "/local/mine", "--delete").out
    saw("sync uploads, replaces, deletes and then finds nothing to do")


def test_a_print(desk, server, saw):
    server.printer.pace = 5.0
    write(desk, "long.gcode", gcode(4000))
    assert "being printed" in desk("upload", "long.gcode", "--print", "--overwrite", timeout=60).out
    server.wait_state("printing")
    assert "now paused" in desk("pause", timeout=60).out
    assert "now printing" in desk("resume", timeout=60).out
    assert desk("job", "--json").json["job"]["name"] == "long.gcode"
    with desk.started("wait") as waiting:
        assert re.search("now (stopped|idle)", desk("cancel", timeout=120).out)
        _, err = waiting.communicate(timeout=60)
    assert waiting.returncode == 1 and "cancelled" in err
    saw("upload --print, pause, resume, cancel; wait tells that it was cancelled")


def test_a_wrong_password(desk, server):
    (desk.folder / "secret").write_text("wrong")
    assert "it refused user name or password" in desk.fails("status")
