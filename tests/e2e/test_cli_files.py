"""Files from the command line: list, get, send, delete, make folders, and keep a folder in step."""
import hashlib
import re

import pytest
from harness.terminal import Terminal

G = b"; a print\nG28\n"


@pytest.fixture(params=["buddy", "pi"])
def printer(request, empty_house):
    options = {"username": "anna"} if request.param == "pi" else {}
    return empty_house.add("mk", request.param, starting=0.1, **options)


@pytest.fixture
def storage(printer):
    return "/usb" if printer.profile == "buddy" else "/local"


@pytest.fixture
def desk(empty_house, printer, tmp_path):
    return Terminal(tmp_path, empty_house)


def here(desk, name, content=G):
    file = desk.folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def names(desk, path=None):
    words = ["files", "mk", "--json"] if path is None else ["files", "mk", path, "--json"]
    return {entry["name"] for entry in desk(*words).json["files"]}


def bodies(printer):
    """Uploads that came in."""
    return [r for r in printer.requests if r.method == "PUT" and r.authenticated]


# -- looking

def test_files_of_all_storages_and_of_a_folder(desk, printer, storage):
    printer.add_file(f"{storage}/parts/Würfel groß.gcode", size=1234567)
    text = desk("files", "mk").out
    assert f"{storage}:\n" in text and re.search(r"^ *\d{4}-\d\d-\d\d \d\d:\d\d  parts/$", text, re.M)
    assert "Würfel groß.gcode" in desk("files", "mk", f"{storage}/parts").out
    assert "Würfel groß.gcode" in desk("files", "mk", "parts").out
    entry, = [e for e in desk("files", "mk", "parts", "--json").json["files"] if "Würfel" in e["name"]]
    assert entry["kind"] == "print" and entry["path"].startswith(f"{storage}/") and entry["read_only"] is False
    assert entry["modified"].endswith("+00:00")


def test_one_file(desk, printer, storage):
    printer.add_file(f"{storage}/one.gcode", size=1234567)
    text = desk("files", "mk", f"{storage}/one.gcode").out
    assert re.search(r"^Name +one\.gcode$", text, re.M) and re.search(r"^Size +1\.2 MB$", text, re.M)
    entry, = desk("files", "mk", "one.gcode", "--json").json["files"]
    assert entry["size"] == 1234567


@pytest.mark.parametrize("path, sentence", [("/none.gcode", "there is no"), ("/sub/../x", "..")])
def test_what_is_not_there(desk, storage, path, sentence):
    assert sentence in desk.fails("files", "mk", storage + path)


def test_another_storage_than_the_printer_has(desk):
    assert "no storage /moon" in desk.fails("files", "mk", "/moon/x.gcode")


def test_a_printer_without_its_stick(empty_house, tmp_path):
    printer = empty_house.add("mk")
    printer.storage_present("usb", False)
    desk = Terminal(tmp_path, empty_house)
    here(desk, "a.gcode")
    assert "stick" in desk.fails("files", "mk")
    assert "stick" in desk.fails("upload", "mk", "a.gcode")


def test_thousands_of_files_are_listed(desk, printer, storage):
    for number in range(1500):
        printer.add_file(f"{storage}/many/f{number}.gcode")
    assert len(names(desk, "many")) == 1500


# -- getting

def test_download(desk, printer, storage):
    content = bytes(range(256)) * 5000
    here(desk, "mine.gcode", content)
    desk("upload", "mk", "mine.gcode")
    (desk.folder / "mine.gcode").unlink()
    answer = desk("download", "mk", "mine.gcode")
    assert answer.out.startswith("mine.gcode: 1.3 MB in ") and (desk.folder / "mine.gcode").read_bytes() == content
    assert "--overwrite" in desk.fails("download", "mk", "mine.gcode")
    (desk.folder / "mine.gcode").write_bytes(b"")
    desk("download", "mk", "mine.gcode", "--overwrite")
    assert (desk.folder / "mine.gcode").read_bytes() == content
    (desk.folder / "there").mkdir()
    done = desk("download", "mk", f"{storage}/mine.gcode", "there", "--json").json
    assert done["size"] == len(content) and done["file"] == "there/mine.gcode"
    assert (desk.folder / "there/mine.gcode").read_bytes() == content


def test_a_download_that_breaks_off_leaves_nothing(desk, printer, storage):
    here(desk, "mine.gcode", G * 40000)
    desk("upload", "mk", "mine.gcode")
    target = "/usb/*" if printer.profile == "buddy" else "/api/files/*"
    printer.fault("half", path=target)
    desk.fails("download", "mk", "mine.gcode", "copy.gcode")
    assert {f.name for f in desk.folder.iterdir()} == {"config.yaml", "mine.gcode"}


def test_download_of_what_is_no_file(desk, printer, storage):
    printer.add_file(f"{storage}/parts/x.gcode")
    assert "folder" in desk.fails("download", "mk", "parts")
    assert "there is no" in desk.fails("download", "mk", "none.gcode")
    assert "cannot write" in desk.fails("download", "mk", "parts/x.gcode", "nowhere/x.gcode")


# -- sending

def test_upload_to_the_first_storage_that_can_be_written(desk, printer, storage):
    here(desk, "my box.gcode")
    answer = desk("upload", "mk", "my box.gcode")
    assert answer.out.startswith(f"mk: {storage}/my box.gcode stored; ") and answer.err == ""
    assert "my box.gcode" in names(desk) and len(bodies(printer)) == 1


def test_upload_as_json(desk, printer, storage):
    here(desk, "a.gcode")
    done = desk("upload", "mk", "a.gcode", "--json").json
    assert {k: done[k] for k in ("printer", "path", "status", "stored", "printed", "size", "tries", "message")} == {
        "printer": "mk", "path": f"{storage}/a.gcode", "status": "done", "stored": True, "printed": False,
        "size": len(G), "tries": 1, "message": ""}


def test_upload_into_a_folder_and_under_another_name(desk, printer, storage):
    here(desk, "a.gcode")
    printer.add_file(f"{storage}/parts/x.gcode")
    desk("upload", "mk", "a.gcode", "parts")
    desk("upload", "mk", "a.gcode", f"{storage}/parts/b.gcode")
    desk("upload", "mk", "a.gcode", f"{storage}/")
    assert {"x.gcode", "a.gcode", "b.gcode"} <= names(desk, "parts") and "a.gcode" in names(desk)


def test_upload_and_print(desk, printer):
    here(desk, "a.gcode")
    assert "stored and being printed" in desk("upload", "mk", "a.gcode", "--print").out
    printer.wait_for(lambda p: p.state == "PRINTING")


def test_upload_of_a_name_that_is_there(desk, printer):
    here(desk, "a.gcode")
    desk("upload", "mk", "a.gcode")
    assert "--overwrite" in desk.fails("upload", "mk", "a.gcode")
    here(desk, "a.gcode", G * 3)
    assert desk("upload", "mk", "a.gcode", "--overwrite", "--json").json["size"] == 3 * len(G)
    refused = desk("upload", "mk", "a.gcode", "--json", status=1)
    assert refused.json["status"] == "error" and refused.json["code"] == "conflict" and not refused.json["stored"]


def test_stored_but_not_printed_is_a_failure_that_says_so(desk, printer):
    here(desk, "a.gcode")
    printer.start_print(duration=36000)
    printer.advance(600)
    assert "not printed" in desk.fails("upload", "mk", "a.gcode", "--print")
    assert "a.gcode" in names(desk)


@pytest.mark.parametrize("name, content, sentence", [
    ("a.gcode", b"", "empty"), ("a.txt", b"x", ".gcode"), ("x" * 200 + ".gcode", b"x", "shorter name")])
def test_what_the_printer_would_refuse_is_not_sent(empty_house, tmp_path, name, content, sentence):
    printer = empty_house.add("mk")
    desk = Terminal(tmp_path, empty_house)
    here(desk, name, content)
    assert sentence in desk.fails("upload", "mk", name)
    assert bodies(printer) == []


def test_files_that_are_none(desk):
    assert "No such file" in desk.fails("upload", "mk", "none.gcode")
    (desk.folder / "folder.gcode").mkdir()
    assert "not a regular file" in desk.fails("upload", "mk", "folder.gcode")
    assert "sync" in desk.fails("upload", "mk", "folder.gcode/")


def test_read_only_in_the_file_holds_here_too(empty_house, tmp_path):
    printer = empty_house.add("mk", configured={"read_only": True})
    desk = Terminal(tmp_path, empty_house)
    here(desk, "d/a.gcode")
    for words in (["upload", "mk", "d/a.gcode"], ["delete", "mk", "/usb/box.gcode"], ["mkdir", "mk", "x"]):
        assert "read_only" in desk.fails(*words)
    desk("sync", "mk", "d", status=1)
    assert bodies(printer) == [] and printer.orders == []


def test_a_terminal_sees_a_bar(desk, printer):
    here(desk, "big.gcode", G * 400000)
    printer.fault("pace", method="PUT", count=1, rate=8_000_000)
    status, seen = desk.screen("upload", "mk", "big.gcode")
    assert status == 0 and re.search(r"big\.gcode  [█░▏▎▍▌▋▊▉]{20} +\d+ %  .* of 5\.6 MB", seen)
    assert seen.rstrip().splitlines()[-1].endswith("/s")


def test_a_transfer_is_seen_by_others(desk, printer, storage):
    here(desk, "big.gcode", G * 400000)
    printer.fault("pace", method="PUT", rate=50_000)
    with desk.started("upload", "mk", "big.gcode"):
        printer.wait_for(lambda p: desk("transfer", "mk", "--json").json["transfer"].get("active"))
        text = desk("transfer", "mk").out
        assert "big.gcode" in text and re.search(r"^Transfer size +5\.6 MB$", text, re.M)
        assert re.search(r"^Transfer +\d+ %  big\.gcode$", desk("status", "mk").out, re.M)


def test_ctrl_c_cancels_an_upload(desk, printer, storage):
    here(desk, "big.gcode", G * 400000)
    printer.fault("stall", method="PUT")
    status, seen = desk.screen("upload", "mk", "big.gcode", until=r"big\.gcode  [█░▏▎▍▌▋▊▉]{20}", interrupt=True)
    assert status == 1 and "cancel" in seen
    assert "big.gcode" not in names(desk)


# -- deleting and making

def test_delete_and_mkdir(desk, printer, storage):
    assert desk("mkdir", "mk", "new").out == f"mk: {storage}/new is made\n"
    assert "new" in names(desk)
    printer.add_file(f"{storage}/new/a.gcode")
    desk.fails("delete", "mk", "new")
    assert desk("delete", "mk", f"{storage}/new/a.gcode").out == f"mk: {storage}/new/a.gcode is deleted\n"
    assert desk("delete", "mk", "new", "--json").json["status"] == "done"
    assert "new" not in names(desk)
    assert "no such file" in desk.fails("delete", "mk", "none.gcode")


def test_delete_a_folder_with_all_that_is_in_it(desk, printer, storage):
    printer.add_file(f"{storage}/old/a.gcode")
    if printer.profile == "buddy":
        assert "empty" in desk.fails("delete", "mk", "old", "--force")
    else:
        assert "--force" in desk.fails("delete", "mk", "old")
        desk("delete", "mk", "old", "--force")
        assert "old" not in names(desk)


def test_what_is_being_printed_is_not_deleted(desk, printer, storage):
    printer.add_file(f"{storage}/now.gcode", duration=36000)
    desk("print", "mk", "now.gcode")
    desk.fails("delete", "mk", "now.gcode")
    assert "now.gcode" in names(desk)


# -- sync

def plan(desk, *options):
    report = desk("sync", "mk", "d", "/".join(["", *desk.there]), "--dry-run", "--json", *options).json
    return {(s["action"], s["name"]) for s in report["steps"]}


@pytest.fixture
def folder(desk, storage):
    desk.there = [storage[1:], "mine"]
    here(desk, "d/a.gcode", G)
    here(desk, "d/sub/Würfel 1.gcode", G * 2)
    here(desk, "d/readme.txt", b"not to be printed")
    here(desk, "d/.hidden.gcode", G)
    return desk.folder / "d"


def there(desk):
    return "/".join(["", *desk.there])


def test_sync_makes_the_folder_equal(desk, folder, printer):
    assert plan(desk) == {("upload", "a.gcode"), ("make", "sub"), ("upload", "sub/Würfel 1.gcode")}
    assert bodies(printer) == []
    answer = desk("sync", "mk", "d", there(desk))
    assert "upload   a.gcode  (14 B)\n" in answer.out
    assert answer.lines[-1] == "mk: 1 made, 2 uploaded, 1 here that cannot be printed"
    printer.advance(5)
    assert plan(desk) == set()
    again = desk("sync", "mk", "d", there(desk), "--json").json
    assert again["steps"] == [] and again["same"] == 3 and again["failed"] == 0


def test_sync_replaces_what_has_another_size_or_is_newer(desk, folder, printer):
    desk("sync", "mk", "d", there(desk))
    printer.advance(5)
    here(desk, "d/a.gcode", G * 7)
    printer.add_file("/".join(["", *desk.there, "sub", "Würfel 1.gcode"]), size=2 * len(G), mtime=1700000000)
    assert plan(desk) == {("replace", "a.gcode"), ("replace", "sub/Würfel 1.gcode")}
    text = desk("sync", "mk", "d", there(desk)).out
    assert "replace  a.gcode  (other size)" in text and "replace  sub/Würfel 1.gcode  (newer here)" in text
    entry, = [e for e in desk("files", "mk", there(desk) + "/a.gcode", "--json").json["files"]]
    assert entry["size"] == 7 * len(G)


def test_sync_deletes_nothing_unless_it_is_said(desk, folder, printer):
    printer.add_file("/".join(["", *desk.there, "old", "x.gcode"]))
    text = desk("sync", "mk", "d", there(desk)).out
    assert "2 only on the printer (--delete removes them)" in text and "old" in names(desk, there(desk))
    assert ("delete", "old/x.gcode") in plan(desk, "--delete")
    assert "old" in names(desk, there(desk))
    assert "2 deleted" in desk("sync", "mk", "d", there(desk), "--delete").out
    assert names(desk, there(desk)) == {"a.gcode", "sub"}


def test_a_step_that_fails_does_not_stop_the_others(desk, folder, printer):
    here(desk, "d/" + "x" * 200 + ".gcode")
    printer.fault("error", path="*a.gcode", method="PUT", status=507)
    answer = desk("sync", "mk", "d", there(desk), status=1)
    assert "failed: " in answer.out and "Würfel 1.gcode" in answer.out and "steps failed" in answer.err
    assert "sub" in names(desk, there(desk))


def test_sync_of_what_is_no_folder(desk, folder, printer, storage):
    assert "cannot read" in desk.fails("sync", "mk", "none")
    printer.add_file(f"{storage}/file.gcode")
    assert "is a file" in desk.fails("sync", "mk", "d", f"{storage}/file.gcode")
    here(desk, "d/A.gcode")
    assert "upper and lower case" in desk.fails("sync", "mk", "d")


def test_uploads_arrive_byte_for_byte(desk, printer, storage):
    content = b"".join(hashlib.sha256(bytes([n % 256])).digest() for n in range(50000))
    here(desk, "x.gcode", content)
    desk("upload", "mk", "x.gcode")
    desk("download", "mk", "x.gcode", "back.gcode")
    assert (desk.folder / "back.gcode").read_bytes() == content
