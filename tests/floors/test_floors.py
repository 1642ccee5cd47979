"""The floors test bites: each line here, put into that file, must be reported."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

from floors import FLOORS, check  # noqa: E402

FORBIDDEN = [
    ("mapping/value.c", "<unistd.h>"),
    ("mapping/value.c", "<cjson/cJSON.h>"),
    ("mapping/value.c", '"config/config.h"'),
    ("config/schema.c", '"homeassistant/discovery.h"'),
    ("config/schema.c", "<cjson/cJSON.h>"),
    ("config/schema.c", '"bridge/log.h"'),
    ("homeassistant/entity.c", '"config/config.h"'),
    ("homeassistant/entity.c", '"bridge/moment.h"'),
    ("homeassistant/entity.c", "<yaml.h>"),
    ("bridge/drivers/prusalink.c", '"bridge/http.h"'),
    ("bridge/drivers/prusalink.c", '"config/config.h"'),
    ("bridge/drivers/prusalink.c", "<sys/socket.h>"),
    ("bridge/drivers/prusalink.c", "<uv.h>"),
    ("bridge/printer.c", "<uv.h>"),
    ("bridge/printer.c", '"bridge/bridge_internal.h"'),
    ("bridge/printer.c", '"bridge/http_internal.h"'),
    ("bridge/mqtt_queue.c", "<mosquitto.h>"),
    ("bridge/order.c", "<curl/curl.h>"),
    ("bridge/order.c", "<openssl/evp.h>"),
    ("bridge/order.c", '"tests/sim.h"'),
    ("bridge/order.c", "WHATEVER"),
    ("bridge/odd/new.c", "<stdio.h>"),
]
ALLOWED = [
    ("mapping/value.c", "<math.h>"),
    ("config/document.c", "<yaml.h>"),
    ("homeassistant/entity.c", '"mapping/routes.h"'),
    ("bridge/drivers/json.c", "<cjson/cJSON.h>"),
    ("bridge/drivers/json.c", '"bridge/request.h"'),
    ("bridge/mqtt_link.c", '"bridge/mqtt_internal.h"'),
    ("bridge/digest.c", "<openssl/evp.h>"),
    ("bridge/main.c", '"config/config.h"'),
]


def put(root, path, header):
    for folder in FLOORS:
        (root / folder).mkdir(parents=True, exist_ok=True)
        (root / folder / "plain.c").write_text("#include <stdint.h>\n")
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text(f"/* A file. */\n#  include {header}\n")


@pytest.mark.parametrize("path,header", FORBIDDEN)
def test_a_forbidden_include_is_reported(tmp_path, path, header):
    put(tmp_path, path, header)
    assert [line.partition(":")[0] for line in check(tmp_path)] == [path]


@pytest.mark.parametrize("path,header", ALLOWED)
def test_an_allowed_include_is_not(tmp_path, path, header):
    put(tmp_path, path, header)
    assert check(tmp_path) == []


def test_a_missing_folder_is_reported(tmp_path):
    put(tmp_path, "mapping/value.c", "<math.h>")
    (tmp_path / "config" / "plain.c").unlink()
    assert check(tmp_path) == ["config/: no source files there"]
