"""One short story of everything, with valgrind watching the bridge: it must not read what it should not, and must
give back what it took."""
import os
import pathlib
import shutil
import sys
import time

import pytest

TESTS = pathlib.Path(__file__).resolve().parent.parent
sys.path[:0] = [str(TESTS), str(TESTS / "demo")]

import children  # noqa: E402
from house import House  # noqa: E402
from sim import Sim  # noqa: E402

PROGRAM = os.environ.get("P2M_PROGRAM", str(children.REPOSITORY / "build" / "dev" / "printer2mqtt"))
VALGRIND = ["valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full", "--errors-for-leak-kinds=definite",
            "--num-callers=30"]
CONFIG = """mqtt: {{url: mqtt://127.0.0.1:{port}}}
state_dir: {folder}
defaults: {{poll: {{printing: 1s, idle: 1s, offline: 1s}}}}
printers:
  mk4: {{url: "{mk4.url}", password: password}}
  mk3: {{url: "{mk3.url}", password: password}}
  wrong: {{url: "{mk3.url}", password: wrong}}
"""
PATIENCE = 60       # seconds; valgrind is slow


@pytest.fixture
def group(tmp_path):
    with children.Children(tmp_path) as running:
        yield running


def wait_for(house, what):
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, f"waited {PATIENCE} s; {house.printers} {list(house.recent)}"
        house.listen(0.1)


@pytest.mark.skipif(not shutil.which("valgrind"), reason="valgrind is not installed")
def test_a_day_in_a_minute_leaves_no_mess(group, tmp_path):
    port = children.start_broker(group)
    with Sim() as sim:
        mk4 = sim.add("mk4", "buddy", password="password")
        mk3 = sim.add("mk3", "pi", password="password")
        mk4.start_print("/usb/box.gcode", duration=3600)
        (tmp_path / "config.yaml").write_text(CONFIG.format(port=port, folder=tmp_path / "state", mk4=mk4, mk3=mk3))
        house = House(port, ["mk4", "mk3", "wrong"])
        bridge = group.start("bridge", [*VALGRIND, PROGRAM, "-c", str(tmp_path / "config.yaml")])

        wait_for(house, lambda: house.printers["mk4"].get("state") == "printing")
        wait_for(house, lambda: house.printers["mk3"].get("availability") == "online")
        wait_for(house, lambda: "wrong" in house.troubles)

        for payload in ('{"transaction": 1, "answer": "final"}', '{"job_id": 1}', '{"x": [1]}', "", "\x00\xff"):
            house.client.publish("printer2mqtt/mk4/command/pause", payload)
        house.client.publish("printer2mqtt/mk4/command/nothing", "PRESS")
        house.client.publish("printer2mqtt/bridge/request/health", "PRESS")
        wait_for(house, lambda: house.printers["mk4"].get("state") == "paused")
        assert [kind for kind, _ in mk4.orders] == ["pause"]

        for fault in ("nested", "nan", "badutf8", "broken", "half", "garbage", "long"):
            mk3.fault(fault, count=1)
            seen = len(mk3.requests)
            wait_for(house, lambda: len(mk3.requests) > seen + 1)
        mk3.off()
        wait_for(house, lambda: house.printers["mk3"].get("availability") == "offline")
        mk3.on()
        wait_for(house, lambda: house.printers["mk3"].get("availability") == "online")

        bridge.terminate()
        assert bridge.wait(PATIENCE) == 0, group.said("bridge")
        wait_for(house, lambda: house.recent[-1] == ("printer2mqtt/bridge/state", "offline"))
