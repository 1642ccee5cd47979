"""Record files/: heads and tails of what real slicers write, with their own figures.

    /usr/bin/python3 tests/metadata/record.py

Needs PrusaSlicer 2.5 (Debian 12), PrusaSlicer 2.9 and bgcode (Debian 13), Slic3r 1.3 and CuraEngine 4.13 with the
definitions of the package cura; each command may be given in the environment (PRUSA25, PRUSA29, BGCODE, SLIC3R, CURA).
All run in RECORD_FOLDER. The middle of each file is left out: files.tsv says how long the head is and the whole was."""
import base64
import math
import os
import pathlib
import re
import shlex
import struct
import subprocess
import zlib

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(os.environ.get("RECORD_FOLDER", "/tmp/record"))
TOOLS = {"prusa25": os.environ.get("PRUSA25", "prusa-slicer"), "prusa29": os.environ.get("PRUSA29", "prusa-slicer"),
         "slic3r": os.environ.get("SLIC3R", "slic3r"), "cura": os.environ.get("CURA", "CuraEngine"),
         "bgcode": os.environ.get("BGCODE", "bgcode")}

ONE = {"nozzle_diameter": "0.4", "filament_diameter": "1.75", "filament_density": "1.24", "filament_type": "PLA"}
THREE = {"nozzle_diameter": "0.4,0.4,0.4", "filament_diameter": "1.75,1.75,1.75", "filament_density": "1.24,1.27,1.2",
         "filament_type": "PLA;PETG;TPU", "extruder_offset": "0x0,0x0,0x0"}
TWO_USED = THREE | {"perimeter_extruder": "1", "infill_extruder": "3", "solid_infill_extruder": "3"}
ALL_USED = THREE | {"perimeter_extruder": "1", "infill_extruder": "2", "solid_infill_extruder": "3"}
PICTURES = [(16, 16, "PNG"), (220, 124, "PNG"), (64, 48, "JPG"), (313, 173, "QOI")]

# name, tool, model, settings, how it goes on: pictures are put in, bgcode packs it with these options
CASES = [
    ("prusa25_cube", "prusa25", "cube", ONE | {"layer_height": "0.2"}, {}),
    ("prusa25_plate", "prusa25", "plate", ONE | {"layer_height": "0.3", "filament_type": "PETG",
                                                 "filament_density": "1.27", "fill_density": "90%"}, {}),
    ("prusa25_two_of_three", "prusa25", "cube", TWO_USED | {"layer_height": "0.15"}, {}),
    ("prusa25_three", "prusa25", "star", ALL_USED | {"layer_height": "0.1"}, {}),
    ("prusa25_tower_pictures", "prusa25", "tower", ONE | {"layer_height": "0.25"}, {"pictures": PICTURES}),
    ("prusa25_days", "prusa25", "block", ONE | {"layer_height": "0.1", "max_print_speed": "20", "infill_speed": "10",
                                                "perimeter_speed": "10", "fill_density": "30%"}, {}),
    ("prusa29_cube", "prusa29", "cube", ONE | {"layer_height": "0.2"}, {}),
    ("prusa29_star", "prusa29", "star", ALL_USED | {"layer_height": "0.12"}, {}),
    ("prusa29_plate", "prusa29", "plate", TWO_USED | {"layer_height": "0.3", "brim_width": "5"}, {}),
    ("prusa29_vase_pictures", "prusa29", "tower", ONE | {"layer_height": "0.3", "fill_density": "0", "perimeters": "1",
                                                         "top_solid_layers": "0", "filament_type": "ASA"},
     {"pictures": PICTURES}),
    ("slic3r_cube", "slic3r", "cube", ONE | {"layer_height": "0.2"}, {}),
    ("slic3r_two", "slic3r", "plate", TWO_USED | {"layer_height": "0.25"}, {}),
    ("cura_cube", "cura", "cube", {"layer_height": "0.2", "material_diameter": "1.75"}, {}),
    ("prusa29_cube_binary", "prusa29", "cube", ONE | {"layer_height": "0.2"}, {"binary": True}),
    ("prusa29_two_of_three_binary", "prusa29", "cube", TWO_USED | {"layer_height": "0.15"}, {"binary": True}),
    ("prusa29_plate_binary", "prusa29", "plate", ALL_USED | {"layer_height": "0.2"}, {"binary": True}),
    ("prusa29_days_binary", "prusa29", "block", ONE | {"layer_height": "0.15", "infill_speed": "10",
                                                       "perimeter_speed": "10", "filament_type": "PC Blend"},
     {"binary": True}),
    ("packed_none", "prusa29", "star", ONE | {"layer_height": "0.2"}, {"pictures": PICTURES, "pack": (0, 0, 0)}),
    ("packed_deflate", "prusa29", "tower", TWO_USED | {"layer_height": "0.2"},
     {"pictures": PICTURES, "pack": (1, 1, 1)}),
    ("packed_heatshrink_11", "prusa29", "plate", ONE | {"layer_height": "0.28"},
     {"pictures": PICTURES, "pack": (2, 2, 1)}),
    ("packed_heatshrink_12", "prusa29", "cube", ALL_USED | {"layer_height": "0.07"}, {"pack": (3, 3, 1)}),
]


def prism(path, corners, height):
    def facet(*points):
        return ("facet normal 0 0 0\nouter loop\n" + "".join("vertex %g %g %g\n" % p for p in points) +
                "endloop\nendfacet\n")
    out, count = "solid x\n", len(corners)
    cx, cy = (sum(c[i] for c in corners) / count for i in (0, 1))
    for a, b in zip(corners, corners[1:] + corners[:1]):
        out += facet((*a, 0), (*b, 0), (*b, height)) + facet((*a, 0), (*b, height), (*a, height))
        out += facet((cx, cy, 0), (*b, 0), (*a, 0)) + facet((cx, cy, height), (*a, height), (*b, height))
    path.write_text(out + "endsolid x\n")


def models():
    def around(radius, count):
        return [(radius(i) * math.cos(2 * math.pi * i / count), radius(i) * math.sin(2 * math.pi * i / count))
                for i in range(count)]
    prism(WORK / "cube.stl", [(0, 0), (20, 0), (20, 20), (0, 20)], 20)
    prism(WORK / "plate.stl", [(0, 0), (80, 0), (80, 60), (0, 60)], 3)
    prism(WORK / "block.stl", [(0, 0), (150, 0), (150, 150), (0, 150)], 60)
    prism(WORK / "tower.stl", around(lambda i: 8, 32), 60)
    prism(WORK / "star.stl", around(lambda i: 20 if i % 2 else 9, 12), 12)


def run(tool, *arguments):
    done = subprocess.run([*shlex.split(TOOLS[tool]), *arguments], cwd=WORK, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
    if done.returncode:
        raise SystemExit(f"{tool}: {done.stdout[-1000:]}")
    return done.stdout


def cura(model, settings, out):
    arguments = ["slice", "-v", "-j", os.environ["CURA_DEFINITION"], "-s", "mesh_rotation_matrix=[[1,0,0],[0,1,0],[0,0,1]]"]
    for item in settings.items():
        arguments += ["-s", "=".join(item)]
    said = run("cura", *arguments, "-o", out, "-l", model + ".stl")
    seconds = re.search(r"Print time \(s\): (\d+)", said)[1]
    length = float(re.search(r"Filament \(mm\^3\): (\d+)", said)[1]) / (math.pi * 0.875 ** 2) / 1000
    # The engine leaves placeholders that Cura itself fills in like this.
    text = (WORK / out).read_text().replace(";TIME:6666", ";TIME:" + seconds)
    (WORK / out).write_text(text.replace(";Filament used: 0m", f";Filament used: {length:g}m"))


def slice_model(case, tool, model, settings, out, *more):
    if tool == "cura":
        return cura(model, settings, out)
    if tool == "slic3r":
        settings = {key: value for key, value in settings.items() if key != "filament_type"}
    (WORK / "case.ini").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    run(tool, "--load", "case.ini", *(["--export-gcode"] if tool != "slic3r" else []), model + ".stl", "-o", out, *more)


def picture(width, height, kind):
    if kind == "QOI":
        return b"qoif" + struct.pack(">IIBB", width, height, 3, 0) + b"\xfd" * (width * height // 62) + bytes(7) + b"\1"
    if kind == "JPG":
        return b"\xff\xd8\xff\xe0" + bytes((i * 37 + width) % 251 for i in range(701)) + b"\xff\xd9"
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + bytes((x * y + x) % 256 if x % 8 < 2 else y % 256 for x in range(width)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))


def with_pictures(text, pictures):
    """As PrusaSlicer puts them behind its first line."""
    first, _, rest = text.partition("\n")
    out = first + "\n\n"
    for width, height, kind in pictures:
        coded = base64.b64encode(picture(width, height, kind)).decode()
        word = "thumbnail" if kind == "PNG" else "thumbnail_" + kind
        out += f";\n; {word} begin {width}x{height} {len(coded)}\n"
        out += "".join(f"; {coded[i:i + 78]}\n" for i in range(0, len(coded), 78)) + f"; {word} end\n;\n\n"
    return out + rest


def figures(text, settings):
    """What the slicer says for people to read: independent of how the bridge reads it."""
    def sums(pattern, factor=1):
        found = [float(n) * factor for n in re.findall(pattern, text)]
        return sum(found)
    length = (sum(float(n) for n in (re.findall(r"; filament used \[mm\] = (.*)", text) or ["0"])[0].split(",")) or
              sums(r"; filament used = ([\d.]+)mm") or sums(r";Filament used: ([\d.]+)m", 1000))
    weight = sums(r"; total filament used \[g\] = ([\d.]+)") or sums(r"; filament used = ([\d.]+)g\n")
    time = re.search(r"; estimated printing time \(normal mode\) = (.*)", text)
    seconds = sum(int(n) * {"d": 86400, "h": 3600, "m": 60, "s": 1}[u] for n, u in re.findall(r"(\d+)([dhms])", time[1])) \
        if time else int(sums(r";TIME:(\d+)"))
    used = re.search(r"; filament used \[mm\] = (.*)", text)
    types = []
    if used and "; filament_type = " in text:
        types = [t for t, n in zip(settings["filament_type"].split(";"), used[1].split(",")) if float(n) > 0]
    return weight, length, float(settings["layer_height"]), seconds, ", ".join(types)


def blocks_end(data):
    """Where the first block of G-code begins, and a little more."""
    at, checksum = 10, 4 * struct.unpack_from("<H", data, 8)[0]
    while True:
        kind, compression, size = struct.unpack_from("<HHI", data, at)
        if kind == 1:
            return at + 64
        size = struct.unpack_from("<I", data, at + 8)[0] if compression else size
        at += (12 if compression else 8) + (6 if kind == 5 else 2) + size + checksum


def cut(data):
    if data[:4] == b"GCDE":
        return data[:blocks_end(data)], b""
    pictures = data.rfind(b" end\n;\n", 0, 300000)
    head = data.index(b"\n", max(pictures, 0) + 1500) + 1
    tail = data.rfind(b"; filament used [mm]")
    tail = tail if tail >= 0 else data.find(b"; filament used =")
    tail = tail if tail >= 0 else len(data) - 1000
    return data[:head], data[data.index(b"\n", tail - 400) + 1:]


def record(name, tool, model, settings, more):
    out, text_out = name + (".bgcode" if more.get("binary") else ".gcode"), "twin.gcode"
    slice_model(name, tool, model, settings, text_out)
    text = (WORK / text_out).read_text()
    facts = figures(text, settings)
    if more.get("binary"):
        slice_model(name, tool, model, settings, out, "--binary-gcode")
    else:
        (WORK / out).write_text(with_pictures(text, more.get("pictures", [])))
    if "pack" in more:
        printer, rest, checksum = more["pack"]
        (WORK / (name + ".bgcode")).unlink(missing_ok=True)
        run("bgcode", out, f"--checksum={checksum}", f"--file_metadata_compression={rest}",
            f"--print_metadata_compression={rest}", f"--printer_metadata_compression={printer}",
            f"--slicer_metadata_compression={rest}")
        out = name + ".bgcode"
    data = (WORK / out).read_bytes()
    head, tail = cut(data)
    (HERE / "files" / out).write_bytes(head + tail)
    images = ",".join(f"{w}x{h}:{kind}:{zlib.crc32(picture(w, h, kind)):08x}" for w, h, kind in more.get("pictures", []))
    return "\t".join([out, str(len(head)), str(len(data)), *(f"{n:.10g}" for n in facts[:4]), facts[4] or "-",
                      images or "-"])


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    (HERE / "files").mkdir(exist_ok=True)
    models()
    rows = [record(*case) for case in CASES]
    heading = "# file\thead\tsize\tweight g\tlength mm\tlayer mm\tseconds\ttypes\tpictures"
    (HERE / "files" / "files.tsv").write_text("\n".join([heading, *rows]) + "\n")


if __name__ == "__main__":
    main()
