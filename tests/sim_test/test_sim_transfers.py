"""Transfers while they run: in status, in a document of their own, ended by others."""
import pytest
from sim_put import GCODE, Put
from sim_raw import Client, ask, status


def half_sent(printer, client):
    storage = "usb" if printer.profile == "buddy" else "local"
    client.begin(f"/api/v1/files/{storage}/x.gcode", 4 * 65365, GCODE).send(b"a" * 2 * 65365)
    printer.wait_for(lambda p: p.transfer and p.transfer.transferred == 2 * 65365)
    printer.advance(30)


def test_buddy(sim):
    buddy = sim.add("b", "buddy", active_timeout=600)
    assert ask(buddy, "GET", "/api/v1/transfer").status == 204 and "transfer" not in status(buddy)
    with Put(buddy) as client:
        half_sent(buddy, client)
        shown = status(buddy)["transfer"]
        assert list(shown) == ["id", "time_transferring", "progress", "transferred"]
        assert (shown["progress"], shown["transferred"]) == (0.5, 130730) and 30 <= shown["time_transferring"] < 60
        answer = ask(buddy, "GET", "/api/v1/transfer")
        assert b'"progress":0.50,' in answer.body
        passed, left = answer.json["time_transferring"], answer.json["time_remaining"]
        assert answer.json == {"type": "FROM_CLIENT", "display_name": "x.gcode", "path": "/usb", "size": "261460",
                               "progress": 0.5, "transferred": 130730, "time_remaining": left, "time_transferring": passed,
                               "to_print": False}
        assert 30 <= passed < 60 and left in (passed, passed + 1)
        legacy = ask(buddy, "GET", "/api/download").json
        assert (legacy["destination"], legacy["size"]) == ("/usb/x.gcode", "261460")
        assert ask(buddy, "DELETE", f"/api/v1/transfer/{shown['id']}").status == 404
        assert [ask(buddy, "DELETE", f"/api/{t}").status for t in ("v1/transfer", "download")] == [405, 405]
        client.send(b"a" * 2 * 65365)
        assert client.answer("PUT").status == 201
    assert [ask(buddy, "DELETE", f"/api/{t}").status for t in ("v1/transfer", "download")] == [204, 204]


def test_pi(pi):
    assert ask(pi, "GET", "/api/v1/transfer").status == 204 and "transfer" not in status(pi)
    with Put(pi) as client:
        half_sent(pi, client)
        shown = status(pi)["transfer"]
        assert list(shown) == ["id", "time_transferring", "progress", "data_transferred"]
        assert (shown["progress"], shown["data_transferred"]) == (50.0, 130730)
        document = ask(pi, "GET", "/api/v1/transfer").json
        assert document.pop("time_remaining") > 10 ** 9 and 30 <= document.pop("time_transferring") < 60
        assert document == {"type": "FROM_CLIENT", "display_name": "x.gcode", "path": "/local", "url": None, "size": 261460,
                            "progress": 50.0, "transferred": 130730, "to_print": False}
        assert ask(pi, "GET", "/api/download").json["progress"] == 0.5


@pytest.mark.parametrize("profile", ["buddy", "pi"])
def test_foreign(sim, profile):
    printer = sim.add("p", profile)
    storage = "usb" if profile == "buddy" else "local"
    printer.foreign_transfer(f"/{storage}/c.gcode", size=1000, rate=10, to_print=True)
    printer.advance(50)
    document = ask(printer, "GET", "/api/v1/transfer").json
    assert (document["type"], document["to_print"]) == ("FROM_CONNECT", True)
    assert 500 <= document["transferred"] < 800 and 20 < document["time_remaining"] <= 50
    printer.advance(51)
    assert ask(printer, "GET", "/api/v1/transfer").status == 204
    assert printer.files()[f"/{storage}/c.gcode"] == 1000
    printer.foreign_transfer(size=1000, transferred=100)
    printer.move_transfer(900)
    assert printer.transfer.transferred == 900
    with pytest.raises(RuntimeError):
        printer.foreign_transfer()
    printer.end_transfer(finished=False)
    assert not [path for path in printer.files() if "connect" in path]


def test_a_partial_file_on_the_stick(buddy):
    buddy.foreign_transfer("/usb/c.gcode", size=1000)
    child = [c for c in ask(buddy, "GET", "/api/v1/files/usb").json["children"] if c["display_name"] == "c.gcode"][0]
    assert child["ro"] is True and list(child["refs"]) == ["icon", "thumbnail"]
    assert ask(buddy, "DELETE", "/api/v1/files/usb/c.gcode").body.split(b"\n")[2] == b"File is being transferred"
    assert ask(buddy, "POST", "/api/v1/files/usb/c.gcode").status == 409
    buddy.end_transfer()
    assert ask(buddy, "GET", "/api/v1/files/usb/c.gcode").json["ro"] is False


def test_a_foreign_one_can_be_stopped_on_a_pi(pi):
    pi.foreign_transfer(size=1000, url="http://connect/x.gcode")
    assert ask(pi, "GET", "/api/v1/transfer").json["url"] == "http://connect/x.gcode"
    assert ask(pi, "DELETE", "/api/v1/transfer").status == 200
    assert pi.transfer is None and pi.orders[0][0] == "cancel_transfer"


@pytest.mark.parametrize("target", ["/api/v1/status", "/api/v1/transfer"])
def test_a_document_breaks_off_when_the_transfer_ends(buddy, target):
    buddy.foreign_transfer(size=1000)
    buddy.end_transfer(cut=True)
    with Client(buddy) as client, pytest.raises(ConnectionError) as broken:
        client.ask("GET", target)
    assert "closed after" in str(broken.value)
    assert ask(buddy, "GET", target).status == (200 if "status" in target else 204)
