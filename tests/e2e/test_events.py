"""Job events: each once, over restarts of bridge, printer and broker."""
import json
import time

from harness import BASE, polls


def types(house, printer="mk4", after=-1):
    return [m.json["event_type"] for m in house.watcher.since(after, f"{BASE}/{printer}/event")]


def wait_event(house, kind, printer="mk4", after=-1):
    return house.wait(printer, "event", lambda t: json.loads(t)["event_type"] == kind, after)


def printing(house, **options):
    printer = house.add("mk4", **options)
    bridge = house.run()
    house.wait("mk4", "state", "idle")
    printer.start_print(duration=1000)
    wait_event(house, "started")
    return printer, bridge


def test_a_whole_print_tells_each_event_once_and_is_kept_as_the_last_job(house):
    printer, _ = printing(house)
    printer.pause()
    wait_event(house, "paused")
    printer.resume()
    wait_event(house, "resumed")
    printer.attention()
    wait_event(house, "attention")
    printer.user_continues()
    house.wait("mk4", "state", "printing")
    polls(printer, 2)
    printer.finish()
    finished = wait_event(house, "finished")
    polls(printer, 2)
    assert types(house) == ["started", "paused", "resumed", "attention", "resumed", "finished"]
    assert finished.json["file"] == house.value("mk4", "last_job/name") == "box.gcode"
    assert house.value("mk4", "last_job/result") == "finished"
    assert house.value("mk4", "last_job/progress") == "100"
    assert house.value("mk4", "total/jobs_finished") == "1"


def test_events_are_never_retained(house):
    printing(house)
    assert not wait_event(house, "started").retain
    late = house.watch()
    late.echo()
    assert late.since(topic=f"{BASE}/mk4/event") == []


def test_peers_14_a_first_look_at_a_print_tells_nothing(house):
    printer = house.add("mk4")
    printer.start_print(duration=1000)
    house.run()
    house.wait("mk4", "state", "printing")
    polls(printer, 2)
    assert types(house) == []


def test_a_restart_in_mid_print_repeats_nothing_and_loses_nothing(house):
    printer, bridge = printing(house)
    bridge.stop()
    mark = house.watcher.echo()
    bridge.start()
    house.wait_online("mk4", after=mark)
    polls(printer, 2)
    assert types(house, after=mark) == []
    printer.finish()
    wait_event(house, "finished", after=mark)
    assert house.value("mk4", "total/jobs_finished") == "1"


def test_a_print_that_ended_while_the_bridge_was_killed_is_told_at_the_start(house):
    printer, bridge = printing(house)
    house.wait_remembered("box.gcode")
    bridge.kill()
    mark = house.watcher.echo()
    printer.finish()
    bridge.start()
    wait_event(house, "finished", after=mark)
    polls(printer, 2)
    assert types(house, after=mark) == ["finished"]


def test_the_end_in_an_offline_gap_is_told_after_it(house):
    printer, _ = printing(house)
    printer.off()
    wait_event(house, "printer_offline")
    printer.finish()
    printer.on()
    finished = wait_event(house, "finished")
    assert types(house) == ["started", "printer_offline", "printer_online", "finished"]
    assert finished.json["job_id"] == int(house.value("mk4", "last_job/id"))


def test_what_happens_while_the_broker_is_away_is_told_when_it_is_back(house):
    printer, _ = printing(house)
    mark = house.watcher.mark

    def ends():
        printer.finish()
        polls(printer, 3)
    house.restart_broker(meanwhile=ends)
    wait_event(house, "finished", after=mark)
    assert types(house) == ["started", "finished"]


def test_a_damaged_state_file_is_set_aside_and_repeats_nothing(house):
    printer, bridge = printing(house)
    printer.finish()
    wait_event(house, "finished")
    bridge.stop()
    state = house.folder / "state" / "state.json"
    state.write_bytes(state.read_bytes()[:200] + b"\xff\x00{")
    mark = house.watcher.echo()
    bridge.start()
    house.wait_online("mk4", after=mark)
    polls(printer, 2)
    assert types(house, after=mark) == []
    assert (house.folder / "state" / "state.json.damaged").exists()
    assert "set aside" in bridge.log
    assert house.value("mk4", "last_job/id") == "None"


def test_last_job_and_totals_stay_while_the_printer_is_off(house):
    printer, _ = printing(house)
    printer.finish()
    wait_event(house, "finished")
    house.wait("mk4", "last_job/result", "finished")
    printer.off()
    house.wait("mk4", "availability", "offline")
    house.wait("mk4", "state", "None")
    assert house.value("mk4", "last_job/name") == "box.gcode"
    assert house.value("mk4", "total/jobs_finished") == "1"


def test_a_cancelled_print_is_cancelled(house):
    printing(house)
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS")
    wait_event(house, "cancelled")
    house.wait("mk4", "last_job/result", "cancelled")


def test_on_a_pi_finished_lasts_11_seconds_and_is_not_missed(house):
    printer = house.add("pi", "pi")
    house.run()
    house.wait("pi", "state", "idle")
    printer.start_print(duration=1000)
    wait_event(house, "started", "pi")
    printer.finish()
    wait_event(house, "finished", "pi")
    house.wait("pi", "last_job/result", "finished")


def test_many_events_at_once_are_saved_together(house):
    names = [f"p{i}" for i in range(16)]
    for name in names:
        house.add(name).start_print(duration=1000)
    house.run()
    for name in names:
        house.wait(name, "can/pause", "online")
    state = house.folder / "state"
    waiting, begun, saves = list(names), time.monotonic(), set()
    while not all(types(house, name) for name in names):
        if waiting:
            house.watcher.publish(f"{BASE}/{waiting.pop()}/command/pause", "PRESS")
        for _ in range(20):
            time.sleep(0.002)
            saves.update(file.stat().st_mtime_ns for file in state.glob("state.json"))
    assert len(saves) <= 2 + (time.monotonic() - begun) / 0.25


def test_a_paused_print_that_is_cancelled_was_not_resumed(house):
    """A Buddy says PRINTING while it aborts."""
    printer, _ = printing(house, aborting=6)
    printer.advance(100)
    printer.pause()
    wait_event(house, "paused")
    polls(printer, 2)
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS")
    wait_event(house, "cancelled")
    assert types(house) == ["started", "paused", "cancelled"]


def test_a_print_that_is_given_up_at_the_questions_never_started(house):
    printer = house.add("mk4", aborting_preview=4)
    house.run()
    house.wait("mk4", "state", "idle")
    printer.start_print(duration=1000, questions=True)
    wait_event(house, "attention")
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS")
    house.wait("mk4", "state", "idle", house.watcher.mark)
    polls(printer, 2)
    assert types(house) == ["attention"]
    assert house.value("mk4", "last_job/result") == "None"
