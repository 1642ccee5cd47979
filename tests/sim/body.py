"""The body of an upload: taken piece by piece, counted, hashed, kept when it is small."""
import asyncio
import hashlib
from dataclasses import dataclass

PIECE = 1 << 18
MOST_AT_ONCE = 0.05     # seconds of a paced body taken in one go


class BrokenOff(Exception):
    """The test wanted the connection to end here."""


class Gone(Exception):
    """The client closed its side before all was there."""


@dataclass
class BodyWishes:
    """What a test wants to happen on the way, see faults.py."""
    rate: float | None = None
    pace_until: int | None = None
    stall_at: int | None = None
    break_at: int | None = None

    def room(self, taken):
        """How many bytes may be taken before something happens."""
        marks = [mark - taken for mark in (self.stall_at, self.break_at) if mark is not None]
        paced = [max(int(self.rate * MOST_AT_ONCE), 1)] if self.paces(taken) else []
        return min([PIECE, *marks, *paced])

    def paces(self, taken):
        return self.rate is not None and (self.pace_until is None or taken < self.pace_until)


class Body:
    """async for piece in Body(...): so many bytes of the connection. Raises Gone, BrokenOff, TimeoutError."""

    def __init__(self, exchange, size, patience=None):
        self.connection, self.record, self.wishes = exchange.connection, exchange.record, exchange.wishes
        self.core, self.size, self.patience = exchange.core, size, patience
        self.taken = self.record.received = 0

    async def __aiter__(self):
        while self.taken < self.size:
            yield await self._piece()

    async def begins(self):
        """Wait for its first byte."""
        if not self.connection.buffer:
            await self._more()

    async def _piece(self):
        await self.core.network.awake.wait()
        room = self.wishes.room(self.taken)
        if room <= 0:
            await self._mark()
        if not self.connection.buffer:
            await self._more()
        piece = self.connection.take(min(room, self.size - self.taken))
        self.taken += len(piece)
        self.record.received = self.taken
        if self.wishes.paces(self.taken):
            await asyncio.sleep(len(piece) / self.wishes.rate)
        return piece

    async def _mark(self):
        if self.wishes.break_at is not None and self.taken >= self.wishes.break_at:
            raise BrokenOff
        self.wishes.stall_at = None
        await self.core.faults.healed.wait()

    async def _more(self):
        async with self.core.clock.timeout(self.patience):
            if not await self.connection.more():
                raise Gone


class Keeper:
    """What becomes of the bytes. keep: the most that is held in memory; hashed: a sha256 costs time."""

    def __init__(self, keep, hashed=True):
        self.keep, self.size = keep, 0
        self.hash = hashlib.sha256() if hashed else None
        self.content = bytearray()

    def take(self, piece):
        self.size += len(piece)
        if self.hash:
            self.hash.update(piece)
        if self.content is not None:
            self.content += piece
            if self.size > self.keep:
                self.content = None

    @property
    def sha256(self):
        return self.hash.hexdigest() if self.hash else None

    def file(self):
        """What add() wants to know of it."""
        kept = {"content": bytes(self.content)} if self.content is not None else {"size": self.size}
        return kept | {"sha256": self.sha256}
