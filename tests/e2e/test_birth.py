"""Home Assistant starts while the bridge runs."""
from harness import BASE, polls

CONFIGS = "homeassistant/device/*/config"


def test_a_birth_counts_also_when_it_is_retained(house):
    """Many let Home Assistant retain its birth; with MQTT 5 the broker then says so of each."""
    house.watcher.publish("homeassistant/status", "online", retain=True)
    printer = house.add("mk4")
    for name in ("first", "second", "third"):
        bridge = house.run(name=name)
        house.watcher.wait(CONFIGS, lambda t: "cmd_refresh" in t)
        # said when the retained topics were read back
        house.watcher.wait(f"{BASE}/bridge/printers", lambda t: '"online":true' in t)
        polls(printer, 2)
        if "Home Assistant is back" not in bridge.log:
            break
        bridge.stop()       # a broker that stands still for long while it is read back: its old news counts as new
    before = house.watcher.mark
    assert "Home Assistant is back" not in bridge.log
    house.watcher.publish("homeassistant/status", "online", retain=True)
    announced = house.watcher.wait(CONFIGS, lambda t: "cmd_refresh" in t, before)
    house.wait("mk4", "state", "idle", announced)
