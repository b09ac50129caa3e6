"""The lines that README begins with, typed as they stand, twice in a row, by one who has set nothing."""

import os
import pathlib
import re
import signal
import subprocess
import time

import lab


class Demo(lab.Lab):
    def setUp(self):
        super().setUp()
        runtime = self.home / "run"
        runtime.mkdir(mode=0o700)
        self.environment["XDG_RUNTIME_DIR"] = str(runtime)
        self.addCleanup(lambda: subprocess.run(["soap-xmpp", "demo", "--stop"], env=self.environment))

    def left(self):
        return lab.running(str(self.home))

    def test_it_explains_three_calls_and_leaves_nothing(self):
        said = self.tool("demo").stdout
        self.assertEqual(re.findall(r"Exit code (\d)", said), ["0", "1", "3"])
        self.assertIn("result>3<", said)
        self.assertEqual((self.left(), list((self.home / "run").iterdir())), ([], []))
        self.assertEqual(self.tool("context", "ls").stdout, "")

    def test_json_is_one_object(self):
        self.assertGreater(self.told("demo")["port"], 0)

    def test_what_readme_says_works_twice_in_a_row(self):
        lines = re.findall(r"^    (soap-xmpp .*)$", (lab.TOP / "README.md").read_text(), re.M)
        demo, serve, call, wsdl, *more = lines
        self.assertEqual([line.split()[1] for line in lines[:4]], ["demo", "serve", "call", "wsdl"])
        # A person types the call a moment later than the service before it.
        typed = "\n".join(["set -eu -o pipefail", demo, serve, "service=$!", "trap 'kill $service' EXIT", "until %s; do sleep 0.1; done" % call, wsdl,
                           "grep -q '^int __[a-z0-9]*__add(' calc.h", *more])
        for _ in range(2):
            ended = subprocess.run(["bash", "-c", typed], env=self.environment, cwd=self.home, capture_output=True,
                                   text=True, timeout=lab.PATIENCE_S)
            self.assertEqual(ended.returncode, 0, ended.stdout + ended.stderr)
            self.assertRegex(ended.stdout, r"<a[^>]*>1</a>\s*<b[^>]*>2</b>")
            (self.home / "calc.h").unlink()
        self.assertGreaterEqual(len(self.left()), 2)
        self.tool("demo", "--stop")
        self.assertEqual((self.left(), list((self.home / "run").iterdir())), ([], []))
        self.assertEqual(self.tool("context", "ls").stdout, "")

    def test_a_context_of_the_user_s_is_never_replaced(self):
        self.tool("context", "save", "demo", "-j", "me@x.test")
        self.assertIn("of yours", self.tool("demo", "--keep", code=2).stderr)
        self.assertEqual(self.told("context", "show", "demo")["jid"], "me@x.test")
        self.assertEqual(self.left(), [])

    def test_the_default_before_is_put_back(self):
        self.tool("context", "save", "mine", "-j", "me@x.test")
        self.tool("demo", "--keep")
        self.assertEqual(self.told("context", "show")["jid"], "demo@localhost")
        self.tool("demo", "--stop")
        self.assertEqual(self.told("context", "show")["jid"], "me@x.test")

    def test_a_signal_leaves_nothing(self):
        demo = lab.Service(["soap-xmpp", "demo"], self.environment)
        demo.hears("Prosody of our own listens")
        self.assertEqual(demo.end(signal.SIGINT), 130)
        end = time.monotonic() + lab.PATIENCE_S
        while self.left() and time.monotonic() < end:
            time.sleep(0.05)
        self.assertEqual(self.left(), [])

    def test_without_prosody_it_says_what_to_install(self):
        folder = self.home / "bin"
        folder.mkdir()
        os.symlink(pathlib.Path(lab.BUILD) / "soap-xmpp", folder / "soap-xmpp")
        self.assertIn("apt-get install prosody", self.tool("demo", code=2, PATH=str(folder)).stderr)

    def test_both_at_once_make_no_sense(self):
        self.tool("demo", "--keep", "--stop", code=2)
