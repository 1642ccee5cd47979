"""Orders that must not be carried out, by accident or twice."""
import datetime
import json
import time

import pytest

from harness import BASE, polls, status_times
from harness.process import until


def iso(seconds):
    """So many seconds from now."""
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).isoformat()


def puts(printer):
    return [r for r in printer.requests if r.method in ("PUT", "DELETE", "POST")]


@pytest.fixture
def printing(house):
    """A Buddy in the middle of a print, and a bridge that knows it."""
    printer = house.add("mk4", pausing=0.1, resuming=0.1, aborting=0.1, job_id=128)
    printer.start_print(duration=36000)
    printer.advance(600)
    house.run()
    house.wait("mk4", "can/pause", "online")
    return printer


def test_a_retained_order_is_refused_when_it_comes(house, printing):
    answers = house.watcher.order("mk4", "cancel", retain=True)
    answer = answers.final()
    assert answer["code"] == "retained" and "without retain" in answer["message"]
    house.watcher.order("mk4", "dance").final()
    assert len(answers.all) == 1 and puts(printing) == []
    assert "order cancel refused" in house.bridges[0].log


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
def test_a_retained_order_is_refused_at_each_start(house, protocol):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS", retain=True)
    house.run({"mqtt": {"protocol": protocol}})
    answer = house.wait("mk4", "response/cancel").json
    assert answer["code"] == "retained" and answer["final"]
    house.wait("mk4", "can/cancel", "online")
    polls(printer, 1)
    assert puts(printer) == []


def test_a_retained_order_is_refused_after_each_reconnect(house):
    printer = house.add("mk4")
    printer.start_print(duration=36000)
    bridge = house.run()
    bridge.wait_log("online")
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS", retain=True)
    house.wait("mk4", "response/cancel")
    mark = house.restart_broker()       # without persistence: the order is gone, so it is sent again
    house.wait_online("mk4", after=mark)
    house.watcher.publish(f"{BASE}/mk4/command/cancel", "PRESS", retain=True)
    assert house.wait("mk4", "response/cancel", after=mark).json["code"] == "retained"
    assert puts(printer) == []


def test_clearing_a_retained_order_is_no_order(house, printing):
    house.watcher.order("mk4", "cancel", retain=True).final()
    answers = house.watcher.order("mk4", "cancel", "", retain=True)
    house.watcher.order("mk4", "dance").final()
    assert answers.all == [] and puts(printing) == []
    assert f"{BASE}/mk4/command/cancel" not in house.watcher.retained()


def test_an_empty_payload_is_never_an_order(house, printing):
    answer = house.watcher.order("mk4", "cancel", "").final()
    assert answer["code"] == "invalid" and "PRESS" in answer["message"]
    assert puts(printing) == []


@pytest.mark.parametrize("payload", [
    '{"value": ', "[1,2]", '{"job_id": "129"}', '{"job_id": 129.5}', '{"job_id": -1}', '{"jobid": 129}',
    '{"job_id": 129, "job_id": 130}', '{"answer": "all"}', '{"expires": "soon"}', '{"idempotency_key": ""}', "CANCEL",
    "now", b"\xff\xfe{}", '{"value": {"a": 1}}', '{} {}', '{"transaction": "' + "x" * 2000 + '"}'],
    ids=lambda p: repr(p)[:24])
def test_what_is_not_understood_is_refused(house, guarded, payload):
    answer = guarded.order("cancel", payload)
    assert answer["code"] == "invalid" and answer["status"] == "error" and answer["message"]


def test_an_unknown_key_names_the_known_ones(guarded):
    message = guarded.order("cancel", {"jobid": 129})["message"]
    assert "jobid" in message and "job_id" in message


def test_a_payload_that_is_too_big(guarded):
    assert guarded.order("cancel", "x" * 70000)["code"] == "too_big"


def test_an_order_for_another_job_is_refused(guarded):
    answer = guarded.order("cancel", {"job_id": 128})
    assert answer["code"] == "wrong_job" and "129" in answer["message"] and "128" in answer["message"]


@pytest.mark.parametrize("expires", [lambda: iso(-1), lambda: time.time() - 1, lambda: 0, lambda: "2020-01-01 00:00:00Z"])
def test_an_expired_order_is_refused(guarded, expires):
    assert guarded.order("cancel", {"expires": expires()})["code"] == "expired"


class Guarded:
    def __init__(self, house, printer):
        self.house, self.printer = house, printer

    def order(self, command, payload):
        answers = self.house.watcher.order("mk4", command, payload)
        answer = answers.final()
        assert len(answers.all) == 1
        return answer


@pytest.fixture
def guarded(house, printing):
    """Refuses what it is ordered: nothing may reach the printer."""
    yield Guarded(house, printing)
    assert puts(printing) == [] and printing.orders == []


def test_an_order_that_expires_later_is_carried_out(house, printing):
    for command, expires in (("pause", iso(60)), ("resume", time.time() + 60)):
        assert house.watcher.order("mk4", command, {"expires": expires, "job_id": 129}).final()["status"] == "done"


@pytest.mark.parametrize("how", ["payload", "MQTT 5"])
def test_an_order_that_expires_while_it_waits_is_not_carried_out(house, printing, how):
    printing.fault("slow", path="/api/v1/job/*", method="PUT", delay=None)
    pause = house.watcher.order("mk4", "pause")
    printing.wait_for(puts)
    if how == "payload":
        late = house.watcher.order("mk4", "resume", {"expires": time.time() + 1})
    else:
        late = house.watcher.order("mk4", "resume", MessageExpiryInterval=1)
    house.watcher.order("mk4", "dance").final()     # it has arrived
    time.sleep(1.1)
    printing.heal()
    assert late.final()["code"] == "expired"
    assert pause.final()["status"] == "done"
    assert [name for name, _ in printing.orders] == ["pause"]


def test_an_order_is_bound_to_the_job_that_its_sender_saw(house):
    """The print ended and the next one began since the last poll: the cancel was not meant for it."""
    house.config["defaults"] = {"poll": {"printing": "60s", "idle": "60s"}}
    printer = house.add("mk4", job_id=128)
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "job/id", "129")
    house.wait("mk4", "storage/usb/available")
    time.sleep(1.1)     # a status younger than a second would be believed, and the printer itself refuse
    printer.finish()
    printer.set(state="IDLE")
    printer.start_print(duration=36000)
    answer = house.watcher.order("mk4", "cancel").final()
    assert answer["code"] == "wrong_job" and "130" in answer["message"]
    assert printer.orders == [] and printer.state == "PRINTING"
    assert house.watcher.order("mk4", "cancel").final()["status"] == "done"


def test_the_printer_itself_refuses_the_job_that_changed_at_the_last_moment(house, printing):
    printing.fault("slow", path="/api/v1/job/*", method="PUT", delay=None)
    pause = house.watcher.order("mk4", "pause")
    printing.wait_for(puts)
    cancel = house.watcher.order("mk4", "cancel")       # arrives while job 129 is current
    house.watcher.order("mk4", "dance").final()
    printing.finish()
    printing.set(state="IDLE")
    printing.start_print(duration=36000)
    printing.heal()
    assert cancel.final()["code"] in ("wrong_job", "conflict")
    assert pause.final()["code"] == "superseded"
    assert printing.state == "PRINTING" and "cancel" not in [name for name, _ in printing.orders]


def test_a_repeated_key_gets_the_first_answer_and_nothing_happens(house, printing):
    key = {"idempotency_key": "k-1", "transaction": "first"}
    first = house.watcher.order("mk4", "pause", key).final()
    assert first["status"] == "done"
    house.watcher.order("mk4", "resume").final()
    again = house.watcher.order("mk4", "pause", key | {"transaction": "second"})
    answer = again.final()
    assert answer["status"] == "done" and answer["transaction"] == "second"
    assert len(again.all) == 1
    assert [name for name, _ in printing.orders] == ["pause", "resume"]


def test_a_key_repeated_while_the_order_is_under_way(house, printing):
    printing.fault("slow", path="/api/v1/job/*", method="PUT", delay=None)
    first = house.watcher.order("mk4", "pause", {"idempotency_key": "k", "transaction": 1})
    printing.wait_for(puts)
    house.watcher.order("mk4", "pause", {"idempotency_key": "k", "transaction": 2})
    house.watcher.order("mk4", "dance").final()     # it has arrived
    printing.heal()
    first.wait(final=True, transaction=1)
    first.wait(final=True, transaction=2)
    assert [a["status"] for a in first.all if a["final"]] == ["done", "done"]
    assert len(puts(printing)) == 1


def test_a_refused_key_is_remembered_too_but_not_a_retained_one(house, printing):
    refused = house.watcher.order("mk4", "resume", {"idempotency_key": "r"}).final()
    assert refused["code"] == "conflict"
    house.watcher.order("mk4", "pause").final()
    assert house.watcher.order("mk4", "resume", {"idempotency_key": "r"}).final()["code"] == "conflict"
    assert [name for name, _ in printing.orders] == ["pause"]
    assert house.watcher.order("mk4", "resume", {"idempotency_key": "x"}, retain=True).final()["code"] == "retained"
    assert house.watcher.order("mk4", "resume", {"idempotency_key": "x"}).final()["status"] == "done"


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_a_stale_nonce_does_not_repeat_an_order(house, profile):
    """The challenge comes in answer to the order: it is sent again once who and what is there was read again."""
    printer = house.add("p", profile, pausing=0.1, configured={"poll": {"printing": "60s", "idle": "60s"}})
    printer.start_print(duration=360000)
    house.run()
    house.wait("p", "can/pause", "online")
    house.wait("p", "storage/*", None)
    printer.advance(4000)
    unauthorized, asked = printer.unauthorized, len(status_times(printer))
    assert house.watcher.order("p", "pause").final()["status"] == "done"
    assert printer.unauthorized > unauthorized
    assert [name for name, _ in printer.orders] == ["pause"]
    assert sum(r.authenticated for r in puts(printer)) == 1
    assert len(status_times(printer)) > asked


def test_a_challenge_to_the_order_itself_is_not_answered_blindly(house, printing):
    printing.fault("storm", path="/api/v1/job/*", method="PUT", count=1, stale=True)
    asked = len([r for r in printing.requests if r.target == "/api/v1/info"])
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"
    assert [name for name, _ in printing.orders] == ["pause"] and len(puts(printing)) == 2
    # Between the two it was asked who it is.
    first, second = puts(printing)
    between = [r.target for r in printing.requests if first.time < r.time < second.time]
    assert "/api/v1/info" in between and "/api/v1/status" in between
    assert len([r for r in printing.requests if r.target == "/api/v1/info"]) > asked


def test_a_printer_that_refuses_every_password_is_not_asked_for_ever(house, printing):
    printing.fault("storm", path="/api/v1/job/*", method="PUT")
    answer = house.watcher.order("mk4", "pause").final()
    assert answer["code"] == "auth" and answer["http_status"] == 401
    assert len(puts(printing)) <= 3 and printing.orders == []


@pytest.mark.parametrize("kind", ["lost", "reset", "half", "long", "short"])
def test_an_order_whose_answer_was_spoiled_is_not_sent_again(house, kind):
    """It was carried out: its effect is found, and told."""
    printer = house.add("mk4", pausing=0.1, configured={"timeout": "4s"})
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "can/pause", "online")
    printer.fault(kind, path="/api/v1/job/*", method="PUT", count=1)
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"
    assert [name for name, _ in printer.orders] == ["pause"] and len(puts(printer)) == 1


def test_an_order_on_a_connection_that_died_is_carried_out_once(house):
    """The printer closed the kept connection in between; libcurl would resend by itself."""
    printer = house.add("mk4", pausing=0.1, configured={"poll": {"printing": "60s", "idle": "60s"}})
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "can/pause", "online")
    house.wait("mk4", "storage/usb/available")
    time.sleep(1.1)     # the status grows too old to be believed
    printer.drop_connections()
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"
    assert [name for name, _ in printer.orders] == ["pause"] and len(puts(printer)) == 1


def test_wrong_orders_do_not_fill_the_queue(house, printing):
    for n in range(20):
        house.watcher.order("mk4", "pause", {"job_id": 1, "transaction": n})
    until("all refused", lambda: len(house.watcher.since(topic=f"{BASE}/mk4/response/pause")) == 20)
    assert house.watcher.order("mk4", "pause", {"transaction": "good"}).wait(transaction="good", final=True)["status"] \
        == "done"
    assert all(json.loads(m.text)["final"] for m in house.watcher.since(topic=f"{BASE}/mk4/response/pause")[:20])
