"""Uploads, listings, metadata and the command line: against curl, and against what others may notice of them."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import tempfile
import threading
import time

import paho.mqtt.client as mqtt

from house import BUILD, HERE, TESTED, House, address, free_port, note, pinned, until

BASE = "printer2mqtt"
GB, SPARE = 1000 ** 3, 1000 ** 3
USER, PASSWORD = "maker", "bench"
OTHERS, AT_ONCE, RATE, FILES = 100, 5, 550, 10000
LINES = b"".join(b"G1 X%d.%03d Y%d.%03d E.%05d\n" % (i % 200, i % 997, i % 210, i % 991, i % 99991) for i in range(40000))


class Asker:
    """Gives orders over MQTT, waits for what they come to, and asks how long the loop of the bridge stood still."""

    def __init__(self, house):
        self.answers, self.lags, self.news = [], [], threading.Condition()
        self.client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2) if hasattr(mqtt, "CallbackAPIVersion") else mqtt.Client()
        self.client.on_message = self.take
        self.client.connect("127.0.0.1", house.broker_port)
        self.client.subscribe([(BASE + "/+/response/#", 0), (BASE + "/bridge/health", 0)])
        self.client.loop_start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.client.disconnect()
        self.client.loop_stop()

    def take(self, _client, _data, message):
        if message.retain or not message.payload:
            return
        said = json.loads(message.payload)
        with self.news:
            if message.topic.endswith("/bridge/health"):
                self.lags.append(said["loop_lag_max"])
            elif said.get("final") and not message.topic.startswith(BASE + "/bridge/"):
                self.answers.append(said)
            self.news.notify_all()

    def wait(self, what, done, timeout=300):
        with self.news:
            if not self.news.wait_for(done, timeout):
                raise TimeoutError(what)

    def order(self, command, printers, payload):
        """The same to each; seconds until all of it is done."""
        began = time.monotonic()
        self.answers.clear()
        for printer in printers:
            self.client.publish(f"{BASE}/{printer}/command/{command}", json.dumps(payload))
        self.wait(f"{command} was answered", lambda: len(self.answers) == len(printers))
        failed = [a["message"] for a in self.answers if a["status"] != "done"]
        if failed:
            raise ValueError(f"{command}: {failed[0]}")
        return time.monotonic() - began

    def lag(self):
        """The longest turn of the loop since it was asked last, ms."""
        told = len(self.lags)
        self.client.publish(BASE + "/bridge/request/health", "PRESS")
        self.wait("bridge/health came", lambda: len(self.lags) > told, 10)
        longest = max(self.lags)
        self.lags.clear()
        return longest


class Sink:
    """Printers that take uploads and throw them away."""

    def __init__(self, house, printers=1, files=0, rate=0):
        self.port, self.names = free_port(), [f"sink{i}" for i in range(printers)]
        self.program = house.start([BUILD / "tests/bench/bench_sink", "--port", self.port, "--printers", printers, "--files", files,
                                    "--rate", rate], asked=True)
        self.program.child.stdout.readline()

    def url(self, index=0):
        return f"{address(index)}:{self.port}"

    def configured(self, **more):
        return {name: {"url": self.url(i), **more} for i, name in enumerate(self.names)}

    def ask(self, word="stats"):
        return self.program.ask(word)

    def wait_polled(self, times):
        until("the printers that take uploads are polled",
              lambda: sum("/status" in target for _, target, _ in self.ask()["requests"]) >= times * len(self.names))


@contextlib.contextmanager
def big_file(size):
    """A folder on a disk with a file of G-code."""
    if shutil.disk_usage("/var/tmp").free < size + SPARE:
        raise OSError(f"/var/tmp has no room for {size / GB:g} GB")
    with tempfile.TemporaryDirectory(prefix="p2m-bench-", dir="/var/tmp") as folder:
        path = pathlib.Path(folder, "big.gcode")
        with open(path, "wb") as file:
            for _ in range(size // len(LINES)):
                file.write(LINES)
            file.write(LINES[:size % len(LINES)])
            file.flush()
            os.fsync(file.fileno())
        yield path


def size_of(quick):
    return GB // 5 if quick else GB


# ---- one upload, against curl

def memory(program, key):
    text = pathlib.Path(f"/proc/{program.child.pid}/status").read_text()
    return int(re.search(rf"^{key}:\s*(\d+) kB", text, re.MULTILINE)[1]) * 1024


def curl_upload(sink, path):
    """What a person would type; Expect would cost it a second more. To a printer of its own: one nonce has room for one."""
    began = time.monotonic()
    subprocess.run(pinned(TESTED, ["curl", "-q", "-sS", "-f", "--noproxy", "*", "-H", "Expect:", "--digest", "-u", f"{USER}:{PASSWORD}",
                                   "-o", os.devnull, "-T", path, f"http://{sink.url(1)}/api/v1/files/usb/curl.gcode"]), check=True)
    return time.monotonic() - began


def our_upload(asker, sink):
    return asker.order("upload", sink.names, {"file": "big.gcode", "path": "/usb/ours.gcode", "overwrite": True})


def measured(sink, size, upload):
    """MB/s as the printer saw it, seconds as the user did."""
    sink.ask("reset")
    took = upload()
    seen = sink.ask()
    body = [us for _, status, length, us in seen["uploads"] if status == 201 and length == size]
    if len(body) != 1:
        raise ValueError(f"uploads that came: {seen['uploads']}")
    return {"rate": size / body[0], "took": took, "sent": seen["bytes"] / size,
            "refused": sum(status == 401 for _, _, status in seen["requests"])}


def forget(path):
    """What is read next comes from the disk."""
    with open(path, "rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def in_turn(asker, sink, path, size, rounds, cached):
    """Ours and curl's, each first in every other round."""
    seen = {"ours": [], "curl": []}
    pair = [("ours", lambda: our_upload(asker, sink)), ("curl", lambda: curl_upload(sink, path))]
    for turn in range(rounds):
        for name, upload in pair if turn % 2 else reversed(pair):
            if not cached:
                forget(path)
            seen[name].append(measured(sink, size, upload))
        note(f"  ours {seen['ours'][-1]['rate']:.0f} MB/s, curl {seen['curl'][-1]['rate']:.0f} MB/s")
    return seen


def stale(asker, sink, size):
    sink.ask("stale")
    seen = measured(sink, size, lambda: our_upload(asker, sink))
    if not seen["refused"]:
        raise ValueError("the login was not stale")
    return seen


def median(seen, name, key):
    return statistics.median(one[key] for one in seen[name])


def ratio_of(seen):
    return statistics.median(ours["rate"] / curl["rate"] for ours, curl in zip(seen["ours"], seen["curl"]))


def add_sent(rows, what, uploads):
    sent = [one["sent"] for one in uploads]
    exact = all(part == 1 for part in sent)
    rows.add(what, "1.00 exactly", exact, "1.00" if exact else f"{max(sent):.6f}")


def bench_upload(rows, quick):
    """To a printer that takes whatever comes; the file in the cache for both, and for none."""
    size = size_of(quick)
    what = f"upload of {size / GB:g} GB"
    with big_file(size) as path, House(1) as house:
        sink = Sink(house, 2)
        del sink.names[1]
        program = house.start_bridge(printers=sink.configured(uploads={"directory": str(path.parent)}))
        with Asker(house) as asker:
            sink.wait_polled(8)
            before = memory(program, "VmRSS")
            cached = in_turn(asker, sink, path, size, 21 if quick else 15, True)
            disk = in_turn(asker, sink, path, size, 3 if quick else 5, False)
            logins = [stale(asker, sink, size) for _ in range(3)]
            growth = memory(program, "VmHWM") - before
    ratio = ratio_of(cached)
    rows.add(what + ": rate / curl -T", ">= 0.95", ratio >= 0.95, f"{median(cached, 'ours', 'rate'):.0f} MB/s",
             f"curl {median(cached, 'curl', 'rate'):.0f} MB/s", f"{ratio:.2f}")
    rows.at_most("the same: growth of resident memory", 2, growth / 1e6, "{:.2f} MB")
    add_sent(rows, "the same: bytes of body on the wire / of the file", cached["ours"] + disk["ours"])
    add_sent(rows, "the same, the login gone stale just before", logins)
    rows.remark(f"{what[0].upper() + what[1:]}: {median(cached, 'ours', 'took'):.2f} s from the order to its last answer, curl from start to "
                f"end {median(cached, 'curl', 'took'):.2f} s. With nothing of the file in the cache, {median(disk, 'ours', 'rate'):.0f} and "
                f"{median(disk, 'curl', 'rate'):.0f} MB/s, median of the ratios {ratio_of(disk):.2f}.")


# ---- what the others notice

def others(house):
    return {f"p{i}": {"url": f"{address(i)}:{house.port}"} for i in range(OTHERS)}


def stolen():
    """Seconds that the host of a virtual machine took from it so far."""
    return int(pathlib.Path("/proc/stat").read_text().split()[8]) / os.sysconf("SC_CLK_TCK")


def beside(house, asker, work, times):
    """Polls of the others while it is done again and again, of the ideal rate; the longest stall of the loop in each."""
    asker.lag()
    house.load.ask("reset")
    took, lags, away = [], [], stolen()
    for _ in range(times):
        took.append(work())
        lags.append(asker.lag())
    load = house.load.ask("stats")
    return {"polls": load["polls"] / (OTHERS * load["seconds"]), "took": statistics.median(took), "lags": lags, "gap": load["gap_ms"],
            "away": stolen() - away}


def add_beside(rows, what, seen):
    """What the bridge does itself it does each time: of the stalls the least is judged, the others are told."""
    rows.add(f"{what}: polls of {OTHERS} others / ideal", ">= 0.99", seen["polls"] >= 0.99, f"{seen['polls']:.3f}")
    rows.at_most("the same: longest turn of the loop", 5, min(seen["lags"]), "{:.1f} ms")
    rows.remark(f"{what[0].upper() + what[1:]}: {seen['took']:.2f} s from the order to the last answer; {len(seen['lags'])} times; longest "
                f"turn {min(seen['lags']):.1f} to {max(seen['lags']):.1f} ms, median {statistics.median(seen['lags']):.1f} ms, while the host "
                f"took {seen['away']:.2f} s from this machine; another printer was asked every {seen['gap']:.0f} ms at the most.")


def bench_uploads(rows, quick):
    """As fast as five gigabit wires: with no limit a core is full, and who has real-time priority and never rests is stopped by the
    kernel for 50 ms of each second."""
    size = size_of(quick)
    what = f"{AT_ONCE} uploads of {size / GB:g} GB at once, {RATE} MB/s in all"
    with big_file(size) as path, House(OTHERS) as house:
        sink = Sink(house, AT_ONCE, rate=RATE)
        ours = sink.configured(uploads={"directory": str(path.parent)})
        house.start_bridge(printers={**others(house), **ours})
        house.wait_polled(6)
        sink.wait_polled(6)
        with Asker(house) as asker:
            payload = {"file": "big.gcode", "path": "/usb/ours.gcode", "overwrite": True}
            seen = beside(house, asker, lambda: asker.order("upload", sink.names, payload), 7 if quick else 5)
    add_beside(rows, what, seen)


def bench_listing(rows, quick):
    with House(OTHERS) as house:
        sink = Sink(house, files=FILES)
        house.start_bridge(printers={**others(house), **sink.configured()})
        house.wait_polled(8)
        with Asker(house) as asker:
            asker.order("list_files", sink.names, {})
            answer = asker.answers[0]["message"]
            seen = beside(house, asker, lambda: asker.order("list_files", sink.names, {}), 10 if quick else 30)
    if f"{FILES} files" not in answer:
        raise ValueError("list_files: " + answer)
    add_beside(rows, f"listing {FILES:,} files", seen)


# ---- the rest

def bench_filament(rows, _):
    done = subprocess.run([BUILD / "tests/metadata/test_metadata_files_test", HERE.parent / "metadata/files"], capture_output=True,
                          text=True)
    last = re.search(r"^weights of (\d+) files: worst difference ([0-9.]+) %", done.stdout, re.MULTILINE)
    if not last:
        raise ValueError("the test of the files of slicers said nothing")
    rows.add(f"filament weight of {last[1]} files / the slicer's own figure, worst", "<= 1.00 %",
             done.returncode == 0 and float(last[2]) <= 1, last[2] + " %")


def seconds(command, env):
    began = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
    return time.perf_counter() - began


def asked(sink, command, env):
    """Targets that were answered, and "so many requests in so many connections"."""
    sink.ask("reset")
    seconds(command, env)
    seen = sink.ask()
    return ([target.split()[1] for _, target, status in seen["requests"] if status != 401],
            f"{len(seen['requests'])} requests, {seen['connections']} connection" + "s" * (seen["connections"] > 1))


def bench_status(rows, quick):
    """Whole programs, in turn; curl is given the targets that ours asks for, in one run."""
    with House(1) as house:
        sink = Sink(house)
        secret = house.folder / "secret"
        secret.write_text(PASSWORD)
        env = {"PATH": os.environ["PATH"], "HOME": str(house.folder)}
        ours = pinned(TESTED, [BUILD / "printer2mqtt", "status", "--url", sink.url(), "--username", USER, "--password-file", secret])
        targets, our_requests = asked(sink, ours, env)
        curl = pinned(TESTED, ["curl", "-q", "-s", "-f", "--noproxy", "*", "--digest", "-u", f"{USER}:{PASSWORD}",
                               *(part for target in targets for part in ("-o", os.devnull, f"http://{sink.url()}{target}"))])
        same, curl_requests = asked(sink, curl, env)
        if same != targets:
            raise ValueError(f"curl asked for {same}, not {targets}")
        pairs = [(seconds(ours, env) * 1000, seconds(curl, env) * 1000) for _ in range(20 if quick else 60)]
    mine, its = (statistics.median(values) for values in zip(*pairs))
    rows.add("command line: status / curl --digest", "<= 1.20", round(mine / its, 2) <= 1.2, f"{mine:.1f} ms", f"curl {its:.1f} ms",
             f"{mine / its:.2f}")
    rows.remark(f"status asks for {' '.join(targets)}: {our_requests}; curl: {curl_requests}.")


BENCHMARKS = {"upload": bench_upload, "uploads": bench_uploads, "listing": bench_listing, "filament": bench_filament,
              "status": bench_status}
