"""gateway.py - soap-xmpp-gateway as the benchmark starts it: one route, on loopback, in a temporary folder."""
import os
import shutil
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

from programs import END_S, Failed, NotBuilt, Program

DEADLINE_S = 60


class Gateway:
    """account: the environment of its link (Site.account()); endpoint: whom the route leads to."""

    def __init__(self, build, account, endpoint):
        binary = f"{build}/soap-xmpp-gateway"
        if not os.path.exists(binary):
            raise NotBuilt(binary)
        self.folder = tempfile.mkdtemp(prefix="soapxmpp-bench.")
        port, admin = free_ports()
        self.url, self.ready = f"http://127.0.0.1:{port}/calc", f"http://127.0.0.1:{admin}/readyz"
        with open(f"{self.folder}/password", "w") as file:
            file.write(account["SOAP_XMPP_PASSWORD"])
        os.chmod(file.name, 0o600)
        members = {name.removeprefix("SOAP_XMPP_").lower(): value for name, value in account.items()
                   if name not in ("SOAP_XMPP_PASSWORD", "SOAP_XMPP_ALLOW", "SOAP_XMPP_CAFILE")}
        members.update(password_file=file.name, ca_file=account["SOAP_XMPP_CAFILE"])
        link = " ".join(f'{name} = "{value}"' for name, value in members.items())
        with open(f"{self.folder}/gateway.conf", "w") as file:
            file.write(f'listen "127.0.0.1:{port}" {{ }}\nadmin "127.0.0.1:{admin}" {{ }}\n'
                       f'link "main" {{ {link} }}\n'
                       f'route "/calc" {{ to = "{endpoint}" link = "main" }}\n')
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen([binary, "-f", file.name], stdin=subprocess.PIPE, stderr=log)
        self.pid = self.process.pid
        Program.started.append(self)
        self.wait_ready()

    def wait_ready(self):
        """Listening, and online."""
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                urllib.request.urlopen(self.ready, timeout=5).close()
                return
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        with open(f"{self.folder}/log") as log:
            raise Failed("the gateway didn't start: " + log.read()[-2000:])

    def stop(self, patience_s=END_S):
        if self in Program.started:
            Program.started.remove(self)
        self.process.terminate()
        try:
            self.process.wait(patience_s)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(END_S)
        shutil.rmtree(self.folder)


def free_ports():
    with socket.socket() as one, socket.socket() as two:
        for free in (one, two):
            free.bind(("127.0.0.1", 0))
        return one.getsockname()[1], two.getsockname()[1]
