"""The stage for end-to-end stories: the real broker, the real program, simulated printers and a watcher."""
from .bridge import Bridge
from .broker import Broker, certificates
from .house import House, asked_each_second, polls, status_times
from .watcher import BASE, Message, Watcher

__all__ = ["BASE", "Bridge", "Broker", "House", "Message", "Watcher", "asked_each_second", "certificates", "polls", "status_times"]
