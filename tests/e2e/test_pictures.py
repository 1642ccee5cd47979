"""Pictures of jobs: on their topics while they apply, kept when the job ended, said again when the broker lost them."""
import pytest

from harness import BASE, polls
from harness.process import until

JOB, LAST = "job/thumbnail", "last_job/thumbnail"
BOX = "/usb/box.gcode"
PNG = b"\x89PNG\r\n\x1a\n"


def picture(printer, path=BOX):
    return printer.file(path).thumbnails[220, 124]


def printing(house, name="mk4", **more):
    printer = house.add(name, **more)
    printer.start_print(BOX, duration=36000)
    return printer


def thumbs(printer):
    return [r for r in printer.requests if "/thumb" in r.target]


def content_type(house, topic):
    return next(m for m in reversed(house.watcher.messages) if m.topic == topic and m.payload).properties.ContentType


def test_the_picture_of_a_job_is_shown_while_it_prints_and_kept_when_it_ends(house):
    printer = printing(house)
    house.run()
    house.wait("mk4", JOB, picture(printer))
    house.wait("mk4", f"has/{JOB}", "online")
    house.wait("mk4", f"has/{LAST}", "offline")
    assert content_type(house, f"{BASE}/mk4/{JOB}") == "image/png"
    polls(printer, 3)
    assert len(thumbs(printer)) == 1, "once for each job"
    mark = house.watcher.mark
    printer.finish()
    house.wait("mk4", LAST, picture(printer), mark)
    house.wait("mk4", f"has/{LAST}", "online", mark)
    house.wait("mk4", JOB, b"", mark)
    gone = house.wait("mk4", f"has/{JOB}", "offline", mark)
    assert gone, "said before the picture goes"
    assert len(thumbs(printer)) == 1


def test_a_finished_print_has_its_picture_when_the_plug_cut_the_power_and_after_a_restart(house):
    printer = printing(house)
    shown = picture(printer)
    bridge = house.run()
    house.wait("mk4", JOB, shown)
    printer.finish()
    house.wait("mk4", LAST, shown)
    house.wait("mk4", f"has/{LAST}", "online")
    mark = house.watcher.mark
    printer.off()
    house.wait("mk4", "availability", "offline", mark)
    assert house.value("mk4", f"has/{LAST}") == "online"
    bridge.stop()
    house.watcher.publish(f"{BASE}/mk4/{LAST}", b"", retain=True)
    mark = house.watcher.echo()
    bridge.start()
    house.wait("mk4", LAST, shown, mark)
    house.wait("mk4", f"has/{LAST}", "online", mark)


def test_a_restart_in_mid_print_does_not_take_the_picture_back(house):
    printer = printing(house)
    bridge = house.run()
    house.wait("mk4", JOB, picture(printer))
    house.wait("mk4", f"has/{JOB}", "online")
    bridge.stop()
    mark = house.watcher.echo()
    bridge.start()
    house.wait("mk4", "availability", "online", mark)
    polls(printer, 5)
    assert house.watcher.since(mark, f"{BASE}/mk4/state"), "it was live"
    assert all(m.payload for m in house.watcher.since(mark, f"{BASE}/mk4/{JOB}"))
    assert all(m.payload == b"online" for m in house.watcher.since(mark, f"{BASE}/mk4/has/{JOB}"))


def test_the_picture_of_a_vanished_job_is_gone(house):
    """Also when the job ended while nobody looked, and with another one's picture in its place."""
    printer = printing(house)
    printer.add_file("/usb/other.gcode", thumbnails={(220, 124): PNG + b"other"})
    bridge = house.run()
    house.wait("mk4", JOB, picture(printer))
    house.wait_remembered("box.gcode")
    bridge.kill()
    printer.finish()
    printer.start_print("/usb/other.gcode", duration=36000)
    mark = house.watcher.mark
    bridge.start()
    house.wait("mk4", JOB, PNG + b"other", mark)
    house.wait("mk4", LAST, picture(printer), mark)


def test_a_file_without_a_picture_has_none(house):
    printer = house.add()
    printer.add_file("/usb/bare.gcode")
    printer.start_print("/usb/bare.gcode", duration=36000)
    house.run()
    house.wait("mk4", f"has/{JOB}", "offline")
    printer.wait_for(lambda p: len(thumbs(p)) >= 2, timeout=30)     # not in the first moment is not never
    assert house.value("mk4", "job/name") == "bare.gcode"
    assert not any(m.payload for m in house.watcher.messages if m.topic == f"{BASE}/mk4/{JOB}")


def test_what_browsers_cannot_show_is_left_out(house):
    printer = house.add()
    printer.add_file("/usb/qoi.gcode", thumbnails={(220, 124): b"qoif" + bytes(100)})
    printer.start_print("/usb/qoi.gcode", duration=36000)
    bridge = house.run({"log": {"level": "debug"}})
    printer.wait_for(lambda p: len(thumbs(p)) >= 1, timeout=30)
    polls(printer, 3)
    assert "neither PNG nor JPEG" in bridge.log
    assert len(thumbs(printer)) == 1
    assert house.value("mk4", f"has/{JOB}") == "offline"


def test_pictures_are_said_again_after_the_broker_lost_them(house):
    printer = printing(house)
    house.run()
    house.wait("mk4", JOB, picture(printer))
    mark = house.restart_broker()
    house.wait("mk4", JOB, picture(printer), mark)
    house.wait("mk4", f"has/{JOB}", "online", mark)
    assert len(thumbs(printer)) == 1


def test_the_same_file_again_is_not_transferred_again(house):
    printer = printing(house)
    house.run()
    house.wait("mk4", JOB, picture(printer))
    printer.finish()
    house.wait("mk4", LAST, picture(printer))
    mark = house.watcher.mark
    printer.start_print(BOX, duration=36000)
    house.wait("mk4", JOB, picture(printer), mark)
    assert [r.status for r in thumbs(printer)] == [200, 304]


def test_nothing_is_shown_of_a_printer_that_is_off(house):
    printer = printing(house)
    house.run()
    house.wait("mk4", f"has/{JOB}", "online")
    mark = house.watcher.mark
    printer.off()
    house.wait("mk4", f"has/{JOB}", "offline", mark)
    house.wait("mk4", JOB, b"", mark)
    mark = house.watcher.mark
    printer.on()
    house.wait("mk4", JOB, picture(printer), mark)
    house.wait("mk4", f"has/{JOB}", "online", mark)
    assert len(thumbs(printer)) == 1


def test_pictures_of_a_printer_that_left_go(house):
    printer = printing(house)
    house.add("stays")
    bridge = house.run()
    house.wait("mk4", JOB, picture(printer))
    bridge.stop()
    mark = house.watcher.mark
    house.config["printers"].pop("mk4")
    house.bridge(name="later")
    house.wait("mk4", JOB, b"", mark, timeout=90)
    house.wait("mk4", f"has/{JOB}", b"", mark)
    folder = house.folder / "state/pictures"
    until("its files are gone", lambda: not list(folder.glob("mk4.*")))


@pytest.mark.parametrize("version, said", [("5", "does not take"), ("3.1.1", "pictures so large are not sent")])
def test_a_picture_larger_than_the_broker_takes_is_said_once(empty_house, version, said):
    """MQTT 5 tells the limit; with 3.1.1 the broker closes the connection, and would do so for ever."""
    house = empty_house
    house.open_broker(extra="max_packet_size 90000\n")
    house.watch()
    printer = house.add()
    printer.add_file("/usb/big.gcode", thumbnails={(220, 124): PNG + bytes(120000)})
    printer.start_print("/usb/big.gcode", duration=36000)
    bridge = house.run({"mqtt": {"protocol": version}})
    bridge.wait_log(said, timeout=60)
    connections = 3 if version == "3.1.1" else 1
    until("it is connected", lambda: bridge.log.count("connected to the broker") == connections)
    mark = house.watcher.echo()
    polls(printer, 5)
    assert not [m for m in house.watcher.since(mark, f"{BASE}/bridge/state") if m.text == "offline"]
    assert bridge.log.count(said) == 1
    assert house.value("mk4", f"has/{JOB}") == "offline"
    assert house.value("mk4", "availability") == "online"
    assert not any(m.payload for m in house.watcher.messages if m.topic == f"{BASE}/mk4/{JOB}")


def test_thumbnails_can_be_switched_off(house):
    printer = printing(house, configured={"thumbnails": False})
    house.run()
    polls(printer, 3)
    assert not thumbs(printer)
    assert house.value("mk4", f"has/{JOB}") == "offline"
