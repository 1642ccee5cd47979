"""What the bridge costs, against goals and against the same work in Python. See README.md beside this file.

    figures.py [--quick] [NAME...]

Each benchmark adds rows to the table; a goal that is missed makes the exit status 1 when all have run."""
import argparse
import json
import pathlib
import signal
import statistics
import subprocess
import sys
import time

import files
import instructions
import stalls
import table
import trouble
from house import BUILD, HERE, House, note, until, window

MEGA = 1e6
BRIDGE, PEER = "printer2mqtt", "peer"


def per_poll_us(seen):
    return seen["cpu"] / seen["load"]["polls"] * 1e6


def requests_per_poll(load):
    return sum(load[kind] for kind in ("polls", "others", "orders", "refused")) / load["polls"]


def bench_requests(rows, quick):
    """100 printers, 1 Hz: requests of all kinds per status poll, and connections made, once under way."""
    seconds, nonce_life, limit = (65, 20, 1.10) if quick else (600, 300, 1.05)
    with House(100, nonce_life) as house, House(100, nonce_life) as other:
        house.start_bridge()
        other.start_peer()
        for each in (house, other):
            each.wait_polled(3)
            each.load.ask("reset")
        time.sleep(seconds)
        ours, peer = house.load.ask("stats"), other.load.ask("stats")
    what = f"{seconds} s with a {nonce_life} s nonce"
    rows.at_most(f"requests per poll, {what}", limit, requests_per_poll(ours), "{:.3f}", requests_per_poll(peer))
    rows.at_most(f"new connections, {what}", 0, ours["connections"], "{:.0f}", peer["connections"])


def hundred(house, start, base, seconds, cpu=True):
    """What it costs without orders, and how fast changes and orders are when 20 orders a second flow."""
    program = start()
    house.wait_polled(6)
    time.sleep(2)
    seen = {}
    for kind, orders in (("quiet", 0), ("orders", 20)):
        if kind == "quiet" and not cpu:
            continue
        watch = house.watch(base, orders)
        time.sleep(1)
        seen[kind] = window(house, program, watch, seconds)
        watch.end()
    return seen


def one_round(seconds):
    seen = {}
    for name, start, base, cpu in (("ours", House.start_bridge, BRIDGE, True), ("peer", House.start_peer, PEER, True),
                                   ("nodelay", lambda house: house.start_peer("--nodelay"), PEER, False)):
        with House(100) as house:
            house.keep_awake()
            seen[name] = hundred(house, lambda: start(house), base, seconds, cpu)
        note(f"  {name}: " + ", ".join(
            f"{kind} {per_poll_us(s):.0f} us CPU per poll, change p50 {s['watch']['p50']} p99 {s['watch']['p99']} us"
            + (f", order p50 {statistics.median(s['orders']):.0f} us" if s["orders"] else "") for kind, s in seen[name].items()))
    return seen


def bench_hundred(rows, quick):
    """100 printers, 1 Hz, in turn; the figures are medians over the rounds, and so are the ratios."""
    rounds = [one_round(8 if quick else 15) for _ in range(1 if quick else 3)]

    def compare(what, least, get, ours, peer, form):
        pairs = [(get(*((seen, *ours))), get(*((seen, *peer)))) for seen in rounds]
        rows.times_better(what, least, statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs), form,
                          statistics.median(b / a for a, b in pairs))

    def cpu(seen, who, kind):
        return per_poll_us(seen[who][kind])

    def p99(seen, who, kind):
        return seen[who][kind]["watch"]["p99"] / 1000

    def order(seen, who, kind):
        return statistics.median(seen[who][kind]["orders"]) / 1000

    compare("CPU per poll", 8, cpu, ("ours", "quiet"), ("peer", "quiet"), "{:.0f} us")
    compare("change latency p99, orders flowing", 50, p99, ("ours", "orders"), ("peer", "orders"), "{:.2f} ms")
    compare("the same, Python with TCP_NODELAY", 2.5, p99, ("ours", "orders"), ("nodelay", "orders"), "{:.2f} ms")
    compare("order to printer p50", 2.5, order, ("ours", "orders"), ("peer", "orders"), "{:.2f} ms")
    rows.remark(stalls.tell(4 if quick else 10))


def bench_instructions(rows, _):
    """40 printers under callgrind, once under way."""
    ours, floor = instructions.count_bridge(), instructions.count_floor()
    rows.at_most("instructions per poll / those of raw sockets", instructions.RATIO, ours / floor, "{:.1f}")
    rows.remark(f"Instructions per poll: {ours:,.0f}; raw sockets {floor:,.0f}.")


def bench_memory(rows, _):
    for printers, limit in ((1, 8), (100, 12), (1000, 40)):
        used = []
        for start in (House.start_bridge, House.start_peer):
            with House(printers) as house:
                program = start(house)
                # Of a thousand threads of Python some never come round; they are all there by then.
                until("polls", lambda: house.load.ask("stats")["polls"] >= 12 * printers)
                used.append(program.memory() / MEGA)
        rows.at_most(f"memory (PSS) with {printers:,} printer{'s' * (printers > 1)}", limit, used[0], "{:.1f} MB", used[1])


def bench_thousands(rows, quick):
    """5,000 printers at 1 Hz, without the JSON documents."""
    with House(5000) as house:
        # First: whoever subscribes later gets half a million retained messages.
        watch = house.watch(BRIDGE)
        program = house.start_bridge(json=False)
        house.wait_polled(10, 300)
        time.sleep(10)
        seen = window(house, program, watch, 10 if quick else 30)
        memory = program.memory() / MEGA
    with House(5000) as house:
        watch = house.watch("floor")
        program = house.start_floor()
        house.wait_polled(10, 300)
        floor = window(house, program, watch, 10)
    rows.at_most("one core, 5,000 printers at 1 Hz", 40, 100 * seen["cpu"] / seen["seconds"], "{:.1f} %")
    rows.remark(f"5,000 printers: {seen['load']['polls'] / seen['load']['seconds']:,.0f} polls/s, {per_poll_us(seen):.0f} us CPU per poll, "
                f"{seen['watch']['messages'] / seen['seconds']:,.0f} messages/s, change latency p50 {seen['watch']['p50'] / 1000:.2f} ms, "
                f"p99 {seen['watch']['p99'] / 1000:.2f} ms, {memory:.0f} MB. Raw sockets: {per_poll_us(floor):.0f} us CPU per poll, "
                f"{100 * floor['cpu'] / floor['seconds']:.1f} % of a core.")


def bench_long_print(rows, _):
    done = subprocess.run([BUILD / "tests/bench/bench_long_print"], check=True, capture_output=True, text=True)
    seen = json.loads(done.stdout)
    rows.at_most("rows in Home Assistant's recorder, 10 h print", 5000, seen["rows"], "{:,.0f}")
    most = sorted(seen["topics"].items(), key=lambda item: -item[1])[:3]
    rows.remark("10 h print: " + ", ".join(f"{count:,} rows of {topic.removeprefix('p/mk4/')}" for topic, count in most)
                + f"; {seen['polls']:,} polls, {seen['messages']:,} messages.")


BENCHMARKS = {"requests": bench_requests, "hundred": bench_hundred, "instructions": bench_instructions, "memory": bench_memory,
              "thousands": bench_thousands, "trouble": trouble.bench, "long_print": bench_long_print, **files.BENCHMARKS}


def run(rows, name, quick):
    note(f"{time.strftime('%H:%M:%S')} {name} (load {table.load()})")
    try:
        BENCHMARKS[name](rows, quick)
    except (OSError, TimeoutError, ValueError, subprocess.SubprocessError) as error:
        rows.add(name, "to be measured", False, str(error).split("\n")[0])
        note(str(error))


def main():
    parser = argparse.ArgumentParser(prog="run.sh")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(BENCHMARKS))
    options = parser.parse_args()
    unknown = set(options.names) - set(BENCHMARKS)
    if unknown:
        parser.error("no such benchmark: " + " ".join(sorted(unknown)))
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    rows, before = table.Table(), table.load()
    for name in options.names or BENCHMARKS:
        run(rows, name, options.quick)
    text = table.head(options.quick, before) + rows.text()
    if not options.quick and not options.names:
        (HERE / "RESULTS.md").write_text("# Results\n\nWritten by `tests/bench/run.sh`; what the rows mean: [README.md](README.md).\n\n" + text)
    print(text, end="")
    return int(rows.missed > 0)


if __name__ == "__main__":
    sys.exit(main())
