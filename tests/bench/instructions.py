"""User-space instructions per poll, counted by callgrind: nearly the same on every machine, so a test can decide by them.

    instructions.py --build DIR [--toolchain TEXT] [--record]

Fails when the bridge needs more than a tenth more than recorded.json says for this toolchain (compiler, kind of build and
the libraries' versions), or, for one that is not recorded, more than RATIO (unoptimised: PLAIN_RATIO) times what the same
work needs over raw sockets. A busy machine makes more wake-ups of the same work: what is too much is counted again, and the
least counts. --record writes what was counted. Ends with 77 (skipped) without valgrind or mosquitto."""
import argparse
import json
import os
import pathlib
import re
import shutil
import sys

RECORDED = pathlib.Path(__file__).resolve().parent / "recorded.json"
GROWTH = 1.10
RATIO = 6.5  # of what raw sockets need,
PLAIN_RATIO = 8.5  # and of builds without optimisation: the libraries are optimised in either
SKIPPED = 77
PRINTERS, WARM_POLLS, POLLS = 40, 5, 240


def total(out):
    """Instructions in callgrind's newest dump."""
    dump = max(out.parent.glob(out.name + ".*"), key=lambda path: path.stat().st_mtime)
    return int(re.search(r"^summary: (\d+)", dump.read_text(), re.MULTILINE)[1])


def count(start):
    """Instructions per poll of what start(house, wrapper) starts, once it is under way."""
    from house import House, control, until
    with House(PRINTERS) as house:
        out = house.folder / "callgrind"
        program = start(house, ["valgrind", "--tool=callgrind", "-q", f"--callgrind-out-file={out}"])
        house.wait_polled(WARM_POLLS)
        control(program, "--zero")
        before = house.load.ask("stats")["polls"]
        until("polls under valgrind", lambda: house.load.ask("stats")["polls"] - before >= POLLS, 120)
        polls = house.load.ask("stats")["polls"] - before
        control(program, "--dump")
        return total(out) / polls


def count_bridge():
    # Discovery is of the beginning, and the JSON comes by the clock, not by the poll.
    return count(lambda house, wrapper: house.start_bridge(wrapper, homeassistant={"enabled": False}, json=False))


def count_floor():
    return count(lambda house, wrapper: house.start_floor(wrapper))


def least(count_once, limit, times=3):
    """Count until it is within the limit, at most so often; the least of them."""
    counted = []
    while len(counted) < times and (not counted or min(counted) > limit):
        counted.append(count_once())
    return min(counted)


def verdict(toolchain, recorded):
    """Exit status and a sentence."""
    if toolchain in recorded:
        limit, against = recorded[toolchain] * GROWTH, f"recorded are {recorded[toolchain]:,} for {toolchain}"
    else:
        floor = count_floor()
        ratio = RATIO if "Release" in toolchain else PLAIN_RATIO
        limit, against = floor * ratio, f"raw sockets need {floor:,.0f}; nothing is recorded for {toolchain}"
    counted = least(count_bridge, limit)
    return int(counted > limit), f"{counted:,.0f} instructions per poll, at most {limit:,.0f}: {against}"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--toolchain", default="unknown")
    parser.add_argument("--record", action="store_true")
    options = parser.parse_args()
    for tool in ("valgrind", "callgrind_control", "mosquitto"):
        if not shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin"):
            print(f"skipped: there is no {tool}")
            return SKIPPED
    os.environ["P2M_BENCH_BUILD"] = options.build
    recorded = json.loads(RECORDED.read_text())
    if options.record:
        recorded[options.toolchain] = round(min(count_bridge() for _ in range(3)))
        RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    status, sentence = verdict(options.toolchain, recorded)
    print(sentence)
    return status


if __name__ == "__main__":
    sys.exit(main())
