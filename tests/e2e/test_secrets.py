"""No password and no key on any topic, in any log line, or sent to anybody else."""
import json

import pytest

from harness import BASE

SECRET = "s3cr3t-w0rd-n0body-may-see"
KEY = "k3y-n0body-may-see-either"
BROKER = "br0ker-s3cr3t-w0rd"


@pytest.fixture
def guarded(empty_house, tmp_path):
    """Printers of all kinds with known secrets, and a broker with a password. At the end everything is searched."""
    house = empty_house
    house.open_broker(users={"bridge": BROKER, "me": "me"})
    house.watch(username="me", password="me")
    house.add("digest", "buddy", password=SECRET)
    house.add("sess", "pi", password=SECRET, api_key=KEY)
    house.add("key", "pi", password=SECRET, api_key=KEY,
              configured={"username": None, "password": None, "api_key": KEY})
    house.add("wrong", "buddy", password="another", configured={"password": SECRET})
    house.add("off", "buddy", password=SECRET).off()
    house.config |= {"log": {"level": "debug", "mqtt": "debug"}}
    house.config["mqtt"] |= {"username": "bridge", "password": BROKER}
    yield house
    leaks = [m for m in house.watcher.since() if any(s.encode() in m.payload or s in m.topic for s in (SECRET, KEY, BROKER))]
    assert leaks == []
    for bridge in house.bridges:
        log = bridge.log
        assert len(log) > 200 and not any(s in log for s in (SECRET, KEY, BROKER))
    for file in (f for f in (tmp_path / "state").rglob("*") if f.is_file()):
        text = file.read_text(errors="replace")
        assert not any(s in text for s in (SECRET, KEY, BROKER)), file


def test_nothing_that_is_said_holds_a_secret(guarded):
    house = guarded
    house.run(None, "digest", "sess", "key")
    house.wait("wrong", "state", "None")
    house.wait("off", "poll/error", lambda t: t != "None")
    for name in ("info", "printers", "health"):
        house.watcher.request(name)
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "wrong" in t and "password" in t)
    house.watcher.order("digest", "pause").final()
    house.watcher.order("digest", SECRET[:5]).final()
    house.watcher.order("wrong", "pause").final()
    house.sim["sess"].fault("error", status=500)
    house.sim["key"].fault("redirect")
    house.wait("sess", "availability", "offline", house.wait("sess", "availability", "online"))
    house.wait("key", "availability", "offline", house.wait("key", "availability", "online"))
    house.bridges[0].stop()


def test_an_echoing_printer_gives_no_secret_away(guarded):
    """Its error page repeats what it was sent; only its own words are quoted, and cut."""
    house = guarded
    house.run(None, "digest", "key")
    for name in ("digest", "key"):
        printer = house.sim[name]
        printer.start_print(duration=36000)
        house.wait(name, "can/pause", "online")
        sent = printer.requests[-1]
        printer.override(f"/api/v1/job/{printer.job_id}/pause", status=409, body=json.dumps(
            {"title": "409", "message": "you sent " + str([h for h in sent.headers if h[0].lower() != "x-api-key"])}))
        assert house.watcher.order(name, "pause").final()["code"] == "conflict"


def test_a_redirect_takes_no_key_to_another_host(guarded):
    house = guarded
    thief = house.add("thief", "pi", configured=False)
    house.run(None, "key", "digest")
    for name in ("key", "digest"):
        house.sim[name].fault("redirect", location=f"{thief.url}/api/v1/status")
        house.wait(name, "availability", "offline", house.wait(name, "availability", "online"))
    assert thief.requests == [] and thief.connections == 0


def test_a_wrong_configuration_is_told_without_its_secrets(guarded):
    house = guarded
    bridge = house.bridge({"printers": {"digest": {"password": ["x", SECRET]}, "more": {"url": f"http://maker:{SECRET}@h",
                                                                                      "password": SECRET}},
                           "mqtt": {"url": f"mqtt://bridge:{BROKER}@127.0.0.1:99999"}})
    log = bridge.fails(2)
    assert "more" in log
    house.bridge(name="good").wait_log("online")
    house.wait_online("digest")


def test_credentials_in_a_broker_url_are_used_but_not_shown(guarded):
    house = guarded
    house.config["mqtt"] = {"url": house.broker.url.replace("mqtt://", f"mqtt://bridge:{BROKER}@")}
    house.run(None, "digest")
    info = house.watcher.wait(f"{BASE}/bridge/info").json
    assert "@" not in info["broker"] and str(house.broker.port) in info["broker"]


def test_the_environment_of_a_secret_is_enough(guarded, tmp_path):
    """!secret, !env and !file keep secrets out of the file that people show around."""
    house = guarded
    digest, sess = house.sim["digest"], house.sim["sess"]
    (tmp_path / "word").write_text(SECRET + "\n")
    bridge = house.bridge(f"""\
state_dir: {tmp_path}/state
log: debug
mqtt: {{url: {house.broker.url}, username: bridge, password: !env BROKER_WORD}}
printers:
  digest: {{url: "{digest.url}", password: !secret mine}}
  sess: {{url: "{sess.url}", username: {sess.username}, password: !file {tmp_path}/word}}
""", start=False, env={"BROKER_WORD": BROKER})
    (bridge.folder / "secrets.yaml").write_text(f"mine: {SECRET}\n")
    (bridge.folder / "secrets.yaml").chmod(0o600)
    bridge.start()
    house.wait_online("digest", "sess")
