"""What a person's browser does with Home Assistant: REST and the websocket, with nothing but the standard library."""
import base64
import http.client
import json
import os
import socket
import struct
import urllib.parse

from harness.process import until

TEXT, CLOSE, PING = 1, 8, 9
OWNER = {"name": "Owner", "username": "owner", "password": "interop", "language": "en"}


class Socket:
    """A websocket to this machine: whole text messages, nothing that could be negotiated."""

    def __init__(self, port, path):
        self.socket = socket.create_connection(("127.0.0.1", port), 30)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\n"
                            f"Upgrade: websocket\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode())
        self.stream = self.socket.makefile("rb")
        head = list(iter(self.stream.readline, b"\r\n"))
        if not head or b"101" not in head[0]:
            raise OSError(f"no websocket: {head[:1]}")

    def close(self):
        self.stream.close()
        self.socket.close()

    def say(self, message):
        data = json.dumps(message).encode()
        size = len(data)
        long = struct.pack("!H", size) if size < 1 << 16 else struct.pack("!Q", size)
        mask = 0x80     # clients must mask; four zeros change nothing
        head = bytes([0x80 | TEXT, mask | size]) if size < 126 else bytes([0x80 | TEXT, mask | (126 if len(long) == 2 else 127)]) + long
        self.socket.sendall(head + bytes(4) + data)

    def _frame(self):
        first, size = self.stream.read(2)
        if size >= 126:
            size = int.from_bytes(self.stream.read(2 if size == 126 else 8), "big")
        return first & 0x0f, bool(first & 0x80), self.stream.read(size)

    def hear(self):
        whole = b""
        while True:
            kind, last, data = self._frame()
            if kind == CLOSE:
                raise OSError("Home Assistant closed the websocket")
            if kind < CLOSE:
                whole += data
                if last:
                    return json.loads(whole)


class Api:
    def __init__(self, port):
        self.port, self.token, self.socket, self.count = port, None, None, 0

    # -- REST

    def ask(self, method, path, body=None, form=False):
        """(status, body as bytes)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        headers = {"Content-Type": "application/x-www-form-urlencoded" if form else "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            body = urllib.parse.urlencode(body) if form else json.dumps(body)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def get(self, path):
        return self._good("GET", path)

    def post(self, path, body, form=False):
        return self._good("POST", path, body, form)

    def _good(self, method, path, *body):
        status, data = self.ask(method, path, *body)
        assert status < 300, f"{method} {path}: {status} {data[:500]}"
        return json.loads(data)

    # -- websocket

    def command(self, kind, **arguments):
        if self.socket is None:
            self.socket, self.count = self._open(), 0
        self.count += 1
        self.socket.say({"id": self.count, "type": kind} | arguments)
        while (answer := self.socket.hear()).get("id") != self.count or answer["type"] != "result":
            pass
        assert answer["success"], f"{kind}: {answer['error']}"
        return answer["result"]

    def _open(self):
        """A websocket that is let in."""
        opened = Socket(self.port, "/api/websocket")
        opened.hear()
        opened.say({"type": "auth", "access_token": self.token})
        assert opened.hear()["type"] == "auth_ok"
        return opened

    def listen(self, trigger):
        """A function that waits until this trigger of an automation fires, and returns what the automation would get."""
        ear = self._open()
        ear.say({"id": 1, "type": "subscribe_trigger", "trigger": trigger})
        answer = ear.hear()
        assert answer.get("success"), answer

        def fired():
            try:
                return ear.hear()["event"]["variables"]["trigger"]
            finally:
                ear.close()
        return fired

    def forget_socket(self):
        if self.socket:
            self.socket.close()
        self.socket = None

    # -- the first steps of a new home

    def become_owner(self):
        client = f"http://127.0.0.1:{self.port}/"
        code = self.post("/api/onboarding/users", OWNER | {"client_id": client})["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        self.token = self.post("/auth/token", grant, form=True)["access_token"]
        self.token = self.command("auth/long_lived_access_token", client_name="interop", lifespan=30)
        self.forget_socket()

    def keep_address(self):
        """Newer ones take their address back after five minutes unless somebody says that it is good."""
        try:
            self.command("http/config/promote")
        except AssertionError as refused:
            assert "unknown_command" in str(refused) or "pending" in str(refused), refused

    def entries(self, domain):
        return self.command("config_entries/get", domain=domain)

    def add_mqtt(self, port, protocol):
        """Settings > Devices and services > Add integration > MQTT."""
        flow = self.post("/api/config/config_entries/flow", {"handler": "mqtt"})
        answers = {"broker": "127.0.0.1", "port": port, "protocol": protocol,
                   "other_settings": {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}}
        asked = {field["name"] for field in flow["data_schema"]}       # older ones ask for less
        end = self.post(f"/api/config/config_entries/flow/{flow['flow_id']}",
                        {key: value for key, value in answers.items() if key in asked})
        assert end["type"] == "create_entry", end

    # -- devices and entities

    def devices(self):
        """MQTT devices by their identifier."""
        return {i[1]: d for d in self.command("config/device_registry/list") for i in d["identifiers"] if i[0] == "mqtt"}

    def entities(self):
        """Registered MQTT entities by their unique id."""
        mine = [e for e in self.command("config/entity_registry/list") if e["platform"] == "mqtt"]
        return {e["unique_id"]: e for e in mine}

    def remove_device(self, identifier):
        """A person deletes the device on its page."""
        device = self.devices()[identifier]
        entry = device.get("config_entries", [None])[0]
        if "config_entry_id" in device:         # newer ones: a device belongs to one entry
            self.command("config/device_registry/remove", device_id=device["id"])
        else:
            self.command("config/device_registry/remove_config_entry", device_id=device["id"], config_entry_id=entry)

    def states(self):
        """{entity id: state with attributes}"""
        return {s["entity_id"]: s for s in self.get("/api/states")}

    def state(self, unique_id):
        """The state word, None if there is no such entity."""
        entity = self.entities().get(unique_id)
        return self.states().get(entity["entity_id"], {}).get("state") if entity else None

    def wait(self, unique_id, *wanted, timeout=30):
        seen = []

        def look():
            seen.append(self.state(unique_id))
            return seen[-1] in wanted
        try:
            until(f"{unique_id} is {wanted}", look, timeout, 0.1)
        except AssertionError as error:
            raise AssertionError(f"{error}; it is {seen[-1]!r}") from None

    def call(self, service, unique_id, **data):
        domain, name = service.split(".")
        self.post(f"/api/services/{domain}/{name}", {"entity_id": self.entities()[unique_id]["entity_id"]} | data)

    def enable(self, unique_id):
        """A person switches a disabled entity on."""
        self._update(unique_id, disabled_by=None)

    def rename(self, unique_id, entity_id, name):
        self._update(unique_id, new_entity_id=entity_id, name=name)

    def _update(self, unique_id, **changes):
        self.command("config/entity_registry/update", entity_id=self.entities()[unique_id]["entity_id"], **changes)
