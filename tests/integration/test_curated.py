"""The hand-kept list of names (workers/tagger/data/curated.tsv): whole rows, no id twice, and no name that leads to two rows in one language."""

import collections
import pathlib
import re
import unicodedata
import unittest

DATA = pathlib.Path(__file__).resolve().parents[2] / "workers/tagger/data"
LANGUAGES = {3: "en", 4: "de", 5: "pl"}
ID = re.compile(r"(Q[1-9]\d*|geonames:\d+|local:[pole]-[a-z0-9-]+)?")


def rows(text):
    for number, line in enumerate(text.splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line.split("\t")


def fold(name):
    """As names are compared, but that capitals count where there are no small letters: WHO is not Who."""
    plain = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L"))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("*", "").replace("_", " ")
    plain = re.sub(r"[\W_]+", " ", plain).strip()
    return plain if plain.isupper() and len(plain) <= 5 else plain.lower()


def names(cells):
    """(language, folded name) of a row; German and Polish fall back to English."""
    for column, language in LANGUAGES.items():
        cell = cells[column] if len(cells) > column else ""
        if not cell and cells[1] != "C":
            cell = cells[3]
        for name in filter(None, cell.split("|")):
            yield language, fold(name)


def faults(text):
    found, ids, owners = [], {}, collections.defaultdict(dict)
    for number, cells in rows(text):
        if not 4 <= len(cells) <= 8 or cells[1] not in ("P", "O", "L", "C", "E", "R") or cells[2] not in set("123456789"):
            found.append(f"{number}: not a row of the list")
            continue
        if not ID.fullmatch(cells[0]):
            found.append(f"{number}: no id: {cells[0]}")
        if cells[0] and ids.setdefault(cells[0], number) != number:
            found.append(f"{number}: {cells[0]} is the id of {ids[cells[0]]}, too")
        if not any(cells[3:]) or any(name != name.strip() or not name for cell in cells[3:] if cell for name in cell.split("|")):
            found.append(f"{number}: an empty name, or a space beside one")
        for key in set(names(cells)):
            owners[key][number] = cells[1]
    for (language, name), where in owners.items():
        if len(where) > 1:
            found.append(f"{sorted(where)}: {name} in {language} is the name of {sorted(set(where.values()))}")
    return found


class Curated(unittest.TestCase):
    def test_list_has_no_fault(self):
        self.assertEqual(faults((DATA / "curated.tsv").read_text(encoding="utf-8")), [])

    def test_faults_are_seen(self):
        cases = {
            "a type that is none": "\tZ\t7\tAnna",
            "a weight that is none": "\tP\t12\tAnna",
            "one id for two": "Q1\tO\t7\tAlpha\nQ1\tO\t7\tBeta",
            "one name for a person and a place": "\tL\t7\tPaulinum\n\tP\t7\tPaulinum",
            "one name for two of a type": "\tO\t7\tZakład\tAmt\n\tO\t7\tZaklad",
            "an empty name": "\tO\t7\tAlpha||Beta",
            "a wrong id": "q1\tO\t7\tAlpha",
        }
        for what, text in cases.items():
            with self.subTest(what):
                self.assertEqual(len(faults(text)) > 0, True)

    def test_languages_may_use_one_acronym_differently(self):
        self.assertEqual(faults("\tO\t7\tCIS\tGUS\n\tO\t7\tStatistics Poland\tStatistikamt\tGUS\n\tO\t7\tWHO\n\tO\t7\tThe Who\tWho"), [])


if __name__ == "__main__":
    unittest.main()
