"""Encrypted ways to the broker: who is trusted, and what is said when not."""
import re

import pytest

from harness import BASE, polls


@pytest.fixture
def secure(empty_house, tls):
    """A house whose broker speaks TLS only."""
    empty_house.open_broker(tls=tls)
    empty_house.watch()
    empty_house.add("mk4")
    return empty_house


def test_a_broker_whose_certificate_is_known_is_trusted(secure, tls):
    secure.run({"mqtt": {"ca_file": str(tls.ca)}})
    assert secure.watcher.wait(f"{BASE}/bridge/info").json["broker"].startswith("mqtts://")


@pytest.mark.parametrize("trust", ["the system's", "another CA"])
def test_a_stranger_is_not_given_the_password(secure, tls, trust):
    mqtt = {"username": "bridge", "password": "very-secret-word"}
    if trust == "another CA":
        mqtt["ca_file"] = str(tls.other) + ".crt"
    bridge = secure.bridge({"mqtt": mqtt})
    line = bridge.wait_log(r"error .*no connection to the broker.*")[0]
    assert re.search(r"certificate|verify|trust", line), line
    polls(secure.sim["mk4"], 2)
    assert secure.watcher.since(topic=f"{BASE}/*") == []
    assert "very-secret-word" not in bridge.log and "bridge" not in re.findall(r"u'(\w+)'", secure.broker.log)


def test_a_certificate_for_another_name_is_refused(empty_house, tls):
    """It is signed by the right CA, but it is not the one of this host."""
    house = empty_house
    other = type(tls)(tls.folder)
    other.server = tls.client       # names nobody
    house.open_broker(tls=other)
    house.add("mk4")
    bridge = house.bridge({"mqtt": {"ca_file": str(tls.ca)}})
    line = bridge.wait_log(r"error .*no connection to the broker.*")[0]
    assert re.search(r"certificate|verify|host", line), line


def test_insecure_trusts_anybody_when_told_so(secure):
    secure.run({"mqtt": {"insecure": True}})


def test_a_client_certificate_opens_the_door(empty_house, tls):
    house = empty_house
    house.open_broker(tls=tls, client_certificates=True)
    house.add("mk4")
    without = house.bridge({"mqtt": {"ca_file": str(tls.ca)}})
    without.wait_log("error .*no connection to the broker")
    without.stop()
    bridge = house.bridge({"mqtt": {"ca_file": str(tls.ca), "cert_file": f"{tls.client}.crt",
                                    "key_file": f"{tls.client}.key"}}, name="with")
    bridge.wait_log("connected to the broker")


def test_a_key_that_does_not_fit_its_certificate_is_refused_at_once(secure, tls):
    bridge = secure.bridge({"mqtt": {"ca_file": str(tls.ca), "cert_file": f"{tls.client}.crt",
                                     "key_file": f"{tls.server}.key"}})
    log = bridge.fails(status=2)
    assert re.search(r"error .*client\.crt.*server\.key|error .*server\.key.*client\.crt", log), log


def test_tls_to_a_broker_that_speaks_none_is_explained(house):
    house.add("mk4")
    bridge = house.bridge({"mqtt": {"url": house.broker.url.replace("mqtt:", "mqtts:")}})
    bridge.wait_log("error .*no connection to the broker mqtts.*is this the broker.s TLS port")
    bridge.stop()


def test_orders_and_answers_go_through_tls(secure, tls):
    printer = secure.sim["mk4"]
    printer.start_print(duration=36000)
    secure.run({"mqtt": {"ca_file": str(tls.ca)}})
    secure.wait("mk4", "can/pause", "online")
    assert secure.watcher.order("mk4", "pause").final()["status"] == "done"
    mark = secure.restart_broker()
    secure.wait_online("mk4", after=mark)
