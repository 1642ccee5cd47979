"""Files of the printer: listed, chosen, printed, deleted; whatever they are called and however many there are."""
import json
import pathlib
import time

import pytest

from harness import process
from harness.house import polls

ODD = ["a b+c%d.gcode", "Größe #1 'neu'.gcode", "semi;colon&amp=1.gcode", "100%25.gcode", "{brace}[1].gcode", "日本.gcode"]


def files(house, name="mk4", until=lambda f: True, after=-1):
    """files/list, once it is as wanted."""
    message = house.wait(name, "files/list", lambda t: t.startswith("[") and until(json.loads(t)), after)
    return message.json


def names(listed):
    return [f["name"] for f in listed]


def rss(bridge):
    return int(pathlib.Path(f"/proc/{bridge.pid}/statm").read_text().split()[1]) * 4096


def profiles(test):
    return pytest.mark.parametrize("profile,root", [("buddy", "/usb"), ("pi", "/local")])(test)


@profiles
def test_all_folders_of_all_storages_are_listed_newest_first(house, profile, root):
    printer = house.add("mk4", profile)
    for path in printer.files():
        printer.remove_file(path)
    printer.add_file(f"{root}/old.gcode", size=10, mtime=1700000001)
    printer.add_file(f"{root}/deep/er/new.gcode", size=20, mtime=1700000003)
    printer.add_file(f"{root}/deep/mid.gcode", size=30, mtime=1700000002)
    printer.add_file(f"{root}/note.txt", size=5)
    house.run()
    listed = files(house)
    assert names(listed) == ["new.gcode", "mid.gcode", "old.gcode"]
    assert listed[0]["modified"].startswith("2023-11-14T22:13:23")
    assert all(f["path"].startswith(root + "/") for f in listed)
    assert house.wait("mk4", f"storage/{root[1:]}/files", "3")
    if profile == "pi":
        assert [f["size"] for f in listed] == [20, 30, 10]


@profiles
def test_a_file_of_any_name_can_be_chosen_and_printed(house, profile, root):
    printer = house.add("mk4", profile)
    for name in ODD:
        printer.add_file(f"{root}/sub folder/{name}", size=100, duration=36000)
    house.run()
    listed = files(house, until=lambda l: set(ODD) <= set(names(l)))
    for name in ODD:
        path = next(f["path"] for f in listed if f["name"] == name)
        assert house.watcher.order("mk4", "select_file", name).final()["status"] == "done"
        house.wait("mk4", "files/selected", path)
        house.wait("mk4", "files/selected_name", name)
    house.wait("mk4", "can/print_selected", "online")
    done = house.watcher.order("mk4", "print_selected").final()
    assert done["status"] == "done", done
    assert house.wait("mk4", "job/name", ODD[-1])
    house.wait("mk4", "can/print_selected", "offline")


def test_nothing_is_printed_when_nothing_is_chosen(house):
    printer = house.add("mk4")
    house.run()
    files(house)
    house.wait("mk4", "can/print_selected", "offline")
    house.wait("mk4", "can/reprint", "offline")
    answer = house.watcher.order("mk4", "print_selected").final()
    assert (answer["status"], answer["code"]) == ("error", "conflict") and "select_file" in answer["message"]
    answer = house.watcher.order("mk4", "reprint").final()
    assert (answer["status"], answer["code"]) == ("error", "conflict")
    answer = house.watcher.order("mk4", "select_file", "no such.gcode").final()
    assert (answer["status"], answer["code"]) == ("error", "not_found")
    assert printer.orders == []
    assert house.watcher.order("mk4", "select_file", "box.gcode").final()["status"] == "done"
    house.wait("mk4", "can/print_selected", "online")
    assert house.watcher.order("mk4", "select_file", "none").final()["status"] == "done"
    house.wait("mk4", "can/print_selected", "offline")
    house.wait("mk4", "files/selected", "None")


def test_what_is_chosen_survives_a_restart_and_ends_with_the_file(house):
    printer = house.add("mk4")
    bridge = house.run()
    files(house)
    first, path = (house.watcher.order("mk4", "select_file", name).final() and house.value("mk4", "files/selected")
                   for name in ("box.gcode", "/usb/parts/clip.gcode"))
    assert "None" not in (first, path) and first != path
    bridge.stop()
    mark = house.watcher.echo()
    house.run(name="again")
    house.wait("mk4", "files/selected", path, after=mark)
    house.wait("mk4", "files/selected_name", "clip.gcode", after=mark)
    printer.remove_file("/usb/parts/clip.gcode")
    assert house.watcher.order("mk4", "list_files").final()["status"] == "done"
    house.wait("mk4", "files/selected", "None", after=mark)


def test_what_is_no_longer_chosen_does_not_come_back(house):
    house.add("mk4")
    bridge = house.run()
    files(house)
    for name in ("box.gcode", "none"):
        assert house.watcher.order("mk4", "select_file", name).final()["status"] == "done"
        time.sleep(1.5)  # is saved on its own
    bridge.stop()
    mark = house.watcher.echo()
    house.run(name="again")
    house.wait("mk4", "files/list", lambda text: "box.gcode" in text, after=mark)
    assert house.value("mk4", "files/selected") == "None"
    assert house.value("mk4", "can/print_selected") == "offline"


def test_the_last_job_is_printed_again(house):
    printer = house.add("mk4", starting=0.1, finishing=0.1, finished=0.2)
    house.run()
    files(house)
    printer.start_print("/usb/box.gcode", duration=100)
    house.wait("mk4", "state", "printing")
    house.wait("mk4", "job/name", "box.gcode")
    printer.finish()
    house.wait("mk4", "can/reprint", "online")
    done = house.watcher.order("mk4", "reprint").final()
    assert done["status"] == "done", done
    house.wait("mk4", "state", "printing")
    assert [o[0] for o in printer.orders] == ["print"]


@profiles
def test_folders_are_made_and_files_deleted_only_when_enabled(house, profile, root):
    printer = house.add("mk4", profile)
    house.run()
    files(house)
    answer = house.watcher.order("mk4", "delete", f"{root}/x.gcode").final()
    assert answer["code"] == "not_allowed" and "enable" in answer["message"]
    house.wait("mk4", "can/delete", "offline")
    for path in (f"{root}/neuer Ordner", f"{root}/neuer Ordner/ä+b"):
        done = house.watcher.order("mk4", "create_folder", path).final()
        assert done["status"] == "done", done
    assert not any(o[0] == "delete" for o in printer.orders)
    assert any(o[0] == "create_folder" for o in printer.orders), printer.orders


@profiles
def test_what_is_deleted_leaves_the_list(house, profile, root):
    printer = house.add("mk4", profile, {"commands": {"enable": ["delete"]}})
    printer.add_file(f"{root}/full/one.gcode", size=10)
    house.run()
    files(house, until=lambda l: "one.gcode" in names(l))
    answer = house.watcher.order("mk4", "delete", f"{root}/full").final()
    assert answer["status"] == "error" and "empty" in answer["message"], answer
    mark = house.watcher.mark
    if profile == "pi":
        done = house.watcher.order("mk4", "delete", {"path": f"{root}/full", "force": True}).final()
    else:
        done = house.watcher.order("mk4", "delete", f"{root}/full/one.gcode").final()
    assert done["status"] == "done", done
    files(house, until=lambda l: "one.gcode" not in names(l), after=mark)
    answer = house.watcher.order("mk4", "delete", f"{root}/never.gcode").final()
    assert answer["code"] == "not_found"


REFUSALS = [
    # (profile, before, order, argument, code, status, part of the sentence)
    ("buddy", "exists", "create_folder", "/usb/there", "conflict", 409, "already"),
    ("buddy", None, "create_folder", "/usb/no/such", "printer_error", 500, "folder above"),
    ("buddy", "exists", "delete", "/usb/there", "not_found", 404, "not empty"),
    ("buddy", None, "delete", "/usb/never.gcode", "not_found", 404, "no such file"),
    ("buddy", "sending", "delete", "/usb/sent.gcode", "conflict", 409, "transferred"),
    ("buddy", "printing", "delete", "/usb/box.gcode", "conflict", 409, "printed"),
    ("buddy", None, "print", "/usb/never.gcode", "not_found", 404, "no such file"),
    ("pi", "exists", "delete", "/local/there", "conflict", 409, "not empty"),
    ("pi", None, "delete", "/local/never.gcode", "not_found", 404, "no such file"),
    ("pi", "printing", "delete", "/local/dig.gcode", "conflict", 409, "printed"),
    ("pi", None, "delete", "/sdcard/x.gcode", "conflict", 409, "refused"),
    ("pi", None, "create_folder", "/sdcard/x", "conflict", 409, "cannot be written"),
    ("pi", None, "print", "/local/never.gcode", "not_found", 404, "no such file"),
]


@pytest.mark.parametrize("profile,before,command,path,code,status,part", REFUSALS)
def test_a_refusal_says_why_and_what_to_do(house, profile, before, command, path, code, status, part):
    printer = house.add("mk4", profile, {"commands": {"enable": ["delete"]}})
    root = "/usb" if profile == "buddy" else "/local"
    if before == "exists":
        printer.add_file(f"{root}/there/x.gcode")
    house.run()
    files(house)
    if before == "sending":
        printer.foreign_transfer(path, 1_000_000)
    if before == "printing":
        printer.start_print(path, duration=3600)
        house.wait("mk4", "state", "printing")
    answer = house.watcher.order("mk4", command, path).final()
    assert (answer["status"], answer["code"], answer.get("http_status")) == ("error", code, status), answer
    assert part in answer["message"]


@pytest.mark.parametrize("path", ["/usb/../box.gcode", "/usb/a\nb.gcode", "/usb/" + "x" * 160, "/local/x.gcode", "/usb"])
@pytest.mark.parametrize("command", ["delete", "create_folder", "file_info"])
def test_a_path_that_cannot_be_is_refused_before_a_byte_is_sent(house, command, path):
    if command == "file_info" and path == "/usb":
        pytest.skip("a storage has information, too")
    printer = house.add("mk4", configured={"commands": {"enable": ["delete"]}})
    house.run()
    files(house)
    answer = house.watcher.order("mk4", command, json.dumps({"path": path})).final()
    assert (answer["status"], answer["code"]) == ("error", "invalid"), answer
    assert not [r for r in printer.requests if r.method in ("PUT", "DELETE", "POST")]


@profiles
def test_list_files_and_file_info_answer_with_what_they_found(house, profile, root):
    printer = house.add("mk4", profile)
    printer.add_file(f"{root}/sub/a.gcode", size=10)
    house.run()
    files(house)
    done = house.watcher.order("mk4", "list_files").final()
    assert done["status"] == "done" and "a.gcode" in names(done["value"])
    done = house.watcher.order("mk4", "list_files", f"{root}/sub").final()
    assert [(f["name"], f["kind"]) for f in done["value"]] == [("a.gcode", "print")]
    done = house.watcher.order("mk4", "list_files", root).final()
    assert ("sub", "folder") in [(f["name"], f["kind"]) for f in done["value"]]
    path = next(f["path"] for f in done["value"] if f["kind"] == "print")
    info = house.watcher.order("mk4", "file_info", path).final()["value"]
    assert info["path"] == path and info["kind"] == "print" and info["size"] > 0
    if profile == "pi":
        info = house.watcher.order("mk4", "file_info", "/local/dig.gcode").final()["value"]
        assert info["filament_type"] == "PLA" and info["time_estimated"] == 754 and info["layer_height"] == 0.2
    answer = house.watcher.order("mk4", "file_info", f"{root}/never.gcode").final()
    assert answer["code"] == "not_found" and answer["http_status"] == 404
    answer = house.watcher.order("mk4", "list_files", f"{root}/never").final()
    assert answer["code"] == "not_found"


def test_keys_belong_to_their_orders(house):
    house.add("mk4")
    house.run()
    answer = house.watcher.order("mk4", "pause", {"force": True}).final()
    assert answer["code"] == "invalid" and "force" in answer["message"]


def test_a_stick_that_is_pulled_has_no_files(house):
    printer = house.add("mk4")
    house.run()
    files(house, until=lambda l: "box.gcode" in names(l))
    mark = house.watcher.mark
    printer.set_stick(False)
    house.watcher.order("mk4", "refresh").final()
    assert files(house, after=mark) == []
    mark = house.watcher.mark
    printer.set_stick(True)
    house.watcher.order("mk4", "refresh").final()
    assert "box.gcode" in names(files(house, until=bool, after=mark))


def test_what_somebody_else_sends_is_noticed(house):
    printer = house.add("mk4")
    house.run()
    files(house)
    mark = house.watcher.mark
    printer.foreign_transfer("/usb/sent.gcode", 1000)
    house.wait("mk4", "transfer/active", "true")
    printer.end_transfer()
    files(house, until=lambda l: "sent.gcode" in names(l), after=mark)


def test_equal_names_are_told_apart(house):
    printer = house.add("mk4")
    printer.add_file("/usb/one/box.gcode")
    printer.add_file("/usb/two/box.gcode")
    house.run()
    listed = names(files(house, until=lambda l: len(l) >= 5))
    assert {"one/box.gcode", "two/box.gcode", "/usb/box.gcode"} <= set(listed) or \
        {"one/box.gcode", "two/box.gcode", "box.gcode"} <= set(listed), listed
    done = house.watcher.order("mk4", "select_file", "two/box.gcode").final()
    assert done["status"] == "done"


@profiles
def test_ten_thousand_files_hold_up_nobody(house, profile, root, sanitized):
    printer = house.add("mk4", profile)
    other = house.add("other")
    printer.add_files(10000)
    bridge = house.run()
    files(house, until=lambda l: len(l) == 50)
    house.wait("mk4", f"storage/{root[1:]}/files", lambda t: t.isdigit() and int(t) >= 10000)
    before, mark = rss(bridge), house.watcher.mark
    for _ in range(3):
        assert house.watcher.order("mk4", "list_files").final()["status"] == "done"
    assert len(house.watcher.last("printer2mqtt/mk4/files/list").payload) <= 16384
    assert sanitized or rss(bridge) - before < 8 << 20
    polls(other, 2)
    assert not [m for m in house.watcher.since(mark, "printer2mqtt/*/availability") if m.payload == b"offline"]
    house.watcher.request("health").final()
    assert json.loads(house.watcher.text("printer2mqtt/bridge/health"))["polls_failed"] == 0


def test_the_select_in_home_assistant_has_the_files(house):
    printer = house.add("mk4")
    house.run()
    files(house)

    def component():
        text = house.watcher.text(f"homeassistant/device/{printer.serial}/config")
        return text and json.loads(text)["components"].get("cmd_select_file")

    def wait(wanted):
        process.until("its options", lambda: component() and wanted(component()))
        return component()
    select = wait(lambda c: "box.gcode" in c["options"])
    assert select["options"][0] == "none" and select["state_topic"].endswith("files/selected_name")
    printer.add_file("/usb/newest.gcode", mtime=int(time.time()))
    house.watcher.order("mk4", "list_files").final()
    assert wait(lambda c: "newest.gcode" in c["options"])["options"][1] == "newest.gcode"


def test_a_transfer_of_somebody_is_cancelled_on_a_pi(house):
    printer = house.add("mk4", "pi")
    house.run()
    house.wait("mk4", "can/cancel_transfer", "offline")
    answer = house.watcher.order("mk4", "cancel_transfer").final()
    assert answer["code"] == "conflict"
    printer.foreign_transfer("/local/big.gcode", 10_000_000, rate=1000)
    house.wait("mk4", "can/cancel_transfer", "online")
    done = house.watcher.order("mk4", "cancel_transfer").final()
    assert done["status"] == "done", done
    house.wait("mk4", "transfer/active", "false")


def test_a_buddy_cannot_cancel_a_transfer(house):
    printer = house.add("mk4")
    house.run()
    files(house)
    answer = house.watcher.order("mk4", "cancel_transfer").final()
    assert answer["code"] == "not_supported"
    assert house.value("mk4", "can/cancel_transfer") is None
    assert not [r for r in printer.requests if r.method == "DELETE"]
