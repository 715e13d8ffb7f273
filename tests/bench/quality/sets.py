"""The development sets: readers for their formats, and the table of them."""
import dataclasses
import gzip
import hashlib
import io
import json
import re

LABELS = {"PER": "PER", "Person": "PER", "person": "PER", "persName": "PER", "politician": "PER", "nam_liv_person": "PER",
          "ORG": "ORG", "Organization": "ORG", "organization": "ORG", "Organisation": "ORG", "organisation": "ORG", "orgName": "ORG",
          "politicalparty": "ORG", "corporation": "ORG", "group": "ORG",
          "LOC": "LOC", "Location": "LOC", "location": "LOC", "placeName": "LOC", "geogName": "LOC", "country": "LOC"}
SENTENCES_A_TEXT = 20
NO_SPACE_BEFORE = {".", ",", ")", ";", ":", "?", "!", "'s", "’s", "%", "-"}


@dataclasses.dataclass
class Text:
    """One annotated text. spans: (start, end, type) to (base form, cross-lingual id), both None where the set has none."""

    text: str
    spans: dict
    name: str = ""


def label_of(name):
    if name.startswith("nam_org") and name != "nam_org_nation":
        return "ORG"
    if name.startswith("nam_loc"):
        return "LOC"
    return LABELS.get(name) or LABELS.get(name.split("-")[0])


class Builder:
    """Puts tokenised sentences back together as one text with spans."""

    def __init__(self, name=""):
        self.name, self.text, self.spans, self.open, self.sentences = name, "", [], None, 0

    def add(self, token, label):
        glued = token in NO_SPACE_BEFORE or self.text.endswith(("(", "-"))
        if self.text and not glued and not self.text.endswith("\n"):
            self.text += " "
        start = len(self.text)
        self.text += token
        kind = label_of(label[2:]) if label != "O" else None
        if kind and label.startswith("I-") and self.open == kind:
            self.spans[-1][1] = len(self.text)
        elif kind:
            self.spans.append([start, len(self.text), kind])
        self.open = kind

    def end_sentence(self):
        if self.text and not self.text.endswith("\n"):
            self.text += "\n"
            self.sentences += 1
        self.open = None

    def build(self):
        return Text(self.text, {tuple(span): (None, None) for span in self.spans}, self.name)


def open_text(path):
    return io.TextIOWrapper(gzip.open(path), encoding="utf-8") if path.suffix == ".gz" else open(path, encoding="utf-8")


def document_mark(line):
    """The name of the document that begins here, or None. Parts of one document of NKJP are one."""
    if not line.startswith(("-DOCSTART FILE", "# doc")):
        return None
    return re.sub(r"-\d+$", "", line.split()[-1]) if line.startswith("-") else line


def plain_label(cells, column):
    return cells[column]


def no_adjectives(cells, column):
    """The outermost label; adjectives and inhabitants, which NKJP counts among the names of countries and towns, have none."""
    label = cells[column].split("#")[0]
    tag = cells[2].split(":")
    if label.startswith("B-placeName") and (tag[0] in ("adj", "adja", "adjp", "adv", "depr") or tag[-1] == "m1" or cells[0][:1].islower()):
        country = label == "B-placeName-country" and tag[0] == "adj" and tag[-2:-1] == ["f"] and cells[0].startswith("Pol")
        return label if country else "O"
    if label.startswith("B-persName") and tag[0].startswith("adj") and cells[0][:1].islower():
        return "O"
    return label


def read_conll(path, column=-1, label=plain_label, whole=False):
    """Tokenised sentences, in texts of twenty sentences, or in whole documents where the set marks them."""
    builder = Builder()
    with open_text(path) as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            name = document_mark(line)
            full = whole and name not in (None, builder.name) or not whole and builder.sentences == SENTENCES_A_TEXT
            if full and builder.text:
                yield builder.build()
            if full:
                builder = Builder(name or "")
            if line.startswith(("# ", "-DOCSTART")):
                continue
            if len(cells) < 2:
                builder.end_sentence()
            else:
                builder.add(cells[0], label(cells, column))
    if builder.text:
        yield builder.build()


def read_tenth(path):
    """A fixed tenth of NKJP's documents."""
    for text in read_conll(path, label=no_adjectives, whole=True):
        if int(hashlib.md5(text.name.encode(), usedforsecurity=False).hexdigest(), 16) % 10 == 0:
            yield text


def read_spans(path):
    """JSON lines with spans: surface and type; or, in slavicner, surface, base form, type and cross-lingual id."""
    with open_text(path) as lines:
        for line in lines:
            document = json.loads(line)
            spans = {}
            for span in document["ents"]:
                linked = len(span) > 5
                kind = label_of(span[4 if linked else 3])
                if kind:
                    spans[span[0], span[1], kind] = (span[3], span[5]) if linked else (None, None)
            yield Text(document["text"], spans, document.get("doc", ""))


@dataclasses.dataclass
class Set:
    """A development set. trained: what is learned at build time saw these texts, so that its figure here flatters."""

    language: str
    path: str
    read: object = read_conll
    options: dict = dataclasses.field(default_factory=dict)
    trained: bool = False

    def texts(self, shared):
        return list(self.read(shared / self.path, **self.options))


SETS = {
    "slavicner": Set("pl", "slavicner/train.pl.jsonl", read_spans),
    "bsnlp2017": Set("pl", "bsnlp2017/pl.ec.conll"),
    "nkjp-tenth": Set("pl", "nkjp/nkjp-ner.iob.gz", read_tenth),
    "cen-val": Set("pl", "cen/pl.val.iob.gz", options={"whole": True}),
    "wikineural-pl": Set("pl", "wikineural/pl.val.conll"),
    "wikiann-pl": Set("pl", "wikiann/pl.train.conll"),
    "newswire": Set("en", "worldwide-newswire/en.train.conll", options={"whole": True}),
    "uner": Set("en", "uner/en_ewt.dev.conll", trained=True),
    "btc-news": Set("en", "btc/en.g.conll", trained=True),
    "wnut17": Set("en", "wnut17/en.dev.conll", trained=True),
    "wikigold": Set("en", "wikigold/en.train.conll", trained=True),
    "crossner": Set("en", "crossner-politics/en.dev.conll", trained=True),
    "re3d": Set("en", "re3d/en.train.conll"),
    "wikineural-en": Set("en", "wikineural/en.val.conll"),
    "wikiann-en": Set("en", "wikiann/en.train.conll"),
    "smartdata": Set("de", "smartdata/de.train.jsonl", read_spans, trained=True),
    "germeval": Set("de", "germeval2014/de.dev.tsv", options={"column": 1}, trained=True),
    "europarl": Set("de", "europarl-de/de.dev.conll"),
    "mobie": Set("de", "mobie/de.dev.conll", trained=True),
    "wikineural-de": Set("de", "wikineural/de.val.conll"),
    "wikiann-de": Set("de", "wikiann/de.train.conll"),
}

# Annotated with ids that are the same in all languages; tagged for the links only.
LINKED = {
    "pl": SETS["slavicner"],
    "cs": Set("cs", "slavicner/train.cs.jsonl.gz", read_spans),
    "ru": Set("ru", "slavicner/train.ru.jsonl.gz", read_spans),
    "uk": Set("uk", "slavicner/train.uk.jsonl.gz", read_spans),
}
