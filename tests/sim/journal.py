"""What a printer saw: every request, every order it carried out, how many connections."""
import time
from dataclasses import dataclass, field


@dataclass
class Record:
    """One request. status stays None when it got no answer."""
    time: float
    method: str
    target: str
    headers: list
    connection: int
    body: bytes = b""
    status: int | None = None
    authenticated: bool = False
    received: int = 0       # bytes of its body that arrived here, those thrown away too
    sent: int = 0           # bytes of the answer, as far as the client took them (or its kernel)

    @property
    def expects(self):
        """Did it ask for an interim answer (Expect: 100-continue)?"""
        return self.header("Expect") is not None

    def header(self, name, default=None):
        """The last header of that name, in any case."""
        for key, value in reversed(self.headers):
            if key.lower() == name.lower():
                return value
        return default


@dataclass
class Upload:
    """A file that was sent here, from the moment the printer takes its body. status and ended: when it is over."""
    path: str               # where it goes, such as /usb/box.gcode
    size: int               # what the client announced
    overwrite: bool
    print_after: bool
    record: Record
    started: float = field(default_factory=time.time)
    ended: float | None = None
    received: int = 0
    sha256: str | None = None
    status: int | None = None
    stored: bool = False

    def over(self, response=None):
        """None: no answer was possible."""
        self.status, self.ended = response.status if response else None, time.time()


MOST_UPLOADS = 1000
MOST_REQUESTS = 20_000      # a demonstration may run for weeks


@dataclass
class Journal:
    requests: list = field(default_factory=list)
    orders: list = field(default_factory=list)
    uploads: list = field(default_factory=list)
    connections: int = 0
    open: int = 0
    max_connections: int = 0
    in_flight: int = 0
    max_in_flight: int = 0
    unauthorized: int = 0
    errors: list = field(default_factory=list)      # of the simulator itself

    def reset(self):
        """Forget the past; what is open now stays counted."""
        self.requests, self.orders, self.uploads = [], [], []
        self.connections = self.unauthorized = 0
        self.max_connections, self.max_in_flight = self.open, self.in_flight

    def opened(self):
        self.connections += 1
        self.open += 1
        self.max_connections = max(self.max_connections, self.open)

    def closed(self):
        self.open -= 1

    def begin(self, request, connection):
        record = Record(time.time(), request.method, request.target, request.headers, connection)
        self.requests.append(record)
        if len(self.requests) > MOST_REQUESTS:
            del self.requests[:MOST_REQUESTS // 2]
        self.in_flight += 1
        self.max_in_flight = max(self.max_in_flight, self.in_flight)
        return record

    def answered(self, record, status):
        record.status = status
        self.unauthorized += status in (401, 403) and not record.authenticated

    def end(self):
        self.in_flight -= 1

    def upload(self, *what):
        self.uploads.append(Upload(*what))
        del self.uploads[:-MOST_UPLOADS]
        return self.uploads[-1]

    def order(self, name, argument):
        self.orders.append((name, argument))
