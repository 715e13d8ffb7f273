#!/usr/bin/python3
"""The demo runs, shows what it promises, and leaves neither a process nor a file; also when it is interrupted."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, wire
from harness.case import Lines
from harness.daemon import die_with_parent

DEMO = Path(__file__).resolve().parent / "demo"


class Demo(case.DaemonCase):
    def start(self):
        environment = {**os.environ, "TMPDIR": str(self.directory), "LC_ALL": "C.UTF-8"}
        return subprocess.Popen([DEMO, build.BUILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
                                stdin=subprocess.DEVNULL, preexec_fn=die_with_parent)

    def assert_nothing_is_left(self):
        self.assertEqual(list(self.directory.iterdir()), [])
        self.assertEqual(self.processes_in_our_folder(), [])

    def processes_in_our_folder(self):
        """Processes whose command line names our folder."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    command = (entry / "cmdline").read_bytes()
                except OSError:
                    continue
                if os.fsencode(self.directory) in command:
                    found.append(command)
        return found

    def test_whole(self):
        with self.start() as demo:
            out, err = demo.communicate(timeout=wire.seconds(120))
        self.assertEqual(demo.returncode, 0, err.decode())
        shown = out.decode()
        self.assertNotIn("\x1b", shown, "colours without a terminal")
        for words in ("Angela Merkel", "Sergey Lavrov", "Q58217"):
            self.assertIn(words, shown)
        stream = shown[shown.index("$ telex follow"):shown.index("$ telex find")]
        for language in ("pl", "de", "en"):
            self.assertRegex(stream, rf"\b{language}\b")
        person = shown[shown.index("$ telex entity"):]
        self.assertEqual({language for language in ("pl", "de", "en") if re.search(rf"\b{language}\b", person)}, {"pl", "de", "en"})
        self.assert_nothing_is_left()

    def test_interrupted(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.start() as demo:
                lines = Lines(demo)
                while "telex push" not in lines.next(wait=60):
                    pass
                demo.send_signal(number)
                demo.communicate(timeout=wire.seconds(60))
            self.assertNotEqual(demo.returncode, 0)
            self.assert_nothing_is_left()


if __name__ == "__main__":
    case.main()
