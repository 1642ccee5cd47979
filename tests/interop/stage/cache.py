"""Where the real systems live: installed from their registries on first use, kept for the next time."""
import atexit
import contextlib
import fcntl
import os
import pathlib
import re
import shutil
import subprocess

import pytest

CACHE = pathlib.Path(os.environ.get("P2M_INTEROP_DIR") or pathlib.Path.home() / ".cache/printer2mqtt-interop")
PYTHON = "/usr/bin/python3"
REASON = re.compile(r"\[?ERROR|error: |E: |go: .*: |npm error (?!code|syscall|errno|A complete)")
failed = {}     # name -> why: not tried again for the next story


def skip(reason):
    """This machine does not have what a story needs: said, never passed over."""
    pytest.skip(" ".join(reason.split()))


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            skip(f"there is no {program} on this machine")


@contextlib.contextmanager
def _locked(name):
    CACHE.mkdir(parents=True, exist_ok=True)
    with open(CACHE / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def last_words(lines):
    """The line that says what was wrong, as well as installers let one see that."""
    wrong = [line for line in lines if REASON.match(line)] or lines[-1:]
    return " ".join(" ".join(wrong[:1]).split())[:300]


def installed(name, what, install, resumes=False):
    """The folder of `name`, made by install(folder) unless it is there and complete. A registry that is out of reach,
    or a machine that cannot build it, is a reason to skip. what: how people call it. resumes: install goes on where an
    earlier one ended."""
    folder = CACHE / name
    if name in failed:
        skip(failed[name])
    with _locked(name):
        if (folder / "complete").exists():
            return folder
        if not resumes:
            shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(exist_ok=True)
        try:
            install(folder)
        except subprocess.CalledProcessError as error:
            lines = (error.stdout or "").strip().splitlines()
            (CACHE / f"{name}.log").write_text("\n".join(lines))
            failed[name] = f"{what} cannot be installed here: {last_words(lines) or error}; all of it: {CACHE / name}.log"
            skip(failed[name])
        (folder / "complete").touch()
    return folder


def run(*command, cwd=None, env=None, timeout=900):
    """A step of an installation; its words come with the error."""
    try:
        subprocess.run([*map(str, command)], check=True, cwd=cwd, timeout=timeout, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                       env=os.environ | {"PIP_DISABLE_PIP_VERSION_CHECK": "1"} | (env or {}))
    except subprocess.TimeoutExpired as error:
        raise subprocess.CalledProcessError(1, command, f"no end after {timeout} s") from error
    except FileNotFoundError as error:
        raise subprocess.CalledProcessError(1, command, str(error)) from error


def from_pypi(name, *requirements):
    """A virtual environment with these."""
    def install(folder):
        run(PYTHON, "-m", "venv", folder)
        run(folder / "bin/pip", "install", "-q", *requirements)
    return installed(name, " ".join(requirements), install)


def from_npm(name, *packages):
    need("node", "npm")

    def install(folder):
        (folder / "package.json").write_text('{"private": true}')
        run("npm", "install", "--no-audit", "--no-fund", "--loglevel=error", "--fetch-retries=1", *packages, cwd=folder)
    return installed(name, " ".join(packages), install)


def scratch(name):
    """An empty folder for one run. Below the cache, as PrusaLink refuses to live in /tmp."""
    folder = CACHE / "run" / f"{name}-{os.getpid()}"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
