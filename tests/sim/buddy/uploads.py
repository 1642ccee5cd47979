"""PUT of a file or a folder to Buddy (nhttp/gcode_upload.cpp, splice.cpp): what it checks before, in and after the body."""
import re
import time

from ..body import Body, BrokenOff, Gone, Keeper
from ..faults import GOODBYE
from ..files import PRINTABLE, Folder
from ..transfers import FROM_CLIENT
from ..wire import Response, raw, text
from . import files, orders

PATH_LIMIT = 103        # bytes, with /usb/ (PutParams.filepath); the rest is cut off in silence
FORBIDDEN = re.compile(r'["*:<>?|\\\x00-\x1f\x7f]')
TRUE = ("true", "1", "?1")
SPLICED = (5, 0)        # since then a slot of its own takes the body, and answers in full


def put(core, request, path):
    """path: decoded, such as /usb/box.gcode."""
    if request.header("Create-Folder") == "?1" and core.server.firmware >= (5, 1):
        return make_folder(core, path)
    path = text(raw(path)[:PATH_LIMIT])
    size = request.content_length
    if size is None:
        return Response(411, closing="linger")
    if size == 0:
        return Response(501, message="0-sized files aren't implemented", closing="linger")
    upload = Incoming(core, request, path, size)
    return upload.refused_at_once() or Response(0, later=upload.receive)


def make_folder(core, path):
    usb = core.storages["usb"]
    if not usb.present or usb.find(path[5:].rpartition("/")[0])[0] is None or FORBIDDEN.search(path):
        return Response(500, message="Error creating directory")
    if usb.find(path[5:])[0] is not None:
        return Response(409, message="Already exists")
    usb.folder(path[5:])
    core.ordered("create_folder", path)
    return Response(201)


class Incoming:
    def __init__(self, core, request, path, size):
        self.core, self.request, self.path, self.size = core, request, path, size
        self.usb = core.storages["usb"]
        self.overwrite = request.header("Overwrite") == "?1"
        self.print_after = request.header("Print-After-Upload", "").lower() in TRUE
        self.transfer = self.temporary = None

    # -- before the body

    def refused_at_once(self):
        self.transfer = self.core.transfers.start(FROM_CLIENT, self.path, self.size, to_print=self.print_after)
        if self.transfer is None:
            return Response(409, message="Another transfer in progress", closing="linger")
        message = self._no_room()
        if message:
            self.core.transfers.over(self.transfer)
            return Response(507, message=message, closing="linger")
        self.temporary = f"{self.core.server.next_temporary()}.tmp"
        self.usb.add(self.temporary, size=self.size, mtime=int(time.time()))
        return None

    def _no_room(self):
        if not self.usb.present:
            return "Failed to open file"
        if self.usb.fragmented:
            return "File is not contiguous"
        if self.usb.free is not None and self.size > self.usb.free:
            return "USB drive full"
        return None

    # -- with its first bytes

    def refused_name(self):
        """(status, message) or None."""
        if not self.path.lower().endswith(PRINTABLE):
            return 415, "Not a GCODE"
        folder, parent_file = self._folder()
        if parent_file:
            return 409, "Conflicting upload path"
        if folder is None:
            return None         # then all else is found out at the end
        node = self.usb.find(self.path[5:])[0]
        if self.overwrite:
            return (409, "File is busy") if node is not None and self.core.printed(node) else None
        return self._not_to_be_renamed(node)

    def _folder(self):
        """(the folder it goes to or None, is that a file?)"""
        node = self.usb.find(self.path[5:].rpartition("/")[0])[0]
        return (node, False) if isinstance(node, Folder) else (None, node is not None)

    def _not_to_be_renamed(self, node):
        if isinstance(node, Folder) and self.overwrite:
            return 409, "Is a directory or ongoing transfer"
        if node is not None and not self.overwrite:
            return 409, "File already exists"
        if node is not None and self.core.printed(node):
            return 409, "File is busy"
        if FORBIDDEN.search(self.path):
            return 422, "Filename contains invalid characters"
        return None

    # -- the body

    async def receive(self, exchange):
        core = self.core
        record = core.journal.upload(self.path, self.size, self.overwrite, self.print_after, exchange.record)
        response = None
        async with core.server.beside_the_slots():
            try:
                response = await self._receive(exchange, record)
            finally:
                record.over(response)
                core.transfers.over(self.transfer)
                if not self.transfer.lost_power:
                    self.usb.remove(self.temporary)
        return response

    async def _receive(self, exchange, record):
        body = Body(exchange, self.size, self.core.server.active_timeout())
        keeper = Keeper(int(self.core.options["keep"]), self.core.options["hashed"])
        try:
            await body.begins()
            refusal = self.refused_name()
            if refusal:
                return Response(refusal[0], message=refusal[1], closing="linger")
            async for piece in body:
                keeper.take(piece)
                record.received = self.transfer.transferred = keeper.size
                refusal = self._trouble(keeper.size)
                if refusal:
                    return refusal
        except Gone:
            return plain(400, "Connection closed by client")
        except TimeoutError:
            return await self._timed_out(exchange)
        return self._store(keeper, record)

    def _trouble(self, taken):
        if self.transfer.stopped:
            return plain(503, "Upload stopped from connect")
        if not self.usb.present or self.usb.free is not None and taken > self.usb.free:
            return plain(507, "USB write error or USB full")
        return None

    async def _timed_out(self, exchange):
        if self.core.server.firmware < SPLICED:
            await exchange.connection.send(GOODBYE)
            raise BrokenOff
        return plain(408, "Connection timeout")

    # -- after the body

    def _store(self, keeper, record):
        refusal = self._refused_place()
        if refusal:
            return plain(*refusal)
        record.sha256, record.stored = keeper.sha256, True
        core, folder = self.core, self.path[5:].rpartition("/")[0]
        self.usb.folder(folder)
        self.usb.remove(self.temporary)
        node = self.usb.add(self.path[5:], mtime=int(time.time()), **keeper.file())
        core.transfers.over(self.transfer)
        core.ordered("upload", self.path)
        if self.print_after and orders.start(core, self.path, node) != 204:
            return plain(409, "Can't print right now")
        short = "/usb/" + self.usb.short_path(self.path[5:])
        return Response(201, json=files.file_document(core, node, short), closing="close")

    def _refused_place(self):
        if self.usb.through_file(self.path[5:]):
            return 404, "Destination directory does not exist"
        return self._not_to_be_renamed(self.usb.find(self.path[5:])[0])


def plain(status, message):
    """The pages after the body are text, whatever Accept says."""
    return Response(status, message=message, closing="linger", plain=True)
