"""Uploads byte by byte."""
from sim_raw import Client

SMALL = b"; hello\nG28\n" * 100
GCODE = {"Content-Type": "text/x.gcode"}


class Put(Client):
    """A PUT whose body comes as the test wants it."""

    def begin(self, target, size, headers=(), key=True):
        lines = [f"PUT {target} HTTP/1.1", f"Host: {self.printer.host}"]
        lines += [f"X-Api-Key: {self.printer.api_key}"] if key else []
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        lines += [f"Content-Length: {size}"] if size is not None else []
        return self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def answered(self):
        """The answer, and whether the server closed its side after it."""
        answer = self.answer("PUT")
        return answer, self.socket.recv(1) == b""


def put(printer, target, body=SMALL, headers=None, **more):
    """All at once, on a connection of its own."""
    with Put(printer) as client:
        client.begin(target, len(body), headers or {}, **more).send(body)
        return client.answer("PUT")
