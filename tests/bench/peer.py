"""The same work as people write it: requests and paho-mqtt, a thread per printer.

Digest with the nonce reused, kept-alive connections, changed fields only, orders at once. Works with paho 1.6 and 2.

    peer.py --port P --broker P [--printers N] [--nodelay]

--nodelay sets TCP_NODELAY on the connection to the broker, as hardly anybody does."""
import argparse
import json
import queue
import socket
import threading
import time

import paho.mqtt.client as mqtt
import requests
from requests.auth import HTTPDigestAuth

BASE = "peer"


def flatten(value, path=()):
    if isinstance(value, dict):
        for key, child in value.items():
            yield from flatten(child, (*path, key))
    else:
        yield "/".join(path), value


def text_of(value):
    return value if isinstance(value, str) else json.dumps(value)


class Printer(threading.Thread):
    def __init__(self, index, port, client, delay):
        super().__init__(daemon=True)
        self.url = f"http://127.1.{index // 250}.{index % 250 + 1}:{port}"
        self.topic = f"{BASE}/p{index}/"
        self.client, self.delay = client, delay
        self.orders = queue.Queue()
        self.said = {}
        self.job = None

    def run(self):
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = HTTPDigestAuth("maker", "bench")
        due = time.monotonic() + self.delay
        while True:
            try:
                order = self.orders.get(timeout=max(0, due - time.monotonic()))
            except queue.Empty:
                due += 1
                self.poll()
            else:
                self.session.put(f"{self.url}/api/v1/job/{self.job}/{order}", timeout=5)

    def poll(self):
        answer = self.session.get(self.url + "/api/v1/status", timeout=5).json()
        self.job = answer["job"]["id"]
        for path, value in flatten(answer):
            if path not in self.said or self.said[path] != value:
                self.said[path] = value
                self.client.publish(self.topic + path.removeprefix("printer/").replace("_", "/"), text_of(value), retain=True)


def new_client():
    if hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, "peer")
    return mqtt.Client("peer")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--broker", type=int, required=True)
    parser.add_argument("--printers", type=int, default=1)
    parser.add_argument("--nodelay", action="store_true")
    options = parser.parse_args()

    client = new_client()
    printers = [Printer(i, options.port, client, i / options.printers) for i in range(options.printers)]

    def on_connect(client, *_):
        if options.nodelay:
            client.socket().setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        client.subscribe(BASE + "/+/command/+")

    def on_message(client, _, message):
        _, printer, _, command = message.topic.split("/")
        printers[int(printer[1:])].orders.put(command)

    client.on_connect, client.on_message = on_connect, on_message
    client.connect("127.0.0.1", options.broker)
    client.loop_start()
    for printer in printers:
        printer.start()
    threading.Event().wait()


if __name__ == "__main__":
    main()
