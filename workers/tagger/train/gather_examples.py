#!/usr/bin/env python3
"""Gathers the texts that the names model is trained on: reads annotated corpora and writes one JSON line per document.

gather_examples.py --shared DIR > examples.jsonl

Each line: {"set", "document", "language", "text", "spans": [[start, end, type]]}; start and end are UTF-8 bytes, end exclusive; type is "person",
"organisation", "place", or "place?" where the annotation may mean an inhabitant (the trainer then asks the lexicon). Only sources whose
licence permits it are read (README.md names them); the texts themselves are never part of the repository.
"""
import argparse
import gzip
import io
import json
import pathlib
import re

SENTENCES_A_DOCUMENT = {"germeval2014": 1, "wikigold": 20, "crossner-politics": 1, "mobie": 1, "btc": 1, "wnut17": 1}
NO_SPACE_BEFORE = {".", ",", ")", ";", ":", "?", "!", "'s", "’s", "n't", "%", "”"}
NO_SPACE_AFTER = {"(", "„", "#", "@"}
KINDS = {"PER": "person", "persName": "person", "person": "person", "politician": "person", "nam_liv_person": "person",
         "ORG": "organisation", "orgName": "organisation", "organization": "organisation", "politicalparty": "organisation",
         "organisation": "organisation", "corporation": "organisation", "group": "organisation",
         "LOC": "place", "placeName": "place", "geogName": "place", "location": "place", "country": "place"}


def open_text(path):
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline="")
    return open(path, encoding="utf-8", newline="")


def kind_of(label):
    """The type that a label without its B- or I- stands for, or None."""
    if label.startswith("nam_org") and label != "nam_org_nation":
        return "organisation"
    if label.startswith("nam_loc"):
        return "place"
    if label.startswith("nam_liv_person"):
        return "person"
    return KINDS.get(label) or KINDS.get(label.split("-")[0])


def is_inhabitant(base, ctag):
    """NKJP's placeName-country includes inhabitants: masculine personal nouns, and bases in small letters."""
    return bool(re.search(r":m[12]\b|^depr", ctag)) or base[:1].islower()


class Document:
    """Puts tokenised sentences back together as one text with spans."""

    def __init__(self, name, language, document):
        self.record = {"set": name, "document": document, "language": language}
        self.text, self.spans, self.open, self.sentences = "", [], None, 0

    def add(self, token, label, kind):
        glued = token in NO_SPACE_BEFORE or self.text.endswith(tuple(NO_SPACE_AFTER))
        if self.text and not glued and not self.text.endswith("\n"):
            self.text += " "
        start = len(self.text)
        self.text += token
        if kind and label.startswith("I-") and self.open == label[2:]:
            self.spans[-1][1] = len(self.text)
        elif kind:
            self.spans.append([start, len(self.text), kind])
        self.open = label[2:] if kind else None

    def add_compound(self, token, kind):
        """Of "US-Präsident" the name part is a name, of "Putin-nah" and "Berlinbesuch" too, or nothing."""
        start = len(self.text) + (1 if self.text and not self.text.endswith("\n") else 0)
        self.add(token, "O", None)
        head, hyphen, _ = token.rpartition("-")
        if hyphen and head[:1].isupper():
            self.spans.append([start, start + len(head), kind])

    def end_sentence(self):
        if self.text and not self.text.endswith("\n"):
            self.text += "\n"
            self.sentences += 1
        self.open = None

    def line(self):
        at = [0]
        for character in self.text:
            at.append(at[-1] + len(character.encode()))
        return json.dumps({**self.record, "text": self.text, "spans": [[at[s], at[e], kind] for s, e, kind in self.spans]}, ensure_ascii=False)


def outer_label(cells, column):
    label = cells[column].split("#")[0]
    return label if label[:2] in ("B-", "I-") else "O"


def is_document_mark(line):
    return line.startswith("-DOCSTART FILE") or line.startswith("# doc")


def document_name(line):
    name = line.split()[-1]
    return re.sub(r"-\d+$", "", name) if line.startswith("# doc") else name


def add_token(document, cells, column, tagged):
    token, label = cells[0], outer_label(cells, column)
    name = label[2:]
    if name.endswith("part") and kind_of(name[:-4]):
        document.add_compound(token, kind_of(name[:-4]))
        return
    kind = kind_of(name) if label != "O" and not name.endswith("deriv") else None
    if kind == "place" and tagged and name == "placeName-country":
        if token[:1].islower() or cells[2].startswith("adj"):
            kind = None
        elif is_inhabitant(cells[1], cells[2]):
            kind = "place?"
    if kind and tagged and token[:1].islower() and label[:2] == "B-" and kind == "place":
        kind = None
    document.add(token, label, kind)


def read_conll(path, name, language, column=-1):
    tagged = name in ("nkjp", "cen")
    most = SENTENCES_A_DOCUMENT.get(name, 10**9)
    document, count = Document(name, language, f"{path.name}:0"), 0
    with open_text(path) as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            starts = is_document_mark(line) and document_name(line) != document.record["document"]
            if (starts or document.sentences >= most) and document.text:
                yield document.line()
                count += 1
            if starts or document.sentences >= most:
                document = Document(name, language, document_name(line) if starts else f"{path.name}:{count}")
            if line.startswith(("-DOCSTART", "# ")):
                continue
            if len(cells) < 2:
                document.end_sentence()
            else:
                add_token(document, cells, column, tagged)
    if document.text:
        yield document.line()


def read_spans(path, name, language):
    with open_text(path) as lines:
        for number, line in enumerate(lines):
            source = json.loads(line)
            document = Document(name, language, f"{path.name}:{number}")
            document.text = source["text"]
            document.spans = [[e[0], e[1], kind_of(e[3])] for e in source["ents"] if kind_of(e[3])]
            yield document.line()


def gather(shared):
    yield from read_conll(shared / "nkjp/nkjp-ner.iob.gz", "nkjp", "pl")
    for part in ("train", "val"):
        yield from read_conll(shared / f"cen/pl.{part}.iob.gz", "cen", "pl")
    yield from read_spans(shared / "smartdata/de.train.jsonl", "smartdata", "de")
    yield from read_conll(shared / "germeval2014/de.dev.tsv", "germeval2014", "de", column=1)
    for part in ("train", "dev"):
        yield from read_conll(shared / f"mobie/de.{part}.conll", "mobie", "de")
    yield from read_conll(shared / "uner/en_ewt.dev.conll", "uner", "en")
    for path in sorted((shared / "btc").glob("*.conll")):
        yield from read_conll(path, "btc", "en")
    for name in ("wnut17/en.train", "wnut17/en.dev", "wikigold/en.train", "crossner-politics/en.train", "crossner-politics/en.dev"):
        yield from read_conll(shared / f"{name}.conll", name.split("/", maxsplit=1)[0], "en")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder of the corpora, a folder each")
    for line in gather(parser.parse_args().shared):
        print(line)


if __name__ == "__main__":
    main()
