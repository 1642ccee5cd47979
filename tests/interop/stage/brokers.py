"""Brokers by other authors, with the same handles as the harness' Broker (mosquitto)."""
import pathlib
import re
import signal
import socket
import subprocess

from harness import Broker
from harness.process import Process, free_port, until

from .cache import from_npm, installed, need, run, scratch

HERE = pathlib.Path(__file__).resolve().parents[1] / "brokers"
POM = """\
<project><modelVersion>4.0.0</modelVersion><groupId>interop</groupId><artifactId>hivemq</artifactId><version>1</version>
<dependencies><dependency><groupId>com.hivemq</groupId><artifactId>hivemq-community-edition-embedded</artifactId>
<version>{version}</version></dependency></dependencies></project>
"""


class Other:
    """One of them. version 4: it does not speak MQTT 5. Nothing is kept over a restart."""
    tls = None
    speaks = 5

    def __init__(self):
        self.folder = scratch(self.name.lower())
        self.port, self.process = free_port(), None
        self.command = self.install()

    @property
    def url(self):
        return f"mqtt://127.0.0.1:{self.port}"

    @property
    def log(self):
        return self.process.log

    def start(self):
        self.process = Process(self.command, self.folder / "log", cwd=self.folder)
        until(f"{self.name} listens", self._listens, 60)
        return self

    def _listens(self):
        if self.process.status is not None:
            raise AssertionError(f"{self.name} ended:\n{self.process.log[-3000:]}")
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        if self.process and self.process.status is None:
            self.process.signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()

    def kill(self):
        self.process.kill()

    def restart(self):
        self.stop()
        return self.start()


class Aedes(Other):
    name, speaks = "Aedes", 4

    def install(self):
        folder = from_npm("aedes-1", "aedes-cli@1")
        about = (folder / "node_modules/aedes/package.json").read_text()
        self.version = re.search(r'"version": *"([^"]+)"', about)[1]
        return ["node", folder / "node_modules/.bin/aedes", "start", "--host", "127.0.0.1", "--port", self.port]


class Mochi(Other):
    name, version = "Mochi", "2.7.9"

    def install(self):
        need("go")

        def build(folder):
            (folder / "main.go").write_text((HERE / "mochi.go").read_text())
            run("go", "mod", "init", "mochi", cwd=folder)
            run("go", "get", f"github.com/mochi-mqtt/server/v2/hooks/auth@v{self.version}", cwd=folder)
            run("go", "build", "-o", "mochi", ".", cwd=folder)
        return [installed(f"mochi-{self.version}", f"mochi {self.version}", build) / "mochi", f"127.0.0.1:{self.port}"]


class HiveMq(Other):
    name, version = "HiveMQ", "2025.5"

    def install(self):
        need("java", "mvn")

        def fetch(folder):
            (folder / "pom.xml").write_text(POM.format(version=self.version))
            run("mvn", "-q", "-B", "-Dstyle.color=never", "dependency:copy-dependencies", "-DoutputDirectory=lib", cwd=folder)
        folder = installed(f"hivemq-{self.version}", f"HiveMQ CE {self.version}", fetch)
        return ["java", "-Xmx400m", "-cp", f"{folder}/lib/*", HERE / "HiveMq.java", self.folder, self.port]


class Mosquitto(Broker):
    name, speaks = "mosquitto", 5

    def __init__(self):
        super().__init__(scratch("mosquitto"))
        words = subprocess.run(["mosquitto", "-h"], capture_output=True, text=True).stdout
        self.version = re.search(r"version (\S+)", words)[1]


BROKERS = {kind.name: kind for kind in (Mosquitto, Aedes, Mochi, HiveMq)}
