"""broker.py - a Mosquitto of the benchmark's own, on loopback, in a temporary folder."""
import os
import shutil
import socket
import subprocess
import tempfile
import time

from programs import END_S, Failed, NotBuilt, Program

DEADLINE_S = 10


class Broker:
    def __init__(self):
        binary = shutil.which("mosquitto", path=os.environ["PATH"] + ":/usr/sbin")
        if not binary:
            raise NotBuilt("mosquitto")
        self.folder = tempfile.mkdtemp(prefix="soapxmpp-bench.")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        with open(f"{self.folder}/mosquitto.conf", "w") as file:
            file.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
                       "set_tcp_nodelay true\nmax_queued_messages 0\nmax_inflight_messages 0\n"
                       "log_type error\nlog_dest stderr\n")
            if os.getuid() == 0:  # else it would want an account of its own
                file.write("user root\n")
        with open(f"{self.folder}/log", "w") as log:
            self.process = subprocess.Popen([binary, "-c", file.name], stdin=subprocess.PIPE,
                                            stderr=log)
        self.pid = self.process.pid
        Program.started.append(self)
        self.wait_ready()

    def wait_ready(self):
        end = time.monotonic() + DEADLINE_S
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise Failed("mosquitto didn't start")

    def stop(self, patience_s=END_S):
        if self in Program.started:
            Program.started.remove(self)
        self.process.terminate()
        self.process.wait(patience_s)
        shutil.rmtree(self.folder)
