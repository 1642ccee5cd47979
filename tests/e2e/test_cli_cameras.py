"""Cameras from the command line: only a Raspberry Pi has any."""
import pytest
from harness.terminal import Terminal


@pytest.fixture
def printer(empty_house):
    return empty_house.add("mk3", "pi", username="anna")


@pytest.fixture
def desk(empty_house, printer, tmp_path):
    return Terminal(tmp_path, empty_house)


def test_cameras(desk, printer):
    assert desk("cameras", "mk3").out == "the printer has no cameras\n"
    camera = printer.add_camera("Front \x1b[31m")
    text = desk("cameras", "mk3").out
    assert "Front" in text and " connected" in text and "\x1b" not in text
    one, = desk("cameras", "mk3", "--json").json["cameras"]
    assert one["name"].startswith("Front") and one["connected"] is True and one["id"] and camera


def test_snap_of_the_first_and_of_a_named_camera(desk, printer):
    first = printer.add_camera("Front", picture=b"\xff\xd8front\xff\xd9")
    printer.add_camera("Back", picture=b"\xff\xd8back\xff\xd9")
    answer = desk("snap", "mk3", "now.jpg")
    assert answer.out.startswith("now.jpg: image/jpeg, ")
    assert (desk.folder / "now.jpg").read_bytes() == b"\xff\xd8front\xff\xd9"
    ids = [c["id"] for c in desk("cameras", "mk3", "--json").json["cameras"]]
    done = desk("snap", "mk3", ids[1], "back.jpg", "--json").json
    assert done["type"] == "image/jpeg" and (desk.folder / "back.jpg").read_bytes() == b"\xff\xd8back\xff\xd9"
    desk("snap", "mk3", "Back", "named.jpg")
    assert (desk.folder / "named.jpg").read_bytes() == b"\xff\xd8back\xff\xd9"
    desk("snap", "mk3", first, "again.jpg")
    assert (desk.folder / "again.jpg").read_bytes() == b"\xff\xd8front\xff\xd9"


def test_snap_of_what_is_not_there(desk, printer, empty_house):
    assert "no cameras" in desk.fails("snap", "mk3", "x.jpg")
    printer.add_camera("Front")
    assert "no camera side; see printer2mqtt cameras" in desk.fails("snap", "mk3", "side", "x.jpg")
    assert "cannot write" in desk.fails("snap", "mk3", "nowhere/x.jpg")
    assert not (desk.folder / "x.jpg").exists()


def test_a_buddy_has_none_and_is_not_asked(empty_house, tmp_path):
    printer = empty_house.add("mk4")
    desk = Terminal(tmp_path, empty_house)
    assert desk("cameras", "mk4").out == "the printer has no cameras\n"
    assert "no cameras" in desk.fails("snap", "mk4", "x.jpg")
    assert not any("camera" in r.target for r in printer.requests)
