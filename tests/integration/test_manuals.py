"""Manuals and completion say what the programs say."""

import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from harness import build  # noqa: E402

COMMANDS = "push follow get find entity stats dead cursor verify repair backup keygen lexicon".split()
MANUALS = [*(build.ROOT / "proto/client/man").iterdir(), build.ROOT / "daemon/man/telexd.8", build.BUILD / "daemon/man/telex.conf.5"]
COMPLETION = build.ROOT / "proto/client/completion/telex"


def options_of(*command):
    text = subprocess.run([*map(str, command), "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.M))


class Manuals(unittest.TestCase):
    def test_every_option_is_explained(self):
        for manual, commands in (("proto/client/man/telex.1", [[build.TELEX], *([build.TELEX, c] for c in COMMANDS)]),
                                 ("daemon/man/telexd.8", [[build.TELEXD]])):
            explained = set(re.findall(r"Fl -([a-z-]+)", (build.ROOT / manual).read_text()))
            told = set().union(*(options_of(*command) for command in commands))
            self.assertEqual(told, explained, manual)

    def test_every_key_is_explained(self):
        table = (build.ROOT / "daemon/config_params.def").read_text()
        keys = re.findall(r"^PARAM_\w+\((\w+), (\w+)", table, re.M)
        self.assertGreater(len(keys), 10)
        page = (build.BUILD / "daemon/man/telex.conf.5").read_text()
        for section, key in keys:
            self.assertIn(f".Sh SECTION [{section}]\n", page)
            self.assertRegex(page, rf"(?m)^\.It Cm {key} No =")

    @unittest.skipUnless(shutil.which("groff"), "groff is not installed")
    def test_they_can_be_formatted(self):
        for manual in MANUALS:
            done = subprocess.run(["groff", "-mandoc", "-Tutf8", "-ww", "-z", manual], capture_output=True, text=True)
            self.assertEqual((done.returncode, done.stderr), (0, ""), manual)

    def complete(self, *words):
        script = 'source "$1"; COMP_WORDS=("${@:2}"); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _telex; printf "%s\\n" "${COMPREPLY[@]}"'
        done = subprocess.run(["bash", "-c", script, "bash", COMPLETION, build.TELEX, *words], capture_output=True, text=True,
                              check=True)
        self.assertEqual(done.stderr, "")
        return done.stdout.split()

    def test_completion(self):
        self.assertEqual(sorted(word for word in self.complete("") if not word.startswith("-")), sorted([*COMMANDS, "tag"]))
        self.assertEqual(self.complete("fo"), ["follow"])
        self.assertEqual(self.complete("--runtime-dir", "/x", "cur"), ["cursor"])
        self.assertEqual(self.complete("dead", "r"), ["retry"])
        self.assertEqual(self.complete("lexicon", "b"), ["build"])
        self.assertEqual(self.complete("lexicon", "add", "per"), ["person"])
        self.assertEqual(self.complete("lexicon", "add", "--lexicon-f"), ["--lexicon-file"])
        self.assertEqual(self.complete("push", "--win"), ["--window"])
        self.assertEqual(self.complete("follow", "--type", "per"), ["person"])
        self.assertEqual(self.complete("push", "/etc/host"), self.complete("backup", "/etc/host"))
        self.assertIn("/etc/hostname", self.complete("push", "/etc/host"))
        self.assertEqual(set(self.complete("get", "--")), {f"--{name}" for name in options_of(build.TELEX, "get")})


if __name__ == "__main__":
    unittest.main()
