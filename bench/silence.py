"""silence.py - a server that accepts connections and then says nothing more.

Noun: the silence, on a port of loopback. With STARTTLS it begins where TLS would, so that the
client waits in its handshake; without, at once. It ends with this process.
"""
import socket
import threading

HEADER = (b"<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' "
          b"id='silence' version='1.0'><stream:features>"
          b"<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>"
          b"</stream:features>")
PROCEED = b"<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"


class Silence:
    def __init__(self, offers_tls):
        self.script = [(b"<stream:stream", HEADER), (b"<starttls", PROCEED)] if offers_tls else []
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client = self.socket.accept()[0]
            threading.Thread(target=self.play, args=(client,), daemon=True).start()

    def play(self, client):
        heard = b""
        with client:
            for awaited, answer in self.script:
                while awaited not in heard:
                    more = client.recv(4096)
                    if not more:
                        return
                    heard += more
                client.sendall(answer)
            while client.recv(4096):
                pass
