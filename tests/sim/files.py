"""The files a printer holds: a tree with long names, and the 8.3 names a FAT stick gives them."""
import itertools
import re
import time
import zlib
from dataclasses import dataclass, field

from .wire import raw

PRINTABLE = (".g", ".gc", ".gco", ".gcode", ".bgcode", ".bgc")
SHORT_EXTENSION = {".gcode": "GCO", ".bgcode": "BGC"}
NUMBERED = 5        # collisions of a short name that are counted, further ones get a hash (FatFs gen_numname)
BLOCK = 1 << 16
FILLER = (b"; a line of a simulated file 000\n" * (BLOCK // 32 + 1))[:BLOCK]


@dataclass(slots=True)
class File:
    name: str
    size: int = 123456
    mtime: int = 1700000000
    duration: float = 3600.0
    meta: dict = field(default_factory=dict)
    read_only: bool = False
    content: bytes | None = None        # None: so many bytes of no interest
    thumbnails: dict = field(default_factory=dict)      # (width, height) -> PNG
    sha256: str | None = None           # of what was uploaded
    transferring: bool = False          # a download of Connect that is not complete
    short: str = ""
    seen_at: float = 0.0                # by the clock; earlier nobody knows of it (a Pi looks at its directory now and then)

    def __post_init__(self):
        if isinstance(self.content, str):
            self.content = self.content.encode()
        if self.content is not None:
            self.size = len(self.content)

    @property
    def printable(self):
        return self.name.lower().endswith(PRINTABLE)

    def pieces(self):
        """Its bytes, a block at a time."""
        if self.content is not None:
            yield from (self.content[i:i + BLOCK] for i in range(0, self.size, BLOCK))
            return
        for start in range(0, self.size, BLOCK):
            yield FILLER[:min(BLOCK, self.size - start)]


class Folder:
    """fat: names are found in any case, and by their short names too."""

    def __init__(self, name, mtime=1700000000, read_only=False, fat=True):
        self.name, self.mtime, self.read_only, self.short = name, mtime, read_only, ""
        self.fat, self.seen_at = fat, 0.0
        self._by_long, self._by_short = {}, {}

    @property
    def children(self):
        return list(self._by_long.values())

    def put(self, node):
        """Add it, in the place of what had its name."""
        key = self._key(node.name)
        if self.fat:
            before = self._by_long.get(key)
            node.short = before.short if before else self._new_short(node)
            self._by_short[node.short.lower()] = node
        self._by_long[key] = node
        return node

    def drop(self, node):
        del self._by_long[self._key(node.name)]
        self._by_short.pop(node.short.lower(), None)

    def child(self, name):
        return self._by_long.get(self._key(name)) or self._by_short.get(name.lower())

    def _key(self, name):
        return name.lower() if self.fat else name

    def _new_short(self, node):
        stem, dot, extension = (node.name, "", "") if isinstance(node, Folder) else _split(node.name)
        clean = re.sub(r"[^A-Z0-9_~-]", "", stem.upper()) or "_"
        short_ext = SHORT_EXTENSION.get("." + extension.lower(), re.sub(r"[^A-Z0-9]", "", extension.upper())[:3])
        if clean == stem.upper() and len(clean) <= 8 and len(extension) <= 3:
            return clean + dot + short_ext
        for number in itertools.count(1):
            tail = str(number) if number <= NUMBERED else f"{zlib.crc32(raw(node.name + str(number))) & 0xffff:X}"
            short = f"{clean[:7 - len(tail)]}~{tail}{dot}{short_ext}"
            if short.lower() not in self._by_short:
                return short


def _split(name):
    stem, dot, extension = name.rpartition(".")
    return (stem, dot, extension) if dot else (name, "", "")


class Storage:
    """One storage (usb, local, sdcard). Paths are relative to it, without leading slash."""

    def __init__(self, name, read_only=False, fat=True):
        self.root = Folder(name, read_only=read_only, fat=fat)
        self.present = True
        self.changes = 1
        self.free = None        # bytes; None: plenty
        self.fragmented = False     # there is room, but not in one piece

    def changed(self):
        self.changes += 1

    def find(self, path):
        """(node, its folder) or (None, None). Long and short names both lead there."""
        node, parent = self.root, None
        for part in filter(None, path.split("/")):
            if not isinstance(node, Folder):
                return None, None
            node, parent = node.child(part), node
            if node is None:
                return None, None
        return (node, parent) if self.present else (None, None)

    def through_file(self, path):
        """Does the way to path lead through a file?"""
        node = self.root
        for part in list(filter(None, path.split("/")))[:-1]:
            node = node.child(part)
            if node is None:
                return False
            if not isinstance(node, Folder):
                return True
        return False

    def short_path(self, path):
        """path with every part as its short name."""
        node, parts = self.root, []
        for part in filter(None, path.split("/")):
            node = node.child(part)
            parts.append(node.short)
        return "/".join(parts)

    def long_path(self, path):
        """path with every part as its long name."""
        node, parts = self.root, []
        for part in filter(None, path.split("/")):
            node = node.child(part)
            parts.append(node.name)
        return "/".join(parts)

    def folder(self, path):
        """The folder at path, made with all above it."""
        node = self.root
        for part in filter(None, path.split("/")):
            inner = node.child(part)
            if inner is None:
                inner = node.put(Folder(part, int(time.time()), node.read_only, node.fat))
                self.changed()
            node = inner
        return node

    def add(self, path, **attributes):
        """Put a file there; missing folders are made."""
        folder, _, name = path.strip("/").rpartition("/")
        parent = self.folder(folder)
        self.changed()
        return parent.put(File(name, **{"read_only": parent.read_only} | attributes))

    def remove(self, path):
        node, parent = self.find(path)
        if node is None or parent is None:
            return False
        parent.drop(node)
        self.changed()
        return True

    def walk(self, folder=None, prefix=""):
        """(path, file) of every file."""
        for child in (folder or self.root).children:
            path = f"{prefix}/{child.name}"
            if isinstance(child, Folder):
                yield from self.walk(child, path)
            else:
                yield path, child
