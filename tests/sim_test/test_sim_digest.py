"""Who is let in, and what the others are told."""
import re

import pytest
from sim import auth
from sim.clock import Clock
from sim.wire import Request
from sim_raw import Client, ask, curl, still

DIGEST = re.compile(r'Digest realm="Printer API", nonce="([0-9a-f]{16})", stale=(true|false)')


def challenge(answer):
    match = DIGEST.fullmatch(answer.headers["WWW-Authenticate"])
    return match[1], match[2] == "true"


def authorization(nonce, password="password", target="/api/v1/status", method="GET", more=""):
    response = auth.rfc2069("maker", "Printer API", password, nonce, method, target)
    return {"Authorization": f'Digest username="maker", realm="Printer API", nonce="{nonce}", uri="{target}"{more}, '
                             f'response="{response}"'}


@pytest.mark.parametrize("nonce, response", [("aaaaaaaa00000000", "0cbf0ac5ca4c879c35a3b91430214a47"),
                                             ("dcd98b7102dd2f0e", "285b9c363d25d31c5867bca2bd4121af")])
def test_firmware_vectors(nonce, response):
    assert auth.rfc2069("maker", "Printer API", "password", nonce, "GET", "/secret.html") == response


def test_firmware_vector_is_let_in():
    gate = auth.BuddyAuth(Clock(), (6, 2, 4), "password")
    gate.random = 0xaaaaaaaa
    request = Request("GET", "/secret.html", (1, 1), [
        ("Authorization", 'Digest nonce="aaaaaaaa00000000", response="0cbf0ac5ca4c879c35a3b91430214a47"')])
    assert gate.check(request) is None


def test_first_answer_is_a_challenge_that_keeps_the_connection(buddy):
    with Client(buddy) as client:
        answer = client.ask("GET", "/api/v1/status", key=None)
        assert answer.status == 401
        assert challenge(answer)[1] is False
        assert client.open()


def test_one_nonce_serves_many_requests(buddy):
    with Client(buddy) as client:
        nonce, _ = challenge(client.ask("GET", "/api/v1/status", key=None))
        for _ in range(3):
            assert client.ask("GET", "/api/v1/status", authorization(nonce), key=None).status == 200
    assert ask(buddy, "GET", "/api/v1/status", headers=authorization(nonce), key=None).status == 200


def test_nonce_is_boot_random_and_uptime(buddy):
    first, _ = challenge(ask(buddy, "GET", "/api/v1/status", key=None))
    buddy.advance(16)
    second, _ = challenge(ask(buddy, "GET", "/api/v1/status", key=None))
    assert first[:8] == second[:8] and int(second[8:], 16) - int(first[8:], 16) == 16
    buddy.reboot()
    third, _ = challenge(ask(buddy, "GET", "/api/v1/status", key=None))
    assert third[:8] != first[:8]


@pytest.mark.parametrize("life, firmware", [(300, "5.2.1"), (5, "5.1.2")])
def test_expired_nonce_is_stale(sim, life, firmware):
    p = still(sim.add("p", "buddy", password="password", firmware=firmware))
    nonce, _ = challenge(ask(p, "GET", "/api/v1/status", key=None))
    p.advance(life - 2)
    assert ask(p, "GET", "/api/v1/status", headers=authorization(nonce), key=None).status == 200
    p.advance(3)
    answer = ask(p, "GET", "/api/v1/status", headers=authorization(nonce), key=None)
    assert answer.status == 401 and challenge(answer)[1] is True


def test_put_has_eight_seconds_before_5_2(sim):
    p = still(sim.add("p", "buddy", password="password", firmware="5.1.2"))
    nonce, _ = challenge(ask(p, "GET", "/api/v1/status", key=None))
    p.advance(6)
    target = "/api/v1/job/0/pause"
    headers = authorization(nonce, target=target, method="PUT")
    assert ask(p, "PUT", target, headers=headers, key=None).status == 409


def test_right_digest_for_a_foreign_nonce_is_stale(buddy):
    answer = ask(buddy, "GET", "/api/v1/status", headers=authorization("dcd98b7102dd2f0e"), key=None)
    assert challenge(answer)[1] is True


@pytest.mark.parametrize("headers", [authorization("not a valid nonce"), authorization("a" * 40),
                                     authorization("dcd98b7102dd2f0e", password="wrong")])
def test_wrong_credentials_are_not_stale(buddy, headers):
    answer = ask(buddy, "GET", "/api/v1/status", headers=headers, key=None)
    assert answer.status == 401 and challenge(answer)[1] is False


def test_hash_covers_the_target_as_received(buddy):
    nonce, _ = challenge(ask(buddy, "GET", "/api/v1/files/usb/box.gcode", key=None))
    target = "/api/v1/files/usb/%62ox.gcode?x=%20"
    assert ask(buddy, "GET", target, headers=authorization(nonce, target=target), key=None).status == 200
    plain = authorization(nonce, target="/api/v1/files/usb/box.gcode")
    assert ask(buddy, "GET", target, headers=plain, key=None).status == 401


@pytest.mark.parametrize("firmware, status", [("5.2.1", 401), ("6.0.0", 200)])
def test_unquoted_parameter_breaks_parsing_before_6_0(sim, firmware, status):
    p = sim.add("p", "buddy", password="password", firmware=firmware)
    nonce, _ = challenge(ask(p, "GET", "/api/v1/status", key=None))
    headers = authorization(nonce, more=", algorithm=MD5")
    assert ask(p, "GET", "/api/v1/status", headers=headers, key=None).status == status


@pytest.mark.parametrize("key", ["wrong", "Password", "passwor", "passwordx"])
def test_wrong_key_gets_no_digest_challenge(buddy, key):
    answer = ask(buddy, "GET", "/api/v1/status", key=key)
    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'ApiKey realm="Printer API"')


def test_no_password_lets_nobody_in(buddy):
    buddy.set_password("")
    assert ask(buddy, "GET", "/api/v1/status", key="x").status == 401


def test_later_header_decides(buddy):
    nonce, _ = challenge(ask(buddy, "GET", "/api/v1/status", key=None))
    right = authorization(nonce)["Authorization"]
    for headers, status in (({"X-Api-Key": "wrong", "Authorization": right}, 200),
                            ({"Authorization": right, "X-Api-Key": "wrong"}, 401)):
        assert ask(buddy, "GET", "/api/v1/status", headers=headers, key=None).status == status


def test_mini_4_4_knows_keys_only(sim):
    p = sim.add("p", "buddy", password="password", firmware="4.4.1")
    answer = ask(p, "GET", "/api/version", key=None)
    assert answer.status == 401 and "WWW-Authenticate" not in answer.headers
    assert ask(p, "GET", "/api/version").json["text"] == "PrusaLink MINI"


def test_basic_hangs_old_firmware(sim):
    p = sim.add("p", "buddy", firmware="5.1.2", active_timeout=0.1)
    answer = ask(p, "GET", "/api/v1/status", headers={"Authorization": "Basic bWFrZXI6eA=="}, key=None)
    assert answer.status == 408


def test_password_change_locks_out(buddy):
    nonce, _ = challenge(ask(buddy, "GET", "/api/v1/status", key=None))
    buddy.set_password("another")
    answer = ask(buddy, "GET", "/api/v1/status", headers=authorization(nonce), key=None)
    assert answer.status == 401 and challenge(answer)[1] is False
    assert buddy.unauthorized == 2


def test_curl_digest_buddy(buddy):
    code, body = curl(buddy, "/api/v1/info")
    assert code == 200 and b"10589-1234567" in body
    assert [r.status for r in buddy.requests] == [401, 200]


def test_curl_digest_pi(pi):
    code, body = curl(pi, "/api/v1/info")
    assert code == 200 and b"CZPX4720X004XC34242" in body
    assert [r.authenticated for r in pi.requests] == [False, True]


# -- PrusaLink on a Raspberry Pi

PI_DIGEST = re.compile(r'Digest realm="Administrator",qop="auth",algorithm="MD5-sess",nonce="([0-9a-f]{64})",'
                       r'opaque="([0-9a-f]{64})"(,stale=true)?')


def pi_challenge(answer):
    return PI_DIGEST.fullmatch(answer.headers["WWW-Authenticate"])


def pi_authorization(printer, target, nonce, offered, **changes):
    given = {"username": printer.username, "realm": "Administrator", "nonce": nonce, "uri": target, "qop": "auth",
             "nc": "00000001", "cnonce": "abc", "algorithm": "MD5-sess", "opaque": offered} | changes
    ha1 = auth.md5(f"{printer.username}:Administrator:{printer.password}")
    given["response"] = auth.md5_sess(ha1, "GET", given)
    return {"User-Agent": "me", "Authorization": "Digest " + ", ".join(f'{k}="{v}"' for k, v in given.items())}


def pi_first(pi, agent="me"):
    return pi_challenge(ask(pi, "GET", "/api/v1/status", headers={"User-Agent": agent}, key=None))


def test_pi_same_nc_passes_again(pi):
    match = pi_first(pi)
    headers = pi_authorization(pi, "/api/v1/status", match[1], match[2])
    for _ in range(2):
        assert ask(pi, "GET", "/api/v1/status", headers=headers, key=None).status == 200


@pytest.mark.parametrize("change", [{"algorithm": "MD5"}, {"qop": "auth-int"}, {"opaque": "x"}, {"realm": "Printer API"},
                                    {"uri": "/other"}])
def test_pi_compares_what_it_offered(pi, change):
    match = pi_first(pi)
    headers = pi_authorization(pi, "/api/v1/status", match[1], match[2], **change)
    answer = ask(pi, "GET", "/api/v1/status", headers=headers, key=None)
    assert answer.status == 401 and pi_challenge(answer)[3] is None


def test_pi_nonce_belongs_to_a_user_agent(pi):
    match = pi_first(pi, agent="another")
    headers = pi_authorization(pi, "/api/v1/status", match[1], match[2])
    assert pi_challenge(ask(pi, "GET", "/api/v1/status", headers=headers, key=None))[3]


def test_pi_nonce_lives_one_to_two_minutes(pi):
    match = pi_first(pi)
    headers = pi_authorization(pi, "/api/v1/status", match[1], match[2])
    pi.advance(58)
    assert ask(pi, "GET", "/api/v1/status", headers=headers, key=None).status == 200
    pi.advance(62)
    assert pi_challenge(ask(pi, "GET", "/api/v1/status", headers=headers, key=None))[3]


def test_pi_wrong_key_is_403_text(pi):
    answer = ask(pi, "GET", "/api/v1/status", key="bad")
    assert (answer.status, answer.body) == (403, b"Bad X-Api-Key.")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"


def test_pi_401_is_html_even_for_json(pi):
    answer = ask(pi, "GET", "/api/v1/status", headers={"Accept": "application/json"}, key=None)
    assert answer.status == 401 and answer.body.startswith(b"<!DOCTYPE html>")
