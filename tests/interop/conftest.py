"""Fixtures of the stories with real systems, and the table at the end. `house` is the stage of the end-to-end stories."""
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e")]

from harness import House                       # noqa: E402
from harness.bridge import program              # noqa: E402
from stage.table import Table                   # noqa: E402

table = Table()


def pytest_configure(config):
    if not program().exists():
        raise pytest.UsageError(f"no program at {program()}; build it, or name it in $P2M_BINARY")


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """A story that failed tells what the bridges logged."""
    report = (yield).get_result()
    system = item.callspec.params.get("broker_name") if hasattr(item, "callspec") else None
    report.system = system or getattr(item.module, "SYSTEM", item.module.__name__)
    for thing in item.funcargs.values() if report.failed else ():
        logs = {b.folder.name: b.log for b in thing.bridges} if isinstance(thing, House) else getattr(thing, "logs", {})
        report.sections += [(f"log of {name}", text[-20000:]) for name, text in logs.items()]


def pytest_runtest_logreport(report):
    if report.when == "call" or report.outcome != "passed":
        table.take(report.system, report)


def pytest_terminal_summary(terminalreporter):
    terminalreporter.section("what real systems showed")
    table.write(terminalreporter.write_line)


@pytest.fixture
def saw(record_property):
    """saw("..."): a fact for the table."""
    return lambda text: record_property("saw", text)


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    try:
        house.open_broker()
        house.watch()
        yield house
    finally:
        house.close()
