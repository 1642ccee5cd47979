"""The command line, the control port, the stories, the simulator itself."""
import json
import pathlib
import subprocess
import urllib.error
import urllib.request

import pytest
from sim import Sim
from sim.files import Folder, Storage
from sim_raw import ask

SIM = pathlib.Path(__file__).resolve().parent.parent / "sim"


def post(url, **arguments):
    request = urllib.request.Request(url, json.dumps(arguments).encode(), method="POST")
    with urllib.request.urlopen(request, timeout=60) as answer:
        return json.load(answer)


def get(url):
    with urllib.request.urlopen(url, timeout=60) as answer:
        return json.load(answer)


def test_command_line():
    run = subprocess.Popen(["/usr/bin/python3", str(SIM), "--until-eof", "--control", "0",
                            "mk4=buddy,password=secret,serial=1,speed=60", "mk3=pi:0,username=pia,address=127.0.0.2"],
                           stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    mk4, mk3, control = (json.loads(run.stdout.readline()) for _ in range(3))
    assert list(mk4) == ["name", "profile", "url", "username", "password", "api_key", "serial"]
    assert (mk4["password"], mk4["serial"], mk3["username"]) == ("secret", "1", "pia")
    assert mk3["url"].startswith("http://127.0.0.2:")
    post(f"{control['control']}/mk4/start_print", path="/usb/box.gcode")
    assert get(f"{control['control']}/mk4")["state"] == "PRINTING"
    with run:
        run.stdin.close()
        assert run.wait(timeout=60) == 0


@pytest.mark.parametrize("argument, words", [("x", "write NAME=PROFILE"), ("x=mini", "no profile 'mini'"),
                                             ("x=buddy,foo=1", "no option 'foo'"), ("x=buddy,script=x", "no script 'x'"),
                                             ("x=buddy,speed=fast", "no number")])
def test_command_line_says_what_is_wrong(argument, words):
    run = subprocess.run(["/usr/bin/python3", str(SIM), argument], capture_output=True, text=True, timeout=60)
    assert run.returncode == 1 and words in run.stderr


def test_control_port(sim, buddy):
    url = sim.control()
    post(f"{url}/mk4/set", state="PRINTING", temp_nozzle=199.5)
    post(f"{url}/mk4/fault", kind="error", count=1)
    assert ask(buddy, "GET", "/api/v1/status").status == 503
    seen = get(f"{url}/mk4")
    assert (seen["state"], seen["requests"], seen["connections"]) == ("PRINTING", 1, 1)
    assert get(f"{url}/mk4/requests")[0]["target"] == "/api/v1/status"
    assert [p["name"] for p in get(url)] == ["mk4"]
    for path, arguments in (("mk4/explode", {}), ("nobody/set", {}), ("mk4/set", {"nonsense": 1})):
        with pytest.raises(urllib.error.HTTPError):
            post(f"{url}/{path}", **arguments)


def test_demo_prints_and_finishes_by_itself(sim):
    p = sim.add("p", "buddy", script="demo", speed=2000)
    entered, enter = [], p._core.machine.enter
    p._core.machine.enter = lambda phase, *args, **kwargs: (entered.append(phase), enter(phase, *args, **kwargs))[1]
    p.wait_for(lambda _: entered.count("finished"), timeout=60)
    assert entered.index("printing") < entered.index("finished")


def test_flaky_drops_off_and_returns(sim):
    p = sim.add("p", "pi", script="flaky")
    p.wait_for(lambda p: p.state == "PRINTING")
    p.advance(46)
    p.wait_for(lambda p: not p._core.network.serving)
    p.advance(16)
    p.wait_for(lambda p: p._core.network.serving)
    assert ask(p, "GET", "/api/v1/status").status == 200


def test_own_bugs_are_not_hidden():
    with pytest.raises(RuntimeError, match="simulator itself"):
        with Sim() as sim:
            p = sim.add("p")
            p.override("/api/version", body=5)
            with pytest.raises(ConnectionError):
                ask(p, "GET", "/api/version")


def test_printers_keep_their_port_over_off_and_on(sim, buddy):
    port = buddy.port
    for _ in range(3):
        buddy.off()
        buddy.on()
    assert buddy.port == port and ask(buddy, "GET", "/api/version").status == 200


def test_closing_ends_everything():
    with Sim() as sim:
        p = sim.add("p")
        assert ask(p, "GET", "/api/version").status == 200
    assert not sim.thread.is_alive()


def test_wait_for_says_what_was_there_instead(buddy):
    with pytest.raises(TimeoutError, match="state IDLE"):
        buddy.wait_for(lambda p: p.requests, timeout=0.05)


def test_reset_counters(buddy):
    ask(buddy, "GET", "/api/version")
    buddy.reset_counters()
    assert (buddy.requests, buddy.connections, buddy.orders) == ([], 0, [])


def test_short_names():
    storage = Storage("usb")
    for name in ("box.gcode", "BOX.GCO", "a long name.gcode", "a long nose.gcode", "plain.txt", ".hidden.gcode"):
        storage.add(name)
    root = storage.root
    assert [child.short for child in root.children] == [
        "BOX~1.GCO", "BOX.GCO", "ALONGN~1.GCO", "ALONGN~2.GCO", "PLAIN.TXT", "HIDDEN~1.GCO"]
    storage.add("parts/x.gcode")
    assert isinstance(storage.find("PARTS")[0], Folder)
