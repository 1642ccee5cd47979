"""The demonstration behind demo.sh: broker, printers and bridge as children, and the live view."""
import argparse
import getpass
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

import children
import house
import view

PROGRAM = pathlib.Path(os.environ.get("P2M_PROGRAM", children.REPOSITORY / "build" / "release" / "printer2mqtt"))
SIMULATED = {
    "mk4": "buddy,script=demo,speed=15",
    "mini": "buddy,model=MINI",
    "mk3": "pi,script=demo,speed=8",
    "xl": "buddy,script=flaky,speed=10",
}


class Ended(BaseException):
    """A signal came."""


def arguments():
    parser = argparse.ArgumentParser(prog="demo.sh")
    parser.add_argument("--printer", metavar="URL", type=printer_url)
    parser.add_argument("--seconds", type=float, default=float("inf"))
    return parser.parse_args()


def printer_url(text):
    parts = urllib.parse.urlsplit(text if "//" in text else f"http://{text}")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError(f"{text}: expected something like http://192.168.1.50")
    if parts.username or parts.password:
        raise argparse.ArgumentTypeError("leave user name and password out of the URL; you will be asked")
    return parts.geturl()


def private(path, text):
    """A file that only we can read, from its first moment on."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)


def own_printer(url, folder):
    """Ask for what the printer wants to know. The password is in one private file, nowhere else."""
    name = input("User name [maker]: ").strip() or "maker"
    private(folder / "password", getpass.getpass("Password (not shown): "))
    return {"printer": (url, name)}


def simulated_printers(group, folder):
    lines = children.start_simulator(group, [f"{name}={what}" for name, what in SIMULATED.items()])
    found = {}
    for line in lines:
        told = json.loads(line)
        private(folder / f"password-{told['name']}", told["password"])
        found[told["name"]] = (told["url"], told["username"])
    return found


def write_config(folder, port, printers):
    """The whole configuration; JSON texts are YAML texts."""
    lines = [f"mqtt: {{url: mqtt://127.0.0.1:{port}}}", f"state_dir: {json.dumps(str(folder / 'state'))}", "printers:"]
    for name, (url, user) in printers.items():
        password = folder / (f"password-{name}" if len(printers) > 1 else "password")
        lines.append(f"  {name}: {{url: {json.dumps(url)}, username: {json.dumps(user)}, "
                     f"password: !file {json.dumps(str(password))}}}")
    private(folder / "config.yaml", "\n".join(lines) + "\n")
    return folder / "config.yaml"


def start_bridge(group, config):
    checked = subprocess.run([PROGRAM, "check", "-c", config], capture_output=True, text=True)
    if checked.returncode != 0:
        raise children.Failed(checked.stderr)
    group.start("bridge", [str(PROGRAM), "-c", str(config)])


def hints(port, printers):
    to = f"mosquitto_pub -h 127.0.0.1 -p {port} -t {house.BASE}/{next(iter(printers))}/command"
    return ("Type in another terminal, to pause and resume a print, and to see every topic:",
            f"  {to}/pause -m PRESS",
            f"  {to}/resume -m PRESS",
            f"  mosquitto_sub -h 127.0.0.1 -p {port} -v -t '{house.BASE}/#'",
            "Ctrl-C ends the demo and everything it started.")


def last_warning(group):
    words = (" warning ", " error ")
    return next((line for line in reversed(group.said("bridge").splitlines()) if any(w in line for w in words)), "")


def watch(group, known, until, each):
    """Listen, and call each() twice a second; a child that ends by itself ends the demo."""
    while time.monotonic() < until:
        known.listen(min(0.5, max(until - time.monotonic(), 0)))
        each()
        if name := group.gone():
            raise children.Failed(f"{name} ended by itself:\n{group.said(name)}")


def show(group, port, printers, until):
    title = f"printer2mqtt demo: {len(printers)} printer{'s' * (len(printers) > 1)}, broker on port {port}"
    tips = hints(port, printers)
    if not sys.stdout.isatty():
        print(title, *tips, sep="\n", flush=True)
        known = house.House(port, printers, lambda topic, payload: print(topic, payload, flush=True))
        return watch(group, known, until, lambda: None)
    known = house.House(port, printers)
    blocks = ("█", "░") if "utf" in (sys.stdout.encoding or "").lower() else ("#", "-")
    with view.Screen() as screen:
        return watch(group, known, until,
                     lambda: screen.draw(view.page(title, tips, known, last_warning(group), blocks)))


def run(options, folder):
    own = own_printer(options.printer, folder) if options.printer else None
    with children.Children(folder) as group:
        try:
            port = children.start_broker(group)
            printers = own or simulated_printers(group, folder)
            start_bridge(group, write_config(folder, port, printers))
            show(group, port, printers, time.monotonic() + options.seconds)
        finally:
            children.ignore_signals()


def main():
    options = arguments()

    def ended(number, _):
        raise Ended(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    folder = pathlib.Path(tempfile.mkdtemp(prefix="printer2mqtt-demo-"))
    try:
        run(options, folder)
    except BrokenPipeError:     # the reader had enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except Ended as how:
        if how.args[0] != signal.SIGINT:
            sys.exit(128 + how.args[0])
    except EOFError:
        sys.exit("demo: no answer, no demo")
    except children.Failed as failed:
        sys.exit(f"demo: {failed}")
    finally:
        children.ignore_signals()
        shutil.rmtree(folder, ignore_errors=True)
    if sys.stdout.isatty():
        print("The demo has ended, and with it all that it started.")


if __name__ == "__main__":
    main()
