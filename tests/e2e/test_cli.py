"""The command line: what it says about itself, which printer it means, and how wrong use is told."""
import re

import pytest
from harness.terminal import Terminal

WORDS = ("run check explain mapping schema reference status job info version storage transfer legacy cameras snap pause resume "
         "cancel continue print order files download upload sync delete mkdir wait monitor").split()


@pytest.fixture
def alone(tmp_path):
    """No configuration anywhere."""
    return Terminal(tmp_path)


@pytest.fixture
def desk(empty_house, tmp_path):
    """Two printers in the configuration."""
    empty_house.add("mk4")
    empty_house.add("mk3", "pi", username="anna")
    return Terminal(tmp_path, empty_house)


def test_help_shows_every_word_in_groups(alone):
    text = alone("--help").out
    for word in WORDS:
        assert re.search(rf"^  {word}\b", text, re.M), word
    assert max(map(len, text.splitlines())) <= 80
    assert "Look at a printer:" in text and "PRUSA_HOST" in text and "Exit status" in text


@pytest.mark.parametrize("word", WORDS)
def test_every_word_explains_itself_with_an_example(alone, word):
    text = alone(word, "--help").out
    assert text.startswith(f"usage: printer2mqtt {word}") and f"\nexample:\n  printer2mqtt" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_mistyped_word_is_met_with_the_one_that_was_meant(alone):
    assert alone.fails("staus", status=2) == "printer2mqtt: no word staus; did you mean status?; see --help\n"
    assert "\x1b" not in alone.fails("a\x1b[31mb", status=2)


@pytest.mark.parametrize("words, sentence", [
    (["pause", "mk4", "now"], "usage: printer2mqtt pause PRINTER"),
    (["print", "mk4"], "usage: printer2mqtt print PRINTER PATH"),
    (["pause"], "usage: printer2mqtt pause PRINTER"),
    (["pause", "mk5"], "no printer is called mk5; did you mean mk4?"),
    (["pause", "--force", "mk4"], "pause takes no --force"),
    (["check", "--url", "x"], "check takes no --url"),
    (["status", "--password-file", "x"], "--password-file needs --url"),
    (["status", "--url", "http://a:b@c"], "password"),
    (["status", "--url", "127.0.0.1", "--password-file", "nowhere"], "--password-file: No such file"),
    (["status", "nowhere"], "no printer is called nowhere; status shows all"),
    (["status", "192.168.1.50"], "an address goes behind --url"),
    (["explain", "nowhere"], "no printer is called nowhere; status shows all"),
    (["status", "--url"], "--url needs a value; see --help"),
    (["status", "-c"], "-c needs a value; see --help"),
    (["status", "--json=yes"], "--json takes no value; see --help"),
    (["status", "--help=yes"], "-h takes no value; see --help"),
    (["status", "-x"], "-x is no option; see --help"),
    (["status", "--colour"], "--colour is no option; see --help"),
])
def test_wrong_use_is_one_sentence_and_status_2(desk, words, sentence):
    assert sentence in desk.fails(*words, status=2)


def test_a_password_is_never_taken_from_the_command_line(desk):
    assert "--password-file" in desk.fails("status", "mk4", "--password=x", status=2)
    assert "s3cret" not in desk.fails("status", "mk4", "--passwd=s3cret", status=2)


def test_without_a_configuration_it_says_where_it_looked_and_what_to_do(alone):
    sentence = alone.fails("status", status=2)
    assert "config.yaml" in sentence and "--help shows one" in sentence and "--url" in sentence
    assert "--url" not in alone.fails("check", status=2)
    assert "no /etc/printer2mqtt/config.yaml, and none" in alone.fails("check", status=2, env={"HOME": ""})


def test_a_printer_by_its_address(empty_house, alone):
    printer = empty_house.add("mk3", "pi", username="anna")
    secret = alone.folder / "secret"
    secret.write_text(printer.password + "\n")
    options = ("--url", printer.url, "--username", "anna")
    assert alone("status", *options, "--password-file", secret, "--json").json["state"] == "idle"
    assert alone("status", *options, "--password-file", "-", stdin=printer.password).status == 0
    alone("delete", "/local/dig.gcode", *options, "--password-file", secret)      # no order is off by default
    key = alone.folder / "key"
    key.write_text(printer.api_key)
    assert alone("status", "--url", printer.url, "--api-key-file", key, "--json").json["online"] is True
    secret.write_text("\n")
    assert "empty" in alone.fails("status", *options, "--password-file", secret, status=2)
    assert "one is needed" in alone.fails("status", *options, "--password-file", secret, "--api-key-file", key, status=2)


def test_a_printer_by_the_environment_of_other_clients(empty_house, alone):
    printer = empty_house.add("mk4")
    env = {"PRUSA_HOST": f"{printer.host}:{printer.port}", "PRUSA_PASSWORD": printer.password}
    assert alone("status", "--json", env=env).json["printer"] == env["PRUSA_HOST"]
    assert alone("job", env=env).out == "nothing is being printed\n"
    pi = empty_house.add("mk3", "pi", username="anna")
    env = {"PRUSA_HOST": pi.url, "PRUSA_PASSWORD": pi.password, "PRUSA_USERNAME": "anna"}
    assert alone("info", "--json", env=env).json["info"]["serial"] == pi.serial


def test_an_id_that_is_typed_wins_over_the_environment(empty_house, desk):
    env = {"PRUSA_HOST": empty_house.sim["mk3"].url, "PRUSA_USERNAME": "anna",
           "PRUSA_PASSWORD": empty_house.sim["mk3"].password}
    assert desk("status", "mk4", "--json", env=env).json["printer"] == "mk4"
    assert desk("info", "--json", env=env).json["info"]["serial"] == empty_house.sim["mk3"].serial


def test_the_only_printer_need_not_be_named(empty_house, tmp_path):
    empty_house.add("mk4")
    desk = Terminal(tmp_path, empty_house)
    assert desk("job").out == "nothing is being printed\n"
    assert "no such file" in desk.fails("print", "/usb/none.gcode")


def test_a_missing_password_says_how_to_give_it(empty_house, alone):
    printer = empty_house.add("mk4")
    for word in ("status", "job", "files", "pause", "wait"):
        sentence = alone.fails(word, "--url", printer.url)
        assert "--password-file" in sentence and "PRUSA_PASSWORD" in sentence


def test_a_wrong_password_is_told_by_every_word(empty_house, tmp_path):
    empty_house.add("mk4", configured={"password": "wrong"})
    empty_house.add("mk3", "pi", username="anna", configured={"password": "wrong"})
    desk = Terminal(tmp_path, empty_house)
    for word in ("status", "job", "info", "version", "storage", "transfer", "legacy", "files", "pause", "wait"):
        for printer in ("mk4", "mk3"):
            assert f"{printer}: it refused user name or password" in desk.fails(word, printer)


def test_an_address_of_something_else_is_told_by_every_word(empty_house, desk):
    empty_house.sim["mk4"].fault("error", status=404)
    for word in ("status", "job", "info", "version", "storage", "transfer", "cameras", "files", "pause", "wait"):
        sentence = desk.fails(word, "mk4")
        assert "HTTP 404" in sentence and "the address of a PrusaLink with a recent firmware" in sentence


def test_a_printer_that_is_off_is_told_by_every_word(empty_house, desk):
    empty_house.sim["mk4"].off()
    for word in ("status", "job", "info", "storage", "legacy", "files", "cancel", "wait"):
        sentence = desk.fails(word, "mk4")
        assert "connection refused" in sentence and "switched on" in sentence


def test_bytes_from_the_printer_do_not_reach_the_terminal_raw(empty_house, desk):
    name = "a\x1b]0;x\x07\u202eb.gcode"
    empty_house.sim["mk3"].add_file(f"/local/{name}")
    for words in (["files", "mk3"], ["files", "mk3", "--json"]):
        out = desk(*words).out
        assert "\x1b" not in out and "\x07" not in out
    assert "\u202e" not in desk("files", "mk3").out
