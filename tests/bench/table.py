"""The table of figures: goals, whether they are reached, and where it was measured."""
import datetime
import os
import pathlib
import platform
import re
import subprocess

COLUMNS = ("what", "goal", "ours", "other", "ratio", "reached")


class Table:
    def __init__(self):
        self.rows, self.remarks, self.missed = [], [], 0

    def add(self, what, goal, reached, ours, peer="", ratio=""):
        self.rows.append((what, goal, ours, peer, ratio, "yes" if reached else "**no**"))
        self.missed += not reached

    def at_most(self, what, limit, value, form, peer=None):
        """value is as form writes it: what is printed is what is judged."""
        value = float(re.search(r"[0-9.]+", form.format(value).replace(",", ""))[0])
        self.add(what, "<= " + form.format(limit), value <= limit, form.format(value), "" if peer is None else form.format(peer),
                 f"{peer / value:.1f}" if peer and value else "")

    def times_better(self, what, least, ours, peer, form, ratio=None):
        """The peer needs at least so many times what we need; ratio: the median over the rounds, when there are several."""
        ratio = peer / ours if ratio is None else ratio
        self.add(what, f"Python / ours >= {least:g}", ratio >= least, form.format(ours), form.format(peer), f"{ratio:.1f}")

    def remark(self, text):
        self.remarks.append(text)

    def text(self):
        """Markdown that can be read as it is."""
        rows = [COLUMNS, *self.rows]
        widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
        lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |" for row in rows]
        lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
        return "\n".join([*lines, "", *("* " + remark for remark in self.remarks)]) + "\n"


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError:
        return ""
    return (done.stdout or done.stderr).strip().split("\n")[0]


def processor():
    models = re.findall(r"^model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{os.cpu_count()} x {models[0] if models else platform.machine()}"


def system():
    names = re.search(r'^PRETTY_NAME="(.*)"', pathlib.Path("/etc/os-release").read_text(), re.MULTILINE)
    return f"{names[1] if names else 'Linux'}, Linux {platform.release()}"


def versions():
    import paho.mqtt
    import requests
    library = {name: first_line("pkg-config", "--modversion", name) for name in ("libcurl", "libmosquitto", "libcjson", "libuv")}
    return ", ".join([first_line("cc", "--version"), *(f"{name} {version}" for name, version in library.items()),
                      re.sub(r"^mosquitto version ", "broker mosquitto ", first_line("mosquitto", "-h")),
                      f"Python {platform.python_version()}, requests {requests.__version__}, paho {paho.mqtt.__version__}"])


def load():
    return "{:.1f}".format(os.getloadavg()[0])


def head(quick, load_before):
    """What must be known to judge the figures."""
    root = pathlib.Path(__file__).resolve().parents[2]
    commit = first_line("git", "-C", str(root), "rev-parse", "--short=12", "HEAD")
    return (f"{'Quick' if quick else 'Full'} run of {datetime.date.today()}, commit {commit}.\n\n"
            f"{processor()}; {system()}; load average {load_before} before, {load()} behind.\n{versions()}.\n\n")
