#!/usr/bin/python3
"""How well names are found: runs `telex-tagger --lines` over annotated texts and compares spans and types strictly.

quality.py BUILD_DIR --shared DIR [--errors N] [SET...]

DIR holds the development sets, a folder each; they are no part of the repository. A mention counts when its start, its end and its type
(person, organisation, place) are those of the annotation. Prints a table to standard error and one JSON object to standard output.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
import time

TYPES = {"person": "PER", "organisation": "ORG", "place": "LOC"}
LABELS = {"PER": "PER", "Person": "PER", "person": "PER", "persName": "PER",
          "ORG": "ORG", "Organization": "ORG", "organization": "ORG",
          "LOC": "LOC", "Location": "LOC", "location": "LOC"}
SENTENCES_A_TEXT = 20
NO_SPACE_BEFORE = {".", ",", ")", ";", ":", "?", "!", "'s", "’s", "%", "-"}


class Builder:
    """Puts tokenised sentences back together as one text with spans."""

    def __init__(self):
        self.text, self.spans, self.open, self.sentences = "", [], None, 0

    def add(self, token, label):
        glued = token in NO_SPACE_BEFORE or self.text.endswith(("(", "-"))
        if self.text and not glued and not self.text.endswith("\n"):
            self.text += " "
        start = len(self.text)
        self.text += token
        kind = LABELS.get(label[2:].split("-")[0]) if label != "O" else None
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


def read_conll(path, column=-1):
    """Tokenised sentences, in texts of twenty sentences, or whole documents where the set marks them."""
    by_document = "newswire" in str(path)
    builder = Builder()
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            full = by_document and line.startswith("# doc") or not by_document and builder.sentences == SENTENCES_A_TEXT
            if full and builder.text:
                yield builder.text, builder.spans
                builder = Builder()
            if line.startswith("# "):
                continue
            if len(cells) < 2:
                builder.end_sentence()
            else:
                builder.add(cells[0], cells[column])
    if builder.text:
        yield builder.text, builder.spans


def read_spans(path, types):
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            document = json.loads(line)
            spans = [[e[0], e[1], types(e)] for e in document["ents"]]
            yield document["text"], [s for s in spans if s[2]]


def smartdata_type(entity):
    return LABELS.get(entity[3].split("-")[0])


SETS = {
    "slavicner": ("pl", lambda d: read_spans(d / "slavicner/train.pl.jsonl", lambda e: LABELS.get(e[4]))),
    "wikineural-pl": ("pl", lambda d: read_conll(d / "wikineural/pl.val.conll")),
    "newswire": ("en", lambda d: read_conll(d / "worldwide-newswire/en.train.conll")),
    "uner": ("en", lambda d: read_conll(d / "uner/en_ewt.dev.conll")),
    "wikineural-en": ("en", lambda d: read_conll(d / "wikineural/en.val.conll")),
    "smartdata": ("de", lambda d: read_spans(d / "smartdata/de.train.jsonl", smartdata_type)),
    "germeval": ("de", lambda d: read_conll(d / "germeval2014/de.dev.tsv", 1)),
    "europarl": ("de", lambda d: read_conll(d / "europarl-de/de.dev.conll")),
    "wikineural-de": ("de", lambda d: read_conll(d / "wikineural/de.val.conll")),
}


def tag(tagger, language, texts):
    """Mentions of each text as (start, end, type), and the seconds it took."""
    articles = [json.dumps({"uri": f"quality:{i}", "title": "-", "body": text, "language": language}) for i, text in enumerate(texts)]
    began = time.monotonic()
    done = subprocess.run([tagger, "--lines"], input="\n".join(articles) + "\n", stdout=subprocess.PIPE, text=True, check=False)
    seconds = time.monotonic() - began
    found = [set() for _ in texts]
    for line in done.stdout.splitlines():
        data = json.loads(line)["data"]
        index = int(data["uri"].split(":")[1])
        for entity in data["entities"]:
            for mention in entity["mentions"]:
                if mention["field"] == "body" and entity["type"] in TYPES:
                    found[index].add((mention["start"], mention["end"], TYPES[entity["type"]]))
    return found, seconds


def scores(right, found, wanted):
    precision, recall = right / max(found, 1), right / max(wanted, 1)
    return {"precision": round(100 * precision, 1), "recall": round(100 * recall, 1),
            "f1": round(200 * right / max(found + wanted, 1), 1), "mentions": wanted}


def note_errors(errors, text, wanted, found):
    for start, end, kind in wanted - found:
        near = sorted(f for f in found if f[0] < end and start < f[1])
        errors["missed", kind, text[start:end], tuple((text[s:e], k) for s, e, k in near)] += 1
    for start, end, kind in found - wanted:
        if not any(w[0] < end and start < w[1] for w in wanted):
            errors["extra", kind, text[start:end], ()] += 1


def measure(tagger, shared, name):
    language, read = SETS[name]
    texts, gold = zip(*read(shared))
    found, seconds = tag(tagger, language, texts)
    counts, errors = collections.Counter(), collections.Counter()
    for text, spans, mentions in zip(texts, gold, found):
        wanted = {tuple(s) for s in spans}
        note_errors(errors, text, wanted, mentions)
        for kind in ("PER", "ORG", "LOC"):
            counts[kind, "wanted"] += sum(1 for w in wanted if w[2] == kind)
            counts[kind, "found"] += sum(1 for m in mentions if m[2] == kind)
            counts[kind, "right"] += sum(1 for m in mentions & wanted if m[2] == kind)
    result = {kind: scores(counts[kind, "right"], counts[kind, "found"], counts[kind, "wanted"]) for kind in ("PER", "ORG", "LOC")}
    total = [sum(counts[kind, what] for kind in ("PER", "ORG", "LOC")) for what in ("right", "found", "wanted")]
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    result.update({"all": scores(*total), "language": language, "texts": len(texts), "megabytes_a_second": round(megabytes / seconds, 1)})
    return result, errors


def print_row(name, result):
    cells = [f"{result[k]['precision']:5.1f} {result[k]['recall']:5.1f} {result[k]['f1']:5.1f}" for k in ("PER", "ORG", "LOC", "all")]
    print(f"{name:14} {result['language']}  " + "   ".join(cells) + f"  {result['megabytes_a_second']:6.1f}", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, required=True)
    parser.add_argument("--errors", type=int, default=0, help="show the N most frequent errors of each set")
    parser.add_argument("sets", nargs="*", metavar="SET", help=", ".join(SETS))
    arguments = parser.parse_args()
    unknown = set(arguments.sets) - set(SETS)
    if unknown:
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    print(f"{'':18}{'person':20}{'organisation':20}{'place':20}{'all':19}MB/s\n" + " " * 18 + "P     R     F1      " * 4, file=sys.stderr)
    results = {}
    for name in arguments.sets or SETS:
        results[name], errors = measure(str(arguments.build / "bin/telex-tagger"), arguments.shared, name)
        print_row(name, results[name])
        for (what, kind, text, near), count in errors.most_common(arguments.errors):
            print(f"  {count:5} {what} {kind} {text!r} {list(near) or ''}", file=sys.stderr)
    print(json.dumps({"bench": "quality", "sets": results}))


if __name__ == "__main__":
    main()
