"""What README.md begins with, from the real thing: a picture of a printer's page in Home Assistant, and what its topics say.

    picture.py PICTURE.png      words for the README on stdout
"""
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parent / "e2e")]

import pytest                                   # noqa: E402

from harness import BASE, Broker, House         # noqa: E402
from harness.process import until               # noqa: E402
from stage.browser import Browser               # noqa: E402
from stage.hass import HomeAssistant            # noqa: E402

SERIAL = "10589-3742441631137"
FILE = "/usb/desk-organizer.gcode"
TOTAL, LEFT = 8000, 3700        # seconds; so that the page says 1h 1m for a while
AUTOMATIONS = "automation: !include automations.yaml\n"
SIZE = 1120, 1700
TOPICS = ("state", "nozzle/temperature", "nozzle/target", "bed/temperature", "job/name", "job/progress",
          "job/time_remaining", "job/finishes_at")
# The box around the cards that matter: the page without its menus and without lists of what is switched off.
BOX = """(() => {
    const cards = node => [node.shadowRoot, ...node.childNodes].filter(Boolean)
        .flatMap(n => [...(n.nodeName === 'HA-CARD' ? [n] : []), ...cards(n)]);
    const boxes = cards(document.body).filter(c => !['Configuration', 'Diagnostic'].includes(c.header))
        .map(c => c.getBoundingClientRect()).filter(b => b.width && b.height);
    return [Math.min(...boxes.map(b => b.left)), Math.min(...boxes.map(b => b.top)),
            Math.max(...boxes.map(b => b.right)), Math.max(...boxes.map(b => b.bottom))];
})()"""
EDGE = 12


def tell_when_finished(home):
    """An automation, as its owner clicks it together."""
    trigger = {"trigger": "device", "domain": "mqtt", "device_id": home.api.devices()[SERIAL]["id"],
               "type": "finished", "subtype": "print"}
    action = {"action": "persistent_notification.create", "data": {"message": "The print is finished."}}
    home.api.post("/api/config/automation/config/finished",
                  {"alias": "Tell me when a print is finished", "triggers": [trigger], "actions": [action]})


def print_something(house, home):
    """One print is over, another is under way."""
    printer = house.add("mk4", serial=SERIAL, hostname="prusa-mk4",
                        configured={"name": "Prusa MK4", "model": "MK4", "area": "Workshop"})
    printer.add_file(FILE, size=4200000, duration=TOTAL, thumbnails=True)
    house.run()
    printer.start_print("/usb/cable-clips.gcode", duration=2400)
    house.wait("mk4", "state", "printing")
    left = f"{SERIAL}_job_time_remaining"
    until("all entities are there", lambda: {left, f"{SERIAL}_poll_failures"} <= set(home.api.entities()))
    home.switch_on([left])
    tell_when_finished(home)
    printer.advance(1200)
    printer.finish()
    house.wait("mk4", "last_job/result", "finished")
    printer.start_print(FILE, duration=TOTAL)
    mark = house.wait("mk4", "job/name", FILE.rpartition("/")[2])
    house.wait("mk4", "has/job/thumbnail", "online", mark)
    printer.advance(TOTAL - LEFT)
    house.wait("mk4", "job/progress", lambda text: text not in ("None", "0"), mark)
    printer.pause()
    mark = house.wait("mk4", "state", "paused", mark)
    printer.resume()
    house.wait("mk4", "state", "printing", mark)


def take(home, path):
    api = home.api
    device = api.devices()[SERIAL]["id"]
    browser = Browser(home.root, *SIZE, sharpness=1.5)
    try:
        url = f"http://127.0.0.1:{home.port}"
        tokens = {"hassUrl": url, "clientId": url + "/", "access_token": api.token, "token_type": "Bearer",
                  "refresh_token": "", "expires_in": 1e8, "expires": int((time.time() + 1e8) * 1000)}
        browser.remember(hassTokens=tokens, dockedSidebar="always_hidden")
        browser.open(f"{url}/config/devices/device/{device}", "Pause print", "desk-organizer", "215", "Diagnostic")
        time.sleep(3)       # it fades things in
        left, top, right, bottom = browser.run(BOX)
        path.write_bytes(browser.shoot(left - EDGE, top - EDGE, right - left + 2 * EDGE, bottom - top + 2 * EDGE))
    finally:
        browser.close()


def listen(house, topics, count):
    """mosquitto_sub, as a person runs it."""
    words = ["mosquitto_sub", "-p", str(house.broker.port), "-v", "-C", str(count), "-W", "30"]
    return subprocess.Popen(words + [w for t in topics for w in ("-t", f"{BASE}/mk4/{t}")], stdout=subprocess.PIPE, text=True)


def tell(house):
    lines = dict(line.split(" ", 1) for line in listen(house, TOPICS, len(TOPICS)).communicate()[0].splitlines())
    for topic in TOPICS:
        print(f"{BASE}/mk4/{topic}", lines[f"{BASE}/mk4/{topic}"])
    answers = listen(house, ["response/pause"], 2)
    time.sleep(1)           # it cannot tell that it listens
    house.watcher.publish(f"{BASE}/mk4/command/pause", "PRESS")
    print(answers.communicate()[0], end="")


def main(path):
    with tempfile.TemporaryDirectory(prefix="printer2mqtt-picture-") as folder:
        house = House(pathlib.Path(folder))
        house.open_broker()
        del house.config["defaults"]        # polls as often as it does by itself
        home = HomeAssistant(house.broker.port)
        home.configure(without="logbook", more=AUTOMATIONS)     # the logbook would show how time jumped
        try:
            house.watch()
            home.start()
            print_something(house, home)
            home.api.wait(f"{SERIAL}_state", "printing")
            take(home, path)
            tell(house)
        finally:
            home.close()
            house.close()
    print(f"{path}: {path.stat().st_size} bytes", file=sys.stderr)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    try:
        main(pathlib.Path(sys.argv[1]))
    except (pytest.skip.Exception, subprocess.CalledProcessError) as reason:
        raise SystemExit(f"no picture: {reason}")
