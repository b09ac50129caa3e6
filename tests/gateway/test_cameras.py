"""A camera behind a component: each address that it tells leads to it again, through the gateways."""

import subprocess

import camera
import gateway_lab
import lab
from gateway_lab import CLIENTS, PYTHON, envelope, post

SNAPSHOT = "<m:GetSnapshotUri xmlns:m='%s'><m:ProfileToken>p</m:ProfileToken></m:GetSnapshotUri>" % camera.MEDIA


@lab.at_each_server
class Cameras(gateway_lab.GatewayLab):
    def camera(self, *arguments, **others):
        one = camera.Camera(*arguments, **others)
        self.addCleanup(one.close)
        return one

    def cameras(self, label, port, options="", password="secret"):
        """A component whose node is the last number of an address."""
        secret = self.file("camera.password", password + "\n")
        return self.gateway("cameras", self.component_link(label) + (
            'serve "{node}@%s.%s" { url = "http://127.0.0.{node}:%d/onvif/device_service" link = "main"\n'
            '  path = "resource" allow = { "*@%s" } login = "digest" user = "admin" password_file = "%s" wsdl = "url"\n'
            '  paths = { "/onvif/*" } rewrite = { "wsdl", "xaddr", "wsa" } %s }\n') % (
                label, self.server.domain, port, self.server.domain, secret, options))

    def to_cameras(self, label):
        return self.routes(("/cam/{name}", "xmpp:{name}@%s.%s" % (label, self.server.domain),
                            'wsdl = "service" path = "resource" rewrite = { "wsdl", "xaddr", "wsa" }'))

    def follows(self, url, one):
        """Each address that the camera tells, to the camera itself."""
        ended = subprocess.run([PYTHON, "-B", CLIENTS / "camera_client.py", url], capture_output=True, text=True,
                               timeout=120, env=lab.alone())
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertEqual(ended.stdout.splitlines(), [
            "device " + url, "media %s/onvif/media_service" % url,
            "events %s/onvif/events_service" % url, "snapshot %s/onvif/snapshot.jpg" % url,
            "stream rtsp://%s/stream" % one.authority, "subscription %s/onvif/subscription/7" % url,
            "pulled %s/onvif/subscription/7" % one.base])
        self.assertEqual([path for path, _, _ in one.asked], [
            "/onvif/device_service", "/onvif/media_service", "/onvif/media_service", "/onvif/events_service",
            "/onvif/subscription/7"])
        # wsa:To is what the camera knows as its own.
        self.assertEqual([to for _, _, to in one.asked], [one.base + path for path, _, _ in one.asked])

    def test_a_client_follows_its_addresses(self):
        one = self.camera("127.0.0.2")
        self.cameras("cams", one.port)
        self.follows(self.to_cameras("cams").url + "/cam/2", one)

    def test_an_account_is_one_camera_whose_paths_go_along(self):
        """As docs/gateway-camera.md has it."""
        one = self.camera()
        secret = self.file("camera.password", "secret\n")
        self.serves(one.url, 'login = digest user = "admin" password_file = "%s"' % secret)
        self.follows(self.routes(("/cam1", self.endpoint(), "path = header")).url + "/cam1", one)

    def test_a_client_that_knows_no_path_but_its_own_has_a_listener_for_a_camera(self):
        one = self.camera(user="")
        self.serves(one.url)
        url = self.routes(("/", self.endpoint(), "path = header")).url
        ended = subprocess.run([PYTHON, "-B", CLIENTS / "camera_client.py", url + "/onvif/device_service"],
                               capture_output=True, text=True, timeout=120, env=lab.alone())
        self.assertEqual(ended.returncode, 0, ended.stderr)
        self.assertIn("snapshot %s/onvif/snapshot.jpg\n" % url, ended.stdout)
        self.assertEqual([path for path, _, _ in one.asked], [
            "/onvif/device_service", "/onvif/media_service", "/onvif/media_service", "/onvif/events_service",
            "/onvif/subscription/7"])

    def test_an_inner_address_is_another_name_of_it(self):
        one = self.camera("127.0.0.3", told_as="192.168.1.10")
        self.cameras("meters", one.port, 'aliases = { "192.168.1.10" }')
        url = self.to_cameras("meters").url + "/cam/3"
        answer = post(url + "/onvif/media_service", envelope(SNAPSHOT))
        self.assertIn(">%s/onvif/snapshot.jpg<" % url, answer.body)

    def test_a_wrong_login_runs_nothing(self):
        one = self.camera("127.0.0.4")
        self.cameras("gw", one.port, password="wrong")
        url = self.to_cameras("gw").url + "/cam/4"
        answer = self.certain(url + "/onvif/media_service", envelope(SNAPSHOT))
        self.assertEqual((answer.status, answer.outcome), (403, "not-executed"), answer)
        self.assertEqual(one.asked, [])

    def test_a_path_that_is_not_allowed_reaches_nobody(self):
        one = self.camera("127.0.0.5")
        self.cameras("shop", one.port)
        routing = self.to_cameras("shop")
        for path in ("/admin", "/onvif/../admin", "/onvif/%2e%2e/admin", "/onvif/..%2fadmin"):
            answer = post(routing.url + "/cam/5" + path, envelope(SNAPSHOT))
            self.assertIn(answer.status, (400, 403, 404), "%s: %r" % (path, answer))
        self.assertEqual((one.asked, one.unknown), ([], 0))
        self.assertEqual(post(routing.url + "/cam/5/onvif/media_service", envelope(SNAPSHOT)).status, 200)
