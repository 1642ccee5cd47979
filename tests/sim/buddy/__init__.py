"""Profile buddy: the firmware of MK4, XL, MINI, CORE One (Prusa-Firmware-Buddy, lib/WUI)."""
from .server import BuddyServer

__all__ = ["BuddyServer"]
