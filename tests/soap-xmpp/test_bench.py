"""bench: counts that are right, whatever the times are."""

import signal

import lab


@lab.at_one_server
class Benches(lab.Online):
    def sums(self, told, count):
        ms = told["ms"]
        self.assertEqual(told["count"], count)
        self.assertEqual(sum(row["count"] for row in told["histogram"]), count)
        self.assertEqual(sum(told["ends"].values()), count)
        self.assertEqual(sum(told["outcomes"].values()), count)
        self.assertTrue(0 < ms["min"] <= ms["p50"] <= ms["p90"] <= ms["p99"] <= ms["max"], ms)

    def test_all_calls_are_counted_by_end_and_outcome(self):
        self.serve("--echo")
        told = self.told("bench", self.endpoint, "add", "--ns", "urn:x", "a=1", "-n", "200", "--outstanding", "16")
        self.assertEqual((told["ends"]["answer"], told["outcomes"]["executed"]), (200, 200))
        self.sums(told, 200)

    def test_without_an_operation_it_pings(self):
        self.serve("--echo")
        self.sums(self.told("bench", self.endpoint, "--count", "50", "--outstanding", "4"), 50)

    def test_a_size_a_rate_and_a_duration(self):
        self.serve("--echo")
        told = self.told("bench", self.endpoint, "--size", "20000", "--duration", "1", "--rate", "20")
        self.sums(told, told["count"])
        self.assertLessEqual(told["count"], 21)

    def test_for_people(self):
        self.serve("--echo")
        said = self.tool("bench", self.endpoint, "add", "--ns", "urn:x", "-n", "20").stdout
        self.assertRegex(said, r"^20 calls, 64 at once, in [0-9.]+ s: [0-9.]+ a second\np50 ")
        self.assertRegex(said, "(?m)^ends: answer 20$")
        self.assertRegex(said, "(?m)^outcomes: executed 20$")

    def test_nobody_is_3(self):
        told = self.told("bench", self.endpoint, "add", "--ns", "urn:x", "-n", "3", code=3)
        self.assertEqual((told["ends"]["refused"], told["outcomes"]["not-executed"]), (3, 3))

    def test_faults_are_1(self):
        self.serve("--fault", "no")
        told = self.told("bench", self.endpoint, "add", "--ns", "urn:x", "-n", "3", code=1)
        self.assertEqual(told["ends"]["fault"], 3)

    def test_what_makes_no_sense_is_2(self):
        for wrong in (["-n", "1", "-d", "1"], ["--size", "10", "add"], ["--outstanding", "0"], ["--rate", "x"]):
            self.tool("bench", self.endpoint, *wrong, code=2)

    def test_a_signal_ends_it_with_what_was_counted(self):
        self.serve("--echo")
        for more in (["add", "--ns", "urn:x"], []):
            process = lab.Service(["soap-xmpp", "-vv", "bench", self.endpoint, "--duration", "600", *more],
                                  self.environment)
            self.addCleanup(process.end)
            process.hears("call ")
            self.assertEqual(process.end(signal.SIGINT), 130)
            self.assertIn("at once, in", process.said)
