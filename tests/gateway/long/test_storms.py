"""Calls without a pause for GATEWAY_STORM_SECONDS, while gateways, the service's connections and the server itself are
killed."""

import os
import pathlib
import random
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[1]))
import gateway_lab  # noqa: E402
import storm  # noqa: E402

SECONDS = float(os.environ.get("GATEWAY_STORM_SECONDS", "60"))
SEED = int(os.environ.get("GATEWAY_STORM_SEED", random.randrange(1000000)))


class Storms(storm.Storm):
    def others(self):
        return [self.restart_server]

    def restart_server(self):
        self.server.kill()
        self.server.start()

    def rages_at(self, kind):
        self.server = gateway_lab.OwnServer(kind)
        self.addCleanup(self.server.close)
        said = self.rages(SECONDS, SEED)
        print("    %s: %s" % (kind, said))
        self.assertGreater(said.get("executed", 0), 50, said)

    def test_no_call_runs_twice_and_each_outcome_is_true_prosody(self):
        self.rages_at("prosody")

    def test_no_call_runs_twice_and_each_outcome_is_true_ejabberd(self):
        self.rages_at("ejabberd")
