"""Who may include whom: a folder includes only from the folders below it.

    /usr/bin/python3 tests/floors/floors.py [ROOT]

Prints every #include that is not on the list and fails if there is one."""
import pathlib
import re
import sys

ISO_C = set("""assert ctype errno float inttypes limits locale math setjmp signal stdarg stdbool stddef stdint stdio
               stdlib string time""".split())
# Files, names and addresses: nothing that waits.
POSIX = ISO_C | set("""arpa/inet fcntl glob strings sys/stat sys/types sys/un unistd""".split())
SYSTEM = POSIX | set("""dirent getopt ifaddrs malloc net/if netdb netinet/in netinet/tcp poll pthread pwd semaphore
                        sys/file sys/inotify sys/mman sys/random sys/resource sys/socket sys/syscall sys/sysmacros
                        sys/time sys/uio sys/utsname sys/wait syslog termios""".split())

# folder: (our folders and files it may include, system headers, headers of libraries)
FLOORS = {
    "mapping": ({"mapping"}, ISO_C, set()),
    "config": ({"config", "mapping"}, POSIX, {"yaml.h"}),
    "homeassistant": ({"homeassistant", "mapping"}, ISO_C, {"cjson/cJSON.h"}),
    "bridge/metadata": ({"bridge/metadata", "mapping"}, ISO_C | {"strings", "unistd"}, {"zlib.h"}),
    "bridge/drivers": ({"bridge/drivers", "mapping", "bridge/request.h", "bridge/metadata/words.h"},
                       ISO_C | {"strings", "sys/mman"}, {"cjson/cJSON.h"}),
    "bridge/uploads": ({"bridge", "bridge/drivers", "bridge/metadata/metadata.h", "bridge/uploads", "config", "mapping"}, SYSTEM | {"linux/openat2"},
                       {"cjson/cJSON.h"}),
    "bridge/cli": ({"bridge/cli", "bridge", "bridge/drivers", "config", "mapping"}, SYSTEM | {"sys/ioctl"},
                   {"cjson/cJSON.h"}),
    "bridge/pictures": ({"bridge", "bridge/drivers", "bridge/pictures", "config", "mapping"}, SYSTEM, set()),
    "bridge": ({"bridge", "bridge/cli/cli.h", "bridge/pictures", "bridge/uploads", "bridge/drivers",
                "bridge/metadata/metadata.h", "homeassistant", "config", "mapping"},
               SYSTEM | {"linux/sockios", "sys/ioctl"}, {"cjson/cJSON.h"}),
}

# The edge: the only files below bridge/ that may see the loop, the wire and the secrets' mathematics.
EDGE = {
    "uv.h": {"cli/client.c", "cli/vigil.c", "http_loop.c", "http_stream.c", "readahead.c", "task.c", "mqtt_internal.h",
             "bridge_internal.h", "saver.h", "uploads/fetch.c", "uploads/parcel.h", "uploads/sender.c",
             "uploads/watch.c"},
    "curl/curl.h": {"http_internal.h"},
    "mosquitto.h": {"mqtt_internal.h"},
    "mqtt_protocol.h": {"mqtt_internal.h"},
    "openssl/": {"digest.c", "http_easy.c", "http_login.c", "mqtt_tls.c"},
}
# Headers that carry the edge with them: whoever includes one is part of it.
CARRIERS = {
    "bridge/http_internal.h": "http",
    "bridge/mqtt_internal.h": "mqtt",
    "bridge/bridge_internal.h": ("answer", "bridge", "cleanup", "discover", "events", "inbox", "report", "requests",
                                 "session", "unit"),
}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>|(.*))', re.MULTILINE)


def folder_of(path):
    return path.rpartition("/")[0]


def own_allowed(name, header, folder):
    allowed = FLOORS[folder][0]
    carrier = CARRIERS.get(header)
    return (header in allowed or folder_of(header) in allowed) and (not carrier or name.startswith(carrier))


def system_allowed(name, header, folder):
    _, system, libraries = FLOORS[folder]
    if header in libraries or header.removesuffix(".h") in system:
        return True
    edge = next((files for start, files in EDGE.items() if header.startswith(start)), set())
    return f"{folder}/{name}".removeprefix("bridge/") in edge


def violations(name, folder, text):
    for own, system, odd in INCLUDE.findall(text):
        if (own and not own_allowed(name, own, folder)) or (system and not system_allowed(name, system, folder)) or odd:
            yield own or system or odd


def check(root):
    """All violations below root, as sentences."""
    found = [f"{folder}/: no source files there" for folder in FLOORS if not any((root / folder).glob("*.[ch]"))]
    tops = sorted({folder.partition("/")[0] for folder in FLOORS})
    for path in sorted(p for top in tops for p in (root / top).rglob("*") if p.suffix in (".c", ".h", ".def")):
        where = path.relative_to(root).as_posix()
        folder = folder_of(where)
        if folder not in FLOORS:
            found.append(f"{where}: floors.py does not know the folder {folder}/")
            continue
        text = path.read_text(encoding="utf-8")
        found += [f"{where}: must not include {header}" for header in violations(path.name, folder, text)]
    return found


def main():
    here = pathlib.Path(__file__).resolve()
    found = check(pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here.parent.parent.parent)
    print("\n".join(found or ["every floor stands on the ones below it"]))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
