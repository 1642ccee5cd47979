"""The way between a bridge and its broker: can be pulled out, and can play a broker that knows no MQTT 5."""
import contextlib
import socket
import threading
import time

UNSUPPORTED = b"\x20\x02\x00\x01"      # CONNACK "unacceptable protocol version", as MQTT 3.1.1 writes it


def protocol_of(head):
    """The protocol level of a CONNECT: byte 7 of its variable header."""
    at = 1
    while head[at] & 0x80:
        at += 1
    return head[at + 7]


class Cable:
    """mqtt5: "pass", "refuse" (CONNACK 1) or "close" (without a word) a CONNECT of MQTT 5.

    late: what the broker says takes so many seconds.
    """

    def __init__(self, broker, mqtt5="pass", late=0.0):
        self.broker, self.mqtt5, self.late = broker, mqtt5, late
        self.attempts = []      # protocol level of each CONNECT
        self.plugged = True
        self.ends = set()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"mqtt://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def pull(self):
        """All connections break at once; new ones end at once."""
        self.plugged = False
        for end in list(self.ends):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def plug(self):
        self.plugged = True

    def close(self):
        self.pull()
        self.listener.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        with client, contextlib.suppress(OSError):
            if not self.plugged:
                return
            head = client.recv(4096)
            if len(head) < 10:
                return
            self.attempts.append(protocol_of(head))
            if self.attempts[-1] == 5 and self.mqtt5 != "pass":
                if self.mqtt5 == "refuse":
                    client.sendall(UNSUPPORTED)
                return
            self._join(client, head)

    def _join(self, client, head):
        with socket.create_connection(("127.0.0.1", self.broker.port)) as server:
            self.ends |= {client, server}
            server.sendall(head)
            threading.Thread(target=self._pass, args=(client, server), daemon=True).start()
            self._pass(server, client, self.late)
            self.ends -= {client, server}

    @staticmethod
    def _pass(source, target, late=0.0):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                time.sleep(late)
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
