"""Every call of a client library by other authors against one printer; runs in the environment that has the libraries.

    run_clients.py pyprusalink|PrusaLinkPy URL USER PASSWORD KEY STORAGE FILE

FILE is stored on the printer and printed. Prints one JSON line [call, moment, outcome] per call, at the end ["never called",
"", [...]]. An outcome is "ok", the name of an exception, a status or a value.
"""
import asyncio
import inspect
import json
import pathlib
import sys
import time
import urllib.error
import urllib.request

library, url, user, password, key, storage, source = sys.argv[1:8]
NAME = f"{library}.gcode"
called = set()


def tell(call, moment, outcome):
    print(json.dumps([call, moment, outcome]), flush=True)


def plain(method, path, body=None, **headers):
    """What the libraries cannot do."""
    headers = {k.replace("_", "-"): v for k, v in headers.items()} | {"X-Api-Key": key}
    request = urllib.request.Request(url + path, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            data = answer.read()
            return json.loads(data) if data.startswith(b"{") else None
    except urllib.error.HTTPError as e:
        return e.code


def shown():
    status = plain("GET", "/api/v1/status")
    return status["printer"]["state"], (status.get("job") or {}).get("id")


def reach(*states):
    """Wait for a state; a job must have its number too. Returns the number."""
    for _ in range(300):
        state, number = shown()
        if state in states and (state not in ("PRINTING", "PAUSED") or number is not None):
            return number
        time.sleep(0.1)
    raise TimeoutError(f"state {state}, not {states}")


def begin_print():
    plain("PUT", f"/api/v1/files/{storage}/{NAME}", pathlib.Path(source).read_bytes(), Overwrite="?1",
          Content_Type="text/x.gcode")
    for _ in range(100):        # a Raspberry Pi needs a moment to see it, and refuses after a print for 11 s
        answer = plain("POST", f"/api/v1/files/{storage}/{NAME}")
        if answer is None:
            return reach("PRINTING")
        time.sleep(0.2)
    raise TimeoutError(f"no print: {answer}")


def never_called(thing):
    public = {name for name, _ in inspect.getmembers(thing, callable) if not name.startswith("_")}
    tell("never called", "", sorted(public - called))


# -- pyprusalink, which Home Assistant uses

async def pyprusalink():
    import httpx
    from pyprusalink import PrusaLink
    async with httpx.AsyncClient(timeout=20) as http:
        link = PrusaLink(http, url, user, password)

        async def call(name, moment, *arguments, client=link):
            called.add(name)
            try:
                value = await getattr(client, name)(*arguments)
                outcome = "ok"
            except Exception as e:
                value, outcome = None, type(e).__name__
            tell(name, moment, outcome)
            return value

        async def read(moment):
            for name in ("get_version", "get_info", "get_status", "get_legacy_printer", "get_job", "get_storage",
                         "get_transfer"):
                await call(name, moment)

        await read("idle")
        await call("pause_job", "no job", 999999)
        number = begin_print()
        await read("printing")
        refs = (await link.get_job())["file"]["refs"]
        for kind in ("icon", "thumbnail", "download"):
            if refs.get(kind):
                await call("get_file", kind, refs[kind])
        await call("get_file", "nothing there", refs["download"].replace(".", "-"))
        data = await call("get_file_metadata", "printing", refs["download"])
        tell("get_file_metadata", "value", data and data.get("filament_used_g"))
        await call("pause_job", "printing", number)
        reach("PAUSED")
        await call("pause_job", "paused", number)
        await call("resume_job", "paused", number)
        reach("PRINTING")
        await call("resume_job", "printing", number)
        await call("continue_job", "printing", number)
        await call("cancel_transfer", "none runs", 1)
        await call("cancel_job", "wrong number", 999999)
        await call("cancel_job", "printing", number)
        reach("STOPPED", "IDLE")
        await call("get_job", "stopped")
        await call("get_version", "wrong password", client=PrusaLink(http, url, user, "wrong"))
        never_called(link)


# -- PrusaLinkPy, which knows the storage usb alone

def prusalinkpy():
    import requests
    from PrusaLinkPy import PrusaLinkPy
    host, port = url.removeprefix("http://").split(":")
    link = PrusaLinkPy(host, key, port=port)

    def call(name, moment, *arguments, client=link, **more):
        called.add(name)
        try:
            value = getattr(client, name)(*arguments, **more)
        except Exception as e:
            value = type(e).__name__
        if isinstance(value, requests.Response):
            value.close()
            value = value.status_code
        tell(name, moment, value if isinstance(value, (int, str, type(None))) else "ok")
        return value

    def read(moment):
        for name in ("get_version", "get_printer", "get_job", "get_status", "get_storage", "get_transfer", "get_settings",
                     "get_files"):
            call(name, moment)

    read("idle")
    call("get_recursive_files", "idle")
    call("put_gcode", "new", source, "py/new.gcode")
    call("put_gcode", "exists", source, "py/new.gcode")
    call("put_gcode", "overwrite", source, "py/new.gcode", overwrite=True)
    call("exists_gcode", "there", "py/new.gcode")
    call("exists_gcode", "not there", "py/no.gcode")
    call("delete_gcode", "there", "/py/new.gcode")
    call("delete", "folder", "/py")
    call("delete", "not there", "/py")
    call("rm", "root")
    call("pause_print", "idle")
    begin_print()
    read("printing")
    call("post_gcode", "printing", NAME)
    call("post_print_gcode", "printing", "/usb/" + NAME)
    call("delete", "printed", "/" + NAME)
    call("pause_print", "printing")
    reach("PAUSED")
    call("resume_print", "paused")
    number = reach("PRINTING")
    call("delete_job", "wrong number", 999999)
    call("delete_job", "printing", number)
    reach("STOPPED", "IDLE")
    call("stop_print", "stopped")
    call("post_gcode", "stopped", NAME)
    time.sleep(1.5)
    if shown()[0] == "PRINTING":
        call("stop_print", "printing")
        reach("STOPPED", "IDLE")
        call("put_gcode", "and print", source, "py2.gcode", printAfterUpload=True, overwrite=True)
        call("delete_job", "printing", reach("PRINTING"))
        reach("STOPPED", "IDLE")
    call("get_version", "wrong key", client=PrusaLinkPy(host, "wrong", port=port))
    never_called(link)


if library == "pyprusalink":
    asyncio.run(pyprusalink())
else:
    prusalinkpy()
