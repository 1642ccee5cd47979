"""What is measured and what it is measured with: processes, pinned, on loopback."""
import contextlib
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
BUILD = pathlib.Path(os.environ.get("P2M_BENCH_BUILD", ROOT / "build/bench"))
PEER = HERE / "peer.py"
TESTED, OTHERS = "0", "1"  # cores


def cores():
    return len(os.sched_getaffinity(0))


def pinned(core, command, priority=5):
    """Dies with us; without a second core nothing is pinned. As root all of them (ours and the peer, the printers, the broker)
    go before what else the machine does."""
    return ["setpriv", "--pdeathsig", "KILL", *(["chrt", "-f", str(priority)] if os.geteuid() == 0 else []),
            *(["taskset", "-c", core] if cores() > 1 else []), *map(str, command)]


def free_port():
    """Outside of the range that connections come from, so that none ever comes from it."""
    while True:
        port = random.randrange(10000, 32000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def until(what, condition, timeout=60):
    end = time.monotonic() + timeout
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(what)
        time.sleep(0.02)


class Program:
    """A child; talks over its standard input and output when `asked`."""

    def __init__(self, command, core=OTHERS, env=None, asked=False, log=None, priority=5):
        self.child = subprocess.Popen(
            pinned(core, command, priority), text=True, env=env, stdin=subprocess.PIPE if asked else subprocess.DEVNULL,
            stdout=subprocess.PIPE if asked else log or subprocess.DEVNULL, stderr=log or subprocess.DEVNULL)

    def ask(self, word):
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()
        return json.loads(self.child.stdout.readline())

    def rows(self):
        """Lines of two numbers until "."."""
        rows = []
        while (line := self.child.stdout.readline().strip()) != ".":
            rows.append(tuple(map(int, line.split())))
        return rows

    def request_rows(self, word):
        self.child.stdin.write(word + "\n")
        self.child.stdin.flush()
        return self.rows()

    def cpu(self):
        """Seconds on a processor of all threads that live."""
        tasks = pathlib.Path(f"/proc/{self.child.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text().split()[0]) for task in tasks) / 1e9

    def memory(self):
        """Proportional set size, bytes: shared pages count by their share."""
        text = pathlib.Path(f"/proc/{self.child.pid}/smaps_rollup").read_text()
        return next(int(line.split()[1]) * 1024 for line in text.splitlines() if line.startswith("Pss:"))

    def end(self, sig=signal.SIGTERM, timeout=60):
        if self.child.poll() is None:
            self.child.send_signal(signal.SIGCONT)
            self.child.send_signal(sig)
        try:
            self.child.wait(timeout)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()


def address(index):
    return f"127.1.{index // 250}.{index % 250 + 1}"


class House:
    """A broker and printers. Used in `with`; ends all that was started."""

    def __init__(self, printers, nonce_life=300, dead=0):
        self.printers, self.dead = printers, dead
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="p2m-bench-"))
        self.port, self.broker_port = free_port(), free_port()
        self.programs = []
        self.start_broker()
        self.load = self.start([BUILD / "tests/bench/bench_load", "--port", self.port, "--printers", printers, "--dead", dead,
                                "--nonce-life", nonce_life], asked=True)
        self.load.child.stdout.readline()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for program in reversed(self.programs):
            program.end(signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self, command, **how):
        program = Program(command, **how)
        self.programs.append(program)
        return program

    def keep_awake(self):
        """No core goes to sleep: what waits for a virtual machine's host to wake it is not what is measured. These programs run
        only where nobody else wants to."""
        for core in (TESTED, OTHERS)[:cores()]:
            self.start(["chrt", "-i", "0", "/usr/bin/python3", "-c", "while True: pass"], core=core)

    def start_broker(self):
        conf = self.folder / "mosquitto.conf"
        conf.write_text(("user root\n" if os.geteuid() == 0 else "") + "log_type none\nallow_anonymous true\n"
                        f"listener {self.broker_port} 127.0.0.1\nmax_queued_messages 0\nset_tcp_nodelay true\n")
        self.broker = self.start(["mosquitto", "-c", conf])
        until("mosquitto listens", lambda: listens(self.broker_port))

    def watch(self, base, orders=0):
        """Before the broker: who tells when a message came does not wait until the broker has done the next ones."""
        return self.start([BUILD / "tests/bench/bench_watch", "--port", self.broker_port, "--base", base,
                           "--printers", self.printers, "--orders", orders], asked=True, priority=6)

    def bridge_command(self, name="config.yaml", broker="127.0.0.1", url=address, interval="1s", **more):
        """Configure a bridge; url(index) names each printer's host."""
        state = self.folder / "state"
        state.mkdir(exist_ok=True)
        config = {
            "mqtt": {"url": f"mqtt://{broker}:{self.broker_port}"}, "state_dir": str(state), "log": {"level": "error"},
            "defaults": {"password": "bench", "poll": {"printing": interval, "idle": interval, "offline": "5s"}},
            "printers": {f"p{i}": {"url": f"{url(i)}:{self.port}"} for i in range(self.printers)}, **more}
        file = self.folder / name
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        return [BUILD / "printer2mqtt", "-c", file]

    def log(self):
        return open(self.folder / "log", "a")

    def start_bridge(self, wrapper=(), env=None, **config):
        return self.start([*wrapper, *self.bridge_command(**config)], core=TESTED, env=env, log=self.log())

    def start_peer(self, *options):
        return self.start(["/usr/bin/python3", PEER, "--port", self.port, "--broker", self.broker_port, "--printers", self.printers,
                           *options], core=TESTED, log=self.log())

    def start_floor(self, wrapper=()):
        return self.start([*wrapper, BUILD / "tests/bench/bench_floor", "--port", self.port, "--broker", self.broker_port,
                           "--printers", self.printers], core=TESTED, log=self.log())

    def wait_polled(self, times, timeout=120):
        """Until every living printer was polled so often."""
        until("every printer was polled; the log:\n" + self.read_log(), lambda: self.load.ask("stats")["least"] >= times, timeout)

    def read_log(self):
        path = self.folder / "log"
        return path.read_text()[-2000:] if path.exists() else ""


def control(program, word):
    subprocess.run(["callgrind_control", word, str(program.child.pid)], check=True, capture_output=True)


def window(house, program, watch, seconds):
    """Let it work for a while; what the others saw meanwhile and what it cost."""
    house.load.ask("reset")
    watch.ask("begin")
    cpu, began = program.cpu(), time.monotonic()
    time.sleep(seconds)
    cpu, took = program.cpu() - cpu, time.monotonic() - began
    seen = watch.ask("end")
    given = watch.rows()
    time.sleep(0.2)
    load = house.load.ask("stats")
    arrived = house.load.request_rows("orders")
    return {"cpu": cpu, "seconds": took, "load": load, "watch": seen, "orders": delays(given, arrived),
            "given": len(given)}


def delays(given, arrived):
    """us from giving an order to its arrival, by printer and turn."""
    waiting = {}
    for printer, us in given:
        waiting.setdefault(printer, []).append(us)
    result = []
    for printer, us in arrived:
        if waiting.get(printer):
            result.append(us - waiting[printer].pop(0))
    return sorted(result)


def note(text):
    print(text, file=sys.stderr, flush=True)
