"""A real Node-RED: its flows see what happens, give orders and read the answers."""
import pytest

from stage.nodered import NodeRed
from stage.table import versions

SYSTEM = "Node-RED"


@pytest.fixture
def flow(house):
    red = NodeRed("nodered_flow.json", house.broker)
    versions[SYSTEM] = red.version
    try:
        yield red.start()
    finally:
        red.close()


@pytest.fixture
def printing(house):
    printer = house.add("mk4", pausing=0.1, finishing=0.1)
    printer.start_print("/usb/box.gcode", duration=36000)
    printer.advance(600)
    house.run()
    house.wait("mk4", "state", "printing")
    house.wait("mk4", "can/pause", "online")
    return printer


def test_a_flow_hears_that_a_print_is_finished(house, flow, printing):
    mark = house.watcher.mark
    printing.finish()
    assert house.watcher.wait("house/speaker", after=mark).text == "mk4 is finished"
    house.watcher.wait("house/event", "finished box.gcode", mark)
    assert len(house.watcher.since(mark, "house/speaker")) == 1


def test_a_flow_orders_and_reads_the_answer(house, flow, printing, saw):
    mark = house.watcher.mark
    printing.set(temp_bed=101.0)
    answer = house.watcher.wait("house/answer", after=mark)
    assert answer.text == "done: printing -> paused"
    assert [name for name, _ in printing.orders] == ["pause"]
    saw(f"heard in {answer.time - house.watcher.wait('*/bed/temperature', '101.0', mark).time:.1f} s: {answer.text}")


def test_a_flow_that_starts_later_sees_what_is_kept(house, printing, flow):
    """The topics are retained; the end of a print that it missed is not told again."""
    mark = house.watcher.mark
    printing.set(temp_bed=102.0)
    assert house.watcher.wait("house/answer", after=mark).text == "done: printing -> paused"
