"""Pictures without a library: small PNGs for previews, one JPEG for cameras."""
import base64
import re
import struct
import zlib

PREVIEW = re.compile(rb"; thumbnail begin (\d+)x(\d+) \d+\s*\n(.*?); thumbnail end", re.S)
HEAD = 1 << 20      # previews are in the head of a file
MAGIC, GCODE, THUMBNAIL = b"GCDE", 1, 5     # of a .bgcode and its blocks


def png(width, height, seed=0):
    """A box on a plate, in a colour of its own."""
    plate, colour = (38, 38, 44), [(seed * k) % 156 + 100 for k in (37, 91, 53)]
    rows = bytearray()
    for y in range(height):
        rows.append(0)      # no filter
        for x in range(width):
            u, v = x / width - 0.5, y / height - 0.5
            if abs(u) + abs(v) * 1.4 < 0.38:
                rows += bytes(int(c * (0.75 + u / 2)) for c in colour)
            else:
                rows += bytes(plate)
    return (b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
            + _chunk(b"IDAT", zlib.compress(bytes(rows), 9)) + _chunk(b"IEND", b""))


def _chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def previews(seed=0, sizes=((16, 16), (220, 124))):
    return {size: png(*size, seed=seed) for size in sizes}


def in_gcode(pictures):
    """The lines a slicer writes for them."""
    lines = []
    for (width, height), picture in pictures.items():
        text = base64.b64encode(picture).decode()
        lines += [f"; thumbnail begin {width}x{height} {len(text)}"]
        lines += [f"; {text[i:i + 78]}" for i in range(0, len(text), 78)] + ["; thumbnail end", ";"]
    return "\n".join(lines) + "\n"


def previews_of(content):
    """The PNGs in the head of a .gcode or .bgcode."""
    found = {}
    for width, height, picture in _in_blocks(content) if content.startswith(MAGIC) else _in_comments(content[:HEAD]):
        if picture.startswith(b"\x89PNG"):
            found[width, height] = picture
    return found


def _in_comments(content):
    for match in PREVIEW.finditer(content):
        yield int(match[1]), int(match[2]), base64.b64decode(re.sub(rb"[^A-Za-z0-9+/=]", b"", match[3]))


def _in_blocks(content):
    """Blocks of a .bgcode: type, compression, size, size if compressed, parameters, data, checksum."""
    at, check = 10, 4 * (content[8:10] == b"\1\0")
    while at + 8 <= len(content):
        kind, packed, size = struct.unpack_from("<HHI", content, at)
        at += 8
        if packed:
            size, at = struct.unpack_from("<I", content, at)[0], at + 4
        if kind == THUMBNAIL and not packed:
            _, width, height = struct.unpack_from("<HHH", content, at)
            yield width, height, content[at + 6:at + 6 + size]
        elif kind == GCODE:
            return
        at += (6 if kind == THUMBNAIL else 2) + size + check


# 8 x 8 pixels of grey, the smallest baseline JPEG with standard tables.
JPEG = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb004300"
    + "10" * 64 +
    "ffc0000b080008000801011100"
    "ffc40014000100000000000000000000000000000007"
    "ffc40014100100000000000000000000000000000000"
    "ffda0008010100003f0037ffd9")


def jpeg(number=0):
    """A picture of a camera; each has its number in a comment, so that no two are the same."""
    note = f"picture {number}".encode()
    return JPEG[:2] + b"\xff\xfe" + struct.pack(">H", len(note) + 2) + note + JPEG[2:]
