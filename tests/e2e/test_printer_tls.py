"""Printers behind https: who is trusted, and what is said when not."""
import pytest

from harness import BASE, polls
from harness.terminal import Terminal
from harness.tls_front import TlsFront


@pytest.fixture
def veiled(house, tls):
    """veiled(configured, certificate) adds a printer whose address is an https one."""
    def add(configured, certificate=tls.server):
        printer = house.add("mk4", configured=False)
        front = TlsFront(printer, certificate)
        house.closing.append(front.close)
        house.config["printers"]["mk4"] = {"url": front.url, "password": printer.password} | configured
        return printer
    return add


@pytest.mark.parametrize("trust", ["ca_file", "insecure"])
def test_a_printer_behind_https_is_polled_and_obeys(house, tls, veiled, trust):
    printer = veiled({"ca_file": str(tls.ca)} if trust == "ca_file" else {"insecure": True})
    printer.start_print(duration=36000)
    house.run()
    house.wait("mk4", "can/pause", "online")
    assert house.watcher.order("mk4", "pause").final()["status"] == "done"
    connections = len({r.connection for r in printer.requests})
    polls(printer, 2)
    assert len({r.connection for r in printer.requests}) == connections     # a handshake for each poll would be dear


@pytest.mark.parametrize("why", ["unknown", "another CA", "another name"])
def test_a_printer_with_a_strange_certificate_is_told_nothing(house, tls, veiled, why):
    configured = {"unknown": {}, "another CA": {"ca_file": f"{tls.other}.crt"}, "another name": {"ca_file": str(tls.ca)}}
    printer = veiled(configured[why], tls.client if why == "another name" else tls.server)
    house.bridge()
    error = house.wait("mk4", "poll/error", lambda t: t != "None").text
    assert error.startswith("certificate not trusted: ") and "SSL" not in error, error
    assert printer.requests == []


def test_a_file_of_certificates_that_is_none_is_said(house, tls, veiled):
    veiled({"ca_file": f"{tls.server}.key"})
    house.bridge()
    error = house.wait("mk4", "poll/error", lambda t: t != "None").text
    assert error.startswith("the file of trusted certificates cannot be used") and "server.key" in error


def test_what_to_do_about_a_strange_certificate_is_said(house, veiled, tmp_path):
    printer = veiled({})
    house.bridge()
    said = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "not trusted" in t).text
    assert "ca_file" in said and "switched on" not in said
    sentence = Terminal(tmp_path, house).fails("status", "mk4")
    assert "not trusted" in sentence and "ca_file" in sentence and "switched on" not in sentence
    assert printer.requests == []


def test_a_file_is_uploaded_by_https(house, tls, veiled, tmp_path):
    printer = veiled({"ca_file": str(tls.ca)})
    desk = Terminal(tmp_path, house)
    (desk.folder / "a.gcode").write_bytes(b"G28\n" * 100000)
    desk("upload", "mk4", "a.gcode")
    assert printer.files()["/usb/a.gcode"] == 400000
