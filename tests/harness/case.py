"""What the integration tests share: a folder and daemons that are gone afterwards, whose logs are shown when a test fails."""

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from harness import build, wire
from harness.daemon import Daemon, die_with_parent

DATA = build.ROOT / "tests" / "data"
SKIPPED = 77


class DaemonCase(unittest.TestCase):
    def run(self, result=None):
        before = len(result.failures) + len(result.errors)
        self.daemons = []
        super().run(result)
        if len(result.failures) + len(result.errors) > before:
            for daemon in self.daemons:
                print(f"-- log of telexd in {daemon.directory}, {self.id()} --\n{daemon.logs()[-20000:]}", file=sys.stderr)

    def setUp(self):
        # Short: the path of a socket has room for 107 bytes.
        self.directory = Path(tempfile.mkdtemp(prefix="telex-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def make_daemon(self, options=None, name="d", **kinds):
        """A daemon that is not started yet."""
        daemon = Daemon(self.directory / name, options, **kinds)
        self.daemons.append(daemon)
        self.addCleanup(self._check_sane, daemon)
        self.addCleanup(daemon.close)
        return daemon

    def start(self, options=None, **kinds):
        return self.make_daemon(options, **kinds).start()

    def _check_sane(self, daemon):
        self.assertEqual(daemon.complaints(), [])
        self.assertFalse(daemon.overdue, "the daemon had to be ended: its time was over")

    def enter(self, resource):
        """Opens now, closes at the end of the test."""
        return self.enterContext(resource)

    def telex(self, daemon, *arguments, status=0, stdin=None, wait=60, text=True):
        """Runs the telex command against a daemon; the exit status is checked unless it is None. Standard output and error
        are in the result."""
        done = run_telex(daemon, *arguments, stdin=stdin, wait=wait, text=text)
        if status is not None:
            self.assertEqual(done.returncode, status, f"telex {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}")
        return done

    def telex_json(self, daemon, *arguments, **kinds):
        """The lines of the command's output as JSON."""
        return [json.loads(line) for line in self.telex(daemon, *arguments, **kinds).stdout.splitlines()]


def telex_environment(daemon):
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TELEX_")}
    return {**kept, "TELEX_RUNTIME_DIR": str(daemon.runtime), "LC_ALL": "C.UTF-8"}


def run_telex(daemon, *arguments, stdin=None, wait=60, text=True):
    return subprocess.run([build.TELEX, *map(str, arguments)], input=stdin, capture_output=True, text=text,
                          timeout=wire.seconds(wait), env=telex_environment(daemon), preexec_fn=die_with_parent)


def start_telex(daemon, *arguments, **kinds):
    """The telex command as a running process; the caller ends it."""
    return subprocess.Popen([build.TELEX, *map(str, arguments)], env=telex_environment(daemon), preexec_fn=die_with_parent,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=kinds.pop("stdin", subprocess.DEVNULL), **kinds)


class Lines:
    """Standard output of a running process, line by line, each with a deadline."""

    def __init__(self, process):
        self.process, self.rest = process, b""

    def next(self, wait=20):
        while b"\n" not in self.rest:
            if not select.select([self.process.stdout], [], [], wire.seconds(wait))[0]:
                raise TimeoutError(f"the command printed nothing for {wire.seconds(wait):g} s")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                raise EOFError(f"the command ended: {self.process.stderr.read().decode()}")
            self.rest += data
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode()

    def until_end(self, wait=20):
        """The whole lines that are left; a last one that was cut off by the command's end is not among them."""
        lines = []
        with contextlib.suppress(EOFError):
            while True:
                lines.append(self.next(wait))
        return lines


def article(number, body=None, **fields):
    """A small article of its own; `number` makes it unique."""
    fields = {"uri": f"urn:test:{number}", "title": f"Report {number}", "language": "en", "source": "TEST",
              "body": body or f"Angela Merkel met Vladimir Putin in Berlin on day {number}.", **fields}
    return wire.Article(**fields)


def main():
    missing = [str(program) for program in (build.TELEXD, build.TELEX, build.TAGGER) if not program.exists()]
    if missing:
        print(f"the programs are not there: {', '.join(missing)} (TELEX_BUILD names the build folder)", file=sys.stderr)
        sys.exit(1)
    program = unittest.main(module="__main__", exit=False)
    if not program.result.wasSuccessful():
        sys.exit(1)
    for test, why in program.result.skipped:
        print(f"SKIPPED: {test}: {why}", file=sys.stderr)
    sys.exit(SKIPPED if program.result.skipped else 0)
