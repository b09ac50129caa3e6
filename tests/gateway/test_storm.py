"""Calls without a pause, while gateways and the service's connections are killed."""

import random

import lab
import storm


@lab.at_each_server
class Storms(storm.Storm):
    def test_no_call_runs_twice_and_each_outcome_is_true(self):
        said = self.rages(6, random.randrange(1000000))
        self.assertGreater(said.get("executed", 0), 0, said)
