"""A client that sees every byte."""
import json
import re
import socket
import subprocess


class Answer:
    def __init__(self, head, body):
        self.head, self.body = head, body
        self.first, *lines = head.decode("latin-1").rstrip("\r\n").split("\r\n")
        self.status = int(self.first.split()[1])
        self.headers = dict(line.split(": ", 1) for line in lines)

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One connection. Answers are read to their own end, so that keep-alive is seen for what it is."""

    def __init__(self, printer, timeout=30):
        self.printer = printer
        self.socket = socket.create_connection((printer.host, printer.port), timeout=timeout)
        self.buffer = b""

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def ask(self, method, target, headers=(), body=b"", key=True, version="1.1"):
        lines = [f"{method} {target} HTTP/{version}", f"Host: {self.printer.host}"]
        lines += [f"X-Api-Key: {self.printer.api_key}"] if key is True else [f"X-Api-Key: {key}"] if key else []
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        lines += [f"Content-Length: {len(body)}"] if body else []
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body)
        return self.answer(method)

    def answer(self, method="GET"):
        head = self.until(rb"\r\n\r\n")
        answer = Answer(head, b"")
        if "chunked" in answer.headers.get("Transfer-Encoding", ""):
            answer.body = self._chunks()
        elif "Content-Length" in answer.headers and method != "HEAD":
            answer.body = self.exactly(int(answer.headers["Content-Length"]))
        elif method != "HEAD":
            answer.body = self.rest()
        return answer

    def until(self, pattern):
        while not (match := re.search(pattern, self.buffer)):
            self._more()
        return self.exactly(match.end())

    def exactly(self, size):
        while len(self.buffer) < size:
            self._more()
        data, self.buffer = self.buffer[:size], self.buffer[size:]
        return data

    def rest(self):
        """Everything until the server closes."""
        while data := self.socket.recv(1 << 16):
            self.buffer += data
        return self.exactly(len(self.buffer))

    def closed(self):
        return self.rest() == b""

    def open(self):
        """Does the connection carry another request?"""
        return self.ask("GET", "/api/version").status == 200

    def _chunks(self):
        body = b""
        while size := int(self.until(rb"\r\n"), 16):
            body += self.exactly(size)
            assert self.exactly(2) == b"\r\n"
        assert self.exactly(2) == b"\r\n"
        return body

    def _more(self):
        data = self.socket.recv(1 << 16)
        if not data:
            raise ConnectionError(f"closed after {self.buffer!r}")
        self.buffer += data


def ask(printer, method, target, **more):
    """One request on a connection of its own."""
    with Client(printer) as client:
        return client.ask(method, target, **more)


def still(printer):
    """Its time passes by advance() only: what this test sees does not depend on how fast it is."""
    printer.stop_clock()
    return printer


def status(printer):
    return ask(printer, "GET", "/api/v1/status").json


def curl(printer, target, *options):
    """What curl --digest gets: (status, body)."""
    user = f"{printer.username}:{printer.password}"
    done = subprocess.run(["curl", "-s", "-m", "60", "--digest", "-u", user, *options, "-w", "\n%{http_code}",
                           printer.url + target], capture_output=True, check=True)
    body, _, code = done.stdout.rpartition(b"\n")
    return int(code), body
