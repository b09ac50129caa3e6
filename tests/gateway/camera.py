"""camera.py - a camera in this process, by HTTP with a login by digest (RFC 7616): a few operations of ONVIF's
(backends/camera.wsdl), each address that it tells its own."""

import contextlib
import hashlib
import http.server
import re
import secrets
import socket
import threading

from gateway_lab import BACKENDS, envelope

DEVICE = "http://www.onvif.org/ver10/device/wsdl"
MEDIA = "http://www.onvif.org/ver10/media/wsdl"
EVENTS = "http://www.onvif.org/ver10/events/wsdl"
SCHEMA = "http://www.onvif.org/ver10/schema"
ADDRESSING = "http://www.w3.org/2005/08/addressing"


class Camera:
    """camera.asked: (path, operation, wsa:To) of what it executed; camera.unknown: requests without the right login."""

    def __init__(self, address="127.0.0.1", user="admin", password="secret", told_as=None):
        self.user, self.password = user, password
        self.asked, self.unknown, self.nonces, self.lock = [], 0, set(), threading.Lock()
        self.server = Threads((address, 0), Requests)
        self.server.camera = self
        self.port = self.server.server_address[1]
        self.authority = "%s:%d" % (address, self.port)
        self.base = "http://%s" % (told_as or self.authority)  # as it believes
        self.url = "http://%s/onvif/device_service" % self.authority
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def knows(self, method, authorization):
        """RFC 7616, MD5 with qop=auth."""
        given = dict((name, quoted or plain) for name, quoted, plain in re.findall(
            r'(\w+)=(?:"([^"]*)"|([^\s,]*))', authorization or ""))
        if given.get("nonce") not in self.nonces or given.get("username") != self.user:
            return False

        def digest(*words):
            return hashlib.md5(":".join(words).encode()).hexdigest()

        return given.get("response") == digest(
            digest(self.user, "camera", self.password), given["nonce"], given.get("nc", ""), given.get("cnonce", ""),
            given.get("qop", ""), digest(method, given["uri"]))

    def answer(self, path, body):
        """What an operation of that name gives, or None."""
        name = (re.search(r"Body[^>]*>\s*<(?:\w+:)?(\w+)", body) or [None, ""])[1]
        to = re.search(r"<(?:\w+:)?To[^>]*>([^<]*)<", body)
        with self.lock:
            self.asked.append((path, name, to[1] if to else ""))

        def uri(text):
            return ("<t:%sResponse xmlns:t='%s' xmlns:tt='%s'><t:MediaUri><tt:Uri>%s</tt:Uri></t:MediaUri>"
                    "</t:%sResponse>" % (name, MEDIA, SCHEMA, text, name))

        if name == "GetCapabilities":
            services = "".join("<tt:%s><tt:XAddr>%s/onvif/%s_service</tt:XAddr></tt:%s>" % (
                service, self.base, service.lower(), service) for service in ("Device", "Events", "Media"))
            return ("<t:GetCapabilitiesResponse xmlns:t='%s' xmlns:tt='%s'><t:Capabilities>%s</t:Capabilities>"
                    "</t:GetCapabilitiesResponse>" % (DEVICE, SCHEMA, services))
        if name == "GetSnapshotUri":
            return uri(self.base + "/onvif/snapshot.jpg")
        if name == "GetStreamUri":
            return uri("rtsp://%s/stream" % self.authority)
        if name == "CreatePullPointSubscription":
            return ("<t:CreatePullPointSubscriptionResponse xmlns:t='%s' xmlns:a='%s'><t:SubscriptionReference>"
                    "<a:Address>%s/onvif/subscription/7</a:Address></t:SubscriptionReference>"
                    "</t:CreatePullPointSubscriptionResponse>" % (EVENTS, ADDRESSING, self.base))
        if name == "PullMessages":
            return "<t:PullMessagesResponse xmlns:t='%s'><t:To>%s</t:To></t:PullMessagesResponse>" % (
                EVENTS, to[1] if to else "")
        return None


class Threads(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that hangs up is nothing to be told."""


class Requests(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        super().setup()
        self.connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def log_message(self, *_):
        pass

    def tell(self, status, body, **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(body.encode())

    def is_known(self):
        camera = self.server.camera
        if not camera.user or camera.knows(self.command, self.headers.get("Authorization")):
            return True
        nonce = secrets.token_hex(16)
        with camera.lock:
            camera.nonces.add(nonce)
            camera.unknown += 1
        self.tell(401, "", WWW_Authenticate='Digest realm="camera", qop="auth", nonce="%s"' % nonce)
        return False

    def do_GET(self):
        if self.is_known():
            camera = self.server.camera
            self.tell(200, (BACKENDS / "camera.wsdl").read_text().replace(
                "LOCATION", camera.base + "/onvif/device_service"), Content_Type="text/xml; charset=utf-8")

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        if self.is_known():
            answer = self.server.camera.answer(self.path, body)
            if answer:
                self.tell(200, envelope(answer), Content_Type="application/soap+xml; charset=utf-8")
            else:
                self.tell(404, "no such operation", Content_Type="text/plain")
