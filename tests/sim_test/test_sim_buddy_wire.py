"""Buddy's HTTP server on the wire: framing, limits, closing rules."""
import time

import pytest
from sim_raw import Client, ask

GOODBYE = b"HTTP/1.1 408 Request Timeout\r\n\r\n\0"


def raw_get(target, *headers, key="password"):
    return "\r\n".join([f"GET {target} HTTP/1.1", f"X-Api-Key: {key}", *headers, "", ""]).encode()


def test_json_is_one_zero_padded_chunk(buddy):
    with Client(buddy) as client:
        client.send(raw_get("/api/v1/info"))
        head = client.until(rb"\r\n\r\n").decode()
        assert "Transfer-Encoding: chunked" in head and "Content-Length" not in head
        size = client.until(rb"\r\n")
        body = client.exactly(int(size, 16))
        assert size == b"%04X\r\n" % len(body)
        assert client.exactly(7) == b"\r\n0\r\n\r\n"


def test_no_date_and_no_server_header(buddy):
    assert list(ask(buddy, "GET", "/api/v1/info").headers) == ["Content-Type", "Connection", "Transfer-Encoding"]


def test_long_documents_come_in_buffers_of_1024(buddy):
    for n in range(30):
        buddy.add_file(f"/usb/a rather long name {n}.gcode")
    with Client(buddy) as client:
        client.send(raw_get("/api/v1/files/usb"))
        sent = [len(client.until(rb"\r\n\r\n"))]
        while size := int(client.until(rb"\r\n"), 16):
            sent.append(size + 8)
            body = client.exactly(size)
            assert body.endswith((b",", b"}"))      # cut between members
            client.exactly(2)
    assert sent[0] + sent[1] <= 1024 and max(sent) <= 1024 and len(sent) > 5


@pytest.mark.parametrize("version, header", [("1.0", {}), ("1.1", {"Connection": "close"})])
def test_without_keep_alive_the_end_is_the_close(buddy, version, header):
    with Client(buddy) as client:
        answer = client.ask("GET", "/api/v1/status", header, version=version)
        assert "Content-Length" not in answer.headers and "Transfer-Encoding" not in answer.headers
        assert answer.headers["Connection"] == "close" and answer.json["printer"]["state"] == "IDLE"
        assert client.closed()


def test_http_1_0_may_ask_for_keep_alive(buddy):
    with Client(buddy) as client:
        client.ask("GET", "/api/v1/status", {"Connection": "keep-alive"}, version="1.0")
        assert client.open()


def test_204_has_type_and_length(buddy):
    with Client(buddy) as client:
        answer = client.ask("GET", "/api/v1/job")
        assert answer.status == 204
        assert (answer.headers["Content-Type"], answer.headers["Content-Length"]) == ("text/plain", "0")
        assert client.open()


def test_404_to_get_keeps_the_connection(buddy):
    with Client(buddy) as client:
        answer = client.ask("GET", "/api/not")
        assert answer.status == 404 and answer.body == b"404: Not Found\n\n\n"
        assert client.open()


@pytest.mark.parametrize("method, target, key", [("PUT", "/api/v1/job/128/pause", None), ("POST", "/api/not", True),
                                                 ("PUT", "/api/v1/job/128/pause", True), ("PUT", "/api/v1/status", True),
                                                 ("DELETE", "/api/v1/status", True)])
def test_refused_orders_close(buddy, method, target, key):
    with Client(buddy) as client:
        answer = client.ask(method, target, key=key)
        assert answer.status >= 400 and answer.headers["Connection"] == "close"
        assert client.closed()


def test_204_to_put_keeps_the_connection(buddy):
    buddy.set(state="PRINTING")
    with Client(buddy) as client:
        assert client.ask("PUT", f"/api/v1/job/{buddy.job_id}/pause").status == 204
        assert client.open()


def test_print_closes_also_with_204(buddy):
    with Client(buddy) as client:
        answer = client.ask("POST", "/api/v1/files/usb/box.gcode")
        assert (answer.status, answer.headers["Connection"]) == (204, "close")
        assert client.closed()


def test_refusal_half_closes_and_eats_the_body(buddy):
    with Client(buddy) as client:
        client.send(b"POST /api/not HTTP/1.1\r\nX-Api-Key: password\r\nContent-Length: 1000\r\n\r\n" + b"x" * 500)
        assert client.answer("POST").status == 404
        assert client.closed()
        client.send(b"x" * 500)


def test_unread_body_spoils_the_next_request(buddy):
    buddy.set(state="PRINTING")
    with Client(buddy) as client:
        assert client.ask("PUT", f"/api/v1/job/{buddy.job_id}/pause", body=b"{ } x\r\n\r\n").status == 204
        assert client.answer().status == 400


@pytest.mark.parametrize("method", ["PUT", "DELETE", "POST"])
def test_wrong_method_is_405_and_closes(buddy, method):
    with Client(buddy) as client:
        assert client.ask(method, "/api/v1/info").status == 405
        assert client.closed()


def test_unrecognized_method(buddy):
    answer = ask(buddy, "BREW", "/api/v1/info")
    assert (answer.status, answer.body) == (405, b"405: Method Not Allowed\n\nUnrecognized method\n")


def test_query_is_part_of_the_path(buddy):
    assert ask(buddy, "GET", "/api/v1/status?x=1").status == 404
    assert ask(buddy, "GET", "/api/v1/files/usb/box.gcode?x=1").status == 200


@pytest.mark.parametrize("length, status", [(168, 404), (169, 414)])
def test_target_of_169_bytes_is_414(buddy, length, status):
    assert ask(buddy, "GET", "/api/".ljust(length, "x")).status == status


def test_unknown_path_needs_credentials_below_api_only(buddy):
    assert ask(buddy, "GET", "/api/not", key=None).status == 401
    assert ask(buddy, "GET", "/not", key=None).status == 404
    assert ask(buddy, "GET", "/", key=None).headers["Content-Encoding"] == "gzip"


@pytest.mark.parametrize("accept, kind", [("application/json", "application/json"),
                                          ("application/json, text/html", "application/json"),
                                          ("text/html, application/json", "text/plain"), ("*/*", "text/plain")])
def test_json_errors_need_json_first_in_accept(buddy, accept, kind):
    answer = ask(buddy, "GET", "/api/not", headers={"Accept": accept})
    assert answer.headers["Content-Type"] == kind
    if kind == "application/json":
        assert answer.body == b'{"title": "404: Not Found","message":""}'


def test_error_body_is_cut_at_127_bytes(buddy):
    from sim.buddy.server import BuddyServer
    from sim.wire import Request, Response
    request = Request("GET", "/", (1, 1), [("Accept", "application/json")])
    assert len(BuddyServer._page(request, Response(409, message="x" * 200))[1]) == 127


def test_header_names_and_line_ends_as_they_come(buddy):
    with Client(buddy) as client:
        client.send(b"GET /api/v1/info HTTP/1.1\nx-aPI-KEY: password\n\n")
        assert client.answer().status == 200


def test_requests_may_be_split_anywhere_and_pipelined(buddy):
    with Client(buddy) as client:
        for byte in raw_get("/api/v1/info"):
            client.send(bytes([byte]))
        assert client.answer().status == 200
        client.send(raw_get("/api/v1/info") + raw_get("/api/v1/job"))
        assert [client.answer().status, client.answer().status] == [200, 204]


def test_broken_request_line_is_400(buddy):
    with Client(buddy) as client:
        client.send(b"GET /x HTXP\r\n\r\n")
        assert client.answer().status == 400 and client.closed()


def test_garbage_without_blanks_gets_nothing_but_the_time_out(buddy):
    with Client(buddy) as client:
        client.send(b"GARBAGE\r\n\r\n")
        buddy.wait_for(lambda p: p.open_connections == 1)
        time.sleep(0.05)
        buddy.advance(11)
        assert client.rest() == GOODBYE


def test_silent_request_is_ended_after_10_s_with_a_raw_408(buddy):
    with Client(buddy) as client:
        client.send(b"GET /api/v1/status HTTP/1.1\r\n")
        time.sleep(0.05)
        buddy.advance(9)
        time.sleep(0.05)
        client.send(b"X-Api-Key: password\r\n")     # progress
        time.sleep(0.05)
        buddy.advance(9)
        time.sleep(0.05)
        buddy.advance(2)
        assert client.rest() == GOODBYE


def test_idle_connection_is_closed_silently_within_60_to_120_s(buddy):
    with Client(buddy) as client:
        assert client.open()
        time.sleep(0.05)
        buddy.advance(50)
        assert client.open()
        time.sleep(0.05)
        buddy.advance(121)
        assert client.closed()


def test_three_half_requests_block_the_fourth(buddy):
    halves = [Client(buddy).send(b"GET /") for _ in range(3)]
    buddy.wait_for(lambda p: p._core.server.slots.locked())
    with Client(buddy, timeout=0.2) as fourth:
        with pytest.raises(TimeoutError):
            fourth.ask("GET", "/api/version")
        fourth.socket.settimeout(60)
        halves[0].send(b"api/version HTTP/1.1\r\nX-Api-Key: password\r\n\r\n")
        assert halves[0].answer().status == 200
        assert fourth.answer().status == 200
    for half in halves:
        half.socket.close()


def test_idle_connections_hold_no_slot(buddy):
    idle = [Client(buddy) for _ in range(5)]
    assert all(client.open() for client in idle)
    for client in idle:
        client.socket.close()


def test_oldest_idle_connection_goes_when_control_blocks_run_out(sim):
    p = sim.add("p", "buddy", pcbs=3)
    clients = []
    for _ in range(4):
        clients.append(Client(p))
        assert clients[-1].open()
    with pytest.raises(ConnectionError):
        clients[0].closed()
    assert clients[1].open()
    for client in clients:
        client.socket.close()


def test_counts_what_happens_at_once(buddy):
    with Client(buddy) as a, Client(buddy) as b:
        a.open(), b.open(), a.open()
    assert (buddy.connections, buddy.max_connections, buddy.max_in_flight) == (2, 2, 1)
    first = buddy.requests[0]
    assert (first.method, first.target, first.status, first.authenticated) == ("GET", "/api/version", 200, True)
    assert first.header("x-api-key") == "password" and first.connection != buddy.requests[1].connection
