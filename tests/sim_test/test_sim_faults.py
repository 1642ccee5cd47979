"""Each fault does what README.md says, and the printer is well again afterwards."""
import json
import time

import pytest
from sim.faults import KINDS
from sim_raw import Client, ask, curl, status

STATUS = "/api/v1/status"


@pytest.fixture(params=["buddy", "pi"])
def p(request, sim):
    return sim.add("p", request.param, password="password1")


def rest(p, target=STATUS, timeout=60):
    """All bytes of an answer until the close, or ConnectionError for a reset."""
    with Client(p, timeout=timeout) as client:
        client.send(f"GET {target} HTTP/1.1\r\nConnection: close\r\nX-Api-Key: {p.api_key}\r\n\r\n".encode())
        return client.rest()


def test_hang(p):
    p.fault("hang", path=STATUS)
    with pytest.raises(TimeoutError):
        rest(p, timeout=0.1)
    p.wait_for(lambda p: p.requests)
    assert p.requests[-1].status is None
    assert ask(p, "GET", "/api/version").status == 200
    p.heal()
    assert ask(p, "GET", STATUS).status == 200


@pytest.mark.parametrize("kind, orders", [("lost", 1), ("hang", 0), ("reset", 1), ("half", 1), ("close", 0)])
def test_order_is_carried_out_or_not(p, kind, orders):
    p.start_print()
    p.fault(kind, method="PUT")
    with Client(p, timeout=0.1 if kind in ("lost", "hang") else 60) as client:
        with pytest.raises((TimeoutError, ConnectionError)):
            client.ask("PUT", f"/api/v1/job/{p.job_id}/pause")
            client.ask("GET", "/api/version")
        p.wait_for(lambda p: p.requests and len(p.orders) == orders)


def test_close(p):
    p.fault("close")
    assert rest(p) == b""


def test_reset_in_mid_body(p):
    p.fault("reset", path=STATUS)
    with pytest.raises(ConnectionResetError):
        rest(p)


def test_reset_in_mid_chunk(buddy):
    buddy.fault("reset")
    with Client(buddy) as client:
        client.send(b"GET /api/v1/status HTTP/1.1\r\nX-Api-Key: password\r\n\r\n")
        client.until(rb"\r\n\r\n")
        size = int(client.until(rb"\r\n"), 16)
        with pytest.raises(ConnectionError):
            client.exactly(size)


def test_half_an_answer(p):
    whole = rest(p)
    p.fault("half")
    assert len(whole) - 400 < len(rest(p)) < len(whole)


def test_drip(p):
    p.fault("drip", interval=0.0002, size=10)
    assert b'"state"' in rest(p)


def test_slow(p):
    p.fault("slow", delay=0.1)
    began = time.monotonic()
    assert status(p)["printer"]["state"] == "IDLE" and time.monotonic() - began > 0.1


def test_huge(p):
    p.fault("huge")
    assert len(rest(p)) > 20_000_000


def test_nested(p):
    p.fault("nested")
    assert rest(p).endswith(b"[" * 200_000)


def test_nan(p):
    p.fault("nan")
    body = ask(p, "GET", STATUS).body
    assert b'"temp_nozzle":nan' in body or b'"temp_nozzle": NaN' in body


def test_badutf8(p):
    p.fault("badutf8")
    with pytest.raises(UnicodeDecodeError):
        ask(p, "GET", "/api/version").body.decode()


def test_broken_and_empty_and_html(p):
    for kind in ("broken", "empty", "html"):
        p.fault(kind, count=1)
        answer = ask(p, "GET", STATUS)
        assert answer.status == 200
        with pytest.raises(json.JSONDecodeError):
            answer.json


def test_storm(p):
    p.fault("storm")
    assert curl(p, STATUS)[0] == 401
    assert p.unauthorized == 2
    p.heal()
    assert curl(p, STATUS)[0] == 200


def test_storm_that_says_stale(p):
    p.fault("storm", stale=True)
    assert "stale=true" in ask(p, "GET", STATUS).headers["WWW-Authenticate"]


def test_raw408(p):
    p.fault("raw408")
    assert rest(p) == b"HTTP/1.1 408 Request Timeout\r\n\r\n\0"


def test_error(p):
    p.fault("error")
    p.fault("error", status=500, path="/api/version")
    assert ask(p, "GET", STATUS).status == 503
    p.heal()
    p.fault("error", status=500)
    assert ask(p, "GET", STATUS).status == 500


def test_redirect(p):
    p.fault("redirect", location="http://127.0.0.1:1/x")
    answer = ask(p, "GET", STATUS)
    assert (answer.status, answer.headers["Location"]) == (302, "http://127.0.0.1:1/x")


def test_garbage(p):
    p.fault("garbage")
    assert not rest(p).startswith(b"HTTP")


def test_wrong_length(p):
    p.fault("long", count=1)
    with pytest.raises(ConnectionError):
        ask(p, "GET", STATUS)
    p.fault("short", count=1)
    with pytest.raises(json.JSONDecodeError):
        ask(p, "GET", STATUS).json


def test_refuse_and_heal(p):
    p.fault("refuse")
    with pytest.raises(ConnectionRefusedError):
        Client(p)
    p.heal()
    assert ask(p, "GET", STATUS).status == 200


def test_refuse_after_some_requests(p):
    p.fault("refuse", after=2)
    assert [ask(p, "GET", STATUS).status for _ in range(2)] == [200, 200]
    with pytest.raises(ConnectionError):
        ask(p, "GET", STATUS)
    with pytest.raises(ConnectionRefusedError):
        Client(p)


def test_blackhole(p):
    with Client(p) as before:
        p.wait_for(lambda p: p.open_connections == 1)
        p.blackhole()
        with pytest.raises(TimeoutError):
            Client(p, timeout=0.1)
        before.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            before.ask("GET", STATUS)
    p.on()
    assert ask(p, "GET", STATUS).status == 200


def test_off_resets_and_refuses(p):
    with Client(p) as client:
        p.wait_for(lambda p: p.open_connections == 1)
        p.off()
        with pytest.raises(ConnectionResetError):
            client.rest()
    with pytest.raises(ConnectionRefusedError):
        Client(p)
    p.on()
    assert status(p)["printer"]["state"] == "IDLE"


def test_off_resets_what_is_just_being_accepted_too(p):
    for _ in range(50):
        with Client(p) as client:
            p.off()
            with pytest.raises(ConnectionError):
                client.ask("GET", STATUS)
        p.on()


def test_count_and_after_and_pattern(p):
    p.fault("error", path="/api/v1/*", after=1, count=2)
    assert [ask(p, "GET", "/api/v1/status").status for _ in range(4)] == [200, 503, 503, 200]
    assert ask(p, "GET", "/api/version").status == 200


def test_override(p):
    p.override(STATUS, 200, '{"printer":{"state":"NEW"}}', headers={"X-More": "1"})
    answer = ask(p, "GET", STATUS)
    assert answer.json["printer"]["state"] == "NEW" and answer.headers["X-More"] == "1"
    assert ask(p, "GET", STATUS, key="wrong").status in (401, 403)
    p.clear()
    assert status(p)["printer"]["state"] == "IDLE"


def test_another_printer_at_the_same_address(p):
    before = p.serial
    p.start_print()
    p.become("CZPX9999X999XC99999", hostname="other")
    assert ask(p, "GET", "/api/v1/info").json["serial"] == p.serial == "CZPX9999X999XC99999" != before
    assert "job" not in status(p)


def test_unknown_fault_names_the_known_ones(p):
    with pytest.raises(ValueError, match="hang, lost"):
        p.fault("nonsense")
    with pytest.raises(ValueError, match="no option 'x'"):
        p.fault("hang", x=1)


def test_readme_names_every_fault():
    import pathlib
    import sim
    text = (pathlib.Path(sim.__file__).parent / "README.md").read_text()
    assert [kind for kind in KINDS if f"`{kind}" not in text] == []
