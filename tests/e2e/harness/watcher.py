"""Everybody's ear at the broker: records each message, and sends orders.

Works with paho-mqtt 1.6 and 2.x.
"""
import fnmatch
import itertools
import json
import re
import ssl
import threading
import time
from dataclasses import dataclass, field

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from .process import PATIENCE

BASE = "printer2mqtt"
names = itertools.count()


@dataclass
class Message:
    number: int         # in the order of arrival
    time: float         # monotonic
    topic: str
    payload: bytes
    retain: bool        # as its sender published it (MQTT 5)
    qos: int
    properties: object = field(default=None, repr=False)

    @property
    def text(self):
        return self.payload.decode(errors="replace")    # a picture is none

    @property
    def json(self):
        return json.loads(self.payload)

    def __repr__(self):
        return f"#{self.number} {self.topic}{' (retained)' if self.retain else ''} {self.payload[:300]!r}"


def _client(name, protocol):
    if hasattr(mqtt, "CallbackAPIVersion"):
        return mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, name, protocol=protocol)
    return mqtt.Client(name, protocol=protocol)


def _matches(wanted, payload):
    """wanted: None (anything), a text, bytes, a regular expression, or a function of the payload's text."""
    if wanted is None:
        return True
    if isinstance(wanted, bytes):
        return payload == wanted
    text = payload.decode(errors="replace")
    if isinstance(wanted, re.Pattern):
        return wanted.fullmatch(text) is not None
    return bool(wanted(text)) if callable(wanted) else text == wanted


class Watcher:
    """Sees all messages from the moment connect() returns, the retained ones included."""

    def __init__(self, broker, version=5, username=None, password=None, filters=("#",), qos=0):
        self.broker, self.filters, self.qos = broker, filters, qos
        self.who = {"version": version, "username": username, "password": password}
        self.protocol = mqtt.MQTTv5 if version == 5 else mqtt.MQTTv311
        self.messages = []
        self.guards = []    # called while it waits; raise when waiting has no sense any more
        self.changed = threading.Condition()
        self.subscribed = threading.Event()
        self.client = _client(f"watcher-{next(names)}", self.protocol)
        self.client.on_connect = self._on_connect
        self.client.on_subscribe = lambda *_: self.subscribed.set()
        self.client.on_message = self._on_message
        if username:
            self.client.username_pw_set(username, password)
        if broker.tls:
            self.client.tls_set_context(ssl.create_default_context(cafile=broker.tls.ca))

    def connect(self):
        self.client.connect("127.0.0.1", self.broker.port)
        self.client.reconnect_delay_set(0.05, 0.05)
        self.client.loop_start()
        assert self.subscribed.wait(PATIENCE), "the watcher could not subscribe"
        return self

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()

    def _on_connect(self, *_):
        if self.protocol == mqtt.MQTTv5:
            how = mqtt.SubscribeOptions(qos=self.qos, retainAsPublished=True)
            self.client.subscribe([(f, how) for f in self.filters])
        else:
            self.client.subscribe([(f, self.qos) for f in self.filters])

    def _on_message(self, _client, _userdata, m):
        with self.changed:
            self.messages.append(Message(len(self.messages), time.monotonic(), m.topic, m.payload, bool(m.retain),
                                         m.qos, getattr(m, "properties", None)))
            self.changed.notify_all()

    # -- what was said

    @property
    def mark(self):
        """A point in time for `after=`: all that came so far is before it."""
        with self.changed:
            return len(self.messages) - 1

    def echo(self):
        """A mark behind all that the broker has for us now."""
        topic = f"echo-{next(names)}"
        self.publish(topic, "echo")
        return self.wait(topic).number

    def since(self, after=-1, topic="*"):
        """Messages after a mark or a message whose topic matches (with * and ?)."""
        after = getattr(after, "number", after)
        with self.changed:
            found = self.messages[after + 1:]
        return [m for m in found if fnmatch.fnmatchcase(m.topic, topic)]

    def last(self, topic):
        """The newest message of a topic, or None."""
        found = self.since(topic=topic)
        return found[-1] if found else None

    def text(self, topic):
        """The newest payload of a topic as text, None if there was none."""
        message = self.last(topic)
        return message.text if message else None

    def wait(self, topic, payload=None, after=-1, timeout=PATIENCE):
        """The first message after a mark with this topic and payload."""
        after, timeout = getattr(after, "number", after), max(timeout, PATIENCE)
        end, start = time.monotonic() + timeout, after + 1
        with self.changed:
            while True:
                for message in self.messages[start:]:
                    if fnmatch.fnmatchcase(message.topic, topic) and _matches(payload, message.payload):
                        return message
                start = max(len(self.messages), after + 1)
                left = end - time.monotonic()
                if left <= 0:
                    seen = [m for m in self.messages if fnmatch.fnmatchcase(m.topic, topic)]
                    raise AssertionError(f"not said within {timeout} s: {topic} {payload!r}; on it came {seen[-12:]}")
                for guard in self.guards:
                    guard()
                self.changed.wait(min(left, 0.5))

    def retained(self, topic="#"):
        """{topic: payload} as a newcomer gets it from the broker now."""
        end = f"newcomer-{next(names)}"
        fresh = Watcher(self.broker, filters=(topic, end), **self.who).connect()
        try:
            # The broker hands the retained ones out before it passes a live message on.
            self.publish(end, "end")
            fresh.wait(end)
            return {m.topic: m.payload for m in fresh.since() if m.retain and m.topic != end}
        finally:
            fresh.close()

    # -- what is sent

    def publish(self, topic, payload, qos=1, retain=False, **properties):
        """properties: MQTT 5, named as paho does: ResponseTopic=, CorrelationData=, MessageExpiryInterval=."""
        if isinstance(payload, dict):
            payload = json.dumps(payload)
        given = None
        if properties:
            given = Properties(PacketTypes.PUBLISH)
            for key, value in properties.items():
                setattr(given, key, value)
        self.client.publish(topic, payload, qos, retain, given).wait_for_publish(PATIENCE)

    def order(self, printer, command, payload="PRESS", **how):
        """Send an order; returns what is answered: Answers."""
        answers = Answers(self, f"{BASE}/{printer}/response/{command}", self.mark)
        self.publish(f"{BASE}/{printer}/command/{command}", payload, **how)
        return answers

    def request(self, name, payload="PRESS", bridge="bridge", **how):
        """Ask the bridge itself."""
        answers = Answers(self, f"{BASE}/{bridge}/response/{name}", self.mark)
        self.publish(f"{BASE}/{bridge}/request/{name}", payload, **how)
        return answers


class Answers:
    """The answers on one response topic since an order was sent."""

    def __init__(self, watcher, topic, after):
        self.watcher, self.topic, self.after = watcher, topic, after

    @property
    def messages(self):
        return self.watcher.since(self.after, self.topic)

    @property
    def all(self):
        return [m.json for m in self.messages]

    @property
    def statuses(self):
        return [a["status"] for a in self.all]

    def wait(self, status=None, final=None, timeout=PATIENCE, **fields):
        """The first answer with these fields, as a dict."""
        wanted = fields | {k: v for k, v in (("status", status), ("final", final)) if v is not None}

        def is_it(text):
            answer = json.loads(text)
            return all(answer.get(k) == v for k, v in wanted.items())
        return self.watcher.wait(self.topic, is_it, self.after, timeout).json

    def final(self, timeout=PATIENCE):
        """The answer that ends it."""
        return self.wait(final=True, timeout=timeout)
