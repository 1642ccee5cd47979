"""Orders that are given up after their limit of a minute."""
import pytest

from harness import House


@pytest.fixture(scope="module")
def long_stories(tmp_path_factory):
    """Orders that end after their limit of a minute. They run beside each other."""
    house = House(tmp_path_factory.mktemp("long"))
    try:
        house.open_broker()
        house.watch()
        pi, buddy = house.add("pi", "pi"), house.add("buddy", job_id=128)
        for printer in (pi, buddy):
            printer.start_print(duration=36000)
        house.run()
        house.wait("buddy", "can/pause", "online")
        pi.attention()
        house.wait("pi", "state", "attention")
        buddy.fault("close", path="/api/v1/job/*", method="PUT", count=1)
        yield {"house": house, "pi": house.watcher.order("pi", "continue"),
               "buddy": house.watcher.order("buddy", "pause")}
    finally:
        house.close()


def test_a_continue_that_has_no_effect_is_given_up_after_a_minute(long_stories):
    """PrusaLink on a Pi answers 204 and does nothing."""
    answers = long_stories["pi"]
    final = answers.final(timeout=90)
    assert answers.statuses == ["accepted", "error"]
    assert final["code"] == "timeout" and "no effect" in final["message"] and final["took_ms"] >= 59000
    assert long_stories["house"].value("pi", "state") == "attention"


def test_an_order_that_got_lost_is_never_sent_again_but_given_up(long_stories):
    """The connection closed without an answer: nobody knows whether the printer will act."""
    answers = long_stories["buddy"]
    final = answers.final(timeout=90)
    assert answers.statuses == ["error"]
    assert final["code"] == "timeout" and "may still act" in final["message"]
    printer = long_stories["house"].sim["buddy"]
    assert sum(r.method == "PUT" for r in printer.requests) == 1 and printer.orders == []
