"""Programs under test: their log, their end, and nothing left behind."""
import os
import pathlib
import random
import re
import signal
import socket
import subprocess
import time

# Seconds after which a story gives up waiting for what it wants to see: it costs nothing where it comes.
PATIENCE = float(os.environ.get("P2M_PATIENCE", "60"))


def reserved_port():
    """(port, reservation): nobody who asks here gets it while the reservation lives.

    Outside of the range that connections come from, so that none ever comes from it. A UDP socket of the same number
    is the reservation: it parts tests that run side by side.
    """
    while True:
        port = random.randrange(10000, 32000)
        reservation = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            with socket.socket() as probe:
                reservation.bind(("127.0.0.1", port))
                probe.bind(("127.0.0.1", port))
                return port, reservation
        except OSError:
            reservation.close()


def free_port():
    """For a program whose port nobody else takes in between."""
    port, reservation = reserved_port()
    reservation.close()
    return port


def until(what, predicate, timeout=PATIENCE, interval=0.01):
    """Wait until predicate() is true and return its value. timeout: longer than PATIENCE, where that is known."""
    timeout = max(timeout, PATIENCE)
    end = time.monotonic() + timeout
    while not (value := predicate()):
        if time.monotonic() > end:
            raise AssertionError(f"not seen within {timeout} s: {what}")
        time.sleep(interval)
    return value


class Process:
    """One running program. setpriv lets the kernel end it when we die without a word."""

    def __init__(self, command, log, env=None, cwd=None):
        self.log_file = pathlib.Path(log)
        with open(self.log_file, "ab") as out:
            self.popen = subprocess.Popen(["setpriv", "--pdeathsig", "KILL", "--", *map(str, command)],
                                          stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=cwd)

    @property
    def pid(self):
        return self.popen.pid

    @property
    def log(self):
        return self.log_file.read_text(errors="replace")

    @property
    def status(self):
        """The exit status, None while it runs."""
        return self.popen.poll()

    def wait_log(self, pattern, timeout=PATIENCE):
        """Wait until the log matches the regular expression; returns the match."""
        def look():
            found = re.search(pattern, self.log)
            if not found and self.status is not None:
                raise AssertionError(f"ended with {self.status} before {pattern!r} was in the log:\n{self.log}")
            return found
        return until(f"{pattern!r} in the log", look, timeout)

    def signal(self, number):
        self.popen.send_signal(number)

    def freeze(self):
        self.signal(signal.SIGSTOP)

    def thaw(self):
        self.signal(signal.SIGCONT)

    def wait(self, timeout=PATIENCE):
        return self.popen.wait(max(timeout, PATIENCE))

    def ends_by(self, number, timeout):
        """Send a signal; has it ended within that many seconds?"""
        self.signal(number)
        try:
            self.popen.wait(timeout)
        except subprocess.TimeoutExpired:
            return False
        return True

    def kill(self):
        """Power cut. Harmless when it has ended."""
        if self.status is None:
            self.popen.kill()
        self.popen.wait(PATIENCE)
