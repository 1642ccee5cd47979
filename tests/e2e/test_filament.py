"""Filament of jobs on firmware that tells none: read from the file, at its upload or by one download when the job begins."""
import pathlib

import pytest

from harness import BASE, polls

FILES = pathlib.Path(__file__).resolve().parents[1] / "metadata" / "files"
FILLER = b"G1 X10.123 Y10.456 E.01234\n"
WEIGHT, LENGTH, TYPE = "job/filament_weight", "job/filament_length", "job/filament_type"


def recorded(name):
    """The file as it was, with made-up G-code in its middle; weight and length as they must show."""
    for line in (FILES / "files.tsv").read_text().splitlines():
        row = line.split("\t")
        if row[0] == name:
            break
    kept, head, size = (FILES / name).read_bytes(), int(row[1]), int(row[2])
    middle = size - len(kept)
    content = kept[:head] + (FILLER * (middle // len(FILLER) + 1))[:middle] + kept[head:]
    return content, f"{float(row[3]):.2f}", f"{float(row[4]):.2f}"


def downloads(printer, path="/usb/"):
    return [r for r in printer.requests if r.target.startswith(path)]


def same(house, key, expected):
    """The same number, whatever its decimals."""
    return house.watcher.wait(f"{BASE}/mk4/{key}", lambda p: p not in ("", "None") and float(p) == pytest.approx(float(expected), rel=0.01))


@pytest.fixture
def srv(tmp_path):
    folder = tmp_path / "srv"
    folder.mkdir()
    return folder


def on_stick(house, name, path=None, configured=None, **options):
    printer = house.add("mk4", configured=configured, **options)
    content, weight, length = recorded(name)
    path = path or f"/usb/{name}"
    printer.add_file(path, content=content)
    return printer, path, weight, length


# ---- at upload

@pytest.mark.parametrize("name", ["prusa29_plate.gcode", "prusa25_days.gcode", "prusa29_two_of_three_binary.bgcode"])
def test_an_uploaded_file_was_read_on_its_way(house, srv, name):
    printer = house.add("mk4", configured={"uploads": {"directory": str(srv)}})
    content, weight, length = recorded(name)
    (srv / name).write_bytes(content)
    house.run()
    house.watcher.order("mk4", "upload", {"file": name, "path": f"/usb/long name of {name}", "print": True}).final()
    same(house, WEIGHT, weight)
    same(house, LENGTH, length)
    assert house.value("mk4", "job/path") != f"/usb/long name of {name}", "the job is told by its short name"
    polls(printer, 2)
    assert downloads(printer) == []


def test_a_print_days_after_its_upload_still_has_it(house, srv):
    printer = house.add("mk4", configured={"uploads": {"directory": str(srv)}})
    content, weight, _ = recorded("prusa25_days.gcode")
    (srv / "days.gcode").write_bytes(content)
    bridge = house.run()
    assert house.watcher.order("mk4", "upload", {"file": "days.gcode"}).final()["status"] == "done"
    bridge.stop()
    printer.start_print("/usb/days.gcode", duration=36000)
    bridge.start()
    same(house, WEIGHT, weight)
    assert downloads(printer) == []


# ---- from the stick

@pytest.mark.parametrize("name", ["prusa29_days_binary.bgcode", "packed_deflate.bgcode", "prusa25_tower_pictures.gcode"])
def test_a_file_of_the_stick_is_read_once_for_its_job(house, name):
    printer, path, weight, length = on_stick(house, name)
    printer.start_print(path, duration=36000)
    house.run()
    same(house, WEIGHT, weight)
    same(house, LENGTH, length)
    for key in (TYPE, "job/layer_height", "job/time_estimated"):
        house.watcher.wait(f"{BASE}/mk4/{key}", lambda p: p not in ("", "None"))
    polls(printer, 3)
    request, = downloads(printer)
    assert request.sent <= (1 << 20) + (512 << 10), "and no more than the head of it"


def test_the_same_file_again_is_not_read_again(house):
    printer, path, weight, _ = on_stick(house, "prusa29_plate_binary.bgcode")
    printer.start_print(path, duration=36000)
    house.run()
    same(house, WEIGHT, weight)
    mark = house.watcher.mark
    printer.finish()
    mark = house.wait("mk4", WEIGHT, "None", mark)
    printer.start_print(path, duration=36000)
    house.watcher.wait(f"{BASE}/mk4/{WEIGHT}", lambda p: p not in ("", "None"), mark)
    assert len(downloads(printer)) == 1


def test_a_long_text_keeps_it_at_its_end_and_is_asked_only_once(house):
    printer, path, _, _ = on_stick(house, "prusa25_days.gcode")
    printer.start_print(path, duration=36000)
    bridge = house.run()
    printer.wait_for(lambda p: downloads(p))
    polls(printer, 3)
    bridge.stop()
    bridge.start()
    polls(printer, 3)
    request, = downloads(printer)
    assert request.sent < 5 << 20, "nobody waits for six megabytes"
    assert house.value("mk4", WEIGHT) in (None, "None")


def test_a_restart_in_the_middle_of_a_job_asks_nothing(house):
    printer, path, weight, _ = on_stick(house, "packed_none.bgcode")
    printer.start_print(path, duration=36000)
    bridge = house.run()
    same(house, WEIGHT, weight)
    bridge.stop()
    mark = house.watcher.mark
    bridge.start()
    house.watcher.wait(f"{BASE}/mk4/{WEIGHT}", lambda p: p not in ("", "None"), mark)
    assert len(downloads(printer)) == 1


def test_a_download_that_fails_is_not_tried_again_for_the_job(house):
    printer, path, weight, _ = on_stick(house, "packed_none.bgcode")
    printer.fault("error", path="/usb/*", count=1)
    printer.start_print(path, duration=36000)
    house.run()
    printer.wait_for(lambda p: downloads(p))
    polls(printer, 3)
    assert len(downloads(printer)) == 1
    assert house.value("mk4", "availability") == "online"
    printer.finish()
    house.wait("mk4", "last_job/result", "finished")
    printer.start_print(path, duration=36000)
    same(house, WEIGHT, weight)
    assert len(downloads(printer)) == 2


def test_nothing_is_read_while_something_is_transferred(house):
    printer, path, weight, _ = on_stick(house, "packed_none.bgcode")
    printer.foreign_transfer("/usb/other.gcode", 1 << 30, rate=1000)
    printer.start_print(path, duration=36000)
    house.run()
    house.wait("mk4", "job/name", "packed_none.bgcode")
    polls(printer, 2)
    assert downloads(printer) == []
    printer.end_transfer(False)
    same(house, WEIGHT, weight)


def test_off_is_off(house):
    printer, path, _, _ = on_stick(house, "packed_none.bgcode", configured={"read_files": False})
    printer.start_print(path, duration=36000)
    house.run()
    house.wait("mk4", "job/name", "packed_none.bgcode")
    polls(printer, 3)
    assert downloads(printer) == []
    assert house.value("mk4", WEIGHT) in (None, "None")


def test_off_is_off_for_uploads_too(house, srv):
    house.add("mk4", configured={"read_files": False, "uploads": {"directory": str(srv)}})
    content, _, _ = recorded("prusa29_plate_binary.bgcode")
    (srv / "plate.bgcode").write_bytes(content)
    house.run()
    house.watcher.order("mk4", "upload", {"file": "plate.bgcode", "print": True}).final()
    house.wait("mk4", "job/name", "plate.bgcode")
    polls(house.sim.printers["mk4"], 2)
    assert house.value("mk4", WEIGHT) in (None, "None")


def test_a_finished_job_used_all_of_it(house):
    printer, path, weight, _ = on_stick(house, "packed_none.bgcode")
    printer.start_print(path, duration=36000)
    house.run()
    same(house, WEIGHT, weight)
    mark = house.watcher.mark
    printer.finish()
    same(house, "last_job/filament_weight", weight)
    mark = house.wait("mk4", WEIGHT, "None", mark)
    printer.start_print(path, duration=36000)
    house.watcher.wait(f"{BASE}/mk4/{WEIGHT}", lambda p: p not in ("", "None"), mark)
    printer.finish()
    same(house, "total/filament_weight", 2 * float(weight))


def test_a_raspberry_pi_tells_it_itself(house):
    content, _, _ = recorded("prusa25_cube.gcode")
    printer = house.add("mk4", "pi")
    printer.add_file("/local/cube.gcode", content=content, meta={"filament used [g]": 7.5, "layer_height": 0.2})
    printer.start_print("/local/cube.gcode", duration=36000)
    house.run()
    house.wait("mk4", "job/name", "cube.gcode")
    polls(printer, 2)
    assert [r for r in printer.requests if r.target.endswith("/raw")] == []


# ---- what becomes of it

def test_a_cancelled_job_used_as_much_as_was_done(house):
    printer, path, weight, _ = on_stick(house, "packed_none.bgcode")
    printer.start_print(path, duration=36000)
    bridge = house.run()
    same(house, WEIGHT, weight)
    printer.advance(18000)
    done = house.watcher.wait(f"{BASE}/mk4/job/progress", lambda p: p not in ("", "None") and float(p) >= 49)
    bridge.stop()           # it is kept
    mark = house.watcher.mark
    bridge.start()
    house.wait("mk4", "availability", "online", mark)
    house.wait("mk4", "job/progress", done.text, mark)
    house.watcher.order("mk4", "cancel", "PRESS").final()
    house.wait("mk4", "last_job/result", "cancelled")
    share = float(house.value("mk4", "last_job/progress")) / 100
    same(house, "last_job/filament_weight", float(weight) * share)
    same(house, "total/filament_weight", float(weight) * share)


def test_home_assistant_is_told_of_it_once_it_is_known(house):
    printer, path, weight, _ = on_stick(house, "packed_none.bgcode")
    house.run()
    before = house.watcher.wait(f"homeassistant/device/{printer.serial}/config")
    assert "job_filament_weight" not in before.json["components"]
    printer.start_print(path, duration=36000)
    after = house.watcher.wait(before.topic, lambda text: "job_filament_weight" in text, before).json["components"]
    assert {"job_filament_length", "job_filament_type", "job_layer_height"} <= set(after)
    assert len([c for c in after.values() if "unique_id" in c and c.get("enabled_by_default", True)]) <= 20
