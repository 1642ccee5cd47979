"""The program under test: its configuration, its life and how it must end."""
import json
import os
import pathlib
import re
import signal

from .process import PATIENCE, Process

ROOT = pathlib.Path(__file__).resolve().parents[3]
SANITIZERS = re.compile(r"ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|==\d+==ERROR")
KEPT = ("PATH", "LANG", "LD_LIBRARY_PATH", "LSAN_OPTIONS", "UBSAN_OPTIONS")


def program():
    """$P2M_BINARY or $P2M_PROGRAM, else the dev build."""
    for name in ("P2M_BINARY", "P2M_PROGRAM"):
        if os.environ.get(name):
            return pathlib.Path(os.environ[name]).resolve()
    return ROOT / "build/dev/printer2mqtt"


def is_sanitized():
    """Slow and hungry by construction: no measurements then."""
    return b"__asan_init" in program().read_bytes()


class Bridge:
    """folder: home, state and log of this copy. config: a dict (JSON is YAML), or text as a user would write it."""

    def __init__(self, folder, config, env=None, wrapper=()):
        self.folder, self.wrapper = folder, list(wrapper)
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "config.yaml"
        self.process = None
        self.env = {k: os.environ[k] for k in KEPT if k in os.environ} | {
            "HOME": str(folder), "ASAN_OPTIONS": "detect_leaks=1:" + os.environ.get("ASAN_OPTIONS", ""),
            "TZ": "UTC"} | (env or {})
        self.write(config)

    def write(self, config):
        self.file.write_text(config if isinstance(config, str) else json.dumps(config, indent=1, ensure_ascii=False))
        self.file.chmod(0o600)

    def start(self):
        self.expected_end = False
        self.process = Process([*self.wrapper, program(), "-c", self.file], self.folder / "log", self.env, self.folder)
        return self

    @property
    def pid(self):
        return self.process.pid

    @property
    def log(self):
        return self.process.log if self.process else ""

    @property
    def alive(self):
        return self.process is not None and self.process.status is None

    def must_live(self):
        if self.process and not self.expected_end:
            ended = self.process.status
            assert ended is None, f"the bridge ended by itself with {ended}:\n{self.log}"

    def wait_log(self, pattern, timeout=PATIENCE):
        return self.process.wait_log(pattern, timeout)

    def fails(self, status=2, timeout=PATIENCE):
        """It must end by itself with this status; returns its log."""
        self.expected_end = True
        assert self.process.wait(timeout) == status, self.log
        self.check()
        return self.log

    def stop(self, status=0, timeout=PATIENCE):
        """SIGTERM, a clean end."""
        self.must_live()
        self.process.signal(signal.SIGTERM)
        self.fails(status, timeout)

    def kill(self):
        """Power cut."""
        self.expected_end = True
        self.process.kill()
        self.check()

    def check(self):
        log = self.log
        assert not SANITIZERS.search(log), log

    def finish(self):
        """At the end of a story: stopped cleanly if it should still run, gone in any case."""
        if self.process is None:
            return
        try:
            if not self.expected_end:
                self.stop()
            self.check()
        finally:
            self.process.kill()

    # -- what it costs

    def memory_peak(self):
        """Most resident bytes so far."""
        text = pathlib.Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+) kB", text)[1]) * 1024
