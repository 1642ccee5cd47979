"""What it costs: memory, requests, connections, time. Bounds are generous; the numbers behind them are not."""
import pathlib
import time

import pytest

from harness import BASE, polls, status_times
from harness.process import until

MIB = 1 << 20


@pytest.fixture(autouse=True)
def plain(sanitized):
    if sanitized:
        pytest.skip("a sanitizer's memory and time are not ours")


def test_an_answer_of_20_mb_costs_no_memory(house):
    printer = house.add("mk4")
    bridge = house.run()
    mark = house.watcher.mark
    printer.fault("huge", size=20_000_000)
    house.wait("mk4", "availability", "offline", mark)
    house.wait("mk4", "poll/error", lambda t: "over" in t, mark)
    assert bridge.memory_peak() <= 30 * MIB
    printer.heal()
    house.wait_online("mk4", after=house.wait("mk4", "availability", "offline", mark))


@pytest.mark.parametrize("kind", ["nested", "numbers"])
def test_hostile_json_costs_no_memory(house, kind):
    """Half a megabyte of brackets or of small numbers: forty times as much in a careless parser."""
    printer = house.add("mk4")
    bridge = house.run()
    mark = house.watcher.mark
    if kind == "nested":
        printer.fault("nested", depth=500_000)
    else:
        printer.override("/api/v1/status", body="[" + "1," * 400_000 + "1]")
    house.wait("mk4", "availability", "offline", mark)
    assert bridge.memory_peak() <= 30 * MIB


def test_the_first_value_comes_within_a_second(house):
    house.add("mk4")
    began = time.monotonic()
    house.bridge()
    house.wait("mk4", "state", "idle")
    assert time.monotonic() - began < 1.0


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_a_poll_is_one_request_on_one_connection(house, profile):
    """A minute at the printer, its clock pushed along. A Pi closes after each answer, so it never has two."""
    printer = house.add("p", profile)
    printer.start_print(duration=360000)
    house.run()
    house.wait("p", "storage/*")
    house.wait("p", "has/job/thumbnail", "online")
    polls(printer, 1)
    printer.reset_counters()
    for _ in range(4):
        printer.advance(14)     # with the second between: a minute
        polls(printer, 1)
    other = [r for r in printer.requests if r.target != "/api/v1/status"]
    assert printer.max_connections == 1 and printer.max_in_flight == 1
    assert printer.connections == (0 if profile == "buddy" else len(printer.requests))
    assert printer.unauthorized <= (0 if profile == "buddy" else 2)
    assert len(other) <= 2 * printer.unauthorized       # who it is, after a stale nonce


def test_a_steady_hour_costs_next_to_nothing_beside_the_polls(house):
    """Requests per poll over an hour of Buddy, reckoned from what a stale nonce and a minute's endpoints cost."""
    printer = house.add("mk4")
    printer.start_print(duration=360000)
    house.run()
    house.wait("mk4", "storage/*")
    house.wait("mk4", "has/job/thumbnail", "online")
    polls(printer, 1)
    printer.reset_counters()
    printer.advance(301)        # the nonce of 300 s is stale now
    polls(printer, 3)
    for_the_nonce = len(printer.requests) - 3
    assert 1 <= for_the_nonce <= 3
    # 300 polls of a second between two nonces, 2 more endpoints a minute.
    assert (300 + for_the_nonce + 5 * 2) / 300 <= 1.05


def test_nobody_waits_in_a_loop(house):
    """An idle bridge uses no processor time."""
    house.config["defaults"] = {"poll": {"idle": "5s"}}
    printer = house.add("mk4")
    bridge = house.run()
    house.wait("mk4", "storage/usb/available")
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: '"online":true' in t)

    def ticks():
        fields = pathlib.Path(f"/proc/{bridge.pid}/stat").read_text().rpartition(")")[2].split()
        return int(fields[11]) + int(fields[12])
    before, began = ticks(), time.monotonic()
    polls(printer, 1)
    assert ticks() - before <= 5 * max(time.monotonic() - began, 1)      # 5 % of one processor


def test_a_hundred_printers_are_no_matter(house):
    names = [f"p{n:03}" for n in range(100)]
    for name in names:
        house.add(name)
    bridge = house.run()
    house.watcher.wait(f"{BASE}/bridge/info", lambda t: '"online":100' in t)
    assert bridge.memory_peak() <= 60 * MIB
    late = house.sim[names[-1]]
    polls(late, 4)
    times = status_times(late)[2:]
    assert max(b - a for a, b in zip(times, times[1:])) < 5      # asked each second
    assert all(p.max_in_flight == 1 for p in house.sim.printers.values())


def test_memory_does_not_grow_with_use(house):
    house.add("mk4")
    bridge = house.run()
    house.wait("mk4", "can/print", "online")

    def flood(orders):
        mark = house.watcher.mark
        for _ in range(orders):
            house.watcher.client.publish(f"{BASE}/mk4/command/dance", '{"transaction": "' + "x" * 900 + '"}')
        until("all answered", lambda: len(house.watcher.since(mark, f"{BASE}/mk4/response/dance")) >= orders)
        return int(pathlib.Path(f"/proc/{bridge.pid}/statm").read_text().split()[1]) * 4096
    before = flood(500)
    for _ in range(4):
        after = flood(500)
    assert after - before < 2 * MIB
