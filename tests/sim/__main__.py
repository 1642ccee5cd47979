"""Start simulated printers from the command line: see README.md."""
import argparse
import json
import os
import pathlib
import signal
import sys
import threading

if not __package__:     # started as python3 tests/sim
    sys.path[0] = str(pathlib.Path(__file__).resolve().parent.parent)
    from sim import Sim
else:
    from . import Sim


EPILOG = """\
profiles: buddy (MK4, XL, MINI, CORE One), pi (PrusaLink on a Raspberry Pi)
some options (options.py has all of them):
  password=TEXT serial=TEXT speed=60 script=demo|flaky state=IDLE firmware=6.2.4
  files=10000       so many files more; keep=4000000 hashed=0 what is kept of uploads
  cameras=1 update=0.9.0 connect=1 tree_lag=0.1                         (pi)
through the control port: POST /NAME/METHOD with a JSON object of arguments
  {"path": "/usb/x.gcode", "size": 1000}  to /mk4/add_file,  {} to /mk4/disk_full,
  {"rate": 50000} to /mk4/foreign_transfer,  {"kind": "pace", "method": "PUT", "rate": 100000} to /mk4/fault
GET /NAME, /NAME/requests, /NAME/uploads. README.md tells the rest.
"""


def arguments():
    parser = argparse.ArgumentParser(prog="sim", description="Simulated printers on loopback.", epilog=EPILOG,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--control", type=int, metavar="PORT", help="open a control port (0: any free one)")
    parser.add_argument("--until-eof", action="store_true", help="also end when stdin ends")
    parser.add_argument("printers", nargs="+", metavar="NAME=PROFILE[:PORT][,key=value...]")
    return parser.parse_args()


def parse(text):
    """ "mk4=buddy:8080,speed=60" as (name, profile, options)."""
    name, equals, rest = text.partition("=")
    if not equals:
        raise ValueError(f"{text}: write NAME=PROFILE")
    what, *pairs = rest.split(",")
    profile, colon, port = what.partition(":")
    options = dict(pair.split("=", 1) for pair in pairs) if all("=" in p for p in pairs) else None
    if options is None:
        raise ValueError(f"{text}: options are key=value")
    return name, profile, options | ({"port": port} if colon else {})


def at_eof(then):
    while os.read(sys.stdin.fileno(), 4096):
        pass
    then()


def main():
    given = arguments()
    end = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: end.set())
    with Sim() as sim:
        try:
            for text in given.printers:
                name, profile, options = parse(text)
                print(json.dumps(sim.add(name, profile, **options).describe()), flush=True)
        except (ValueError, OSError) as e:
            sys.exit(f"sim: {e}")
        if given.control is not None:
            print(json.dumps({"control": sim.control(given.control)}), flush=True)
        if given.until_eof:
            threading.Thread(target=at_eof, args=(end.set,), daemon=True).start()
        end.wait()


if __name__ == "__main__":
    main()
