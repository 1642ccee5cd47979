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
    assert not list((house.folder / "state/pictures").glob("mk3.camera-*"))


# -- orders

def order(house, command, payload="PRESS", **how):
    return house.watcher.order("mk3", command, payload, **how).final()


def ready(house, *more, **options):
    """A Pi with a camera, and a bridge that knows it."""
    pi = with_camera(house, **options)
    for name, camera_id in more:
        pi.add_camera(name, camera_id=camera_id)
    house.run(*(options.get("changes") or []))
    house.wait("mk3", f"camera/{NAME}/connected", "true")
    pi.advance(1)
    return pi


def test_a_snapshot_is_ordered(house):
    ready(house)
    house.wait("mk3", "can/snapshot", "online")
    for camera in ("PRESS", NAME, "Front-1", {"camera": NAME}):
        mark = house.watcher.mark
        answer = order(house, "snapshot", camera)
        assert answer["status"] == "done" and f"{len(jpeg(1))} bytes" in answer["message"], answer
        house.wait("mk3", SNAPSHOT, jpeg(1), mark)
    house.wait("mk3", f"has/{SNAPSHOT}", "online")
    answer = order(house, "snapshot", "elsewhere")
    assert answer["code"] == "invalid" and "no camera elsewhere" in answer["message"]


def test_a_camera_without_a_picture_says_so(house):
    pi = with_camera(house, capabilities=("TRIGGER_SCHEME",))
    house.run()
    house.wait("mk3", "can/snapshot", "online")
    house.wait("mk3", f"camera/{NAME}/connected", "true")
    assert order(house, "snapshot", NAME)["code"] == "not_found"
    answer = order(house, "camera_trigger")
    assert answer["code"] == "conflict" and "no pictures" in answer["message"]
    assert pi.alive if hasattr(pi, "alive") else True


def test_a_triggered_picture_is_shown_although_the_server_fails_to_send_it(house):
    """PrusaLink 0.8.1 takes it and answers 500; it is asked for then."""
    pi = ready(house)
    pi.set_camera("Front-1", fixed=None)
    answer = order(house, "camera_trigger", NAME)
    assert answer["status"] == "done", answer
    assert pi.orders[-1] == ("snap", "Front-1")
    house.wait("mk3", SNAPSHOT, lambda t: "picture" in t)


def test_cameras_are_listed_ordered_and_asked_for_their_settings(house):
    pi = ready(house, ("Top", "Top-2"))
    listed = order(house, "camera_list")["value"]["camera_list"]
    assert [c["camera_id"] for c in listed] == ["Front-1", "Top-2"]
    assert order(house, "camera_order", {"cameras": ["top-2", NAME]})["status"] == "done"
    assert pi.orders[-1] == ("camera_order", ["Top-2", "Front-1"])
    pi.set_camera("Front-1", registered=True)
    answer = order(house, "camera_get", NAME)
    assert answer["value"]["name"] == "Front" and "resolution" in answer["value"]
    assert "token" not in answer["value"], "secrets stay inside"
    assert order(house, "camera_order", {"cameras": ["nobody"]})["code"] == "invalid"
    assert order(house, "camera_order", {"cameras": []})["code"] == "invalid"


def test_a_camera_is_added_changed_reset_and_deleted(house):
    pi = house.add("mk3", "pi", configured={"commands": {"enable": ["camera_delete"]}})
    house.run()
    house.wait("mk3", "can/camera_create", "online")
    config = {"name": "Added", "driver": "V4L2", "path": "/dev/video7"}
    assert order(house, "camera_create", {"camera": "New-1", "config": config})["status"] == "done"
    house.wait("mk3", "camera/new-1/name", "Added")
    answer = order(house, "camera_create", {"camera": "New-1", "config": config})
    assert answer["code"] == "conflict" and "runs already" in answer["message"]
    assert order(house, "camera_create", {"camera": "b", "config": {"name": "x"}})["code"] == "invalid"
    assert order(house, "camera_create", {"camera": "b"})["code"] == "invalid"
    mark = house.watcher.mark
    assert order(house, "camera_change", {"camera": "new-1", "config": {"name": "Renamed"}})["status"] == "done"
    house.wait("mk3", "camera/new-1/name", "Renamed", mark)
    assert order(house, "camera_reset", "new-1")["status"] == "done"
    assert order(house, "camera_delete", "new-1")["status"] == "done"
    house.wait("mk3", "camera/new-1/name", "None")
    assert "New-1" not in pi.cameras


def test_a_camera_is_registered_with_connect_and_taken_back(house):
    pi = ready(house)
    pi.set(connect=True)
    assert order(house, "camera_register", NAME)["status"] == "done"
    house.wait("mk3", f"camera/{NAME}/registered", "true")
    answer = order(house, "camera_register", NAME)
    assert answer["code"] == "conflict" and "already" in answer["message"]
    assert order(house, "camera_unregister", NAME)["status"] == "done"
    house.wait("mk3", f"camera/{NAME}/registered", "false")
    assert order(house, "camera_unregister", NAME)["code"] == "conflict"


def test_deleting_a_camera_is_off_until_it_is_enabled(house):
    ready(house)
    assert order(house, "camera_delete", NAME)["code"] == "not_allowed"
    assert order(house, "server_update")["code"] == "not_allowed"


def test_a_buddy_has_no_cameras(house):
    house.add("mk4")
    house.run()
    answer = house.watcher.order("mk4", "snapshot").final()
    assert answer["code"] == "not_supported", answer


# -- updates

def test_an_update_is_found_when_asked_for(house):
    pi = house.add("mk3", "pi", configured={"commands": {"enable": ["server_update"]}})
    house.run()
    house.wait("mk3", "can/check_update", "online")
    assert "no newer" in order(house, "check_update")["message"]
    house.wait("mk3", "server/update_available", "false")
    pi.update_available("0.9.0")
    assert "0.9.0" in order(house, "check_update")["message"]
    house.wait("mk3", "server/update_available", "true")
    house.wait("mk3", "server/update_version", "0.9.0")


def test_an_update_is_done_when_the_new_version_runs(house):
    pi = house.add("mk3", "pi", configured={"commands": {"enable": ["server_update"]}})
    house.run()
    house.wait("mk3", "can/server_update", "online")
    answer = order(house, "server_update")
    assert answer["status"] == "done" and "no newer" in answer["message"]
    pi.update_available("0.9.0")
    order(house, "check_update")
    answers = house.watcher.order("mk3", "server_update")
    answers.final(timeout=60)
    assert answers.statuses == ["accepted", "done"], answers.all
    house.wait("mk3", "info/server", "0.9.0")
    house.wait("mk3", "server/update_available", "false")


def test_an_update_is_seen_also_on_a_slow_pi(house):
    """While its answers take longer than the second after which the next look is due."""
    pi = house.add("mk3", "pi", configured={"commands": {"enable": ["server_update"]}})
    house.run()
    house.wait("mk3", "can/server_update", "online")
    pi.update_available("0.9.0")
    order(house, "check_update")
    answers = house.watcher.order("mk3", "server_update")
    answers.wait("accepted")
    pi.fault("slow", delay=1.1)
    assert answers.final(timeout=30)["status"] == "done"
