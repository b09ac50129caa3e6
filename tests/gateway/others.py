"""others.py - clients that were written by others: each asks the calculator 1 + 2, 3 * 4 and 1 / 0, and is given its
URL alone."""

import pathlib
import shutil
import subprocess
import threading

import gateway_lab
import lab
from gateway_lab import CLIENTS, PYTHON

EXPECTED = "add 3\nmul 12\nfault division by zero\n"
JAXWS = "/usr/share/java/jaxws-rt.jar"  # its manifest names the others

_lock, _made = threading.Lock(), {}


def once(make):
    """What it gives, made by one thread."""
    def get():
        with _lock:
            if make not in _made:
                _made[make] = make()
            return _made[make]
    return get


@once
def node_packages():
    """The folder with the client and the packages of package-lock.json; they stay there. Or why there is none."""
    folder = pathlib.Path(lab.BUILD) / "gateway" / "node"
    is_new = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)"
    if not shutil.which("npm") or subprocess.run(["node", "-e", is_new], capture_output=True).returncode:
        return None, "there is no Node 20 with npm here"
    folder.mkdir(parents=True, exist_ok=True)
    for path in (CLIENTS / "node").iterdir():
        shutil.copy(path, folder)
    lock, there = folder / "package-lock.json", folder / "node_modules" / ".made-of"
    if not there.exists() or there.read_bytes() != lock.read_bytes():
        done = subprocess.run(
            ["npm", "ci", "--silent", "--no-audit", "--no-fund", "--ignore-scripts"], cwd=folder, capture_output=True,
            timeout=300)
        if done.returncode:
            return None, "there is no way to npm's packages"
        shutil.copy(lock, there)
    return folder, ""


@once
def java_classes():
    """The folder with the client's classes, or why there is none."""
    if not shutil.which("javac") or not pathlib.Path(JAXWS).exists():
        return None, "there is no JDK with JAX-WS here: tools/install-packages.sh gateway"
    folder = pathlib.Path(lab.BUILD) / "gateway" / "java"
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["javac", "-cp", JAXWS, "-d", folder, CLIENTS / "java" / "Client.java"], check=True, timeout=300)
    return folder, ""


def command(client, url, version):
    """The client's command, and "", or None and why it can't be had here."""
    if client == "zeep":
        return [PYTHON, "-B", CLIENTS / "zeep_client.py", url, version], ""
    if client == "suds":
        return [PYTHON, "-B", CLIENTS / "suds_client.py", url], ""
    if client == "PHP":
        return ["php", CLIENTS / "client.php", url, version], ""
    if client == "gSOAP":
        return [lab.BUILD / "gateway" / "calculator-http-client", url, version], ""
    if client == "Node":
        folder, why = node_packages()
        return folder and ["node", folder / "client.mjs", url, version], why
    assert client == "Java", client
    folder, why = java_classes()
    return folder and ["java", "-cp", "%s:%s" % (folder, JAXWS), "Client", url, version], why


def converse(test, client, url, version="11"):
    """What it prints."""
    words, why = command(client, url, version)
    if not words:
        test.skipTest(why)
    ended = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=300, env=lab.alone())
    test.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
    return ended.stdout


class Conversation:
    """Of a GatewayLab."""

    def speaks(self, client, version, make=gateway_lab.gsoap_calculator):
        """Through two gateways as with the service itself."""
        backend = self.backend(make)
        self.assertEqual(converse(self, client, backend.url, version), EXPECTED)
        chain = self.chain(backend.url, 'wsdl = "url"', 'wsdl = "service"')
        self.assertEqual(converse(self, client, chain.url, version), EXPECTED)
        gateway_lab.until(lambda: len(backend.runs()) >= 6)  # what it says is read a moment later
        self.assertEqual(backend.runs(), ["add 1 2", "mul 3 4", "div 1 0"] * 2)
