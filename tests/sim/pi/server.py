"""PrusaLink's own HTTP server on a Raspberry Pi: HTTP/1.0, one request per connection, pages by PoorWSGI."""
import asyncio
import email.utils
import itertools
import json
import time

from ..auth import PiAuth
from ..exchange import exchange
from ..files import Storage
from ..machine import Phase
from ..wire import Request, Response, parse_head, raw
from . import files, routes
from .answers import HTML, POWERED, PROBLEMS, problem
from .cameras import Cameras
from .documents import stage

TITLES = {200: "OK", 201: "Created", 204: "No Content", 302: "Found", 304: "Not Modified", 400: "Bad Request",
          401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed", 409: "Conflict",
          410: "Gone", 411: "Length Required", 413: "Request Entity Too Large", 414: "Request-URI Too Long",
          415: "Unsupported Media Type", 500: "Internal Server Error", 501: "Not Implemented",
          503: "Service Unavailable"}
MAX_LINE = 2048
PAGE = """<!DOCTYPE html>
<html>
 <head>
  <title>{title}</title>
  <meta http-equiv="content-type" content="text/html; charset=utf-8"/>
  <style>
   body {{width: 80%; margin: auto; padding-top: 30px;}}
   h1 {{text-align: center; color: #707070;}}
   p {{text-indent: 30px; margin-top: 30px; margin-bottom: 30px;}}
  </style>
 </head>
 <body>
  <h1>{title}</h1>
  <p>{text}</p>
  <hr>
  <small><i>webmaster: webmaster@{host} </i></small>
 </body>
</html>"""
PAGE_TEXTS = {404: ("404 - Page Not Found", "Your reqeuest <code>{path}</code> was not found."),
              405: ("405 - Method Not Allowed",
                    "This method {method} is not allowed to access <code>{path}</code>\n   on this server.")}


class PiServer:
    NAN = "NaN"
    # Shows PRINTING until the pause is reached, and keeps the job while BUSY.
    MANNERS = {"pausing": Phase("PRINTING", job=True, then="paused"), "recovery": Phase("BUSY", job=True)}

    def __init__(self, core):
        o = core.options
        self.core = core
        self.cameras = Cameras(core)
        self.outside = {}       # files that .. put beside the directory
        timeout = 60 if o["nonce_life"] is None else max(float(o["nonce_life"]) / 2, 0.5)
        self.auth = PiAuth(core.clock, o["username"], o["password"], o["api_key"], timeout)
        self.booted = core.clock.now()

    def storages(self):
        local, card = Storage("PrusaLink gcodes", fat=False), Storage("SD Card", read_only=True, fat=False)
        for path, attributes in files.DEFAULT_FILES.items():
            local.add(path, **attributes)
        card.add("on the card.gcode", size=3400, duration=1200.0)
        return {"local": local, "sdcard": card}

    def boot(self):
        self.auth.boot()
        self.booted = self.core.clock.now()

    def download_begins(self, transfer):
        """It shows when it is complete."""

    def download_ends(self, transfer, finished):
        if finished:
            storage, rest = self.core.split(transfer.path)
            self.core.storages[storage].add(rest, size=transfer.size, mtime=int(time.time()))

    def uptime(self):
        return self.core.clock.now() - self.booted

    # -- connections

    async def serve(self, connection):
        request = await self._request(connection)
        if request is not None:
            await exchange(self.core, connection, request)

    async def _request(self, connection):
        """Waits without limit, as the real one does: it has no time-outs."""
        while (head := connection.take_head()) is None:
            if not await connection.more():
                return None
        request = parse_head(head)
        if request is None or len(head.split(b"\n", 1)[0]) >= MAX_LINE:
            await self._refuse(connection, 400 if request is None else 414)
            return None
        # The body of an upload is for its handler; all others are small.
        wanted = 0 if routes.takes_body(request) else request.content_length or 0
        while len(connection.buffer) < wanted:
            if not await connection.more():
                return None
        request.body = connection.take(wanted)
        return request

    async def _refuse(self, connection, status):
        pieces, _ = self.encode(Request("GET", "/", (1, 0), []), self.page(status, Request("GET", "/", (1, 0), [])))
        await connection.send(b"".join(pieces))

    async def eat(self, connection, record=None):
        await asyncio.sleep(0)

    # -- answers

    def denied(self, request):
        if not routes.is_protected(request):
            return None
        if stage(self.core) == "boot":
            return self.page(503, request)
        right_key = self.auth.check_key(request)
        if right_key is not None:
            return None if right_key else Response(403, body=b"Bad X-Api-Key.", content_type=HTML,
                                                   headers=[POWERED])
        value = self.auth.check(request)
        return None if value is None else self._unauthorized(request, value)

    def _unauthorized(self, request, value):
        page = self.page(401, request)
        page.headers = [("WWW-Authenticate", value)]
        return page

    def challenge(self, request, stale):
        return self._unauthorized(request, self.auth.challenge(request.header("User-Agent", ""), stale))

    def error(self, status, request):
        return self.page(status, request)

    def page(self, status, request):
        """An HTML page of PoorWSGI, or for some the program's own error."""
        if status in PROBLEMS and request.method in ("GET", "HEAD", "POST"):
            return problem(request, status, *PROBLEMS[status])
        title = TITLES.get(status, "Error")
        heading, words = PAGE_TEXTS.get(status, (f"{status} - {title}", "Method {method} for {path} uri."))
        words = words.format(method=request.method, path=request.path)
        body = PAGE.format(title=heading, text=words, host=self.core.host)
        return Response(status, body=raw(body), content_type=HTML, headers=[POWERED])

    def answer(self, request):
        return routes.answer(self.core, request)

    # -- bytes

    @staticmethod
    def body(response):
        return response.body if response.json is None else raw(json.dumps(response.json))

    def encode(self, request, response):
        body = b"" if response.pieces is not None else self.body(response)      # with 204, too [seen]
        length = response.length if response.pieces is not None else len(body)
        kind = "application/json; charset=utf-8" if response.json is not None else response.content_type or HTML
        cached = any(name == "ETag" for name, _ in response.headers)
        lines = [f"HTTP/1.0 {response.status} {TITLES.get(response.status, 'Unknown')}"]
        lines += [] if cached else [f"Date: {email.utils.formatdate(usegmt=True)}"]
        lines += ["Server: PrusaLink"]
        lines += [f"{name}: {value}" for name, value in response.headers]
        lines += [] if response.status == 304 else [f"Content-Type: {kind}"]
        head = raw("\r\n".join([*lines, f"Content-Length: {length}"]) + "\r\n\r\n")
        # To HEAD as well: nobody takes the body away [seen].
        return itertools.chain([head], response.pieces or ([body] if body else [])), "close"
