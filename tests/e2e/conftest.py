"""Fixtures of the stories. `house` is the stage: broker, watcher, printers, bridges."""
import pathlib
import signal
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
SHARED = {"test_faults.py", "test_patience.py", "test_peers_bugs.py"}       # with fixtures for the whole file
sys.path[:0] = [str(HERE.parent), str(HERE)]

from harness import House, cells, certificates  # noqa: E402
from harness.bridge import is_sanitized, program  # noqa: E402


def pytest_configure(config):
    # A shell's background job, and nohup, ignore these; so would all programs that begin here.
    for number, usual in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, signal.SIG_DFL)):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, usual)
    if not program().exists():
        raise pytest.UsageError(f"no program at {program()}; build it, or name it in $P2M_BINARY")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """With -n: stories of a file that share a house stay together, all others go where there is room."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            file = nodeid.partition("::")[0]
            return file if pathlib.Path(file).name in SHARED else nodeid
    return Scheduling(config, log)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A story that failed tells what the bridges logged."""
    outcome = yield
    report = outcome.get_result()
    for house in item.funcargs.values():
        if report.failed and isinstance(house, House):
            for bridge in house.bridges:
                log = bridge.folder / "log"
                if log.exists():
                    report.sections.append((f"log of {bridge.folder.name}", log.read_text(errors="replace")[-20000:]))


def pytest_terminal_summary(terminalreporter):
    found = cells.recorded(r for reports in terminalreporter.stats.values() for r in reports)
    if found:
        terminalreporter.section("fault matrix")
        for line in cells.table(found):
            terminalreporter.write_line(line)


def _house(folder, **broker):
    house = House(folder)
    try:
        house.open_broker(**broker)
        house.watch()
        yield house
    finally:
        house.close()


@pytest.fixture
def empty_house(tmp_path):
    """Nobody is at home yet, not even a broker."""
    house = House(tmp_path)
    yield house
    house.close()


@pytest.fixture
def house(tmp_path):
    yield from _house(tmp_path)


@pytest.fixture(scope="session")
def tls(tmp_path_factory):
    return certificates(tmp_path_factory.mktemp("tls"))


@pytest.fixture(scope="session")
def sanitized():
    return is_sanitized()
