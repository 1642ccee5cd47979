"""Printers to look at with raw sockets: fixtures sim, buddy, pi. Time passes for them by advance() only."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from sim import Sim  # noqa: E402
from sim_raw import still  # noqa: E402


@pytest.fixture
def sim():
    with Sim() as running:
        yield running


@pytest.fixture
def buddy(sim):
    return still(sim.add("mk4", "buddy", password="password", serial="10589-1234567", job_id=128))


@pytest.fixture
def pi(sim):
    return still(sim.add("mk3", "pi", password="password1", api_key="k" * 24, serial="CZPX4720X004XC34242", job_id=7))
