"""Whatever a printer answers, the bridge stays honest, and recovers when the printer does.

All printers of this file live beside each other in one house: no fault may spread.
"""
import pytest

from harness import BASE, House, asked_each_second, polls

# Faults on every request after which nothing is known any more: the printer is offline.
FATAL = {"hang": {}, "lost": {}, "close": {}, "reset": {}, "half": {}, "drip": {}, "huge": {"size": 3_000_000},
         "nested": {}, "broken": {}, "empty": {}, "html": {}, "storm": {}, "raw408": {}, "error": {"status": 503},
         "error 500": {"status": 500}, "redirect": {}, "garbage": {}, "long": {}, "short": {}, "refuse": {},
         "blackhole": {}}
# What a printer still can be understood with: field -> value.
HARMLESS = {"slow": {"nozzle/temperature": "50.0"}, "nan": {"nozzle/temperature": "None", "bed/target": "None"},
            "badutf8": {"nozzle/temperature": "50.0"}}
SILENT = {"hang", "lost", "drip", "blackhole"}       # these need a time-out; the others shall have time
REFUSALS = {"storm", "long", "short"}       # the last two lose the challenge on the way
OPTIONS = {"slow": {"delay": 0.5}}
TRUE = {"nozzle/temperature": {"50.0", "None"}, "state": {"printing", "None"}, "job/id": {"129", "None"},
        "job/progress": {"1", "None"}, "speed": {"100", "None"}, "bed/target": {"60.0", "None"}}


def patience(fault):
    return {"timeout": "4s"} if fault in SILENT else {}


def name_of(profile, fault):
    return f"{profile}-{fault.replace(' ', '-')}"


@pytest.fixture(scope="module")
def street(tmp_path_factory):
    """A printer for each fault, all printing, all struck at the same time."""
    house = House(tmp_path_factory.mktemp("street"))
    try:
        house.open_broker()
        house.watch()
        for profile in ("buddy", "pi"):
            for fault in [*FATAL, *HARMLESS]:
                printer = house.add(name_of(profile, fault), profile, patience(fault), job_id=128)
                printer.start_print(duration=360000)
                printer.advance(5000)
                printer.set(temp_nozzle=50.0)
        house.add("well").set(temp_nozzle=50.0)
        house.run()
        for name in house.config["printers"]:
            house.wait(name, "nozzle/temperature", "50.0")
            house.watcher.wait(f"{BASE}/{name}")
        house.struck = house.watcher.mark
        house.sim["well"].reset_counters()
        for profile in ("buddy", "pi"):
            for fault in [*FATAL, *HARMLESS]:
                house.sim[name_of(profile, fault)].fault(fault.split()[0], **FATAL.get(fault, {}) | OPTIONS.get(fault, {}))
        yield house
    finally:
        house.close()


@pytest.mark.parametrize("profile", ["buddy", "pi"])
@pytest.mark.parametrize("fault", FATAL)
def test_a_printer_that_cannot_be_understood_is_offline_and_comes_back(street, profile, fault):
    name = name_of(profile, fault)
    offline = street.wait(name, "availability", "offline", street.struck)
    for field in TRUE:
        street.wait(name, field, "None", offline)
    assert street.wait(name, "poll/error", lambda t: t != "None").text
    street.sim[name].heal()
    if fault in REFUSALS:       # a refused password is tried again after a minute, or when somebody asks
        street.watcher.order(name, "refresh")
    street.wait_online(name, after=offline)
    assert street.value(name, "state") == "printing" and street.value(name, "nozzle/temperature") == "50.0"
    for field, values in TRUE.items():
        said = {m.text for m in street.watcher.since(street.struck, f"{BASE}/{name}/{field}")}
        assert said <= values, (field, said)


@pytest.mark.parametrize("profile", ["buddy", "pi"])
@pytest.mark.parametrize("fault", HARMLESS)
def test_a_printer_that_is_only_odd_stays_online(street, profile, fault):
    name = name_of(profile, fault)
    for field, value in HARMLESS[fault].items():
        if street.value(name, field) != value:
            street.wait(name, field, value, street.struck)
    polls(street.sim[name], 2)
    assert street.watcher.since(street.struck, f"{BASE}/{name}/availability") == []


def test_the_neighbour_noticed_nothing(street):
    well = street.sim["well"]
    assert street.watcher.since(street.struck, f"{BASE}/well/availability") == []
    assert asked_each_second(well)
    assert street.bridges[0].alive


# Two that answer, and two that do not.
SIDE_FAULTS = ("error", "broken", "close", "hang")
SIDE_PATHS = ("/api/v1/storage", "/api/printer", "/api/v1/job", "/api/version")


def side_name(fault, path):
    return f"{fault}-{path.rpartition('/')[2]}"


@pytest.fixture(scope="module")
def beside(tmp_path_factory):
    """Printers that never answer on one endpoint."""
    house = House(tmp_path_factory.mktemp("beside"))
    try:
        house.open_broker()
        house.watch()
        for fault in SIDE_FAULTS:
            for path in SIDE_PATHS:
                printer = house.add(side_name(fault, path), configured=patience(fault))
                printer.start_print(duration=36000)
                printer.fault(fault, path=path)
        house.bridge()
        yield house
    finally:
        house.close()


@pytest.mark.parametrize("fault", SIDE_FAULTS)
@pytest.mark.parametrize("path", SIDE_PATHS)
def test_a_broken_side_endpoint_costs_only_its_own_values(beside, fault, path):
    """The status says whether the printer is there; discovery and JSON do not wait for ever."""
    name = side_name(fault, path)
    beside.wait(name, "state", "printing")
    beside.wait_online(name)
    assert beside.watcher.wait(f"{BASE}/{name}", lambda t: '"state"' in t).json["state"] == "printing"
    assert beside.watcher.wait("homeassistant/device/*/config", lambda t: f'"{BASE}/{name}/state"' in t)
    polls(beside.sim[name], 2)
    assert [m.text for m in beside.watcher.since(topic=f"{BASE}/{name}/availability")] == ["offline", "online"]
    if path == "/api/v1/storage":
        assert beside.value(name, "storage/usb/available") in (None, "None")
    answer = beside.watcher.order(name, "refresh").final()
    assert answer["status"] == "done"


def test_a_broken_side_endpoint_is_not_hammered(beside):
    asked = [r.time for r in beside.sim["error-job"].requests if r.target == "/api/v1/job"]
    gaps = [b - a for a, b in zip(asked, asked[1:])]
    assert asked and (not gaps or sorted(gaps)[len(gaps) // 2] > 1.5)
