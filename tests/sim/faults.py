"""What goes wrong on demand. One row per fault; README.md says what each does.

A fault is async f(x, ...options) -> may the connection go on; x is the Exchange it spoils.
"""
import asyncio
import dataclasses
import fnmatch
import inspect
import json
import re
from dataclasses import dataclass, field

from .body import BrokenOff
from .wire import Response

GOODBYE = b"HTTP/1.1 408 Request Timeout\r\n\r\n\0"     # Buddy server.cpp sends the NUL too: sizeof of the literal
NUMBERS = re.compile(rb'("(?:temp|target|axis)[a-z_-]*": ?)-?[0-9.]+')
NAMES = re.compile(rb'("(?:name|display_name|hostname|message|material|text)": ?")')


async def hang(x):
    await x.connection.drained()
    return False


async def lost(x):
    await x.answer()
    return await hang(x)


async def close(x):
    return False


async def reset(x, part=0.5):
    await x.connection.send(await _cut(x, part))
    x.connection.reset()
    return False


async def half(x, part=0.5):
    await x.connection.send(await _cut(x, part))
    return False


async def drip(x, interval=0.1, size=1):
    pieces, closing = x.encode(await x.answer())
    data = b"".join(pieces)
    for start in range(0, len(data), size):
        await x.connection.send(data[start:start + size])
        await asyncio.sleep(interval)
    return await x.finish(closing)


async def slow(x, delay=1.0):
    response = await x.answer()
    if delay is None:
        x.core.faults.healed.clear()
        await x.core.faults.healed.wait()
    else:
        await asyncio.sleep(delay)
    return await x.deliver(response)


async def huge(x, size=20_000_000):
    await _whole(x, b'{"padding":"' + b"a" * size + b'"}')
    return False


async def nested(x, depth=200_000):
    await _whole(x, b"[" * depth)
    return False


async def nan(x, word=None):
    word = word or x.server.NAN
    return await _edited(x, lambda body: NUMBERS.sub(rb"\g<1>" + word.encode(), body))


async def badutf8(x, junk="\udcff\udcfe\udcc3"):
    return await _edited(x, lambda body: NAMES.sub(rb"\g<1>" + junk.encode("utf-8", "surrogateescape"), body))


async def broken(x, part=0.5):
    return await _edited(x, lambda body: body[:int(len(body) * part)])


async def empty(x):
    return await _edited(x, lambda body: b"")


async def html(x):
    return await _edited(x, lambda body: b"<!DOCTYPE html><html><body>Please sign in</body></html>", "text/html")


async def storm(x, stale=False):
    return await x.deliver(x.server.challenge(x.request, stale))


async def raw408(x):
    await x.connection.send(GOODBYE)
    return False


async def error(x, status=503):
    return await x.deliver(x.server.error(status, x.request))


async def redirect(x, location="http://127.0.0.1:9/elsewhere", status=302):
    return await x.deliver(Response(status, headers=[("Location", location)], content_type="text/plain"))


async def garbage(x):
    await x.connection.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
    return False


async def long(x, by=100):
    return await _wrong_length(x, by)


async def short(x, by=20):
    return await _wrong_length(x, -by)


async def pace(x, rate=100_000, until=None):
    """The body of the request is taken at so many bytes a second."""
    x.wishes.rate, x.wishes.pace_until = float(rate), until
    return await x.deliver(await x.answer())


async def stall(x, at=0):
    """From there on the server takes nothing more, and says nothing, until heal()."""
    x.wishes.stall_at = int(at)
    x.core.faults.healed.clear()
    return await x.deliver(await x.answer())


async def breakoff(x, at=0, how="reset"):
    """There the connection ends: reset, close, or raw408."""
    if how not in ("reset", "close", "raw408"):
        raise ValueError(f"breakoff how={how!r}")
    x.wishes.break_at = int(at)
    try:
        return await x.deliver(await x.answer())
    except BrokenOff:
        if how == "raw408":
            await x.connection.send(GOODBYE)
        elif how == "reset":
            x.connection.reset()
        return False


async def refuse(x):
    x.core.network.off()
    return False


async def blackhole(x):
    x.core.network.blackhole()
    return await hang(x)


KINDS = {f.__name__: f for f in (hang, lost, close, reset, half, drip, slow, huge, nested, nan, badutf8, broken, empty,
                                 html, storm, raw408, error, redirect, garbage, long, short, pace, stall, breakoff,
                                 refuse, blackhole)}
# These need no request to begin.
AT_ONCE = {"refuse", "blackhole"}


async def _cut(x, part):
    """The head and a part of the body of a real answer."""
    data = b"".join(x.encode(await x.answer())[0])
    head = data.index(b"\r\n\r\n") + 4
    return data[:head + int((len(data) - head) * part)]


async def _whole(x, body):
    """A complete JSON answer with a length, then close."""
    await x.answer()
    x.core.journal.answered(x.record, 200)
    await x.connection.send(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"
                            b"Content-Length: %d\r\n\r\n" % len(body))
    for start in range(0, len(body), 1 << 16):
        await x.connection.send(body[start:start + (1 << 16)])


async def _edited(x, edit, content_type=None):
    response = await x.answer()
    if response.status == 200:
        body = edit(x.server.body(response))
        response = dataclasses.replace(response, json=None, body=body,
                                       content_type=content_type or "application/json")
    return await x.deliver(response)


async def _wrong_length(x, by):
    response = await x.answer()
    body = x.server.body(response)
    x.core.journal.answered(x.record, response.status)
    await x.connection.send(b"HTTP/1.1 %d ?\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b"
                            % (response.status, max(len(body) + by, 0), body))
    return by < 0


@dataclass
class Fault:
    """after: this many matching requests pass first; count: this many are then struck, None is all."""
    kind: str
    path: str | None = None
    method: str | None = None
    count: int | None = None
    after: int = 0
    options: dict = field(default_factory=dict)

    def matches(self, request):
        return ((self.path is None or fnmatch.fnmatchcase(request.path, self.path))
                and (self.method is None or self.method == request.method))

    def due(self):
        """Called for each matching request: does it strike this one?"""
        if self.after > 0:
            self.after -= 1
            return False
        if self.count is None:
            return True
        self.count -= 1
        return self.count >= 0

    async def strike(self, x):
        return await KINDS[self.kind](x, **self.options)


class Faults:
    def __init__(self, core):
        self.core, self.active = core, []
        self.healed = asyncio.Event()

    def add(self, kind, path=None, method=None, count=None, after=0, **options):
        check(kind, options)
        if kind in AT_ONCE and path is None and not after:
            {"refuse": self.core.network.off, "blackhole": self.core.network.blackhole}[kind]()
            return
        self.active.append(Fault(kind, path, method, count, after, options))

    def heal(self):
        self.active.clear()
        self.healed.set()
        self.core.network.on()

    def take(self, request):
        for fault in self.active:
            if fault.matches(request) and fault.due():
                return fault
        return None


def check(kind, options):
    """Raises ValueError for a fault that is not there or does not take these options."""
    if kind not in KINDS:
        raise ValueError(f"no fault {kind!r}, there are {', '.join(KINDS)}")
    known = list(inspect.signature(KINDS[kind]).parameters)[1:]
    for option in options:
        if option not in known:
            raise ValueError(f"fault {kind!r} has no option {option!r}, there are {json.dumps(known)}")
