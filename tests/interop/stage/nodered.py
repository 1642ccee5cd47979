"""A real Node-RED with a flow of ours, without its editor's company: no tours, no telemetry, no palette."""
import json
import pathlib
import subprocess

from harness.process import Process, free_port

from .cache import from_npm, need, scratch, skip

HERE = pathlib.Path(__file__).resolve().parents[1]
SETTINGS = """\
module.exports = {
  uiHost: "127.0.0.1", uiPort: %d, flowFile: "flows.json", credentialSecret: false,
  telemetry: {enabled: false, updateNotification: false},
  editorTheme: {tours: false, palette: {catalogues: []}},
  externalModules: {autoInstall: false, palette: {allowInstall: false}},
};
"""


def major():
    """The newest that this machine's node can run."""
    need("node")
    words = subprocess.run(["node", "-p", "process.versions.node"], capture_output=True, text=True).stdout
    node = tuple(map(int, words.strip().split(".")[:2]))
    if node < (18, 5):
        skip(f"Node-RED needs node 18.5 or newer, this is {words.strip()}")
    return 5 if node >= (22, 9) else 4


class NodeRed:
    def __init__(self, flow, broker):
        """flow: a file beside this folder; its broker becomes this one."""
        folder = from_npm(f"node-red-{major()}", f"node-red@{major()}")
        self.home = folder / "node_modules/node-red"
        self.version = json.loads((self.home / "package.json").read_text())["version"]
        self.folder, self.broker = scratch("node-red"), broker
        nodes = json.loads((HERE / flow).read_text())
        for node in nodes:
            if node["type"] == "mqtt-broker":
                node.update(broker="127.0.0.1", port=str(broker.port))
        (self.folder / "flows.json").write_text(json.dumps(nodes))
        (self.folder / "settings.js").write_text(SETTINGS % free_port())
        self.process = None

    @property
    def logs(self):
        return {"Node-RED": self.process.log}

    def start(self):
        self.process = Process(["node", self.home / "red.js", "-u", self.folder, "-s", self.folder / "settings.js"],
                               self.folder / "log")
        self.process.wait_log("Started flows", 60)
        self.process.wait_log("Connected to broker", 30)
        return self

    def close(self):
        if self.process:
            self.process.kill()
