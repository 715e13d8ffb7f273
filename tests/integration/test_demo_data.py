#!/usr/bin/python3
"""The demo's feeds hold what their README says: the forms parse, the uris differ, every expected name has three languages."""

import json
import re
import unittest
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree

DEMO = Path(__file__).resolve().parents[1] / "data" / "demo"
ATOM = "{http://www.w3.org/2005/Atom}"
RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"
RSS1 = "{http://purl.org/rss/1.0/}"


def read(path):
    """(uri, language or None) of every article in a file."""
    if path.suffix == ".rss":
        channel = ElementTree.parse(path).getroot().find("channel")
        return [(item.findtext("guid"), channel.findtext("language")) for item in channel.iter("item")]
    if path.suffix == ".atom":
        root = ElementTree.parse(path).getroot()
        language = root.get("{http://www.w3.org/XML/1998/namespace}lang")
        return [(entry.findtext(f"{ATOM}id"), language) for entry in root.iter(f"{ATOM}entry")]
    if path.suffix == ".rdf":
        root = ElementTree.parse(path).getroot()
        language = root.findtext(f"{RSS1}channel/{{http://purl.org/dc/elements/1.1/}}language")
        return [(item.get(f"{RDF}about"), language) for item in root.iter(f"{RSS1}item")]
    if path.suffix == ".jsonl":
        articles = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    elif path.suffix == ".json":
        whole = json.loads(path.read_text(encoding="utf-8"))
        articles = whole.get("items", [whole])
    elif path.suffix == ".txt":
        return [(path.name, {"notatka": "pl", "meldung": "de"}[path.stem])]
    else:
        return []
    return [(article.get("uri") or article["id"], article.get("language")) for article in articles]


def language_in(uri):
    """Our uris end in the language of the article, and in 2 when it is the second report of an event."""
    return re.search(r"[-/](pl|de|en)2?$", uri)[1]


class Demo(unittest.TestCase):
    def setUp(self):
        found = [article for path in sorted(DEMO.iterdir()) for article in read(path)]
        self.articles = [(uri, language or language_in(uri)) for uri, language in found]
        lines = (DEMO / "expected.tsv").read_text(encoding="utf-8").splitlines()
        self.expected = [line.split("\t") for line in lines if not line.startswith("#")]

    def test_uris_are_unique(self):
        uris = [uri for uri, _ in self.articles]
        self.assertGreaterEqual(len(uris), 36)
        self.assertEqual(len(uris), len(set(uris)))
        self.assertTrue(all(uris))

    def test_each_event_is_told_in_three_languages(self):
        language = dict(self.articles)
        events = defaultdict(set)
        for event, name, kind, qid, uris in self.expected:
            told = {language[uri] for uri in uris.split(" ")}
            with self.subTest(event, name=name):
                self.assertIn(kind, ("person", "organisation", "place", "event", "product", "other"))
                self.assertRegex(qid, r"^(-|Q[1-9][0-9]*)$")
                self.assertEqual(told, {"pl", "de", "en"})
            events[event] |= told
        self.assertGreaterEqual(len(events), 9)

    def test_a_name_has_one_qid(self):
        known = {}
        for _, name, kind, qid, _ in self.expected:
            self.assertEqual(known.setdefault(name, (kind, qid)), (kind, qid), name)


if __name__ == "__main__":
    unittest.main()
