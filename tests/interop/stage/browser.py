"""A visitor of Home Assistant: a chromium without a window, in the same Debian, that is told what to do by its devtools."""
import base64
import http.client
import json
import os
import shutil
import signal
import subprocess

from harness.process import Process, free_port, until

from .chroot import add_browser, inside
from .hass_api import Socket

OPTIONS = """--headless --no-sandbox --disable-gpu --disable-dev-shm-usage --disable-quic --no-first-run
--disable-background-networking --disable-component-update --disable-sync --disable-extensions --hide-scrollbars
--remote-allow-origins=* --proxy-server=127.0.0.1:9 --proxy-bypass-list=127.0.0.1""".split()
# What stands on the page, also inside of its components.
TEXT = """(function text(node) {
    if (node.nodeType === 3) return node.data;
    return [node.shadowRoot, ...node.childNodes].filter(n => n && n.nodeName !== 'STYLE').map(text).join(' ');
})(document).replace(/\\s+/g, ' ')"""


class Browser:
    """size: of the window, in pixels as web pages count them; sharpness: real ones for each of these."""

    def __init__(self, root, width, height, sharpness=1):
        add_browser(root)
        name, self.port, self.count = f"/tmp/browser-{os.getpid()}", free_port(), 0
        self.folder = root / name[1:]
        self.folder.mkdir(parents=True)
        self.process = Process(inside(root, "/usr/bin/env", f"TMPDIR={name}", "/usr/bin/chromium", *OPTIONS,
                                      f"--remote-debugging-port={self.port}", f"--user-data-dir={name}", "about:blank"),
                               self.folder / "log")
        self.socket = Socket(self.port, until("the browser runs", self._tab, 60, 0.1))
        self.tell("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=sharpness,
                  mobile=False)
        self.tell("Page.enable")

    def _tab(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request("GET", "/json")
            tabs = [t for t in json.loads(connection.getresponse().read()) if t["type"] == "page"]
        except OSError:
            return None
        finally:
            connection.close()
        return tabs and tabs[0]["webSocketDebuggerUrl"].split(str(self.port), 1)[1]

    def tell(self, method, **params):
        self.count += 1
        self.socket.say({"id": self.count, "method": method, "params": params})
        while (answer := self.socket.hear()).get("id") != self.count:
            pass
        assert "error" not in answer, f"{method}: {answer['error']}"
        return answer["result"]

    def run(self, script):
        """The value of a JavaScript expression."""
        answer = self.tell("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def remember(self, **items):
        """What the page finds in its local storage."""
        lines = (f"localStorage[{json.dumps(key)}] = {json.dumps(json.dumps(value))};" for key, value in items.items())
        self.tell("Page.addScriptToEvaluateOnNewDocument", source=" ".join(lines))

    def open(self, url, *words, timeout=60):
        """Until all these words stand on the page."""
        self.tell("Page.navigate", url=url)
        seen = [""]

        def look():
            seen.append(self.run(TEXT) or "")
            return all(word in seen[-1] for word in words)
        try:
            until("the page is complete", look, timeout, 0.3)
        except AssertionError as error:
            raise AssertionError(f"{error}: not all of {words} in {seen[-1][-3000:]}") from None

    def shoot(self, x, y, width, height):
        """This part of the page as PNG."""
        clip = {"x": x, "y": y, "width": width, "height": height, "scale": 1}
        return base64.b64decode(self.tell("Page.captureScreenshot", format="png", clip=clip)["data"])

    def close(self):
        self.process.signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
        self.socket.close()
        shutil.rmtree(self.folder, ignore_errors=True)
