"""Programs that are started for a while and end with us, whatever ends us."""
import contextlib
import os
import pathlib
import pwd
import random
import signal
import socket
import subprocess
import time

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
GRACE = 5       # seconds to end by itself


class Failed(Exception):
    """Something could not be started; the text is for people."""


class Children:
    """Own processes in one process group of their own, so that Ctrl-C reaches only us and we end them in order.
    Should we be killed, the kernel ends them (PDEATHSIG)."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.running = []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def start(self, name, command, **options):
        """Popen of command; what it says on stderr goes to the file NAME.log."""
        group = self.running[0][1].pid if self.running else 0
        options.setdefault("stdin", subprocess.DEVNULL)
        options.setdefault("stdout", subprocess.DEVNULL)
        with open(self.log(name), "ab") as log:
            child = subprocess.Popen(["setpriv", "--pdeathsig", "TERM", *command], stderr=log, process_group=group,
                                     **options)
        self.running.append((name, child))
        return child

    def log(self, name):
        return self.folder / f"{name}.log"

    def said(self, name):
        return self.log(name).read_text(encoding="utf-8", errors="replace")

    def gone(self):
        """The name of one that ended by itself, None while all run."""
        return next((name for name, child in self.running if child.poll() is not None), None)

    def drop(self, name):
        """End the one started last."""
        assert self.running[-1][0] == name
        end(self.running.pop()[1])

    def end(self):
        while self.running:
            end(self.running.pop()[1])


def end(child):
    if child.poll() is None:
        child.terminate()
    try:
        child.wait(GRACE)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe:
            pipe.close()


def free_port():
    """Outside of the range that connections come from, so that none ever comes from it."""
    while True:
        port = random.randrange(10000, 32000)
        with contextlib.suppress(OSError), socket.socket() as probe:
            probe.bind(("127.0.0.1", port))
            return port


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


BROKER = """listener {port} 127.0.0.1
allow_anonymous true
persistence false
set_tcp_nodelay true
user {user}
log_dest stderr
log_type error
log_type warning
"""


def start_broker(children):
    """A mosquitto of our own on a free port of loopback; returns the port. Must be the first child."""
    for _ in range(5):      # somebody else may take the port first
        port = free_port()
        config = children.folder / "mosquitto.conf"
        config.write_text(BROKER.format(port=port, user=pwd.getpwuid(os.getuid()).pw_name))
        broker = children.start("mosquitto", ["mosquitto", "-c", str(config)])
        deadline = time.monotonic() + 10
        while broker.poll() is None and time.monotonic() < deadline:
            if listens(port):
                time.sleep(0.05)    # whoever listens: ours would have ended
                if broker.poll() is None:
                    return port
            time.sleep(0.02)
        children.drop("mosquitto")
    raise Failed("mosquitto does not start:\n" + children.said("mosquitto"))


def start_simulator(children, printers):
    """Simulated printers ("NAME=PROFILE,key=value"); returns what each says of itself, see tests/sim."""
    sim = children.start("simulator", ["/usr/bin/python3", str(REPOSITORY / "tests" / "sim"), "--until-eof", *printers],
                         stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    lines = [sim.stdout.readline() for _ in printers]
    if not all(lines):
        raise Failed("the simulated printers do not start:\n" + children.said("simulator"))
    return lines


def ignore_signals():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
