"""Who may ask: the two Digest dialects, as pure as they can be, and the API keys."""
import hashlib
import re
import secrets
import time
import urllib.parse

BUDDY_USER, BUDDY_REALM, PI_REALM = "maker", "Printer API", "Administrator"


def md5(text):
    return hashlib.md5(text.encode("utf-8", "surrogateescape")).hexdigest()


def sha256(text):
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()


def rfc2069(user, realm, password, nonce, method, target):
    """Without qop, as Buddy asks for it."""
    return md5(f"{md5(f'{user}:{realm}:{password}')}:{nonce}:{md5(f'{method}:{target}')}")


def md5_sess(ha1, method, given):
    """MD5-sess with qop=auth, from the parameters the client gave."""
    session = md5(f"{ha1}:{given.get('nonce')}:{given.get('cnonce')}")
    ha2 = md5(f"{method}:{given.get('uri')}")
    return md5(f"{session}:{given.get('nonce')}:{given.get('nc')}:{given.get('cnonce')}:{given.get('qop')}:{ha2}")


# A hash of the server's own name, which is this on a Pi that asks for the name of its loopback.
OPAQUE = sha256("localhost")


def parameters(header):
    """Authorization parameters by name, and whether any of them came without quotes."""
    found = re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,"]+))', header)
    return {k: quoted or bare for k, quoted, bare in found}, any(bare for _, _, bare in found)


def hex_number(text, digits):
    """As the firmware reads it: shifts in every hex digit, ignores the rest, keeps the last digits."""
    only = re.sub(r"[^0-9a-fA-F]", "", text)
    return int(only or "0", 16) & ((1 << (4 * digits)) - 1)


class BuddyAuth:
    """Digest without qop and X-Api-Key with one secret (Buddy req_parser.cpp)."""

    def __init__(self, clock, firmware, password, nonce_life=None):
        self.clock, self.firmware, self.password, self.life = clock, firmware, password, nonce_life
        self.boot()

    def boot(self):
        self.random = secrets.randbits(32) | 1
        self.booted = self.clock.now()

    def nonce(self):
        return f"{self.random:08x}{int(self.clock.now() - self.booted) & 0xffffffff:08x}"

    def nonce_valid(self, nonce, method):
        age = int(self.clock.now() - self.booted) - int(nonce[8:], 16)
        return nonce[:8] == f"{self.random:08x}" and 0 <= age < self._life(method)

    def _life(self, method):
        if self.life is not None:
            return self.life
        if self.firmware >= (5, 2):
            return 300
        return 8 if method in ("POST", "PUT") else 5

    def check(self, request):
        """None when it may pass, else the WWW-Authenticate value ("" for none at all)."""
        # The later of the two headers decides (req_parser.cpp).
        for name, value in reversed(request.headers):
            if name.lower() == "x-api-key":
                return self._check_key(value)
            if name.lower() == "authorization" and self.firmware >= (4, 5):
                return self._check_digest(value, request)
        return self.challenge() if self.firmware >= (4, 5) else ""

    def _check_key(self, key):
        if self.password and key == self.password:
            return None
        return f'ApiKey realm="{BUDDY_REALM}"' if self.firmware >= (4, 5) else ""

    def _check_digest(self, header, request):
        given, bare = parameters(header)
        if bare and self.firmware < (6, 0):     # HAL DigestAuthWorkaround
            return self.challenge()
        nonce = f"{hex_number(given.get('nonce', ''), 16):016x}"
        right = self.password and hex_number(given.get("response", ""), 32) == int(
            rfc2069(BUDDY_USER, BUDDY_REALM, self.password, nonce, request.method, request.target), 16)
        if self.nonce_valid(nonce, request.method):
            return None if right else self.challenge()
        return self.challenge(stale=bool(right))

    def challenge(self, stale=False):
        return f'Digest realm="{BUDDY_REALM}", nonce="{self.nonce()}", stale={"true" if stale else "false"}'


class PiAuth:
    """MD5-sess with qop; the nonce is a hash of minute and User-Agent (PoorWSGI digest.py, session.py)."""

    def __init__(self, clock, username, password, api_key, timeout=60):
        self.clock, self.timeout = clock, timeout
        self.username, self.password, self.api_key = username, password, api_key
        self.boot()

    def boot(self):
        self.secret = secrets.token_hex(32)
        self.offset = time.time() - self.clock.now()

    def _nonce(self, agent, ahead):
        start = int((self.clock.now() + self.offset) / self.timeout) * self.timeout
        return sha256(f"{self.secret}{start + ahead * self.timeout}{agent}")

    def check_key(self, request):
        """None without key, else whether it is right."""
        key = request.header("X-Api-Key")
        return None if key is None else bool(self.api_key) and key == self.api_key

    def check(self, request):
        """None when it may pass, else the WWW-Authenticate value."""
        agent = request.header("User-Agent", "")
        kind, _, rest = request.header("Authorization", "").partition(" ")
        if kind.lower() != "digest":
            return self.challenge(agent)
        given, _ = parameters(rest)
        if given.get("nonce") not in (self._nonce(agent, 1), self._nonce(agent, 2)):
            return self.challenge(agent, stale=True)
        return None if self._right(given, request) else self.challenge(agent)

    def _right(self, given, request):
        offered = {"algorithm": "MD5-sess", "opaque": OPAQUE, "qop": "auth", "realm": PI_REALM,
                   "username": self.username}
        ha1 = md5(f"{self.username}:{PI_REALM}:{self.password}")
        return (all(given.get(k) == v for k, v in offered.items())
                and urllib.parse.unquote(given.get("uri", "")).endswith(urllib.parse.unquote(request.target))
                and given.get("response") == md5_sess(ha1, request.method, given))

    def challenge(self, agent, stale=False):
        return (f'Digest realm="{PI_REALM}",qop="auth",algorithm="MD5-sess",nonce="{self._nonce(agent, 2)}",'
                f'opaque="{OPAQUE}"' + (",stale=true" if stale else ""))

