"""As a service: what systemd is told, and what a second signal does."""
import contextlib
import signal
import socket

import pytest

from harness import polls
from harness.process import PATIENCE


@pytest.fixture(params=["a file", "an abstract name"])
def systemd(request, tmp_path):
    """(the environment, wait): wait(word) waits until the service manager is told that word."""
    path = str(tmp_path / "notify") if request.param == "a file" else f"\0{tmp_path}/notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(path)
        ear.settimeout(PATIENCE)
        heard = []

        def wait(word):
            while word not in heard:
                heard.append(ear.recv(100).decode())
            return heard

        yield {"NOTIFY_SOCKET": path.replace("\0", "@")}, wait


def test_systemd_is_told_beginning_life_and_end(house, systemd):
    env, wait = systemd
    house.add("mk4")
    bridge = house.bridge(env=env | {"WATCHDOG_USEC": "200000"})
    assert wait("WATCHDOG=1")[0] == "READY=1"
    bridge.stop()
    assert wait("STOPPING=1")


def test_a_watchdog_of_another_process_is_not_fed(house, systemd):
    env, wait = systemd
    printer = house.add("mk4")
    bridge = house.bridge(env=env | {"WATCHDOG_USEC": "200000", "WATCHDOG_PID": "1"})
    polls(printer, 3)       # it is fed each second
    bridge.stop()
    assert wait("STOPPING=1") == ["READY=1", "STOPPING=1"]


def test_a_second_signal_ends_it_at_once(house):
    """Its last words wait for a broker that hangs."""
    house.add("mk4")
    bridge = house.run()
    house.broker.freeze()
    with contextlib.ExitStack() as thaw:
        thaw.callback(house.broker.thaw)
        bridge.process.signal(signal.SIGTERM)
        bridge.wait_log("terminated: stopping")
        bridge.process.signal(signal.SIGTERM)
        assert "stopping at once" in bridge.fails(status=1)


def test_without_a_folder_for_pictures_it_runs(house):
    house.add("mk4")
    (house.folder / "state").mkdir()
    (house.folder / "state/pictures").write_text("in the way")
    bridge = house.run()
    bridge.wait_log("warning .*pictures.*; pictures are kept in memory")
