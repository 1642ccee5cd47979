"""PUT of a file or a folder to PrusaLink (web/files.py file_upload): every row as seen on 0.8.1."""
import time
import urllib.parse

from ..body import Body, Gone, Keeper
from ..files import File, Folder
from ..transfers import FROM_CLIENT
from ..wire import Response, raw
from . import orders
from .answers import (CARD_READ_ONLY, FILE_EXISTS, FORBIDDEN_CHARACTERS, LENGTH_REQUIRED, NO_LOCATION, NOT_TO_PRINT, TIRED,
                      UNSUPPORTED_MEDIA, UPLOAD_FAILED, done, problem)

BLOCK = 65365           # it reads so many bytes at a time, and never a last one that is alone
LONGEST = 248           # bytes of a file name
FORBIDDEN = '\\?"%¯°#ˇ'
TYPES = ("application/octet-stream", "text/x.gcode")
LOOKS, EVERY = 10, 0.1  # how often, in seconds, it looks for a file to print in its tree


def put(core, request, storage_name, path):
    if storage_name not in core.storages:
        return problem(request, 404, *NO_LOCATION)
    if storage_name == "sdcard":
        return problem(request, 409, *CARD_READ_ONLY)
    path = urllib.parse.unquote(path, errors="surrogateescape")
    if any(character in path for character in FORBIDDEN):
        return problem(request, 400, *FORBIDDEN_CHARACTERS)
    if request.header("Create-Folder") == "?1":
        return make_folder(core, request, path)
    upload = Incoming(core, request, path)
    return upload.refused_at_once() or Response(0, later=upload.receive)


def make_folder(core, request, path):
    """Also when it is there already."""
    local = core.storages["local"]
    there = local.find(path)[0]
    if local.through_file(path) or there is not None and not isinstance(there, Folder):
        return core.server.page(500, request)
    local.folder(path)
    core.ordered("create_folder", f"/local/{path}")
    return done(201)


def outside(path):
    """Does .. lead out of the directory? The server itself does not ask."""
    depth = 0
    for part in path.split("/"):
        depth += {"": 0, ".": 0, "..": -1}.get(part, 1)
        if depth < 0:
            return True
    return False


class Incoming:
    def __init__(self, core, request, path):
        self.core, self.request, self.path = core, request, path
        self.local = core.storages["local"]
        self.size = request.content_length or 0
        self.kind = request.header("Content-Type", "text/plain").partition(";")[0].strip()
        self.overwrite = request.header("Overwrite") == "?1"
        self.print_after = request.header("Print-After-Upload") == "?1"
        self.transfer = None

    @property
    def name(self):
        return self.path.rpartition("/")[2]

    @property
    def there(self):
        """What has this name now. Files outside of the directory are none of the simulator's."""
        return self.core.server.outside.get(self.path) if outside(self.path) else self.local.find(self.path)[0]

    # -- before the body

    def refused_at_once(self):
        if self.kind not in TYPES:
            return problem(self.request, 415, *UNSUPPORTED_MEDIA)
        if self.size <= 0:
            return problem(self.request, 411, *LENGTH_REQUIRED)
        if not self.overwrite and self.there is not None:
            return problem(self.request, 409, *FILE_EXISTS)
        if self.local.through_file(self.path) or len(raw(self.name)) > LONGEST:
            return self._stumbles()
        if not outside(self.path):
            self._folder()
        self.transfer = self.core.transfers.start(FROM_CLIENT, self.name, self.size, to_print=self.print_after)
        return None if self.transfer else self._stumbles()

    def _stumbles(self):
        """An exception that nobody catches."""
        return self.core.server.page(500, self.request)

    def _folder(self):
        """A folder in a new folder has no time of its own."""
        parts = self.path.split("/")[:-1]
        new = [i for i in range(len(parts)) if self.local.find("/".join(parts[:i + 1]))[0] is None]
        self.local.folder("/".join(parts))
        for i in new[1:]:
            self.local.find("/".join(parts[:i + 1]))[0].mtime = None

    # -- the body

    async def receive(self, exchange):
        record = self.core.journal.upload(f"/local/{self.path}", self.size, self.overwrite, self.print_after,
                                          exchange.record)
        response = None
        try:
            response = await self._receive(exchange, record)
        finally:
            record.over(response)
        return response

    async def _receive(self, exchange, record):
        body = Body(exchange, self.size - (self.size % BLOCK == 1))
        keeper = Keeper(int(self.core.options["keep"]), self.core.options["hashed"])
        try:
            async for piece in body:
                keeper.take(piece)
                record.received = keeper.size
                self.transfer.transferred = keeper.size // BLOCK * BLOCK if keeper.size < self.size else self.size
                if self.local.free is not None and keeper.size > self.local.free:
                    return self._stumbles()     # the transfer then runs for ever
                if self.transfer.stopped:
                    break
        except Gone:
            pass
        # A reset of the connection is an exception instead: the transfer then runs for ever, too [seen].
        self.core.transfers.over(self.transfer)
        self._part(keeper)
        return await self._store(keeper, record)

    def _part(self, keeper):
        """.NAME.part, in the directory itself whatever the path."""
        self.local.root.put(self._node(f".{self.name}.part", keeper))

    @staticmethod
    def _node(name, keeper, seen_at=0.0):
        return File(name, mtime=int(time.time()), seen_at=seen_at, **keeper.file())

    # -- after the body

    async def _store(self, keeper, record):
        if keeper.size < self.size:
            return problem(self.request, 400, *UPLOAD_FAILED)
        if self.kind == "application/octet-stream":
            return self._looked_into()
        if not self.overwrite and self.there is not None:
            return problem(self.request, 409, *FILE_EXISTS)
        if isinstance(self.there, Folder):
            return self._stumbles()
        self._rename(keeper)
        record.sha256, record.stored = keeper.sha256, True
        self.core.ordered("upload", f"/local/{self.path}")
        return await self._print() if self.print_after else done(201)

    def _looked_into(self):
        """It looks at the old file instead of the new one, and removes that if there is one."""
        if self.there is None:
            return self._stumbles()
        self.local.remove(self.path)
        return problem(self.request, 415, *UNSUPPORTED_MEDIA)

    def _rename(self, keeper):
        self.local.remove(f".{self.name}.part")
        if outside(self.path):
            self.core.server.outside[self.path] = self._node(self.name, keeper)
            return
        new = self.there is None
        lag = float(self.core.options["tree_lag"]) if new else 0.0
        folder = self.local.folder(self.path.rpartition("/")[0])
        folder.put(self._node(self.name, keeper, self.core.clock.now() + lag))
        self.local.changed()

    async def _print(self):
        """It waits a second for the file to show up in its own tree."""
        for _ in range(LOOKS):
            node = None if outside(self.path) else self.there
            if node is not None and node.seen_at <= self.core.clock.now():
                break
            await self.core.clock.sleep(EVERY)
        else:
            return problem(self.request, 408, *TIRED)
        self.core.tick()
        if self.core.machine.state not in ("IDLE", "READY", "BUSY") or self.core.machine.job:
            return problem(self.request, 409, *NOT_TO_PRINT)
        orders.start(self.core, f"/local/{self.path}")
        return done(201)
