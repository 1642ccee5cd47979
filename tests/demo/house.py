"""What the topics say: the state of the printers, and the messages as they come."""
import collections
import json
import time

import paho.mqtt.client as mqtt

BASE = "printer2mqtt"
SHOWN = 10      # newest messages kept


def new_client():
    """paho 2 wants to be told which kind of callbacks; ours fit both."""
    if hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    return mqtt.Client()


class House:
    """Everything that was published below BASE."""

    def __init__(self, port, printers, on_message=None):
        self.printers = {name: {} for name in printers}
        self.troubles = {}
        self.recent = collections.deque(maxlen=SHOWN)
        self.on_message = on_message
        self.client = new_client()
        self.client.on_connect = lambda client, *_: client.subscribe(f"{BASE}/#")
        self.client.on_message = lambda _client, _data, message: self.take(message.topic, message.payload)
        self.client.connect("127.0.0.1", port)

    def listen(self, seconds):
        """Take what comes in that time."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            if self.client.loop(left) != mqtt.MQTT_ERR_SUCCESS:
                time.sleep(min(left, 0.2))
                return

    def take(self, topic, payload):
        picture = payload.startswith((b"\x89PNG", b"\xff\xd8"))
        text = f"({len(payload)} bytes of a picture)" if picture else payload.decode("utf-8", errors="replace")
        self.recent.append((topic, text))
        if self.on_message:
            self.on_message(topic, text)
        printer, _, key = topic.removeprefix(BASE + "/").partition("/")
        if printer in self.printers and key:
            self.printers[printer][key] = "" if text == "None" else text
        elif topic == f"{BASE}/bridge/printers" and text:
            self.troubles = {row["id"]: row for row in json.loads(text) if row.get("error")}
