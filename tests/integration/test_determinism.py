#!/usr/bin/python3
"""`telex tag` gives an article the same bytes whatever was tagged before it, beside it, or by whom, and takes time in proportion to its length."""

import concurrent.futures
import json
import os
import random
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from harness import build  # noqa: E402

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
MB = 1 << 20
RATIO_MAX, SLACK_S, TRIES = 2, 0.05, 4


def tag(lines, env=None):
    done = subprocess.run([build.TELEX, "tag"], input=b"".join(line + b"\n" for line in lines), capture_output=True, timeout=120,
                          env={**os.environ, **(env or {})})
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return done.stdout.splitlines()


def article(uri, body, language="de"):
    return json.dumps({"uri": uri, "title": "Lawrow trifft Merkel", "language": language, "body": body}, ensure_ascii=False).encode()


def corpus():
    lines = [line for path in sorted(DEMO.glob("*.jsonl")) for line in path.read_bytes().splitlines() if line.strip()]
    # Names that mean one thing here and another there: what one article taught must not reach the next.
    pairs = ["Anna Merkel", "Merkel", "Berlin Hauptbahnhof", "Porto", "FC Porto", "Marek Wolański", "Marek", "Siergiejem Ławrowem"]
    for number, name in enumerate(pairs * 4):
        lines.append(article(f"urn:d:{number}", f"Am Montag sprach {name} in Moskau mit {pairs[number % 7]}. {name} schwieg.",
                             ("pl", "de", "en", "fr")[number // len(pairs)]))
    lines.append(article("urn:d:giant", "Kowalska sprach mit Angela Merkel. " * 8000))
    return lines


class Determinism(unittest.TestCase):
    def setUp(self):
        self.lines = corpus()
        self.events = tag(self.lines)
        self.assertEqual(len(self.events), len(self.lines))

    def test_order_says_nothing(self):
        for seed in range(3):
            order = list(range(len(self.lines)))
            random.Random(seed).shuffle(order)
            shuffled = tag([self.lines[i] for i in order])
            self.assertEqual(shuffled, [self.events[i] for i in order])

    def test_processes_agree(self):
        parts = [self.lines[i::4] for i in range(4)]
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            for i, events in enumerate(pool.map(tag, parts)):
                self.assertEqual(events, self.events[i::4])

    def test_surroundings_say_nothing(self):
        for env in ({"LC_ALL": "tr_TR.UTF-8", "TZ": "Asia/Tokyo"}, {"LC_ALL": "C", "MALLOC_PERTURB_": "165"}):
            self.assertEqual(tag(self.lines, env), self.events)


def repeat(text):
    return lambda size: (text * (size // len(text.encode()) + 1)).encode()[:size].decode(errors="ignore")


def distinct_names(size):
    draw = random.Random(1)
    syllables = [a + b for a in "bcdfglmnprstvz" for b in "aeiou"]
    names = ["".join(draw.choices(syllables, k=4)).capitalize() for _ in range(size // 9)]
    return " ".join(names)


NAMES = "Angela Merkel traf Wladimir Putin in Berlin und sprach mit Siergiejem Ławrowem of the United Nations near Warszawa. "
SHAPES = {
    "one long line": repeat(NAMES),
    "all capitals": repeat(NAMES.upper()),
    "all quotes": repeat('"'),
    "quoted letters": repeat("„A“ \"B\" "),
    "one name": repeat("Angela Merkel "),
    "many names": distinct_names,
    "given names": repeat("Anna Maria Jan Peter "),
    "one name of many words": repeat("Anna-Maria-"),
    "digits": repeat("1234567890"),
    "numbers": repeat("12 3.456,7 "),
    "one word": repeat("Abcdefghij"),
    "long words": repeat("Donaudampfschifffahrtsgesellschaftskapitaen" * 5 + " "),
    "initials": repeat("A."),
    "domains": repeat("www.kremlin.ru/a.b.c "),
    "full stops": repeat("."),
    "brackets": repeat("("),
    "wrapped lines": repeat("Bei ihrem ersten Treffen im Rahmen des\nG20-Gipfels in Hamburg unterhielten sich der\n"),
    "short lines": repeat("a\n"),
    "blank lines": repeat("\n\n\nx"),
    "furniture": repeat("Reklama\n"),
    "weak furniture": repeat("Facebook\n\n"),
    "agencies": repeat("Reuters/PAP/dpa "),
    "spaces": repeat("  \t\u00a0"),
    "soft hyphens": repeat("Mer\u00adkel "),
    "decomposed": repeat("Zu\u0308rich "),
    "marks": repeat("\u0316\u0301"),
    "Cyrillic": repeat("Владимир Путин "),
}


def seconds(lines):
    """Processor time that tagging them takes, with a start of the program."""
    before = os.times()
    tag(lines)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


class Time(unittest.TestCase):
    """A body of 1 MB against four of 256 KB: the same bytes."""

    def check(self, shape, language):
        quarter, whole = ([article("urn:s", "x" + shape(size), language)] for size in (MB // 4, MB))
        for _ in range(TRIES):  # other programs take the caches away now and then
            parts, one = seconds(quarter * 4), seconds(whole)
            if one < RATIO_MAX * parts + SLACK_S:
                return
        self.fail(f"1 MB takes {one:.2f} s, four times 256 KB {parts:.2f} s")

    def test_is_linear(self):
        for number, (name, shape) in enumerate(SHAPES.items()):
            language = ("pl", "de", "en")[number % 3]
            with self.subTest(shape=name, language=language):
                self.check(shape, language)

    def test_is_linear_in_german(self):  # compounds are taken apart
        for name in ("one long line", "one word", "long words", "many names"):
            with self.subTest(shape=name):
                self.check(SHAPES[name], "de")


if __name__ == "__main__":
    unittest.main()
