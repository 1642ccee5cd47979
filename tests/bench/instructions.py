"""User-space instructions per poll, counted by callgrind: the same on every machine, so a test can decide by them.

    instructions.py --build DIR [--toolchain TEXT] [--record]

Fails when the bridge needs more than a tenth more than recorded.json says for this toolchain (compiler, kind of build and
the libraries' versions); --record writes what was counted. Ends with 77 (skipped) without valgrind or a recorded number."""
import argparse
import json
import os
import pathlib
import re
import shutil
import sys

RECORDED = pathlib.Path(__file__).resolve().parent / "recorded.json"
GROWTH = 1.10
RATIO = 6.5  # of the floor's
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


def verdict(counted, toolchain, recorded):
    """Exit status and a sentence."""
    text = f"{counted:,.0f} instructions per poll"
    if toolchain not in recorded:
        return SKIPPED, f"skipped: {text}, but no number is recorded for {toolchain}"
    known = recorded[toolchain]
    return int(counted > known * GROWTH), f"{text}, recorded {known:,}, at most {known * GROWTH:,.0f}"


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
    counted = count_bridge()
    recorded = json.loads(RECORDED.read_text())
    if options.record:
        recorded[options.toolchain] = round(counted, -2)
        RECORDED.write_text(json.dumps(recorded, indent=1, sort_keys=True) + "\n")
    status, sentence = verdict(counted, options.toolchain, recorded)
    print(sentence)
    return status


if __name__ == "__main__":
    sys.exit(main())
