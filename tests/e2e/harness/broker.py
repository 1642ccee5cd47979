"""mosquitto on a loopback port of its own."""
import os
import signal
import socket
import subprocess

from .process import Process, reserved_port, until

COMMON = """\
log_dest stderr
log_type error
log_type warning
log_type notice
log_type information
allow_anonymous {anonymous}
"""


class Broker:
    """persistence: retained messages outlive stop() and start(), not kill().

    users: {name: password}; then nobody else may come in. tls: certificates() of the session.
    extra: more lines for mosquitto.conf; acl: lines of an access list.
    """

    def __init__(self, folder, persistence=False, users=None, tls=None, client_certificates=False, acl=None, extra=""):
        self.folder, self.users, self.tls = folder, users, tls
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port, self.reservation = reserved_port()
        self.process = None
        lines = COMMON.format(anonymous="false" if users else "true") + f"listener {self.port} 127.0.0.1\n"
        if os.geteuid() == 0:
            lines = "user root\n" + lines
        if persistence:
            lines += f"persistence true\npersistence_location {folder}/\nautosave_interval 0\n"
        if users:
            lines += f"password_file {self._passwords()}\n"
        if tls:
            lines += f"cafile {tls.ca}\ncertfile {tls.server}.crt\nkeyfile {tls.server}.key\n"
        if client_certificates:
            lines += "require_certificate true\n"
        if acl:
            (folder / "acl").write_text(acl)
            lines += f"acl_file {folder}/acl\n"
        self.conf = folder / "mosquitto.conf"
        self.conf.write_text(lines + extra)

    def _passwords(self):
        path = self.folder / "passwords"
        path.write_text("".join(f"{name}:{password}\n" for name, password in self.users.items()))
        path.chmod(0o600)
        subprocess.run(["mosquitto_passwd", "-U", path], check=True, capture_output=True)
        return path

    @property
    def url(self):
        return f"{'mqtts' if self.tls else 'mqtt'}://127.0.0.1:{self.port}"

    def start(self):
        self.process = Process(["mosquitto", "-c", self.conf], self.folder / "mosquitto.log")
        until("mosquitto listens", self._listens)
        return self

    def _listens(self):
        if self.process.status is not None:
            raise AssertionError("mosquitto ended:\n" + self.process.log)
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self):
        """As a system that shuts down does it: clients are disconnected, retained messages saved.

        mosquitto listens before it looks for SIGTERM and forgets one that came in between: it is told until it ends.
        """
        if self.process and self.process.status is None:
            self.process.thaw()
            until("mosquitto ends", lambda: self.process.ends_by(signal.SIGTERM, 1))

    def kill(self):
        if self.process:
            self.process.kill()

    def close(self):
        self.stop()
        self.reservation.close()

    def restart(self):
        self.stop()
        return self.start()

    def freeze(self):
        """It hangs: connections stay, nothing is answered."""
        self.process.freeze()

    def thaw(self):
        self.process.thaw()

    @property
    def log(self):
        return self.process.log


class Certificates:
    def __init__(self, folder):
        self.folder = folder

    @property
    def ca(self):
        return self.folder / "ca.crt"

    def __getattr__(self, name):
        """Path of a certificate and key without extension: server, client, stranger."""
        return self.folder / name


def certificates(folder):
    """A CA, certificates for a server at 127.0.0.1 and a client, and another CA ("other") that signed neither."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True, cwd=folder)

    for name in ("ca", "other"):
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
                "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-subj", f"/CN=test {name}", "-keyout", f"{name}.key", "-out", f"{name}.crt")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1,DNS:localhost"), ("client", "")):
        (folder / f"{name}.ext").write_text(extension + "\nbasicConstraints=CA:FALSE\nkeyUsage=digitalSignature\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", f"{name}.ext", "-out", f"{name}.crt")
    return Certificates(folder)
