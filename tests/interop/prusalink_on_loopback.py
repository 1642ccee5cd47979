"""Starts the PrusaLink of this Python environment, its announcements kept on the loopback device."""
import functools
import sys

from prusa.link.__main__ import main
from prusa.link import service_discovery

service_discovery.Zeroconf = functools.partial(service_discovery.Zeroconf, interfaces=["127.0.0.1"])
sys.exit(main())
