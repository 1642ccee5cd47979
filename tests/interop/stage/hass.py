"""A real Home Assistant, in a Debian of its own (make_home_assistant.sh), cut off from the world."""
import json
import os
import re
import shutil
import signal
import subprocess

from harness.process import Process, free_port, until

from .chroot import home_assistant_root, inside
from .hass_api import Api

CONFIGURATION = """\
homeassistant: {{name: Interop, unit_system: metric, time_zone: UTC, country: DE, language: en}}
http: {{server_host: 127.0.0.1, server_port: {port}}}
recorder: {{commit_interval: 1}}
history:
logbook:
frontend:
logger:
  default: warning
  logs: {{homeassistant.components.mqtt: info}}
"""
# The steps of its welcome pages that want the internet.
WELCOMED = {"version": 4, "minor_version": 1, "key": "onboarding",
            "data": {"done": ["core_config", "analytics", "integration"]}}
RELOADING = "Disconnected from MQTT server"
RECORD = re.compile(r"\n(?=\d{4}-\d\d-\d\d \d\d:)")


class HomeAssistant:
    def __init__(self, broker_port, protocol="5"):
        self.root = home_assistant_root()
        name = f"p2m-interop-{os.getpid()}"
        self.inside, self.config = f"/tmp/{name}", self.root / "tmp" / name
        (self.config / ".storage").mkdir(parents=True)
        (self.config / ".storage/onboarding").write_text(json.dumps(WELCOMED))
        self.port, self.broker_port, self.protocol = free_port(), broker_port, protocol
        (self.config / "configuration.yaml").write_text(CONFIGURATION.format(port=self.port))
        self.process = None
        self.api = Api(self.port)
        self.excused, self.earlier = [], ""

    def configure(self, without, more):
        """Before the first start: an integration less, and some more lines."""
        file = self.config / "configuration.yaml"
        file.write_text(file.read_text().replace(f"\n{without}:\n", "\n") + more)
        (self.config / "automations.yaml").write_text("[]\n")

    def start(self):
        """Started, and its MQTT entry works."""
        self.process = Process(inside(self.root, "/venv/bin/hass", "-c", self.inside, "--skip-pip", "--log-no-color"),
                               self.config / "console")
        until("Home Assistant answers", self._answers, 120, 0.2)
        if not self.api.token:
            self.api.become_owner()
            self.api.keep_address()
        until("Home Assistant runs", lambda: self.api.get("/api/config")["state"] == "RUNNING", 120, 0.2)
        if not self.api.entries("mqtt"):
            self.api.add_mqtt(self.broker_port, self.protocol)
        until("its MQTT works", lambda: self.api.entries("mqtt")[0]["state"] == "loaded", 60, 0.2)
        return self

    def _answers(self):
        if self.process.status is not None:
            raise AssertionError("Home Assistant ended:\n" + self.process.log[-5000:])
        try:
            return self.api.ask("GET", "/api/onboarding")[0] in (200, 404)
        except OSError:
            return False

    @property
    def version(self):
        return self.api.get("/api/config")["version"]

    def stop(self):
        if self.process and self.process.status is None:
            self.process.signal(signal.SIGTERM)
            self.process.wait(60)
            self.earlier = self.log
            (self.config / "home-assistant.log").unlink(missing_ok=True)
        self.api.forget_socket()

    def restart(self):
        self.stop()
        return self.start()

    def switch_on(self, unique_ids):
        """As their owner does; half a minute later it reloads MQTT, and they are there."""
        before = self.log.count(RELOADING)
        for unique_id in unique_ids:
            self.api.enable(unique_id)
        until("it reloads MQTT", lambda: self.log.count(RELOADING) > before, 60, 0.5)
        for unique_id in unique_ids:
            until(f"{unique_id} is there", lambda: self.api.state(unique_id), 30, 0.1)     # noqa: B023

    def close(self):
        try:
            self.stop()
        except subprocess.TimeoutExpired:
            self.process.kill()
        shutil.rmtree(self.config, ignore_errors=True)

    # -- its log

    @property
    def log(self):
        """What it logged in all its runs; it begins a new file with each."""
        file = self.config / "home-assistant.log"
        return self.earlier + (file.read_text(errors="replace") if file.exists() else "")

    @property
    def logs(self):
        return {"Home Assistant": self.log}

    def complaints(self, *words, since=0):
        """WARNING and ERROR records that hold one of the words and nothing excused."""
        return [record for record in RECORD.split("\n" + self.log[since:])
                if re.match(r"\S+ \S+ (WARNING|ERROR|CRITICAL) ", record)
                and any(word.lower() in record.lower() for word in words)
                and not any(excuse in record for excuse in self.excused)]
