"""The Debian in a folder that Home Assistant and its visitor's browser live in (make_home_assistant.sh)."""
import os
import pathlib
import subprocess

from .cache import installed, need, run, skip

MAKER = pathlib.Path(__file__).resolve().parents[1] / "make_home_assistant.sh"
PATHS = "PATH=/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin"
# /proc and /dev only for it, and no name server: nothing of this leaves its own mount namespace.
INSIDE = """\
set -e
root=$1
shift
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind /dev/null "$root/etc/resolv.conf"
exec chroot "$root" /usr/bin/env -i %s HOME=/root LANG=C.UTF-8 TZ=UTC "$@"
""" % PATHS
BROWSER = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core"


def home_assistant_root():
    """The folder. $P2M_HA_ROOT: one that exists; $P2M_HA_SUITE, $P2M_HA_VERSION: which one to make."""
    if os.geteuid() != 0:
        skip("Home Assistant needs a chroot, and that needs root")
    need("unshare", "chroot", "mount")
    if os.environ.get("P2M_HA_ROOT"):
        return pathlib.Path(os.environ["P2M_HA_ROOT"])
    need("debootstrap")
    suite, version = os.environ.get("P2M_HA_SUITE", "forky"), os.environ.get("P2M_HA_VERSION", "")
    name = f"homeassistant-{suite}" + (f"-{version}" if version else "")
    return installed(name, f"Home Assistant {version}".rstrip(),
                     lambda folder: run(MAKER, folder / "root", suite, version, timeout=1800), resumes=True) / "root"


def add_browser(root):
    """About 500 MB more."""
    if (root / "usr/bin/chromium").exists():
        return
    # how this machine reaches its packages is also how that one does
    words = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    (root / "etc/apt/apt.conf.d/90host").write_text(
        "\n".join(line for line in words.splitlines() if line.startswith(("Acquire::Check", "Acquire::http"))) + "\n")
    run("chroot", root, "/usr/bin/env", "-i", PATHS, "HOME=/root", "DEBIAN_FRONTEND=noninteractive",
        "sh", "-c", BROWSER, timeout=900)


def inside(root, *command):
    """The command line that runs it there."""
    return ["unshare", "--mount", "/bin/sh", "-c", INSIDE, "sh", root, *command]
