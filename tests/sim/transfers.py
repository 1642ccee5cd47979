"""The one transfer a printer has at a time: an upload to it, or a download it does for Prusa Connect."""
import secrets
import time
from dataclasses import dataclass, field

FROM_CLIENT, FROM_CONNECT = "FROM_CLIENT", "FROM_CONNECT"
BRIEF = 0.0001      # seconds; less than that says nothing about a rate


@dataclass
class Transfer:
    """began: by the printer's clock. rate: bytes a second of one that nobody sends (None: it rests)."""
    kind: str
    path: str
    size: int
    began: float
    to_print: bool = False
    url: str | None = None
    rate: float | None = None
    transferred: int = 0
    base: int = 0       # what was there when it began
    id: int = field(default_factory=lambda: secrets.randbelow(2 ** 31 - 1) + 1)
    stopped: bool = False       # somebody wants it to end
    lost_power: bool = False
    started_monotonic: float = field(default_factory=time.monotonic)
    started_time: float = field(default_factory=time.time)

    @property
    def name(self):
        return self.path.rpartition("/")[2]

    @property
    def fraction(self):
        return self.transferred / self.size if self.size else 0.0


class Transfers:
    def __init__(self, core):
        self.core, self.now = core, None
        self.cut = None         # the next document that shows this one breaks off in its middle

    def start(self, kind, path, size, **more):
        """None when another one runs."""
        self.tick()
        if self.now:
            return None
        self.now = Transfer(kind, path, size, self.core.clock.now(), **more)
        return self.now

    def over(self, transfer):
        """It is no longer the current one. Harmless when it was not."""
        if self.now is transfer:
            self.now = None

    def seconds(self, transfer):
        return self.core.clock.now() - transfer.began

    def remaining(self, transfer):
        """By the rate so far; None while that is unknown."""
        passed = self.seconds(transfer)
        if passed < BRIEF or not transfer.transferred:
            return None
        return int((transfer.size - transfer.transferred) / (transfer.transferred / passed))

    # -- the ones of Connect

    def foreign(self, path, size, rate=None, transferred=0, to_print=False, url=None):
        if not (transfer := self.start(FROM_CONNECT, path, size, rate=rate, to_print=to_print, url=url)):
            raise RuntimeError(f"{self.core.name} has a transfer already")
        transfer.transferred = transferred
        transfer.base = transferred
        self.core.server.download_begins(transfer)
        return transfer

    def tick(self):
        """Let one of Connect go on; when all is there it ends by itself."""
        transfer = self.now
        if transfer is None or transfer.kind != FROM_CONNECT or transfer.rate is None:
            return
        transfer.transferred = min(transfer.size, transfer.base + int(transfer.rate * self.seconds(transfer)))
        if transfer.transferred >= transfer.size:
            self.end()

    def end(self, finished=True, cut=False):
        """End one of Connect. cut: just as a document about it is being written."""
        transfer, self.now = self.now, None
        if transfer is None:
            return
        self.cut = transfer if cut else None
        if transfer.kind == FROM_CONNECT:
            self.core.server.download_ends(transfer, finished)

    def shown(self):
        """(transfer or None, must the document about it break off?)"""
        self.tick()
        if self.cut is not None:
            transfer, self.cut = self.cut, None
            return transfer, True
        return self.now, False
