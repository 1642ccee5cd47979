"""The program as a person or a script calls it: words, on pipes or on a terminal. No broker anywhere."""
import contextlib
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from .bridge import KEPT, SANITIZERS, program
from .process import PATIENCE


class Answer:
    def __init__(self, status, out, err):
        self.status, self.out, self.err = status, out, err
        assert not SANITIZERS.search(err), err

    @property
    def json(self):
        return json.loads(self.out)

    @property
    def lines(self):
        return self.out.splitlines()

    def __repr__(self):
        return f"exit status {self.status}\n{self.out}\n{self.err}"


class Terminal:
    """folder: home and current folder. house: whose configuration is written there, or None for no file."""

    def __init__(self, folder, house=None):
        self.folder = folder / "terminal"
        self.folder.mkdir()
        self.env = {k: os.environ[k] for k in KEPT if k in os.environ} | {"HOME": str(self.folder), "TZ": "UTC"}
        self.options = []
        if house:
            self.configure(house)

    def configure(self, house):
        config = dict(house.config, mqtt={"url": "mqtt://127.0.0.1:1"})
        file = self.folder / "config.yaml"
        file.write_text(json.dumps(config))
        file.chmod(0o600)
        self.options = ["-c", str(file)]

    def command(self, *words):
        return [str(program()), *self.options, *map(str, words)]

    def __call__(self, *words, status=0, env=None, stdin=None, timeout=PATIENCE):
        """Run it to its end, which must be this one."""
        done = subprocess.run(self.command(*words), capture_output=True, text=True, errors="surrogateescape",
                              env=self.env | (env or {}), cwd=self.folder, timeout=timeout, input=stdin or "")
        answer = Answer(done.returncode, done.stdout, done.stderr)
        assert answer.status == status, answer
        return answer

    def fails(self, *words, status=1, **options):
        """One sentence on stderr, and this status; returns the sentence."""
        answer = self(*words, status=status, **options)
        assert answer.err.startswith("printer2mqtt: ") and answer.err.count("\n") == 1, answer
        return answer.err

    @contextlib.contextmanager
    def started(self, *words):
        """It runs meanwhile; its output is to be read line by line."""
        process = subprocess.Popen(self.command(*words), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                   env=self.env, cwd=self.folder)
        try:
            yield process
        finally:
            process.kill()
            process.communicate()

    def screen(self, *words, until=None, interrupt=False, columns=100, rows=30):
        """What a terminal shows until the text `until` is seen, or to its end. (exit status, bytes as text)"""
        command, env = self.command(*words), self.env | {"TERM": "xterm"}
        child, terminal = pty.fork()
        if child == 0:
            termios.tcsetwinsize(0, (rows, columns))
            os.chdir(self.folder)
            os.execve(program(), command, env)
        return _watch(child, terminal, until, interrupt)


def _watch(child, terminal, until, interrupt):
    seen, end = "", time.monotonic() + PATIENCE
    try:
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    data = os.read(terminal, 65536)
                except OSError:
                    data = b""
                if not data:
                    break
                seen += data.decode(errors="replace")
            if until and re.search(until, seen):
                if not interrupt:
                    os.kill(child, signal.SIGKILL)
                    break
                os.write(terminal, b"\x03")
                until = None
        else:
            os.kill(child, signal.SIGKILL)
            raise AssertionError(f"not seen: {until}\n{seen}")
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), seen
    finally:
        os.close(terminal)
