"""run.py BUILD [--folder FOLDER] [PART-OF-A-NAME...] - the tests of soap-xmpp: as a user runs it, beside real servers.

Run by tools/with-servers prosody ejabberd -- python3 tests/soap-xmpp/run.py BUILD. Each test is a sentence, the name
of its method; several run at once, since all of them wait most of the time."""

import concurrent.futures
import pathlib
import sys
import time
import unittest

import lab

LANES = 12


def all_tests(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from all_tests(test)
        else:
            yield test


def run(test):
    result, begun = unittest.TestResult(), time.monotonic()
    test.run(result)
    return test, result, time.monotonic() - begun


def main(build, *parts):
    lab.BUILD = pathlib.Path(build).resolve()
    here = pathlib.Path(__file__).parent
    if parts[:1] == ("--folder",):
        here, parts = here / parts[1], parts[2:]
    tests = [test for test in all_tests(unittest.defaultTestLoader.discover(str(here))) if
             not parts or any(part in test.id() for part in parts)]
    failed = skipped = 0
    print("Suite: soap-xmpp")
    with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
        for test, result, seconds in lanes.map(run, tests):
            kind, name = test.id().split(".")[-2:]
            verdict = "passed" if result.wasSuccessful() else "FAILED"
            if result.skipped:
                verdict = "skipped: " + result.skipped[0][1]
            print("  %s: %s ... %s (%.1f s)" % (
                kind.replace("_", " "), name.removeprefix("test_").replace("_", " "), verdict, seconds))
            for _, trace in result.errors + result.failures:
                print(trace)
            failed += not result.wasSuccessful()
            skipped += bool(result.skipped)
    print("%d passed, %d failed%s" % (len(tests) - failed - skipped, failed, ", %d skipped" % skipped if skipped else ""))
    return 1 if failed or not tests else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
