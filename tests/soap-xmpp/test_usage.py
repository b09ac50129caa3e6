"""What is typed, before there is a server: options, contexts, help, completion, the manual."""

import functools
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import time
import unittest

import lab


@functools.cache
def commands():
    text = subprocess.run(["soap-xmpp", "--help"], env=lab.alone(), capture_output=True, text=True, check=True).stdout
    return re.findall(r"^  ([a-z]+) +\S", text.split("\n\n")[2], re.M)


@functools.cache
def help_of(*command):
    return subprocess.run(["soap-xmpp", *command, "--help"], env=lab.alone(), capture_output=True, text=True,
                          check=True).stdout


def options(text):
    return set(re.findall(r"^  (?:-., |    )--([a-z-]+)", text, re.M))


class Usage(lab.Lab):
    def test_mistakes_are_2_and_one_sentence(self):
        for arguments in ([], ["cal"], ["--jid"], ["--tls", "maybe", "context", "ls"], ["call"], ["context", "sho"],
                          ["context", "ls", "--colour", "never"], ["wsdl", "a", "b"], ["completion", "fish"],
                          ["-t", "never", "call", "a", "b"], ["--jason"], ["-x"], ["call", "a", "b", "--one-way=1"]):
            ended = self.tool(*arguments, code=2)
            self.assertEqual((ended.stdout, ended.stderr.count("\n")), ("", 1), arguments)
            self.assertTrue(ended.stderr.startswith("soap-xmpp: "))

    def test_a_near_miss_is_named(self):
        self.assertIn("is it call?", self.tool("cal", code=2).stderr)
        self.assertIn("is it --json?", self.tool("--jason", code=2).stderr)
        self.assertIn("is it call?", self.tool("CALL", code=2).stderr)
        self.assertNotIn("is it", self.tool("something", code=2).stderr)

    def test_with_json_a_mistake_is_an_object(self):
        for arguments in (["cal"], ["--jason"], ["call"], ["serve"], ["context", "show", "none"], ["completion", "bash"]):
            self.assertTrue(self.told(*arguments, code=2)["text"])
        self.assertEqual(set(self.told("--version")), {"command", "exit", "version"})

    def test_what_was_typed_makes_no_second_line_and_no_command_for_a_terminal(self):
        for text in ("a\nb", "a\x1b[31mb", "a\u009b31mb", b"a\xe4b"):
            text = os.fsdecode(text)
            ended = self.tool(text, code=2)
            self.assertRegex(ended.stderr, r"^soap-xmpp: unknown command 'a\?+[^'\n\x1b]*b' \(soap-xmpp --help\)\n$")
            self.assertIn("'a?", self.told(text, code=2)["text"])

    def test_closed_descriptors_are_not_mistaken_for_others(self):
        calling = "soap-xmpp -j a@x.test -p pw --host 127.0.0.1:1 call b@x.test -"
        for line, code, told in ((calling + " <&-", 2, "standard input: Bad file descriptor"),
                                 ("soap-xmpp --version >&-", 5, "standard output: Bad file descriptor"),
                                 ("soap-xmpp --json cal 2>&-", 2, ""), ("soap-xmpp cal <&- >&- 2>&-", 2, "")):
            ended = subprocess.run(["sh", "-c", line], env=self.environment, cwd=self.home, capture_output=True, text=True,
                                   timeout=lab.PATIENCE_S, stdin=subprocess.DEVNULL)
            self.assertEqual(ended.returncode, code, line + ended.stderr)
            self.assertIn(told, ended.stderr)

    def test_a_pipe_that_nobody_writes_to_is_waited_for_no_longer_than_the_timeout(self):
        os.mkfifo(self.home / "pipe")
        calling, plain = ["call", "b@x.test"], ["x", "--ns", "urn:x"]
        for arguments in ([*calling, "./pipe"], [*calling, *plain, "a=@./pipe"], [*calling, *plain, "a=@@./pipe"],
                          [*calling, "x", "--wsdl", "./pipe"], [*calling, *plain, "--header", "./pipe"],
                          [*calling, *plain, "--user", "u", "--user-password-file", "./pipe"],
                          [*calling, *plain, "--name", "n", "--name-key-file", "./pipe"], ["serve", "--answer", "./pipe"],
                          ["-p", "./pipe", *calling, *plain]):
            ended = self.tool("-j", "a@x.test", "--host", "127.0.0.1:1", "-t", "0.3", *arguments, code=2)
            self.assertIn("./pipe: its end hasn't come in time (--timeout)\n", ended.stderr)
        read, write = os.pipe()
        ended = subprocess.run(["soap-xmpp", "-j", "a@x.test", "-t", "0.3", *calling, "-"], stdin=read, env=self.environment,
                               capture_output=True, text=True, timeout=lab.PATIENCE_S)
        os.close(read)
        os.close(write)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("standard input: its end hasn't come in time", ended.stderr)

    def test_what_a_pipe_gives_is_read_to_its_end(self):
        line = "soap-xmpp call b@x.test x --ns urn:x --dry-run a=@<(sleep 0.1; printf 1; sleep 0.1; printf 2)"
        said = subprocess.run(["bash", "-c", line], env=self.environment, capture_output=True, text=True, timeout=lab.PATIENCE_S)
        self.assertIn("<a>12</a>", said.stdout)

    def test_nobody_to_log_in_as_is_2(self):
        self.assertIn("--jid", self.tool("wsdl", "xmpp:a@x.test", code=2).stderr)

    def test_no_password_and_no_terminal_is_2(self):
        ended = subprocess.run(["setsid", "-w", "soap-xmpp", "-j", "a@x.test", "wsdl", "xmpp:b@x.test"],
                               env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertEqual(ended.returncode, 2)
        self.assertIn("--password-file", ended.stderr)

    def test_a_closed_port_is_6_and_soon(self):
        begun = time.monotonic()
        ended = self.tool("-j", "a@x.test", "-p", self.file("pw", "x"), "--host", "127.0.0.1:1", "wsdl", "b@x.test", code=6)
        self.assertIn("Connection refused", ended.stderr)
        self.assertLess(time.monotonic() - begun, 15)

    def test_a_host_with_a_bad_port_is_2(self):
        for host in ("x.test:http", "x.test:0", "[::1", "x.test:65536"):
            self.tool("-j", "a@x.test", "-p", "f", "--host", host, "wsdl", "b@x.test", code=2)

    def test_a_certificate_without_its_key_is_2(self):
        self.tool("-j", "a@x.test", "--cert", self.file("c.pem", "x"), "wsdl", "b@x.test", code=2)
        self.tool("-j", "a@x.test", "--cert", "none.pem", "--key", "none.pem", "wsdl", "b@x.test", code=2)
        self.tool("-j", "x.test", "-p", self.file("pw", "x"), "--host", "192.0.2.1", "wsdl", "b@x.test", code=2)
        self.tool("-j", "x.test", "-p", self.file("pw", "x"), "--host", "192.0.2.1", "--trusted-host", "192.0.2.2", "wsdl",
                  "b@x.test", code=2)

    def test_colours_are_for_terminals(self):
        self.assertNotIn("\x1b", self.tool("cal", code=2).stderr)
        self.assertIn("\x1b", self.tool("--color", "always", "--help").stdout)
        self.assertNotIn("\x1b", self.tool("--color", "never", "--help").stdout)

    def test_the_password_is_asked_for_without_an_echo(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("soap-xmpp", ["soap-xmpp", "-j", "a@localhost", "--host", "127.0.0.1:1", "wsdl", "b@localhost"],
                       self.environment)
        said = b""
        while b"Password of a@localhost: " not in said:
            said += os.read(terminal, 1024)
        os.write(terminal, b"sesame\n")
        try:
            while True:
                said += os.read(terminal, 1024)
        except OSError:
            pass
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), 6, said)
        self.assertNotIn(b"sesame", said)

    def test_a_question_is_asked_no_longer_than_the_timeout(self):
        for arguments in (["-j", "a@localhost", "--host", "127.0.0.1:1", "wsdl", "b@localhost"], ["init"]):
            pid, terminal = pty.fork()
            if pid == 0:
                os.execvpe("soap-xmpp", ["soap-xmpp", "-t", "0.5", *arguments], self.environment)
            said = b""
            try:
                while select.select([terminal], [], [], 20)[0]:
                    said += os.read(terminal, 1024)
                os.kill(pid, signal.SIGKILL)  # it still asks
            except OSError:
                pass
            code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            os.close(terminal)
            self.assertEqual(code, 2, said)
            self.assertIn(b"no answer has come in time (--timeout)", said)

    def test_the_tool_links_no_gsoap(self):
        linked = subprocess.run(["ldd", str(lab.BUILD / "soap-xmpp")], capture_output=True, text=True, check=True).stdout
        self.assertIn("libxml2", linked)
        self.assertNotIn("gsoap", linked)

    def test_it_sees_the_public_header_alone(self):
        for path in [*(lab.TOP / "soap-xmpp").rglob("*.[ch]")]:
            for name in re.findall(r'^#include "([^"]+)"', path.read_text(), re.M):
                self.assertFalse((lab.TOP / "lib" / name).exists() and name != "soap_xmpp.h", (path, name))


class Contexts(lab.Lab):
    def path(self):
        return self.home / ".config/soap-xmpp/contexts.conf"

    def test_they_are_saved_listed_used_and_forgotten(self):
        password = self.file("a.pw", "x\n")
        self.tool("context", "save", "lab", "-j", "a@x.test", "-p", "a.pw", "--host", "127.0.0.1:1", "--tls", "direct")
        self.tool("context", "save", "o'ther ${HOME}", "-j", "b@y.test")
        self.assertEqual(self.tool("context", "ls").stdout, "* lab\ta@x.test\n  o'ther ${HOME}\tb@y.test\n")
        self.assertEqual(self.tool("context", "show").stdout,
                         "jid = a@x.test\npassword_file = %s\nhost = 127.0.0.1:1\ntls = direct\n" % password)
        self.tool("context", "use", "o'ther ${HOME}")
        self.assertEqual(self.told("context", "show")["jid"], "b@y.test")
        self.tool("context", "rm", "o'ther ${HOME}")
        self.assertEqual(self.told("context", "ls")["contexts"], [{"name": "lab", "jid": "a@x.test", "default": False}])
        self.assertEqual(self.path().stat().st_mode & 0o777, 0o600)

    def test_a_file_with_a_password_that_others_may_read_is_refused(self):
        self.tool("context", "save", "lab", "-j", "a@x.test", SOAP_XMPP_PASSWORD="x")
        self.assertNotIn("= x", self.tool("context", "show").stdout)
        self.path().chmod(0o640)
        self.assertIn("chmod 600", self.tool("context", "ls", code=2).stderr)

    def test_a_file_that_is_a_link_stays_one_and_one_that_may_not_grow_stays_as_it_was(self):
        folder = self.home / ".config" / "soap-xmpp"
        folder.mkdir(parents=True)
        (folder / "contexts.conf").symlink_to(self.file("mine.conf", 'context "a" { jid = "a@x.test" }\n'))
        self.tool("context", "save", "b", "-j", "b@x.test")
        self.assertTrue((folder / "contexts.conf").is_symlink())
        before = (self.home / "mine.conf").read_text()
        self.assertIn("b@x.test", before)
        ended = subprocess.run(["sh", "-c", "ulimit -f 0; soap-xmpp context save c -j c@x.test"], env=self.environment,
                               capture_output=True, text=True)
        self.assertEqual((ended.returncode, "File too large" in ended.stderr), (2, True), ended.stderr)
        self.assertEqual((self.home / "mine.conf").read_text(), before)
        self.assertEqual([path.name for path in self.home.glob("mine*")], ["mine.conf"])

    def test_a_mistake_in_the_file_is_named_with_its_line(self):
        self.path().parent.mkdir(parents=True)
        self.path().write_text("default = 'lab'\ncontext 'lab' {\n    jdi = 'a@x.test'\n}\n")
        self.assertIn("contexts.conf:3: ", self.tool("context", "ls", code=2).stderr)

    def test_the_order_is_option_environment_context(self):
        def login(*arguments, **environment):
            ended = self.tool(*arguments, "wsdl", "xmpp:b@x.test", code=6, **environment)
            return re.search(r"(\S+) is not online: .* 127[.]0[.]0[.](\d)", ended.stderr).groups()

        password = self.file("pw", "x\n")
        self.tool("context", "save", "lab", "-j", "a@localhost/r", "-p", password, "--host", "127.0.0.1:1")
        self.tool("context", "save", "far", "-j", "f@localhost/r", "-p", password, "--host", "127.0.0.4:1")
        self.assertEqual(login(), ("a@localhost/r", "1"))
        self.assertEqual(login(SOAP_XMPP_HOST="127.0.0.2", SOAP_XMPP_PORT="1"), ("a@localhost/r", "2"))
        self.assertEqual(login("--host", "127.0.0.3:1", SOAP_XMPP_HOST="127.0.0.2"), ("a@localhost/r", "3"))
        self.assertEqual(login("-c", "far"), ("f@localhost/r", "4"))
        self.assertEqual(login(SOAPXMPP_CONTEXT="far"), ("f@localhost/r", "4"))
        self.assertEqual(login("-c", "lab", SOAPXMPP_CONTEXT="far"), ("a@localhost/r", "1"))
        self.assertEqual(login("--resource", "s"), ("a@localhost/s", "1"))
        self.assertEqual(login("-j", "z@localhost/r", "-c", "lab"), ("z@localhost/r", "1"))

    def test_the_default_stands_aside_for_another_account(self):
        self.tool("context", "save", "lab", "-j", "a@localhost", "-p", self.file("pw", "x"), "--host", "127.0.0.1:1")
        ended = subprocess.run(["setsid", "-w", "soap-xmpp", "-j", "z@localhost", "wsdl", "xmpp:b@x.test"],
                               env=self.environment, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        self.assertIn("no password", ended.stderr)

    def test_an_unknown_one_is_2(self):
        self.tool("context", "use", "none", code=2)
        self.tool("-c", "none", "wsdl", "a@x.test", code=2)

    def test_init_asks_saves_and_tries(self):
        pid, terminal = pty.fork()
        if pid == 0:
            os.execvpe("soap-xmpp", ["soap-xmpp", "init", "mine", "-t", "5"], self.environment)
        said = b""
        for question, answer in ((b"JID", b"a@localhost"), (b"Password: ", b"sesame"), (b"Server", b"127.0.0.1:1"),
                                 (b"its CA", b"")):
            while question not in said:
                said += os.read(terminal, 1024)
            os.write(terminal, answer + b"\n")
        try:
            while True:
                said += os.read(terminal, 1024)
        except OSError:
            pass
        self.assertNotIn(b"sesame", said)
        self.assertIn(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), (1, 6), said)
        self.assertEqual(self.told("context", "show", "mine")["jid"], "a@localhost")


class Completion(lab.Lab):
    def bash(self, line):
        script = self.tool("completion", "bash").stdout
        program = script + """
COMP_WORDS=(%s); COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
_soap_xmpp soap-xmpp "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%%s\\n' "${COMPREPLY[@]}"
""" % line
        return subprocess.run(["bash", "-c", program], env=self.environment, capture_output=True, text=True,
                              check=True).stdout.split()

    def test_bash_completes_commands_options_words_and_contexts(self):
        self.tool("context", "save", "lab", "-j", "a@x.test")
        self.assertEqual(self.bash("soap-xmpp ca"), ["call"])
        self.assertIn("--kill-after", self.bash("soap-xmpp serve --"))
        self.assertNotIn("--kill-after", self.bash("soap-xmpp call --"))
        self.assertEqual(self.bash("soap-xmpp --tls d"), ["direct"])
        self.assertEqual(self.bash("soap-xmpp call x --output e"), ["envelope"])
        self.assertEqual(self.bash("soap-xmpp -c ''"), ["lab"])
        self.assertEqual(self.bash("soap-xmpp completion z"), ["zsh"])

    def test_the_bash_script_is_clean(self):
        if not shutil.which("shellcheck"):
            self.skipTest("no shellcheck")
        script = self.file("c.bash", self.tool("completion", "bash").stdout)
        subprocess.run(["shellcheck", "-s", "bash", script, str(lab.TOP / "soap-xmpp/demo/calculator.sh"),
                        str(lab.TOP / "tools/manual.sh")], check=True)

    def test_the_zsh_script_is_read_by_zsh(self):
        if not shutil.which("zsh"):
            self.skipTest("no zsh")
        script = self.file("_soap-xmpp", self.tool("completion", "zsh").stdout)
        subprocess.run(["zsh", "-n", script], check=True)
        ended = subprocess.run(["zsh", "-fc", "autoload -U compinit; compinit -D -u; source %s; whence -w _soap_xmpp;"
                                " print $_comps[soap-xmpp]" % script], env=self.environment, capture_output=True, text=True)
        self.assertEqual(ended.stdout.split(), ["_soap_xmpp:", "function", "_soap_xmpp"], ended.stderr)


class Manual(lab.Lab):
    def test_it_and_help_name_the_same_options(self):
        page = (lab.BUILD / "man/soap-xmpp.1").read_text().replace("\\-", "-").replace("\\fB", "").replace("\\fR", "")
        named = set(re.findall(r"^(?:-., )?--([a-z-]+)", page, re.M))
        helped = options(help_of()).union(*(options(help_of(command)) for command in commands()))
        self.assertEqual(named, helped)

    def test_man_has_nothing_to_complain_about(self):
        ended = subprocess.run(["man", "--warnings", "-l", str(lab.BUILD / "man/soap-xmpp.1")], capture_output=True,
                               text=True, env=dict(self.environment, LC_ALL="C.UTF-8"))
        self.assertEqual((ended.returncode, ended.stderr), (0, ""))
        self.assertIn("EXIT STATUS", ended.stdout)

    def test_every_option_is_named_by_a_test(self):
        tested = "".join(path.read_text() for path in pathlib.Path(__file__).parent.rglob("*.py"))
        for command in ["", *commands()]:
            for option in options(help_of(*command.split())):
                letter = re.search(r"^  (-.), --%s\b" % option, help_of(*command.split()), re.M)
                is_named = re.search(r'"--%s\b|[ \n]--%s ' % (option, option), tested) or (
                    letter and re.search('["\' ]%s["\' ]' % letter.group(1), tested))
                self.assertTrue(is_named, "%s --%s" % (command, option))

    def test_no_line_of_help_is_longer_than_a_terminal_is_wide(self):
        for command in commands():
            for line in help_of(command).splitlines():
                self.assertLessEqual(len(line), 110, line)


if __name__ == "__main__":
    unittest.main()
