"""How long `status` takes against `curl --digest` of the same requests: wall time of whole programs, side by side.

    cli_status.py [--build DIR] [--runs N]

Both are started in turn, so that whatever else the machine does meets both. Prints the ratio of the medians; fails above
1.2. Ends with 77 (skipped) without curl."""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
from sim import Sim  # noqa: E402

SKIPPED, MOST = 77, 1.2


def seconds(command, env):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=env)
    return time.perf_counter() - began


def commands(program, printer, folder):
    """What a person types, and curl for the same requests. curl needs no look-ups either: -q, no proxy."""
    secret = folder / "secret"
    secret.write_text(printer.password)
    ours = [program, "status", "--url", printer.url, "--username", printer.username, "--password-file", secret]
    printer.reset_counters()
    subprocess.run(list(map(str, ours)), check=True, stdout=subprocess.DEVNULL)
    targets = [r.target for r in printer.requests if r.authenticated]
    asked = len(printer.requests)
    curl = ["curl", "-q", "-s", "-f", "--noproxy", "*", "--digest", "-u", f"{printer.username}:{printer.password}"]
    for target in targets:
        curl += ["-o", os.devnull, printer.url + target]
    printer.reset_counters()
    subprocess.run(curl, check=True)
    return list(map(str, ours)), curl, targets, asked, len(printer.requests)


def measure(program, profile, runs):
    with Sim() as sim, tempfile.TemporaryDirectory() as folder:
        printer = sim.add("mk", profile)
        printer.start_print(duration=36000)
        printer.advance(600)
        ours, curl, targets, asked, curl_asked = commands(program, printer, pathlib.Path(folder))
        env = {"PATH": os.environ["PATH"], "HOME": folder}
        times = {"ours": [], "curl": []}
        for _ in range(runs):
            times["ours"].append(seconds(ours, env))
            times["curl"].append(seconds(curl, env))
    medians = {name: statistics.median(values) * 1000 for name, values in times.items()}
    ratio = medians["ours"] / medians["curl"]
    print(f"{profile}: status {medians['ours']:.1f} ms ({asked} requests), curl --digest {medians['curl']:.1f} ms "
          f"({curl_asked} requests) for {' '.join(targets)}: {ratio:.2f}, at most {MOST}")
    return ratio


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--runs", type=int, default=40)
    options = parser.parse_args()
    if not shutil.which("curl"):
        print("skipped: there is no curl")
        return SKIPPED
    program = pathlib.Path(options.build).resolve() / "printer2mqtt"
    return int(max(measure(program, profile, options.runs) for profile in ("buddy", "pi")) > MOST)


if __name__ == "__main__":
    sys.exit(main())
