"""admin.py - what the tests of the admin listener share."""

import json
import re

import gateway_lab as gw


class Admin(gw.GatewayLab):
    """A route to a calculator behind another gateway, and the admin listener of the route's gateway."""

    def admin(self, options="", route_options="", url=None, more=""):
        self.admin_port = gw.free_port()
        self.at = "http://127.0.0.1:%d" % self.admin_port
        self.serving = self.serves(url or self.backend(gw.gsoap_calculator).url, 'wsdl = "url"')
        return self.routes(("/calc", self.endpoint(), 'wsdl = "service" timeout = 30 ' + route_options),
                           more=more + 'admin "127.0.0.1:%d" { %s }\n' % (self.admin_port, options))

    def get(self, path, **headers):
        return gw.ask(self.at + path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    def told(self):
        return json.loads(self.get("/status.json").body)

    def metric(self, line):
        """The value of one series."""
        found = re.search(r"^%s (\S+)$" % re.escape(line), self.get("/metrics").body, re.M)
        return found and float(found[1])
