"""Language identification of Polish, German and English: single sentences and word pairs, and whole articles; no language is claimed."""
import collections
import gzip
import json

from . import program, sets

LANGUAGES = ("pl", "de", "en")


def sentences(shared, kind):
    with gzip.open(shared / "lid/lingua-sentences.tsv.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            language, what, text = line.rstrip("\n").split("\t")
            if what == kind and language in LANGUAGES:
                yield language, text


def articles(shared):
    seen = set()
    with open(shared / "semeval2022-task8/pairs-with-text.jsonl", encoding="utf-8") as lines:
        for line in lines:
            pair = json.loads(line)
            for side in "12":
                text = pair["text" + side]
                if text not in seen:
                    yield pair["lang" + side], text
                seen.add(text)
    for text in sets.SETS["slavicner"].texts(shared):
        yield "pl", text.text


def accuracy(tagger, labelled):
    languages, texts = zip(*labelled)
    tagged, _ = program.tag(tagger, texts, title="")
    total, right = collections.Counter(languages), collections.Counter(l for l, t in zip(languages, tagged) if l == t.language)
    result = {language: round(100 * right[language] / total[language], 2) for language in LANGUAGES if total[language]}
    return {**result, "all": round(100 * sum(right.values()) / sum(total.values()), 2), "texts": len(texts)}


def compare(tagger, shared):
    return {"articles": accuracy(tagger, articles(shared)), "sentences": accuracy(tagger, sentences(shared, "sentences")),
            "word pairs": accuracy(tagger, sentences(shared, "word-pairs"))}
