"""Orders that are carried out: accepted, then done; answered exactly once, where the sender wants it."""
import json
import time

import pytest

from harness import BASE
from harness.process import until


@pytest.fixture
def printing(house):
    """A Buddy in the middle of a print, and a bridge that knows it."""
    printer = house.add("mk4", pausing=0.1, resuming=0.1, aborting=0.1, job_id=128)
    printer.start_print(duration=36000)
    printer.advance(600)
    house.run()
    house.wait("mk4", "can/pause", "online")
    return printer


def told_once(answers, *statuses):
    """These answers came and no other; the last one is final, the others are not."""
    assert answers.statuses == list(statuses), answers.all
    assert [a["final"] for a in answers.all] == [False] * (len(statuses) - 1) + [True]


def test_pause_resume_and_cancel_are_accepted_then_done(house, printing):
    for command, before, after in (("pause", "printing", "paused"), ("resume", "paused", "printing"),
                                   ("cancel", "printing", "stopped")):
        mark = house.watcher.mark
        answers = house.watcher.order("mk4", command)
        done = answers.final()
        told_once(answers, "accepted", "done")
        assert done["command"] == command and done["job_id"] == 129 and done["took_ms"] >= 0
        assert (done["state_before"], done["state_after"]) == (before, after)
        # Who is told that it is done finds it done.
        state = house.wait("mk4", "state", after, mark)
        assert state.number < answers.messages[-1].number
        assert answers.all[0]["http_status"] == 204
    assert printing.orders == [("pause", 129), ("resume", 129), ("cancel", 129)]
    assert not any(m.retain for m in house.watcher.since(topic=f"{BASE}/mk4/response/*"))


def test_answer_final_leaves_the_first_one_out(house, printing):
    answers = house.watcher.order("mk4", "pause", {"answer": "final", "transaction": {"a": [1, "ü"]}})
    assert answers.final()["transaction"] == {"a": [1, "ü"]}
    told_once(answers, "done")


def test_the_transaction_is_echoed_in_every_answer(house, printing):
    answers = house.watcher.order("mk4", "pause", {"transaction": "t-1"})
    answers.final()
    assert [a["transaction"] for a in answers.all] == ["t-1", "t-1"]


def test_a_response_topic_gets_the_same_answers_with_the_correlation_data(house, printing):
    answers = house.watcher.order("mk4", "pause", ResponseTopic="node-red/answers", CorrelationData=b"\x00\x01abc")
    answers.final()
    house.watcher.wait("node-red/answers", lambda t: json.loads(t)["final"])
    mine = house.watcher.since(topic="node-red/answers")
    assert [m.json for m in mine] == answers.all
    assert {m.properties.CorrelationData for m in mine} == {b"\x00\x01abc"}
    assert mine[0].properties.ContentType == "application/json"


@pytest.mark.parametrize("topic", [f"{BASE}/mk4/command/cancel", f"{BASE}/bridge/request/restart",
                                   f"{BASE}/mk4/state", "homeassistant/device/x/config"])
def test_answers_are_not_sent_where_they_could_do_harm(house, printing, topic):
    mark = house.watcher.mark
    answer = house.watcher.order("mk4", "pause", ResponseTopic=topic).final()
    assert answer["code"] == "invalid" and "response topic" in answer["message"]
    assert [m for m in house.watcher.since(mark, topic) if b"final" in m.payload] == []
    assert printing.orders == []


def test_a_response_topic_of_ones_own_below_response_is_fine(house, printing):
    house.watcher.order("mk4", "pause", ResponseTopic=f"{BASE}/mk4/response/mine").final()
    house.watcher.wait(f"{BASE}/mk4/response/mine", lambda t: json.loads(t)["final"])


def test_an_order_that_does_not_fit_the_state_is_a_conflict_that_explains_itself(house, printing):
    answer = house.watcher.order("mk4", "resume").final()
    assert answer["code"] == "conflict" and "paused" in answer["message"] and "printing" in answer["message"]
    assert printing.orders == []


def test_an_unknown_command_is_answered(house, printing):
    for name in ("dance", "gcode", "x" * 200):
        answers = house.watcher.order("mk4", name[:40])
        answer = answers.final()
        assert answer["code"] == "not_supported" and name[:20] in answer["message"]
    answers = house.watcher.order("mk4", "pause/now")
    until("an answer", lambda: house.watcher.since(answers.after, f"{BASE}/mk4/response/*"))
    assert house.watcher.since(answers.after, f"{BASE}/mk4/response/*")[0].json["code"] == "not_supported"
    assert printing.orders == []


def test_nobody_answers_for_a_printer_that_is_not_ours(house, printing):
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/stranger/command/pause", "PRESS")
    house.watcher.order("mk4", "dance").final()
    assert house.watcher.since(mark, f"{BASE}/stranger/response/*") == []


def test_mapped_command_topics(house):
    printer = house.add("mk4", pausing=0.1, resuming=0.1)
    printer.start_print(duration=36000)
    house.run({"mapping": {"commands": {"pause": "buttons/{printer}/{command}", "resume": False}}})
    house.wait("mk4", "can/cancel", "online")
    mark = house.watcher.mark
    house.watcher.publish("buttons/mk4/pause", "PRESS")
    house.wait("mk4", "response/pause", lambda t: json.loads(t)["final"], mark)
    assert printer.phase == "paused"
    moved = house.watcher.order("mk4", "pause").final()
    assert moved["code"] == "not_supported" and "buttons/mk4/pause" in moved["message"]
    off = house.watcher.order("mk4", "resume").final()
    assert off["code"] == "not_supported" and "switched off" in off["message"]
    assert [name for name, _ in printer.orders] == ["pause"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_command_mapped_below_command_comes_once(house, protocol):
    """Brokers deliver a message once for each filter that fits."""
    house.add("mk4", pausing=0.1).start_print(duration=36000)
    house.run({"mqtt": {"protocol": protocol}, "mapping": {"command_topic": "{base}/{printer}/command/my_{command}"}})
    house.wait("mk4", "can/pause", "online")
    mark = house.watcher.mark
    for command in ("pause", "refresh"):
        house.watcher.publish(f"{BASE}/mk4/command/my_{command}", "PRESS")
        house.wait("mk4", f"response/{command}", lambda t: json.loads(t)["final"], mark)
    told = [m.json for m in house.watcher.since(mark, f"{BASE}/mk4/response/*")]
    assert [(a["command"], a["status"]) for a in told] == \
        [("pause", "accepted"), ("pause", "done"), ("refresh", "done")]


def test_without_home_assistant_its_topics_are_as_good_as_others(house):
    printer = house.add("mk4", pausing=0.1)
    printer.start_print(duration=36000)
    house.run({"homeassistant": {"enabled": False},
               "mapping": {"commands": {"pause": "homeassistant/switch/{printer}/pause", "resume": "homeassistant/status"}}})
    house.wait("mk4", "can/pause", "online")
    for command, topic in (("pause", "homeassistant/switch/mk4/pause"), ("resume", "homeassistant/status")):
        house.watcher.publish(topic, "PRESS")
        done = house.wait("mk4", f"response/{command}", lambda t: json.loads(t)["final"])
        assert done.json["status"] == "done"


def test_read_only_and_disabled_commands_are_not_allowed(house):
    house.add("looked-at", configured={"read_only": True}).start_print(duration=36000)
    house.add("limited", configured={"commands": {"disable": ["cancel"]}}, pausing=0.1).start_print(duration=36000)
    house.run()
    house.wait("limited", "can/pause", "online")
    for printer, command in (("looked-at", "pause"), ("looked-at", "cancel"), ("limited", "cancel")):
        answer = house.watcher.order(printer, command).final()
        assert answer["code"] == "not_allowed" and "configuration" in answer["message"]
        assert house.value(printer, f"can/{command}") == "offline"
    assert house.watcher.order("looked-at", "refresh").final()["status"] == "done"
    assert house.watcher.order("limited", "pause").final()["status"] == "done"
    assert house.sim["looked-at"].orders == []


@pytest.mark.parametrize("profile", ["buddy", "pi"])
@pytest.mark.parametrize("name", ["a b c.gcode", "Grüße an alle 日本 %41+&#.gcode"])
def test_a_stored_file_is_printed_whatever_its_name(house, profile, name):
    printer = house.add("p", profile, starting=0.1)
    path = {"buddy": "/usb/", "pi": "/local/"}[profile] + name
    printer.add_file(path, duration=36000)
    house.run()
    house.wait("p", "can/print", "online")
    answers = house.watcher.order("p", "print", {"value": path})
    done = answers.final()
    assert done["status"] == "done", done
    told_once(answers, "accepted", "done")
    house.wait("p", "job/name", name)
    assert [n for n, _ in printer.orders] == ["print"]
    # The path that the bridge tells is one that print takes again.
    told = house.wait("p", "job/path", lambda t: t != "None").text
    mark = house.watcher.mark
    printer.finish()
    printer.set(state="IDLE")
    house.wait("p", "job/path", "None", mark)
    house.wait("p", "state", "idle", mark)
    assert house.watcher.order("p", "print", told).final()["status"] == "done"


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_a_file_that_is_not_there_is_not_found(house, profile):
    house.add("p", profile)
    house.run()
    house.wait("p", "can/print", "online")
    answer = house.watcher.order("p", "print", "/usb/none.gcode" if profile == "buddy" else "/local/none.gcode").final()
    assert answer["code"] == "not_found" and answer["http_status"] == 404
    for path in ("box.gcode", "/", "", "../../etc/passwd"):
        assert house.watcher.order("p", "print", path).final()["code"] in ("invalid", "not_found"), path
    assert house.sim["p"].orders == []


def test_a_pi_takes_no_print_while_it_shows_that_one_is_finished(house):
    printer = house.add("mk3", "pi", finished=None)
    printer.start_print(duration=100)
    house.run()
    printer.finish()
    house.wait("mk3", "state", "finished")
    answer = house.watcher.order("mk3", "print", "/local/box.gcode").final()
    assert answer["code"] == "conflict" and "finished" in answer["message"]
    assert printer.orders == []


def test_a_conflict_that_only_the_printer_sees_is_told_in_its_words(house):
    """The state changed between our last look and the order."""
    printer = house.add("mk3", "pi")
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk3", "can/pause", "online")
    printer.fault("error", path="/api/v1/job/*", method="PUT", status=409)
    answer = house.watcher.order("mk3", "pause").final()
    assert answer["code"] == "conflict" and answer["http_status"] == 409


def test_orders_wait_their_turn_and_are_carried_out_in_order(house, printing):
    first = house.watcher.order("mk4", "pause")
    second = house.watcher.order("mk4", "resume")
    assert first.final()["status"] == "done"
    assert second.final()["status"] == "done"
    assert printing.orders == [("pause", 129), ("resume", 129)]


def test_cancel_overtakes_what_waits(house):
    printer = house.add("mk4", pausing=30, resuming=30, aborting=0.1)
    printer.start_print(duration=36000)
    printer.fault("slow", path="/api/v1/job/*", method="PUT", delay=1.0)
    house.run()
    house.wait("mk4", "can/pause", "online")
    active = house.watcher.order("mk4", "pause", {"transaction": 1})
    printer.wait_for(lambda p: any(r.method == "PUT" for r in p.requests))
    waiting = house.watcher.order("mk4", "resume")
    cancel = house.watcher.order("mk4", "cancel")
    assert active.final()["code"] == "superseded"
    assert waiting.final()["code"] == "superseded" and "cancel" in waiting.final()["message"]
    assert cancel.final()["status"] == "done"
    assert [name for name, _ in printer.orders] == ["pause", "cancel"]


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_a_print_is_cancelled_as_soon_as_there_is_one(house, profile):
    """The printer took the print and shows nothing of it for a while."""
    printer = house.add("p", profile, starting=2.0, aborting=0.1)
    path = {"buddy": "/usb", "pi": "/local"}[profile] + "/box.gcode"
    printer.add_file(path, duration=36000)
    house.run()
    house.wait("p", "can/print", "online")
    started = house.watcher.order("p", "print", path)
    started.wait("accepted")
    cancel = house.watcher.order("p", "cancel")
    assert cancel.final()["status"] == "done" and started.final()["status"] == "done"
    assert [name for name, _ in printer.orders] == ["print", "cancel"]
    assert printer.state in ("STOPPED", "IDLE")


def test_a_flood_of_orders_is_answered_one_by_one_and_bounded(house, printing, sanitized):
    """500 at once while the printer thinks: 8 may wait, the others are told so; the bridge lives on."""
    bridge = house.bridges[0]
    printing.fault("slow", path="/api/v1/job/*", method="PUT", delay=3.0, count=1)
    pause = house.watcher.order("mk4", "pause")
    printing.wait_for(lambda p: any(r.method == "PUT" for r in p.requests))
    mark, before = house.watcher.mark, bridge.memory_peak()
    for n in range(500):
        house.watcher.client.publish(f"{BASE}/mk4/command/resume", json.dumps({"transaction": n, "answer": "final"}), 1)
    until("500 answers", lambda: len(house.watcher.since(mark, f"{BASE}/mk4/response/resume")) >= 500, interval=0.1)
    answers = [m.json for m in house.watcher.since(mark, f"{BASE}/mk4/response/resume")]
    assert sorted(a["transaction"] for a in answers) == list(range(500))
    codes = [a.get("code", a["status"]) for a in answers]
    assert set(codes) == {"done", "conflict", "queue_full"}
    # On a busy machine the last ones come when the first ones are done already.
    assert codes.count("done") == 1 and codes.count("conflict") >= 7 and codes.count("queue_full") > 100
    assert all(a["final"] for a in answers) and pause.final()["status"] == "done"
    assert sanitized or bridge.memory_peak() - before < 8 << 20
    assert [name for name, _ in printing.orders] == ["pause", "resume"]
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"


def test_the_bridge_answers_what_waits_when_it_stops(house):
    printer = house.add("mk4", pausing=60)
    printer.start_print(duration=36000)
    bridge = house.run()
    house.wait("mk4", "can/pause", "online")
    printer.fault("slow", path="/api/v1/job/*", method="PUT", delay=30)
    active = house.watcher.order("mk4", "pause")
    printer.wait_for(lambda p: any(r.method == "PUT" for r in p.requests))
    waiting = house.watcher.order("mk4", "resume")
    house.watcher.order("mk4", "dance").final()       # the resume has arrived, too
    bridge.stop()
    for answers in (active, waiting):
        assert answers.final()["code"] == "offline" and "stops" in answers.final()["message"]


def test_orders_for_a_printer_that_is_off(house):
    printer = house.add("mk4")
    house.run()
    printer.off()
    house.wait("mk4", "availability", "offline", house.wait("mk4", "availability", "online"))
    answer = house.watcher.order("mk4", "pause").final()
    assert answer["code"] == "offline" and "refused" in answer["message"]
    assert house.watcher.order("mk4", "refresh").final()["code"] == "offline"
    printer.on()
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"


def test_orders_sent_while_the_bridge_was_away_are_lost_by_design(house, printing):
    house.bridges[0].stop()
    mark = house.watcher.mark
    house.watcher.publish(f"{BASE}/mk4/command/pause", "PRESS", qos=1)
    house.bridge(name="again")
    house.wait_online("mk4", after=mark)
    assert house.watcher.order("mk4", "refresh").final()["status"] == "done"
    assert printing.orders == [] and house.watcher.since(mark, f"{BASE}/mk4/response/pause") == []


def test_mqtt_3_senders_are_served_as_well(house):
    printer = house.add("mk4", pausing=0.1)
    printer.start_print(duration=36000)
    house.run({"mqtt": {"protocol": "3.1.1"}})
    assert house.watcher.wait(f"{BASE}/bridge/info").json["protocol"] == "3.1.1"
    house.wait("mk4", "can/pause", "online")
    old = house.watch(version=4)
    answers = old.order("mk4", "pause")
    assert answers.final()["status"] == "done"
    assert answers.statuses == ["accepted", "done"]


def test_a_lost_answer_is_looked_for_not_sent_again(house):
    """The printer did it, but its answer never came: the effect is what counts."""
    printer = house.add("mk4", pausing=0.1, configured={"timeout": "4s"})
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "can/pause", "online")
    printer.fault("lost", path="/api/v1/job/*", method="PUT", count=1)
    began = time.monotonic()
    answers = house.watcher.order("mk4", "pause")
    assert answers.final(timeout=40)["status"] == "done"
    assert printer.orders == [("pause", printer.job_id)]
    assert sum(r.method == "PUT" for r in printer.requests) == 1
    assert time.monotonic() - began < 40
