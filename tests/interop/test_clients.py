"""Client libraries by other authors: every call they have, against both simulated printers and a real PrusaLink.

The same calls must end the same way with the simulated Raspberry Pi and with the real one.
"""
import json
import pathlib
import subprocess

import pytest

from sim import Sim
from sim.pictures import in_gcode, previews
from stage import pi
from stage.cache import from_pypi
from stage.table import versions

SYSTEM = "client libraries"
RUN = pathlib.Path(__file__).resolve().parent / "run_clients.py"
LIBRARIES = {"pyprusalink": "3.1.0", "PrusaLinkPy": "2.2.1"}
# What it must come to; a call that is not named here must be "ok" or 200.
RIGHT = {
    "pyprusalink": {
        ("pause_job", "no job"): "NotFound", ("pause_job", "paused"): "Conflict", ("resume_job", "printing"): "Conflict",
        ("cancel_transfer", "none runs"): "NotFound", ("cancel_job", "wrong number"): "NotFound",
        ("get_file", "nothing there"): "NotFound", ("get_version", "wrong password"): "InvalidAuth",
        ("get_file_metadata", "value"): 12.34},
    "PrusaLinkPy": {
        ("put_gcode", "new"): 201, ("put_gcode", "exists"): 409, ("put_gcode", "overwrite"): 201, ("put_gcode", "and print"): 201,
        ("exists_gcode", "there"): True, ("exists_gcode", "not there"): False, ("delete_gcode", "there"): 204,
        ("delete", "folder"): 204, ("delete", "not there"): 404, ("delete", "printed"): 409, ("rm", "root"): "KeyError",
        ("get_job", "idle"): 204, ("get_transfer", "idle"): 204, ("get_transfer", "printing"): 204,
        ("post_gcode", "printing"): 409, ("post_gcode", "stopped"): 204, ("post_print_gcode", "printing"): 409,
        ("pause_print", "idle"): None, ("pause_print", "printing"): 204, ("resume_print", "paused"): 204,
        ("delete_job", "wrong number"): 404, ("delete_job", "printing"): 204, ("stop_print", "stopped"): None,
        ("stop_print", "printing"): 204, ("get_version", "wrong key"): 401},
}
# A Raspberry Pi has no storage usb, which is the only one that PrusaLinkPy knows.
NO_USB = {(name, moment): 404 for name, moment in (
    ("get_files", "idle"), ("get_files", "printing"), ("put_gcode", "new"), ("put_gcode", "exists"), ("put_gcode", "overwrite"),
    ("delete_gcode", "there"), ("delete", "folder"), ("delete", "not there"), ("delete", "printed"), ("post_gcode", "printing"),
    ("post_gcode", "stopped"), ("post_print_gcode", "printing"))}
ON = {
    "buddy": {"pyprusalink": {("continue_job", "printing"): "HTTPStatusError"}, "PrusaLinkPy": {}},
    "pi": {"pyprusalink": {("get_file", "nothing there"): "NotFound"},
           "PrusaLinkPy": NO_USB | {("exists_gcode", "there"): False, ("get_recursive_files", "idle"): "JSONDecodeError",
                                    ("rm", "root"): 404, ("get_version", "wrong key"): 403}},
}
PROGRAM = in_gcode(previews(4)) + pi.gcode(5) + "; filament used [g] = 12.34\n; filament used [mm] = 4100.5\n"


@pytest.fixture(scope="module")
def environment():
    wanted = [f"{name}=={version}" for name, version in LIBRARIES.items()]
    folder = from_pypi("clients-1", *wanted, "requests")        # which PrusaLinkPy forgets to ask for
    versions[SYSTEM] = ", ".join(wanted)
    return folder


@pytest.fixture(scope="module")
def real():
    server = pi.PrusaLink("clients")
    try:
        server.start().ready("temp_nozzle")
        server.printer.pace = 20
        yield server
    finally:
        server.close()


@pytest.fixture
def printer(request):
    """(url, user, password, key, storage)"""
    if request.param == "real":
        server = request.getfixturevalue("real")
        server.wait_state("idle", timeout=60)
        yield server.url, pi.USER, server.password, pi.KEY, "local"
        return
    with Sim() as sim:
        printer = sim.add(request.param, request.param, stopped=1 if request.param == "pi" else None)
        yield printer.url, printer.username, printer.password, printer.api_key, "usb" if request.param == "buddy" else "local"


@pytest.mark.parametrize("printer", ["buddy", "pi", "real"], indirect=True)
@pytest.mark.parametrize("library", LIBRARIES)
def test_every_call(environment, library, printer, request, tmp_path, saw):
    (tmp_path / "print.gcode").write_text(PROGRAM)
    kind = "buddy" if printer[-1] == "usb" else "pi"
    done = subprocess.run([environment / "bin/python", RUN, library, *printer, tmp_path / "print.gcode"],
                          capture_output=True, text=True, timeout=180)
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    assert done.returncode == 0, f"{lines[-3:]}\n{done.stderr[-3000:]}"
    right = RIGHT[library] | ON[kind][library]
    wrong = [f"{call} ({moment}): {outcome!r}, should be {right.get((call, moment), 'ok')!r}"
             for call, moment, outcome in lines[:-1]
             if (outcome != right[call, moment] if (call, moment) in right else outcome not in ("ok", 200))]
    assert not wrong, "\n".join(wrong)
    assert lines[-1][2] == []
    saw(f"{library}: {len(lines) - 1} calls against {request.node.callspec.params['printer']}")
