"""Starts the PrusaLink of this Python environment as prusalink_on_loopback.py does, with a camera driver of ours and
without asking pip for updates: there is one, 0.9.0, when the file $P2M_UPDATE exists."""
import functools
import os
import sys
import time
from types import MappingProxyType

from prusa.connect.printer.camera import Resolution
from prusa.connect.printer.camera_driver import CameraDriver
from prusa.connect.printer.const import CapabilityType
from prusa.link import service_discovery
from prusa.link.printer_adapter import prusa_link
from prusa.link.web import main as web_main

PICTURE = b"\xff\xd8\xff\xe0 no more than this \xff\xd9"
WORKING = ("/dev/video0", "/dev/video1")


class Driver(CameraDriver):
    name = "V4L2"
    REQUIRES_SETTINGS = MappingProxyType({"path": "Path to a V4L2 device"})

    @staticmethod
    def _scan():
        return {"plugged in": {"path": WORKING[0], "name": "Camera"}}

    def _connect(self):
        if self.config["path"] not in WORKING:
            raise RuntimeError("there is no such camera")
        self._capabilities = {CapabilityType.TRIGGER_SCHEME, CapabilityType.IMAGING, CapabilityType.RESOLUTION,
                              CapabilityType.ROTATION}
        self._available_resolutions = {Resolution(640, 480), Resolution(1280, 720), Resolution(1920, 1080)}
        self._config["resolution"] = str(self._get_initial_resolution(self._available_resolutions, self.config))

    def set_resolution(self, resolution):
        pass

    def set_rotation(self, rotation):
        pass

    def take_a_photo(self):
        time.sleep(0.3)
        return PICTURE


prusa_link.V4L2Driver = Driver
web_main.check_update_prusalink = (
    lambda: "Would install prusalink-0.9.0\n" if os.path.exists(os.environ.get("P2M_UPDATE", "")) else "")
web_main.update_prusalink = lambda: "Requirement already satisfied"
service_discovery.Zeroconf = functools.partial(service_discovery.Zeroconf, interfaces=["127.0.0.1"])

if __name__ == "__main__":
    from prusa.link.__main__ import main
    sys.exit(main())
