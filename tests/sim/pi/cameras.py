"""Cameras of PrusaLink 0.8.1 (web/cameras.py; camera.py and camera_configurator.py of its SDK), compared with the real one
that had a camera driver of ours."""
import base64
import datetime
import email.utils
import hashlib
import json
import re
import time
from dataclasses import dataclass, field

from ..pictures import jpeg
from ..wire import Response
from .answers import POWERED, document, done, message

INTERVALS = {"TEN_SEC": 10, "THIRTY_SEC": 30, "SIXTY_SEC": 60}
SCHEMES = {*INTERVALS, "EACH_LAYER", "FIFTH_LAYER", "MANUAL"}
DRIVERS = {"V4L2": "path", "PiCamera": "path"}
WORKING = re.compile(r"/dev/video\d+|/base/.*")     # what may be there at all
TAKES, REGISTERS, FOR_SNAPSHOT = 0.3, 5.0, 1
RESOLUTIONS = ((640, 480), (1280, 720), (1920, 1080))
CAPABILITIES = ("TRIGGER_SCHEME", "ROTATION", "RESOLUTION", "IMAGING")


@dataclass
class Camera:
    """As it is loaded. due: when its next picture is complete, by the clock."""
    id: str
    config: dict
    detected: bool = False
    stored: bool = False
    connected: bool = True
    registered: bool = False
    capabilities: tuple = CAPABILITIES
    resolutions: tuple = RESOLUTIONS
    settings: dict = field(default_factory=dict)
    fixed: bytes | None = None
    snapshot: bytes | None = None
    taken_at: float = 0.0
    due: float | None = None
    pictures: int = 0

    def supports(self, capability):
        return capability.upper() in self.capabilities


class Cameras:
    def __init__(self, core):
        self.core, self.loaded, self.order = core, {}, []

    # -- what there is

    def detect(self, name="Camera", path=None, camera_id=None, **more):
        """A camera is plugged in. Returns its id."""
        path = path or f"/dev/video{len(self.loaded)}"
        camera_id = camera_id or base64.urlsafe_b64encode(hashlib.blake2b(path.encode(), digest_size=9).digest()).decode()
        self.load(Camera(camera_id, {"path": path, "name": name, "driver": "V4L2"}, detected=True, **more))
        return camera_id

    def load(self, camera):
        self.loaded[camera.id] = camera
        if camera.id not in self.order:
            self.order.append(camera.id)
        camera.connected = bool(camera.connected and WORKING.fullmatch(camera.config.get("path", "")))
        if camera.connected:
            self._connect(camera)

    def _connect(self, camera):
        """The first picture is taken right away."""
        camera.settings = {"trigger_scheme": camera.config.get("trigger_scheme", "THIRTY_SEC")}
        if camera.supports("rotation"):
            camera.settings["rotation"] = int(camera.config.get("rotation", 0))
        if camera.supports("resolution"):
            width, height = max(camera.resolutions)
            camera.config.setdefault("resolution", f"{width}x{height}")
            camera.settings["resolution"] = [int(n) for n in camera.config["resolution"].split("x")]
        camera.snapshot = None
        camera.due = self.core.clock.now() + TAKES if camera.supports("imaging") else None

    def get(self, camera_id):
        """A connected one, with its picture up to date, or None."""
        camera = self.loaded.get(camera_id)
        if camera is None or not camera.connected:
            return None
        while camera.due is not None and camera.due <= self.core.clock.now():
            self.take(camera, camera.due)
            every = INTERVALS.get(camera.settings["trigger_scheme"])
            camera.due = every and camera.due + every
        return camera

    def take(self, camera, when=None):
        camera.pictures += 1
        camera.snapshot = camera.fixed or jpeg(camera.pictures)
        camera.taken_at = time.time() + (0 if when is None else when - self.core.clock.now())

    def remove(self, camera_id):
        del self.loaded[camera_id]
        self.order.remove(camera_id)

    def listed(self):
        ids = self.order + [i for i in self.loaded if i not in self.order]
        return [{"camera_id": i, "config": c.config, "connected": c.connected, "detected": c.detected, "stored": c.stored,
                 "registered": c.connected and c.registered} for i in ids for c in [self.loaded[i]]]


def of(core):
    return core.server.cameras


def body_of(core, request):
    """(what its JSON says, None) or (None, the page that refuses it). What is no JSON by its type is an empty object."""
    if "json" not in request.header("Content-Type", ""):
        return {}, None
    try:
        return json.loads(request.body), None
    except ValueError:
        return None, core.server.page(400, request)


def not_available(camera_id):
    return message(404, f"Camera with id: {camera_id} is not available")


def not_configured(camera_id):
    return message(404, f"Camera with id: {camera_id} is not configured")


def not_found(camera_id):
    return message(404, f"Camera with id: {camera_id} was not found among the connected cameras")


# -- pictures

def default_snap(core, request):
    for camera_id in of(core).order:
        camera = of(core).get(camera_id)
        if camera and camera.supports("imaging"):
            return snap(core, request, camera_id)
    return message(404, "Camera is not available")


def snap(core, request, camera_id):
    camera = of(core).get(camera_id)
    if camera is None:
        return not_available(camera_id)
    if camera.snapshot is None:
        return message(204, f"Camera with id: {camera_id} did not take a photo yet.")
    life = INTERVALS.get(camera.settings["trigger_scheme"], 30) + FOR_SNAPSHOT
    headers = [("Date", http_date(time.time())), ("Last-Modified", http_date(camera.taken_at)),
               ("Expires", http_date(camera.taken_at + life)), ("Cache-Control", f"private, max-age={life}")]
    try:
        if unmodified(request, camera.taken_at):
            return Response(304, headers=headers)
    except ValueError:
        return core.server.page(500, request)
    return Response(200, body=camera.snapshot, content_type="image/jpeg", headers=headers)


def http_date(seconds):
    return email.utils.formatdate(int(seconds), usegmt=True)


def unmodified(request, taken_at):
    """The time of the picture has a fraction: its own Last-Modified is never late enough, a second more is [seen]."""
    value = request.header("If-Modified-Since")
    if value is None:
        return False
    given = datetime.datetime.strptime(value, "%a, %d %b %Y %X GMT").replace(tzinfo=datetime.timezone.utc)
    return max(taken_at, int(taken_at) + 0.001) <= given.timestamp()


def trigger(core, request, camera_id):
    """The picture is taken, but 0.8.1 then fails to send it: 500 [seen]."""
    camera = of(core).get(camera_id)
    if camera is None:
        return not_available(camera_id)
    if not camera.supports("imaging"):
        return message(409, f"Camera with id: {camera_id} cannot take the picture: "
                            "This camera does not support returning images")
    of(core).take(camera)
    core.ordered("snap", camera_id)
    fails = core.options["snap_fails"]
    response = core.server.page(500, request) if fails else Response(200, body=camera.snapshot, content_type="image/jpeg")
    response.delay = TAKES
    return response


# -- the list

def list_cameras(core, request):
    for camera_id in list(of(core).loaded):
        of(core).get(camera_id)
    return document({"camera_list": of(core).listed()})


def set_order(core, request):
    given, refusal = body_of(core, request)
    if refusal:
        return refusal
    if not isinstance(given, (list, dict, str)):
        return core.server.page(500, request)
    known = [i for i in given if i in of(core).loaded]
    of(core).order = known + [i for i in of(core).order if i not in known]
    core.ordered("camera_order", list(of(core).order))
    return done()


# -- one camera

def show(core, request, camera_id):
    if camera_id not in of(core).loaded:
        return not_configured(camera_id)
    camera = of(core).get(camera_id)
    if camera is None:
        return not_found(camera_id)
    value = dict(camera.settings)
    if camera.supports("resolution"):
        value["resolution"] = size(camera.settings["resolution"])
    value["name"] = camera.config["name"]
    if camera.registered:
        value["token"] = "0" * 20
    if camera.supports("resolution"):
        value["available_resolutions"] = [size(r) for r in camera.resolutions]
    return document(value | {"capabilities": list(camera.capabilities)})


def size(pair):
    return {"width": pair[0], "height": pair[1]}


def add(core, request, camera_id):
    given, refusal = body_of(core, request)
    if refusal:
        return refusal
    if not isinstance(given, dict) or not isinstance(given.get("config", {}), dict):
        return core.server.page(500, request)
    config = given.get("config")
    if config is None:
        return message(400, "Configuration is missing. Cannot add a camera by ID alone.")
    if of(core).get(camera_id):
        return message(409, f"Camera with id: {camera_id} is already running, modification is not allowed. Delete it first")
    if not {"name", "driver"} <= config.keys() or DRIVERS.get(config["driver"]) not in config:
        return message(400, "Camera could not be created using the supplied config: "
                            f"Camera config is not valid {config}")
    before = of(core).loaded.get(camera_id)
    of(core).load(Camera(camera_id, dict(config), detected=bool(before and before.detected), stored=True))
    core.ordered("add_camera", camera_id)
    return done()


def delete(core, request, camera_id):
    camera = of(core).loaded.get(camera_id)
    if camera is None:
        return not_configured(camera_id)
    if camera.detected:
        return message(409, "Cannot remove an auto-detected camera")
    of(core).remove(camera_id)
    core.ordered("delete_camera", camera_id)
    return done()


def configure(core, request, camera_id):
    """What it does not know it ignores. A value it cannot take disconnects the camera [seen]."""
    camera = of(core).get(camera_id)
    if camera is None:
        return not_found(camera_id)
    given, refusal = body_of(core, request)
    if refusal:
        return refusal
    if not isinstance(given, dict) or not well_formed(given.get("resolution")):
        return core.server.page(500, request)
    try:
        new = checked(camera, given)
    except (ValueError, TypeError, KeyError):
        camera.connected = False
        return core.server.page(500, request)
    camera.settings |= new
    camera.config["name"] = given.get("name", camera.config["name"])
    camera.config |= {k: as_text(v) for k, v in camera.settings.items()}
    camera.stored = True
    core.ordered("configure_camera", camera_id)
    return done()


def well_formed(resolution):
    return resolution is None or isinstance(resolution, dict) and resolution.keys() == {"width", "height"}


def checked(camera, given):
    new = {}
    if "trigger_scheme" in given:
        new["trigger_scheme"] = given["trigger_scheme"] if given["trigger_scheme"] in SCHEMES else "THIRTY_SEC"
    if "rotation" in given and camera.supports("rotation"):
        new["rotation"] = {0: 0, 90: 90, 180: 180, 270: 270}[given["rotation"]]
    if "resolution" in given and camera.supports("resolution"):
        pair = (given["resolution"]["width"], given["resolution"]["height"])
        if pair not in camera.resolutions:
            raise ValueError(pair)
        new["resolution"] = pair
    for name, low, high in (("exposure", -2, 2), ("focus", 0, 1)):
        if name in given and camera.supports(name):
            if not low <= given[name] <= high:
                raise ValueError(name)
            new[name] = given[name]
    return new


def as_text(value):
    return "x".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)


def reset(core, request, camera_id):
    """Back to what it needs; it begins anew, without a picture for a moment."""
    camera = of(core).get(camera_id)
    if camera is None:
        return not_found(camera_id)
    config = {k: v for k, v in camera.config.items() if k in ("name", "driver", "path")}
    of(core).load(Camera(camera_id, config, detected=camera.detected, stored=True, capabilities=camera.capabilities,
                         resolutions=camera.resolutions, fixed=camera.fixed))
    core.ordered("reset_camera", camera_id)
    return done()


# -- Prusa Connect

def register(core, request, camera_id):
    camera = of(core).get(camera_id)
    if camera is None:
        return not_found(camera_id)
    if camera.registered:
        return message(409, f"Camera: {camera_id} is already registered.")
    if not core.options["connect"]:
        response = message(408, f"Timed out when registering camera: {camera_id}")
        response.delay = REGISTERS
        return response
    camera.registered = True
    core.ordered("register_camera", camera_id)
    return done()


def unregister(core, request, camera_id):
    camera = of(core).get(camera_id)
    if camera is None:
        return not_found(camera_id)
    if not camera.registered:
        return message(409, f"Cannot unregister a non-registered camera: {camera_id}")
    camera.registered = False
    core.ordered("unregister_camera", camera_id)
    return done()
