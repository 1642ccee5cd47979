"""What can be asked of the bridge itself, and what it tells about itself."""
import json

import pytest

from harness import BASE


def test_info_says_who_we_are(house):
    house.add("mk4")
    house.add("off").off()
    house.run(None, "mk4")
    info = house.watcher.wait(f"{BASE}/bridge/info", lambda t: json.loads(t)["counts"]["online"] == 1).json
    assert info["counts"]["printers"] == 2 and info["protocol"] == "5" and info["instance"] is None
    assert info["version"] and info["commit"] and info["started"].endswith("+00:00")
    assert info["broker"] == house.broker.url
    assert f"{BASE}/bridge/info" in house.watcher.retained()


def test_printers_lists_what_is_configured_and_how_it_is(house):
    house.add("mk4", configured={"model": "MK4S"})
    house.add("off", "pi").off()
    house.run(None, "mk4")
    rows = house.watcher.wait(f"{BASE}/bridge/printers", lambda t: "refused" in t and '"online":true' in t).json
    by_id = {row["id"]: row for row in rows}
    assert by_id["mk4"]["driver"] == "prusalink" and by_id["mk4"]["model"] == "MK4S"
    assert by_id["mk4"]["url"] == house.sim["mk4"].url and by_id["mk4"]["error"] is None
    assert {"pause", "cancel", "print", "refresh"} <= set(by_id["mk4"]["capabilities"])
    assert "continue" not in by_id["mk4"]["capabilities"]       # until it once worked
    assert not by_id["off"]["online"] and "refused" in by_id["off"]["error"] and "switched on" in by_id["off"]["remedy"]


def test_health_counts(house):
    house.add("mk4")
    house.run()
    mark = house.watcher.mark
    assert house.watcher.request("health").final()["status"] == "done"
    health = house.watcher.wait(f"{BASE}/bridge/health", after=mark)
    assert health.retain
    numbers = health.json
    assert numbers["polls_ok"] >= 1 and numbers["polls_failed"] == 0 and numbers["messages_out"] > 20
    assert 1 << 20 < numbers["rss"] and numbers["loop_lag_max"] >= 0
    assert numbers["slowest"][0]["id"] == "mk4"


def test_printers_can_be_asked_for_again(house):
    house.add("mk4")
    house.run()
    house.watcher.wait(f"{BASE}/bridge/printers", lambda t: '"online":true' in t)
    mark = house.watcher.mark
    assert house.watcher.request("printers").final()["status"] == "done"
    assert house.watcher.wait(f"{BASE}/bridge/printers", after=mark)


def test_the_log_level_can_be_changed(house):
    house.add("mk4")
    house.run()
    assert house.watcher.request("log_level", "debug").final()["status"] == "done"
    house.watcher.wait(f"{BASE}/bridge/info", lambda t: json.loads(t)["log_level"] == "debug")
    assert house.watcher.request("log_level", "loud").final()["code"] == "invalid"
    assert house.watcher.request("log_level", {"value": "error"}).wait(final=True)["status"] == "done"
    house.watcher.wait(f"{BASE}/bridge/info", lambda t: json.loads(t)["log_level"] == "error")
    house.watcher.order("mk4", "dance").final()
    assert "order dance refused" not in house.bridges[0].log


def test_warnings_and_errors_come_on_bridge_log_too(house):
    house.add("mk4")
    house.run()
    mark = house.watcher.mark
    house.watcher.order("mk4", "dance").final()
    said = house.watcher.wait(f"{BASE}/bridge/log", after=mark)
    assert said.json == {"level": "warning", "printer": "mk4",
                         "message": "order dance refused: no command is called dance"}
    assert not said.retain


def test_discovery_can_be_sent_again(house):
    house.add("mk4")
    house.run()
    first = house.watcher.wait("homeassistant/device/*/config", lambda t: "mk4/state" in t)
    answers = house.watcher.request("republish_discovery")
    assert answers.final()["status"] == "done"
    again = house.watcher.wait(first.topic, after=answers.after)
    assert again.json == first.json
    house.wait("mk4", "state", "idle", again)       # and the state behind it


@pytest.mark.parametrize("name", ["dance", "pause", "x" * 40])
def test_an_unknown_request_is_answered(house, name):
    house.add("mk4")
    house.run()
    answer = house.watcher.request(name).final()
    assert answer["code"] == "not_supported" and name[:30] in answer["message"]


def test_requests_are_guarded_like_orders(house):
    house.add("mk4")
    bridge = house.run()
    assert house.watcher.request("restart", "").final()["code"] == "invalid"
    assert house.watcher.request("restart", "PRESS", retain=True).final()["code"] == "retained"
    assert house.watcher.request("restart", {"expires": 0}).final()["code"] == "expired"
    assert house.watcher.request("restart", '{"value"').final()["code"] == "invalid"
    assert house.watcher.request("restart", ResponseTopic=f"{BASE}/mk4/command/pause").final()["code"] == "invalid"
    assert "restarting" not in bridge.log and house.watcher.text(f"{BASE}/bridge/state") == "online"
    house.watcher.publish(f"{BASE}/bridge/request/restart", "", retain=True)    # clears what was refused


def test_a_request_is_answered_where_its_sender_wants(house):
    house.add("mk4")
    house.run()
    house.watcher.request("health", {"transaction": 5}, ResponseTopic="me/answers", CorrelationData=b"c")
    answer = house.watcher.wait("me/answers")
    assert answer.json["transaction"] == 5 and answer.properties.CorrelationData == b"c"
