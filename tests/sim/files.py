"""The files a printer holds: a tree with long names, and the 8.3 names a FAT stick gives them."""
import re
import time
from dataclasses import dataclass, field

PRINTABLE = (".g", ".gc", ".gco", ".gcode", ".bgcode", ".bgc")
SHORT_EXTENSION = {".gcode": "GCO", ".bgcode": "BGC"}


@dataclass
class File:
    name: str
    size: int = 123456
    mtime: int = 1700000000
    duration: float = 3600.0
    meta: dict = field(default_factory=dict)
    read_only: bool = False
    content: bytes | None = None

    @property
    def printable(self):
        return self.name.lower().endswith(PRINTABLE)


@dataclass
class Folder:
    name: str
    mtime: int = 1700000000
    children: list = field(default_factory=list)
    read_only: bool = False


def short_name(folder, node):
    """The 8.3 name of node, numbered among its neighbours."""
    taken = set()
    for other in folder.children:
        short = _short(other.name, isinstance(other, Folder), taken)
        if other is node:
            return short
        taken.add(short)
    raise LookupError(node.name)


def _short(name, is_folder, taken):
    stem, dot, extension = (name, "", "") if is_folder else _split(name)
    clean = re.sub(r"[^A-Z0-9_~-]", "", stem.upper()) or "_"
    short_ext = SHORT_EXTENSION.get("." + extension.lower(), re.sub(r"[^A-Z0-9]", "", extension.upper())[:3])
    if clean == stem.upper() and len(clean) <= 8 and len(extension) <= 3:
        return clean + dot + short_ext
    number = 1
    while (short := f"{clean[:7 - len(str(number))]}~{number}{dot}{short_ext}") in taken:
        number += 1
    return short


def _split(name):
    stem, dot, extension = name.rpartition(".")
    return (stem, dot, extension) if dot else (name, "", "")


class Storage:
    """One storage (usb, local, sdcard). Paths are relative to it, without leading slash."""

    def __init__(self, name, read_only=False):
        self.root = Folder(name, read_only=read_only)
        self.present = True
        self.changes = 1

    def find(self, path):
        """(node, its folder) or (None, None). Long and short names both lead there."""
        node, parent = self.root, None
        for part in filter(None, path.split("/")):
            if not isinstance(node, Folder):
                return None, None
            node, parent = self._child(node, part), node
            if node is None:
                return None, None
        return (node, parent) if self.present else (None, None)

    def short_path(self, path):
        """path with every part as its short name."""
        node, parts = self.root, []
        for part in filter(None, path.split("/")):
            child = self._child(node, part)
            parts.append(short_name(node, child))
            node = child
        return "/".join(parts)

    def add(self, path, **attributes):
        """Put a file there; missing folders are made."""
        *folders, name = path.strip("/").split("/")
        node = self.root
        for part in folders:
            child = self._child(node, part)
            if child is None:
                child = Folder(part, mtime=int(time.time()), read_only=node.read_only)
                node.children.append(child)
            node = child
        node.children = [c for c in node.children if c.name != name]
        node.children.append(File(name, read_only=node.read_only, **attributes))
        self.changes += 1
        return node.children[-1]

    def remove(self, path):
        node, parent = self.find(path)
        if node is None or parent is None:
            return False
        parent.children.remove(node)
        self.changes += 1
        return True

    @staticmethod
    def _child(folder, part):
        part = part.lower()
        for child in folder.children:
            if child.name.lower() == part or short_name(folder, child).lower() == part:
                return child
        return None
