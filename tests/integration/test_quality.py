"""The tagger is as good on our own wire reports (tests/data/wire) as when their figures were committed; and this check does see a fall."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "bench")]

from harness import build  # noqa: E402
from quality import program, sets, shared, wire  # noqa: E402


def perfect(reports):
    """What a tagger without errors would say."""
    return {language: (texts, [program.Tagged(language, text.text, dict(text.spans)) for text in texts]) for language, texts in reports.items()}


def spoil(reports, change):
    """The headline figures when `change` was done to one mention in twenty of what a perfect tagger says."""
    tagged, number = perfect(reports), 0
    for _, found in tagged.values():
        for one in found:
            for span in list(one.mentions):
                number += 1
                if number % 20 == 0:
                    change(one, span)
    return wire.headline(wire.compare(tagged))


class Reports(unittest.TestCase):
    def test_markup_is_read(self):
        text = wire.read_report("[Annie Example|person|annie] saw {Brexit} in [Łodzi|place|lodz|Łódź].", "x en")
        self.assertEqual(text.text, "Annie Example saw Brexit in Łodzi.")
        self.assertEqual(text.spans, {(0, 13, "PER"): ("Annie Example", "annie"), (28, 33, "LOC"): ("Łódź", "lodz")})
        self.assertEqual(text.ignored, [(18, 24)])

    def test_bad_markup_is_refused(self):
        for marked in ("[Annie|human|annie]", "[Annie|person]", "[Annie", "Annie}", "[Annie|person|Annie]", "[An[n]ie|person|annie]"):
            with self.subTest(marked=marked), self.assertRaises(wire.Malformed):
                wire.read_report(marked, "x en")

    def test_a_key_has_one_type(self):
        types = {}
        for text in (text for texts in wire.read().values() for text in texts):
            for (start, end, kind), (_, key) in text.spans.items():
                self.assertEqual(types.setdefault(key, kind), kind, f"{text.name}: {key} ({text.text[start:end]})")

    def test_reports_are_as_long_as_told(self):
        for text in (text for texts in wire.read().values() for text in texts):
            self.assertTrue(60 <= len(text.text.split()) <= 130, f"{text.name}: {len(text.text.split())} words")


class Check(unittest.TestCase):
    """Errors that are planted in perfect answers are seen."""

    def setUp(self):
        self.reports = wire.read()
        self.best = wire.headline(wire.compare(perfect(self.reports)))

    def assertFalls(self, figures, *names):
        self.assertEqual({said.split(":")[0] for said in wire.falls(figures, self.best)}, set(names))

    def test_perfect_answers_are_perfect(self):
        self.assertEqual(set(self.best.values()), {100.0})
        self.assertEqual(wire.falls(self.best, self.best), [])

    def test_missed_mentions(self):
        self.assertFalls(spoil(self.reports, lambda one, span: one.mentions.pop(span)), "names pl", "names de", "names en", "links all",
                         "shared ids")

    def test_wrong_types_and_ends(self):
        for wrong in (lambda s: (s[0], s[1], "LOC" if s[2] == "PER" else "PER"), lambda s: (s[0], s[1] + 1, s[2])):
            figures = spoil(self.reports, lambda one, span: one.mentions.update({wrong(span): one.mentions.pop(span)}))
            self.assertFalls(figures, "names pl", "names de", "names en", "links all", "shared ids")

    def test_wrong_bases(self):
        figures = spoil(self.reports, lambda one, span: one.mentions.update({span: ("?", one.mentions[span][1])}))
        self.assertFalls(figures, "base pl", "base de", "base en")

    def test_wrong_links(self):
        figures = spoil(self.reports, lambda one, span: one.mentions.update({span: (one.mentions[span][0], "?")}))
        self.assertFalls(figures, "links all", "shared ids")

    def test_ids_that_languages_share(self):
        def report(name, *ids):
            text = sets.Text("", {(i, i + 1, "PER"): (key, key) for i, key in enumerate("abcd"[:len(ids)])}, name)
            return text, program.Tagged("", "", {(i, i + 1, "PER"): ("", found) for i, found in enumerate(ids) if found})
        event = [report("pl", "Q1", "Q2", "Q3", "Q4"), report("de", "Q1", "Q9", "Q4", None), report("en", "Q1", "Q2", "Q3")]
        result = shared.compare([event])
        self.assertEqual((result["found"], result["ids"], result["annotated"]), (25.0, 4, 75.0))
        self.assertEqual((result["kept"], result["entities"], result["lost"]), (33.3, 3, [("pl", "b"), ("pl", "c")]))

    def test_wrong_language(self):
        tagged = perfect(self.reports)
        tagged["de"][1][0].language = "en"
        self.assertFalls(wire.headline(wire.compare(tagged)), "language de")

    def test_the_margin(self):
        self.assertEqual(wire.falls({"a": 90.0}, {"a": 90.5}), [])
        self.assertEqual(len(wire.falls({"a": 89.9}, {"a": 90.5})), 1)
        self.assertEqual(len(wire.falls({"a": 90.0}, {"a": 90.0, "b": 1.0})), 1)

    def test_what_is_ignored_counts_neither_way(self):
        tagged = perfect(self.reports)
        for texts, found in tagged.values():
            for i, text in enumerate(texts):
                found[i].mentions.update({(s, e, "ORG"): ("x", "x") for s, e in text.ignored})
                found[i] = wire.without_ignored(text, found[i])
        self.assertEqual(wire.headline(wire.compare(tagged)), self.best)

    def test_baseline_is_written_and_read(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "baseline.json"
            wire.write_baseline(self.best, path)
            self.assertEqual(wire.read_baseline(path), self.best)


class Quality(unittest.TestCase):
    def test_nothing_fell(self):
        result, baseline = wire.compare(wire.tag(str(build.BUILD / "bin/telex-tagger"), wire.read())), wire.read_baseline()
        print("\n".join(wire.table(result, baseline)), flush=True)
        self.assertEqual(wire.falls(wire.headline(result), baseline), [], "mend it, or say so: tests/bench/quality.py BUILD wire --update-baseline")


if __name__ == "__main__":
    unittest.main(verbosity=2)
