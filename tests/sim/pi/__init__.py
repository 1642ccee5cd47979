"""Profile pi: PrusaLink 0.8.1 on a Raspberry Pi (prusa/link/web), compared with the real one on loopback."""
from .server import PiServer

__all__ = ["PiServer"]
