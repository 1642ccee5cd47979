"""The way between a bridge and its broker: can be pulled out, be long, and can play a broker that knows no MQTT 5."""
import contextlib
import queue
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
    """mqtt5: "pass", "refuse" (CONNACK 1) or "close" (without a word) a CONNECT of MQTT 5. delay: seconds each way."""

    def __init__(self, broker, mqtt5="pass", delay=0.0):
        self.broker, self.mqtt5, self.delay = broker, mqtt5, delay
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
            self._pass(server, client)
            self.ends -= {client, server}

    def _pass(self, source, target):
        if self.delay:
            self._slowly(source, target)
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        self._end(source, target)

    def _slowly(self, source, target):
        """Until the source ends; then what is still on its way arrives."""
        way = queue.SimpleQueue()

        def walk():
            with contextlib.suppress(OSError):
                while True:
                    left, data = way.get()
                    time.sleep(max(0.0, left + self.delay - time.monotonic()))
                    if not data:
                        break
                    target.sendall(data)
            self._end(source, target)
        walker = threading.Thread(target=walk, daemon=True)
        walker.start()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                way.put((time.monotonic(), data))
        way.put((time.monotonic(), b""))
        walker.join()

    @staticmethod
    def _end(*ends):
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
