"""Requests, responses and connections, as far as all servers share them."""
import asyncio
import contextlib
import re
import socket
import struct
from dataclasses import dataclass, field

REQUEST_LINE = re.compile(rb"([^ \t]+)[ \t]+([^ \t]+)[ \t]+HTTP/(\d+)\.(\d+)[ \t]*\r?\n")
MAX_HEAD = 65536


@dataclass
class Request:
    method: str
    target: str             # as received
    version: tuple
    headers: list
    body: bytes = b""

    def header(self, name, default=None):
        for key, value in reversed(self.headers):
            if key.lower() == name.lower():
                return value
        return default

    @property
    def path(self):
        return self.target.partition("?")[0]

    @property
    def content_length(self):
        value = self.header("Content-Length")
        return int(value) if value and value.isdigit() else None


@dataclass
class Response:
    """json is rendered by the profile; body is sent as it is."""
    status: int
    body: bytes = b""
    json: object = None
    message: str = ""
    content_type: str | None = None
    headers: list = field(default_factory=list)
    closing: str | None = None      # "linger", "as asked" (by the request); None: by the server's rule
    delay: float = 0.0              # seconds before it is sent
    pieces: object = None           # an iterable of bytes, length in all, in the place of body
    length: int = 0
    plain: bool = False             # its page is text, whatever the client accepts
    cut: bool = False               # the connection ends in the middle of the body
    later: object = None            # async f(exchange): the real Response, once the body of the request was taken


def parse_head(head):
    """The request in head, or None when its first line is broken."""
    match = REQUEST_LINE.match(head)
    if not match:
        return None
    headers = []
    for line in head[match.end():].splitlines():
        name, colon, value = line.partition(b":")
        if colon:
            headers.append((text(name.strip()), text(value.strip())))
    return Request(text(match[1]), text(match[2]), (int(match[3]), int(match[4])), headers)


def text(raw):
    """Bytes as str and back without loss."""
    return raw.decode("utf-8", "surrogateescape")


def raw(string):
    return string.encode("utf-8", "surrogateescape")


class Connection:
    def __init__(self, number, reader, writer):
        self.number, self.reader, self.writer = number, reader, writer
        self.buffer = bytearray()

    async def more(self):
        """Read what comes next; False when the client has closed its side."""
        data = await self.reader.read(1 << 18)
        self.buffer += data
        return bool(data)

    def take_head(self):
        """The bytes up to and with the blank line, or None when they are not all there."""
        match = re.search(rb"\n\r?\n", self.buffer)
        return self.take(match.end()) if match else None

    def take(self, size):
        with memoryview(self.buffer) as view:
            data = bytes(view[:size])
        del self.buffer[:size]
        return data

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    def half_close(self):
        with contextlib.suppress(OSError, RuntimeError):
            self.writer.write_eof()

    def close(self):
        self.writer.close()

    def reset(self):
        """Close with RST instead of FIN."""
        sock = self.writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def drained(self, record=None):
        """Until the client closes its side; what it still sends is thrown away, but counted in record."""
        data = self.take(len(self.buffer))
        while True:
            if record:
                record.received += len(data)
            if not (data := await self.reader.read(1 << 18)):
                return
            await asyncio.sleep(0)
