"""What can be chosen per printer, with the defaults of each profile."""
import secrets
import string

COMMON = {
    "address": "127.0.0.1", "port": 0, "speed": 1.0, "username": "maker", "password": None, "api_key": None,
    "serial": None, "hostname": None, "firmware": None, "nonce_life": None, "state": "IDLE", "script": None,
    "job_id": 0, "warmup": 0.0, "model": "",
    # Of what is uploaded: the most that is kept of a file (of longer ones only size and sha256), is it hashed?
    "keep": 4_000_000, "hashed": True,
    "files": 0, "cameras": 0,       # so many are there at the start
    # Seconds on the wall that a phase lasts before the next one follows by itself.
    "starting": 1.0, "starting_questions": 1.0, "pausing": 0.3, "resuming": 0.3, "aborting": 0.5,
    "aborting_preview": 0.3, "finishing": 0.3, "finished": None, "stopped": None,
}
PROFILES = {
    "buddy": {"firmware": "6.2.4", "slots": 3, "pcbs": 12, "idle_timeout": None, "active_timeout": None,
              "mmu": False, "nozzle_diameter": 0.4},
    "pi": {"firmware": "3.14.0-8179", "version": "0.8.1", "boot_wait": 0.0, "serial_wait": 0.0, "late_wait": 0.0,
           "nozzle_diameter": 0.4, "name": "Prusa", "location": "", "tree_lag": 0.1,
           # A version to install; seconds that pip takes; it fails. A Connect is there. POST snap is broken.
           "update": "", "update_wait": 0.5, "update_fails": False, "connect": False, "snap_fails": True,
           "starting": 0.1, "pausing": 0.1, "resuming": 0.1, "aborting": 0.1, "finishing": 0.1, "finished": 11.0, "stopped": 11.0},
}
PACES = ("starting", "starting_questions", "pausing", "resuming", "aborting", "aborting_preview", "finishing",
         "finished", "stopped")
TEXTS = {"address", "username", "password", "api_key", "serial", "hostname", "firmware", "state", "script", "model",
         "version", "name", "location", "update"}
LETTERS = string.ascii_letters + string.digits
WORDS = {"true": True, "false": False, "none": None}
FIXED = {"buddy": {"username": "always maker", "api_key": "always the password", "cameras": "none"}, "pi": {}}


def complete(name, profile, given):
    """All options of a printer. Raises ValueError for what the profile does not have."""
    if profile not in PROFILES:
        raise ValueError(f"{name}: no profile {profile!r}, there are {', '.join(sorted(PROFILES))}")
    options = COMMON | PROFILES[profile]
    for key, value in given.items():
        if key in FIXED[profile]:
            raise ValueError(f"{name}: {key} of a {profile} is {FIXED[profile][key]}")
        if key not in options:
            raise ValueError(f"{name}: {profile} has no option {key!r}, there are {', '.join(sorted(options))}")
        options[key] = typed(name, key, value)
    return _identity(options, name, profile)


def typed(name, key, value):
    """value as the command line gives it, a text, in its own type."""
    if not isinstance(value, str) or key in TEXTS:
        return value
    if value.lower() in WORDS:
        return WORDS[value.lower()]
    try:
        return float(value) if "." in value else int(value)
    except ValueError:
        raise ValueError(f"{name}: {key}={value!r} is no number") from None


def _identity(options, name, profile):
    number = secrets.randbelow(10 ** 5)
    if options["password"] is None:
        options["password"] = "".join(secrets.choice(LETTERS) for _ in range(15))
    if options["serial"] is None:
        options["serial"] = f"10589-{number:05d}37" if profile == "buddy" else f"CZPX4720X004XC{number:05d}"
    if options["api_key"] is None:
        options["api_key"] = options["password"] if profile == "buddy" else secrets.token_hex(12)
    if options["hostname"] is None:
        options["hostname"] = name
    return options
