"""What the system runs out of, and an end at any moment: the bridge says why, goes on, and stops cleanly."""
import json
import os
import random
import resource
import time

import pytest

from harness import BASE, polls, status_times
from harness.process import until
from harness.square import Hose
from sim.faults import KINDS

SEED = 20261121
MANY = 12
ROOM = 5        # descriptors beyond what is open


def printing(house, name="mk4", **options):
    printer = house.add(name, job_id=128, **options)
    bridge = house.run()
    printer.start_print(duration=36000)
    house.wait(name, "event", lambda t: json.loads(t)["event_type"] == "started")
    house.wait(name, "can/pause", "online")
    return printer, bridge


def remembered(house):
    with open(house.folder / "state" / "state.json") as file:
        return json.load(file)


def test_a_full_disk_costs_history_and_nothing_else(house):
    """Nothing can be written for a while; the log goes on, since it is read by somebody else."""
    printer = house.add("mk4", job_id=128)
    bridge = house.bridge(wrapper=["bash", "-c", 'exec "$@" 2> >(exec cat)', "bash"])
    house.wait_online("mk4")
    until("a first save", lambda: house.memory)
    hard = resource.prlimit(bridge.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(bridge.pid, resource.RLIMIT_FSIZE, (0, hard))
    polls(printer, 2)       # what was being saved then is there
    kept = remembered(house)
    printer.start_print(duration=36000)
    house.wait("mk4", "event", lambda t: json.loads(t)["event_type"] == "started")
    printer.finish()
    house.wait("mk4", "event", lambda t: json.loads(t)["event_type"] == "finished")
    house.wait("mk4", "last_job/result", "finished")
    bridge.wait_log("warning .*state.json.*may be forgotten")
    polls(printer, 2)
    assert bridge.log.count("may be forgotten") == 1
    assert remembered(house) == kept        # the old one, whole
    resource.prlimit(bridge.pid, resource.RLIMIT_FSIZE, (hard, hard))
    bridge.stop()
    assert remembered(house) != kept
    assert [m.json["event_type"] for m in house.watcher.since(topic=f"{BASE}/mk4/event")] == ["started", "finished"]


def test_without_descriptors_the_reason_is_told_and_the_others_go_on(house):
    names = [f"p{n}" for n in range(MANY)]
    for name in names:
        house.add(name)
    bridge = house.run()
    hard = resource.prlimit(bridge.pid, resource.RLIMIT_NOFILE)[1]
    resource.prlimit(bridge.pid, resource.RLIMIT_NOFILE, (highest(bridge) + 1 - MANY + ROOM, hard))
    mark = house.watcher.mark
    for name in names:
        house.sim[name].drop_connections()
    house.watcher.wait(f"{BASE}/*/poll/error", lambda t: "too many open connections" in t, mark)
    house.watcher.wait(f"{BASE}/*/availability", "offline", mark)      # one that is first may still find room
    asked = {n: len(status_times(house.sim[n])) for n in names}
    until("three polls of somebody", lambda: any(len(status_times(house.sim[n])) > asked[n] + 2 for n in names))
    resource.prlimit(bridge.pid, resource.RLIMIT_NOFILE, (hard, hard))
    until("all back", lambda: all(house.value(n, "availability") == "online" for n in names), 30)
    assert "too many open connections" in bridge.log


def highest(bridge):
    return max(int(fd) for fd in os.listdir(f"/proc/{bridge.pid}/fd"))


def test_more_printers_than_descriptors_at_the_start(house):
    """A limit that the bridge cannot raise. The broker comes first, then as many printers as there is room for."""
    names = [f"p{n:02}" for n in range(40)]
    for name in names:
        house.add(name)
    bridge = house.bridge(wrapper=["prlimit", "--nofile=40:40"])
    house.watcher.wait(f"{BASE}/bridge/state", "online")
    house.watcher.wait(f"{BASE}/*/availability", "online")
    house.watcher.wait(f"{BASE}/*/poll/error", lambda t: "too many open connections" in t)
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "too many open connections" in t)
    bridge.stop()
    house.watcher.wait(f"{BASE}/bridge/state", "offline")


# -- SIGTERM at any moment. Each brings the bridge there and returns it.


def at_the_start(house):
    house.add("mk4")
    bridge = house.bridge()
    bridge.wait_log("printers?, broker")
    return bridge


def at_first_contact(house):
    house.add("mk4").fault("slow", delay=0.3)
    bridge = house.bridge()
    house.sim["mk4"].wait_for(lambda p: p.requests)
    return bridge


def while_a_printer_hangs(house):
    house.add("mk4").fault("hang")
    bridge = house.bridge()
    house.sim["mk4"].wait_for(lambda p: p.requests)
    return bridge


def while_connecting_to_a_black_hole(house):
    house.add("mk4").fault("blackhole")
    bridge = house.bridge()
    house.watcher.wait(f"{BASE}/bridge/state", "online")
    return bridge


def with_an_order_in_flight(house):
    printer, bridge = printing(house)
    printer.fault("slow", path="/api/v1/job/*", method="PUT", delay=30)
    house.watcher.order("mk4", "pause")
    printer.wait_for(lambda p: any(r.method == "PUT" for r in p.requests))
    return bridge


def with_an_order_that_waits_for_its_effect(house):
    """A Pi shows PRINTING until the pause is reached."""
    _, bridge = printing(house, profile="pi", pausing=60)
    house.watcher.order("mk4", "pause").wait("accepted")
    return bridge


def while_a_print_ends(house):
    printer, bridge = printing(house)
    printer.finish()
    return bridge


def while_reconnecting(house):
    hose = Hose(house.broker)
    house.closing.append(hose.close)
    house.config["mqtt"]["url"] = hose.url
    _, bridge = printing(house)
    hose.pull()
    bridge.wait_log("no connection to the broker")
    hose.plug()
    return bridge


def while_the_broker_hangs(house):
    _, bridge = printing(house)
    house.broker.freeze()
    return bridge


def while_the_broker_is_a_black_hole(house):
    hose = Hose(house.broker)
    house.closing.append(hose.close)
    house.config["mqtt"]["url"] = hose.url
    _, bridge = printing(house)
    hose.kill()
    return bridge


def while_every_fault_strikes(house):
    for kind in KINDS:
        options = {"size": 1_000_000} if kind == "huge" else {}
        house.add(kind).fault(kind, **options)
    bridge = house.bridge()
    house.watcher.wait(f"{BASE}/slow/availability", "online")
    return bridge


MOMENTS = [at_the_start, at_first_contact, while_a_printer_hangs, while_connecting_to_a_black_hole,
           with_an_order_in_flight, with_an_order_that_waits_for_its_effect, while_a_print_ends, while_reconnecting,
           while_the_broker_hangs, while_the_broker_is_a_black_hole, while_every_fault_strikes]


@pytest.mark.parametrize("moment", MOMENTS, ids=lambda m: m.__name__.replace("_", "-"))
def test_sigterm_ends_it_cleanly(house, moment, sanitized):
    dice = random.Random(f"{SEED} {moment.__name__}")
    bridge = moment(house)
    time.sleep(dice.uniform(0, 0.7))
    began = time.monotonic()
    bridge.stop()       # exit status 0, no report of a sanitizer
    assert time.monotonic() - began < (15 if sanitized else 5)
    house.broker.thaw()
    topic = f"{BASE}/bridge/state"
    until("bridge/state offline", lambda: house.watcher.text(topic) in ("offline", None))
    until("it is kept", lambda: house.watcher.retained(topic) in ({}, {topic: b"offline"}), interval=0.2)
