"""Simulated printers that behave like the deployed servers on the wire.

    from sim import Sim
    with Sim() as sim:
        p = sim.add("mk4", "buddy", password="secret")
        p.start_print("/usb/box.gcode", duration=3600)
"""
from .journal import Record
from .printer import Printer
from .simulator import Sim

__all__ = ["Printer", "Record", "Sim"]
