"""Listings, downloads and previews."""
import struct

import pytest
from sim.pictures import in_gcode, previews
from sim_put import GCODE, put
from sim_raw import Client, ask


@pytest.mark.parametrize("profile, storage", [("buddy", "usb"), ("pi", "local")])
def test_ten_thousand_files(sim, profile, storage):
    printer = sim.add("p", profile)
    printer.add_files(10_000)
    children = ask(printer, "GET", f"/api/v1/files/{storage}/many").json["children"]
    assert len({c["name"] for c in children}) == 10_000
    if profile == "buddy":
        assert all(len(c["name"].partition(".")[0]) <= 8 for c in children) and children[0]["name"] == "FILE00~1.GCO"
    one = children[7777]["name"].replace(" ", "%20")
    assert ask(printer, "GET", f"/api/v1/files/{storage}/many/{one}").json["display_name"] == "file 07777.gcode"


def test_buddy_listing(buddy):
    buddy.add_file("/usb/.hidden.gcode")
    buddy.add_file("/usb/x.bbf")
    buddy.add_file("/usb/" + "ä" * 100 + ".gcode")
    document = ask(buddy, "GET", "/api/v1/files/usb")
    cut = ("ä" * 83).encode() + b"\xc3"
    assert b'"display_name":"' + cut + b'"' in document.body      # 167 bytes, whatever they are
    assert b"hidden" not in document.body and b"bbf" not in document.body
    assert ask(buddy, "GET", "/api/v1/files/usb/x.bbf").json["type"] == "FIRMWARE"
    buddy.set_stick(False)
    assert ask(buddy, "GET", "/api/v1/files/usb").json["children"] == []
    assert ask(buddy, "GET", "/api/v1/files/usb/box.gcode").status == 404
    assert ask(buddy, "GET", "/api/v1/storage").json["storage_list"][0]["available"] is False


def test_buddy_etags(buddy):
    with Client(buddy) as client:
        for target in ("/api/v1/files/usb", "/api/v1/files/usb/box.gcode", "/usb/BOX~1.GCO", "/thumb/s/usb/BOX~1.GCO"):
            etag = client.ask("GET", target).headers["ETag"]
            assert etag.strip('"').isdigit() and client.ask("GET", target, {"If-None-Match": etag}).status == 304
    etag = ask(buddy, "GET", "/api/v1/files/usb").headers["ETag"]
    buddy.set_stick(False)
    assert ask(buddy, "GET", "/api/v1/files/usb", headers={"If-None-Match": etag}).status == 200


def test_buddy_download(buddy):
    buddy.add_file("/usb/x y.gcode", content="G28\n" * 100)
    with Client(buddy) as client:
        answer = client.ask("GET", "/usb/x%20y.gcode", {"Range": "bytes=0-3"})      # it knows no ranges
        assert (answer.status, answer.body) == (200, b"G28\n" * 100) and "Content-Range" not in answer.headers
        assert answer.headers["Content-Disposition"] == "attachment" and client.open()
        assert len(client.ask("GET", "/usb/box.gcode").body) == 72964
        assert client.ask("GET", "/usb/none.gcode").status == 404 and client.ask("GET", "/usb/parts").status == 404
        assert client.ask("DELETE", "/usb/box.gcode").status == 405
    assert ask(buddy, "GET", "/usb/box.gcode", key=None).status == 401


def test_buddy_previews(buddy):
    refs = ask(buddy, "GET", "/api/v1/files/usb/box.gcode").json["refs"]
    pictures = [ask(buddy, "GET", refs[name]) for name in ("icon", "thumbnail")]
    assert [p.headers["Content-Type"] for p in pictures] == ["image/png"] * 2
    assert [p.body for p in pictures] == list(previews(1).values())
    refs = ask(buddy, "GET", "/api/v1/files/usb/parts/clip.gcode").json["refs"]
    answer = ask(buddy, "GET", refs["icon"])
    assert answer.status == 404 and b"File doesn't contain preview" in answer.body
    assert ask(buddy, "GET", "/thumb/x/usb/box.gcode").status == 404
    buddy.add_file("/usb/sliced.gcode", content=in_gcode(previews(9)) + "G28\n")
    assert ask(buddy, "GET", "/thumb/l/usb/sliced.gcode").body == previews(9)[220, 124]


def test_previews_of_a_binary_file(buddy):
    picture = previews(9)[16, 16]
    blocks = struct.pack("<HHIIH", 3, 1, 50, 7, 0) + b"packed!" + b"crc4"
    blocks += struct.pack("<HHIHHH", 5, 0, len(picture), 0, 16, 16) + picture + b"crc4"
    blocks += struct.pack("<HHIHHH", 5, 0, 4, 2, 313, 173) + b"qoif" + b"crc4" + struct.pack("<HHIH", 1, 0, 9, 0) + b"G28"
    buddy.add_file("/usb/x.bgcode", content=b"GCDE" + struct.pack("<IH", 1, 1) + blocks)
    assert ask(buddy, "GET", "/thumb/s/usb/x.bgcode").body == picture
    assert ask(buddy, "GET", "/thumb/l/usb/x.bgcode").status == 404


def test_what_a_client_took_of_a_download(buddy):
    buddy.add_file("/usb/big.gcode", size=200_000_000)
    with Client(buddy) as client:
        client.send(f"GET /usb/big.gcode HTTP/1.1\r\nX-Api-Key: {buddy.api_key}\r\n\r\n".encode())
        client.exactly(100_000)
    buddy.wait_for(lambda p: not p.open_connections)
    assert 100_000 <= buddy.requests[-1].sent < 20_000_000


def test_pi_download_and_previews(pi):
    sliced = (in_gcode(previews(9)) + "; filament_type = PETG\n; filament used [g] = 1.5\n"
              "; estimated printing time (normal mode) = 1h 1s\n").encode()
    assert put(pi, "/api/v1/files/local/s.gcode", sliced, GCODE).status == 201
    pi.advance(0.2)
    document = ask(pi, "GET", "/api/v1/files/local/s.gcode").json
    assert document["meta"] == {"filament_type per tool": ["PETG"], "filament_type": "PETG", "filament used [g] per tool": [1.5],
                                "filament used [g]": 1.5, "estimated printing time (normal mode)": "1h 1s",
                                "estimated_print_time": 3601}
    target = document["refs"]["thumbnail"].replace(" ", "%20")
    picture = ask(pi, "GET", target)
    assert picture.body == previews(9)[220, 124] and picture.headers["Cache-Control"] == "private, max-age=604800"
    assert ask(pi, "GET", target.replace("png", "jpg")).status == 410
    download = document["refs"]["download"].replace(" ", "%20")
    answer = ask(pi, "GET", download, headers={"Range": "bytes=0-3"})
    assert (answer.status, answer.body) == (200, sliced)
    assert answer.headers["Content-Disposition"] == 'attachment;filename="s.gcode"'
    assert ask(pi, "GET", "/api/files/sdcard/SD%20Card/on%20the%20card.gcode/raw").status == 500


def test_pi_listing(pi):
    pi.add_folder("/local/sub/deep")
    pi.add_file("/local/x.txt")
    children = {c["name"]: c for c in ask(pi, "GET", "/api/v1/files/local").json["children"]}
    assert "children" not in children["sub"] and children["dig.gcode"]["size"] == 72964
    assert list(children["x.txt"]["refs"]) == ["download"] and children["x.txt"]["type"] == "FILE"
    assert ask(pi, "DELETE", "/api/v1/files/local/sub").status == 409
    assert ask(pi, "DELETE", "/api/v1/files/local/sub", headers={"Force": "?1"}).status == 204
    assert ask(pi, "GET", "/api/v1/files/local", headers={"If-Modified-Since": "x"}).status == 500


def test_buddy_does_not_delete_by_force(buddy):
    assert ask(buddy, "DELETE", "/api/v1/files/usb/parts", headers={"Force": "?1"}).status == 404
