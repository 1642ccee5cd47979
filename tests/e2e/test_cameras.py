"""Cameras of PrusaLink on a Raspberry Pi: what they are, and their pictures when they are due or ordered."""
from harness import BASE, polls
from sim.pictures import jpeg

NAME = "front-1"
SNAPSHOT = f"camera/{NAME}/snapshot"


def with_camera(house, interval=None, **more):
    pi = house.add("mk3", "pi", configured={"cameras": {"interval": interval}} if interval else None)
    pi.add_camera("Front", camera_id="Front-1", picture=jpeg(1), **more)
    return pi


def snaps(pi):
    return [r for r in pi.requests if r.target.endswith("/snap")]


def test_a_camera_is_known_by_its_id(house):
    with_camera(house)
    house.run()
    house.wait("mk3", f"camera/{NAME}/name", "Front")
    house.wait("mk3", f"camera/{NAME}/connected", "true")
    house.wait("mk3", f"camera/{NAME}/registered", "false")
    house.wait("mk3", f"camera/{NAME}/resolution", "1920x1080")
    house.wait("mk3", f"camera/{NAME}/last_snapshot", "None")
    house.wait("mk3", f"has/{SNAPSHOT}", "offline")


def test_no_snapshot_is_taken_unasked(house):
    pi = with_camera(house)
    house.run()
    house.wait("mk3", f"camera/{NAME}/connected", "true")
    polls(pi, 3)
    assert not snaps(pi)


def test_a_buddy_is_not_asked_for_cameras_and_updates(house):
    printer = house.add("mk4")
    house.run()
    polls(printer, 2)
    assert not [r for r in printer.requests if "/cameras" in r.target or "/update" in r.target]


def test_snapshots_come_at_the_interval_and_only_new_ones_are_said(house):
    """PrusaLink tells whole seconds and counts fractions: its own Last-Modified is never new enough."""
    pi = with_camera(house, "5s")
    house.run()
    house.wait("mk3", SNAPSHOT, jpeg(1))
    house.wait("mk3", f"has/{SNAPSHOT}", "online")
    house.wait("mk3", f"camera/{NAME}/last_snapshot", lambda t: t.startswith("20"))
    assert next(m for m in reversed(house.watcher.messages) if m.topic == f"{BASE}/mk3/{SNAPSHOT}"
                and m.payload).properties.ContentType == "image/jpeg"
    mark = house.watcher.mark
    pi.set_camera("Front-1", picture=jpeg(2))
    house.wait("mk3", SNAPSHOT, jpeg(2), mark)
    assert snaps(pi)[-1].header("If-Modified-Since")


def test_a_snapshot_is_said_again_when_the_broker_lost_it(house):
    with_camera(house, "1h")
    house.run()
    house.wait("mk3", SNAPSHOT, jpeg(1))
    mark = house.restart_broker()
    house.wait("mk3", SNAPSHOT, jpeg(1), mark)
    house.wait("mk3", f"has/{SNAPSHOT}", "online", mark)


def test_a_snapshot_of_an_earlier_life_is_not_shown_as_new(house):
    pi = with_camera(house, "1h")
    bridge = house.run()
    house.wait("mk3", SNAPSHOT, jpeg(1))
    bridge.stop()
    pi.set_camera("Front-1", connected=False)
    mark = house.watcher.mark
    bridge.start()
    house.wait("mk3", SNAPSHOT, b"", mark)
    house.wait("mk3", f"has/{SNAPSHOT}", "offline", mark)
