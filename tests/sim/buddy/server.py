"""Buddy's HTTP server: slots, time-outs, keep-alive, chunks, error pages (lib/WUI/nhttp)."""
import asyncio
import contextlib
import gzip
import itertools
import random
import time
import zlib

from ..auth import BuddyAuth
from ..exchange import exchange
from ..faults import GOODBYE
from ..files import Storage
from ..wire import Request, Response, parse_head, raw
from . import files, orders, routes
from .rendering import escape, render

TITLES = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 304: "Not Modified", 400: "Bad Request",
          401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 408: "Request Timeout",
          409: "Conflict", 410: "Gone", 411: "Length Required", 413: "Payload Too Large", 414: "URI Too Long",
          415: "Unsupported Media Type", 422: "Unprocessable Entity", 500: "Infernal Server Error",
          501: "Not Implemented", 503: "Service Temporarily Unavailable", 507: "Insufficient Storage"}
METHODS = {"GET", "HEAD", "POST", "PUT", "DELETE"}
SEND_BUFFER = 1024
CHUNK_FRAME, MIN_CHUNK, LAST_CHUNK = 8, 8, b"0\r\n\r\n"
PAGE_LIMIT = 127            # status_page.cpp: char content_buffer[128]
INDEX = gzip.compress(b"<!DOCTYPE html><html><head><title>PrusaLink</title></head></html>", mtime=0)


def version(text):
    return tuple(int(part) for part in text.split("+")[0].split("-")[0].split("."))


class BuddyServer:
    NAN = "nan"
    MANNERS = {}

    def __init__(self, core):
        options = core.options
        self.core, self.clock = core, core.clock
        self.firmware = version(options["firmware"])
        self.slots = asyncio.Semaphore(int(options["slots"]))
        self.temporaries = 0
        self.auth = BuddyAuth(core.clock, self.firmware, options["password"], options["nonce_life"])

    def storages(self):
        usb = Storage("usb")
        for path, attributes in files.DEFAULT_FILES.items():
            usb.add(path, **attributes)
        return {"usb": usb}

    def boot(self):
        self.auth.boot()
        self.temporaries = 0

    def next_temporary(self):
        """N.tmp; counts from 0 at each start."""
        self.temporaries += 1
        return self.temporaries - 1

    @contextlib.asynccontextmanager
    async def beside_the_slots(self):
        """The body of an upload has a slot of its own."""
        self.slots.release()
        try:
            yield
        finally:
            await self.slots.acquire()

    def download_begins(self, transfer):
        storage, rest = self.core.split(transfer.path)
        self.core.storages[storage].add(rest, size=transfer.size, mtime=int(time.time()), transferring=True)

    def download_ends(self, transfer, finished):
        node = self.core.file(transfer.path)
        if node is not None and finished:
            node.transferring = False
            self.core.storages["usb"].changed()
        elif node is not None:
            self.core.storages["usb"].remove(self.core.split(transfer.path)[1])

    # -- connections

    async def serve(self, connection):
        self._make_room()
        connection.idle = True
        try:
            while await self._wakes(connection):
                connection.idle = False
                async with self.slots:
                    if not await self._one(connection):
                        return
                connection.idle = True
        finally:
            connection.idle = False

    def _make_room(self):
        """Short of control blocks, lwIP throws the oldest idle connection overboard (IDLE_PRIO)."""
        open_ones = self.core.network.connections
        if len(open_ones) > int(self.core.options["pcbs"]):
            for connection, task in open_ones.items():
                if getattr(connection, "idle", False):
                    connection.reset()
                    task.cancel()
                    return

    async def _wakes(self, connection):
        if connection.buffer:
            return True         # pipelined
        try:
            async with self.clock.timeout(self._idle_timeout()):
                return await connection.more()
        except TimeoutError:
            return False

    async def _one(self, connection):
        request = await self._request(connection)
        if request is None:
            return False
        return await exchange(self.core, connection, request)

    async def _request(self, connection):
        """The next request with the body its handler wants, or None when there will be none."""
        while (head := connection.take_head()) is None or b" " not in head:
            if head is None and not await self._more(connection):
                return None
        request = parse_head(head)
        if request is None:
            await self._refuse(connection)
            return None
        if self.firmware <= (5, 1, 2) and request.header("Authorization", "").startswith("Basic"):
            while await self._more(connection):     # Buddy#3705: hangs until its time-out
                pass
            return None
        wanted = self._body_wanted(request)
        while len(connection.buffer) < wanted:
            if not await self._more(connection):
                return None
        request.body = connection.take(wanted)
        return request

    def _body_wanted(self, request):
        limit = orders.body_limit(request)
        length = request.content_length or 0
        return length if limit is not None and length <= limit and self.denied(request) is None else 0

    async def _more(self, connection):
        """Read on; a client that is silent too long, or is gone, gets what the firmware gives it."""
        try:
            async with self.clock.timeout(self.active_timeout()):
                alive = await connection.more()
        except TimeoutError:
            await connection.send(GOODBYE)
            return False
        if not alive:
            await self._refuse(connection)
        return alive

    async def _refuse(self, connection):
        """400 to what is no request; leftovers of it may lie around."""
        pieces, _ = self.encode(Request("GET", "", (1, 1), []), Response(400, closing="linger"))
        await connection.send(b"".join(pieces))
        connection.half_close()
        await self.eat(connection)

    async def eat(self, connection, record=None):
        async with self.clock.timeout(self.active_timeout()):
            await connection.drained(record)

    def _idle_timeout(self):
        if self.core.options["idle_timeout"] is not None:
            return float(self.core.options["idle_timeout"])
        return random.uniform(60, 120) if self.firmware >= (4, 7) else 10.0

    def active_timeout(self):
        if self.core.options["active_timeout"] is not None:
            return float(self.core.options["active_timeout"])
        return 10.0 if self.firmware >= (4, 7) else 4.0

    # -- answers

    def denied(self, request):
        if not routes.is_protected(request.path) or self._malformed(request):
            return None
        value = self.auth.check(request)
        return None if value is None else self._unauthorized(value)

    @staticmethod
    def _unauthorized(value):
        return Response(401, headers=[("WWW-Authenticate", value)] if value else [])

    def challenge(self, request, stale):
        return self._unauthorized(self.auth.challenge(stale))

    def error(self, status, request):
        return Response(status)

    def _malformed(self, request):
        """The answer to what the parser itself refuses, before anybody asks for credentials."""
        if len(raw(request.target)) > (168 if self.firmware >= (5, 1) else 100):
            return Response(414, closing="as asked")
        if request.method not in METHODS:
            return Response(405, message="Unrecognized method", closing="as asked")
        return None

    def answer(self, request):
        if request.path in ("/", "/index.html"):
            etag = f'"{zlib.crc32(INDEX)}"'
            return Response(200, body=INDEX, content_type="text/html; charset=utf-8",
                            headers=[("ETag", etag), ("Content-Encoding", "gzip")])
        return self._malformed(request) or routes.answer(self.core, self.firmware, request)

    # -- bytes

    @staticmethod
    def body(response):
        return response.body if response.json is None else render(response.json)

    def encode(self, request, response):
        """(send buffers, keep | close | linger)"""
        keep = self._keeps(request)
        if response.json is not None:
            return self._encode_json(request, response, keep and response.closing is None)
        if response.pieces is not None:
            head = self._head(response, response.content_type, keep, response.length)
            return itertools.chain([head], response.pieces), "keep" if keep else "close"
        if response.content_type:
            return self._encode_known(request, response, keep, response.content_type, response.body)
        closing = response.closing or self._page_closing(request, response)
        return self._encode_known(request, response, keep and closing == "as asked", *self._page(request, response),
                                  closing=closing)

    @staticmethod
    def _page_closing(request, response):
        return "linger" if request.method in ("POST", "PUT") and response.status >= 300 else "as asked"

    @staticmethod
    def _keeps(request):
        connection = request.header("Connection", "").lower()
        return connection == "keep-alive" or request.version >= (1, 1) and connection != "close"

    @staticmethod
    def _page(request, response):
        """The small page that goes with a status (status_page.cpp)."""
        title = f"{response.status}: {TITLES.get(response.status, '???')}"
        if response.status in (204, 304):
            return "text/plain", b""
        if first_accepted(request) == "application/json" and not response.plain:
            body = f'{{"title": "{escape(title)}","message":"{escape(response.message)}"}}'
            return "application/json", raw(body)[:PAGE_LIMIT]
        return "text/plain", raw(f"{title}\n\n{response.message}\n")[:PAGE_LIMIT]

    def _encode_known(self, request, response, keep, content_type, body, closing="as asked"):
        length = None if request.method == "HEAD" and response.status == 200 else len(body)
        head = self._head(response, content_type, keep, length)
        data = head + (b"" if length is None else body)
        return buffers(data), "keep" if keep else "linger" if closing == "linger" else "close"

    def _encode_json(self, request, response, keep):
        head = self._head(response, "application/json", keep, None, chunked=keep)
        body = render(response.json)
        pieces = chunked(head, body) if keep else buffers(head + body)
        if response.cut:        # JsonResult::Abort
            return [b"".join(pieces)[:len(head) + len(body) // 2]], "close"
        return pieces, "keep" if keep else "close"

    @staticmethod
    def _head(response, content_type, keep, length, chunked=False):
        lines = [f"HTTP/1.1 {response.status} {TITLES.get(response.status, '???')}", f"Content-Type: {content_type}",
                 f"Connection: {'keep-alive' if keep else 'close'}"]
        if length is not None:
            lines.append(f"Content-Length: {length}")
        if chunked:
            lines.append("Transfer-Encoding: chunked")
        lines += [f"{name}: {value}" for name, value in response.headers]
        return raw("\r\n".join(lines) + "\r\n\r\n")


def first_accepted(request):
    """Only the first media type of Accept counts, and only spelled exactly so."""
    return request.header("Accept", "").split(",")[0].strip()


def buffers(data):
    return [data[i:i + SEND_BUFFER] for i in range(0, len(data), SEND_BUFFER)]


def chunked(head, body):
    """Send buffers: each holds one chunk, cut where the document allows it; the first begins with the head."""
    pieces, buffer, at = [], head, 0
    while at < len(body):
        room = SEND_BUFFER - len(buffer) - CHUNK_FRAME
        if room >= MIN_CHUNK and (end := _part(body, at, room)) > at:
            pieces.append(buffer + b"%04X\r\n%b\r\n" % (end - at, body[at:end]))
            at = end
        else:
            pieces.append(buffer)
        buffer = b""
    if pieces and len(pieces[-1]) + len(LAST_CHUNK) <= SEND_BUFFER:
        pieces[-1] += LAST_CHUNK
    else:
        pieces.append(buffer + LAST_CHUNK)
    return pieces


def _part(body, at, room):
    """Where the next chunk ends: as many whole members as fit; a single one too big for any buffer is cut all the same."""
    if len(body) - at <= room:
        return len(body)
    cut = body.rfind(b",", at, at + room) + 1
    return cut or (at + room if room > SEND_BUFFER // 2 else at)
