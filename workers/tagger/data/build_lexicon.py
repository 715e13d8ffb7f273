#!/usr/bin/env python3
"""Gathers the lexicon's sources: reads public lists and corpora and writes compact, deterministic text files beside itself.

Run at development time only; what it writes is committed. LICENCES.md names every source. Only facts are carried over (names, ids,
inflected forms, word counts), never sentences.
"""
import argparse
import collections
import csv
import gzip
import io
import json
import lzma
import math
import pathlib
import re
import unicodedata

HERE = pathlib.Path(__file__).resolve().parent
LATIN = re.compile(r"^[A-Za-z\u00c0-\u024f\u1e00-\u1eff'’. \-]+$")


def open_text(path):
    if path.suffix == ".gz":
        return io.TextIOWrapper(gzip.open(path), encoding="utf-8", newline="")
    return open(path, encoding="utf-8", newline="")


def read_tsv(path):
    with open_text(path) as lines:
        yield from csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)


def write_xz(name, lines):
    data = ("\n".join(lines) + "\n").encode("utf-8")
    packed = lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)
    (HERE / f"{name}.tsv.xz").write_bytes(packed)
    print(f"{name}: {len(lines)} rows, {len(data)} bytes, {len(packed)} packed")


def names(text):
    return [n for n in (clean(n) for n in text.split("|")) if n]


def clean(name):
    name = re.sub(r"\s*\([^)]*\)", "", unicodedata.normalize("NFC", name)).strip()
    name = name.replace("\u02bc", "'").replace("\u00a0", " ").replace("о-в ", "")
    return name if len(name) > 1 and not any(c.isdigit() for c in name) else ""


def flip(name):
    """'Олланд, Франсуа' to 'Франсуа Олланд'."""
    last, comma, first = name.partition(", ")
    return f"{first} {last}" if comma else name


def row(entity, kind, weight, columns):
    columns = [list(dict.fromkeys(c)) for c in columns]
    return "\t".join([entity, kind, str(weight)] + ["|".join(c) for c in columns])


def gather_countries(shared):
    for r in read_tsv(shared / "gazetteers/countries.tsv"):
        if r["qid"] and r["iso2"] not in ("EU", "EZ", "UN"):
            languages = [names(r[f"names_{code}"]) for code in ("en", "de", "pl")]
            yield row(r["qid"], "L", 9, languages + [names(r["names_ru"]) + names(r["names_uk"]),
                                                     names(r["names_cs"]) + names(r["names_fr"])])


def gather_places(shared):
    for r in read_tsv(shared / "gazetteers/places-geonames.tsv.gz"):
        population = int(r["population"] or 0)
        weight = max(1, min(8, int(math.log10(population + 1) * 2) - 6))
        en, de, pl = ([n for n in names(r[f"name_{code}"])] for code in ("en", "de", "pl"))
        local = [n for n in names(r["name"]) if LATIN.match(n)]
        other = [n for n in names(r["name_cs"]) + names(r["name_fr"])]
        if population > 400000:
            other += [n for n in names(r["alternates"]) if LATIN.match(n) and len(n) > 4 and n[0].isupper() and n[1:2].islower()]
        yield row(f"geonames:{r['geonameid']}", "L", weight,
                  [en or local, de, pl, names(r["name_ru"]) + names(r["name_uk"]), local + other[:12]])


def gather_politicians(shared):
    for r in read_tsv(shared / "gazetteers/persons-everypolitician2015.tsv.gz"):
        languages = [[flip(n) for n in names(r[f"name_{code}"])] for code in ("en", "de", "pl", "ru", "uk", "cs", "fr")]
        known = sum(1 for spelled in languages if spelled)
        en, de, pl, ru, uk, cs, fr = languages
        other = [n for n in names(r["other_latin"]) if LATIN.match(n) and " " in n][:6] if known > 2 else []
        columns = [[n for n in c if " " in n] for c in (en or de or pl or cs or fr, de, pl, ru + uk, cs + fr + other)]
        if any(columns):
            yield row(r["qid"], "P", min(4, 1 + known // 2), columns)


def gather_congress(shared):
    for r in read_tsv(shared / "gazetteers/us-congress-current.tsv"):
        yield row(r["qid"], "P", 4, [[clean(r["name"])], [], [], [], []])


def gather_russians(shared):
    for r in read_tsv(shared / "gazetteers/russia-officeholders-wikidata.tsv"):
        name = clean(flip(r["label"]))
        if " " not in name:
            continue
        words = name.split()
        russian = [name] if re.search("[а-я]", name) else []
        if russian and len(words) == 3 and re.search("(вич|вна|ична|оглы)$", words[1]):
            russian = [f"{words[0]} {words[2]}", name]
        yield row(r["qid"], "P", 3, [[] if russian else [name], [], [], russian, []])


ORG_WORD = re.compile(r"\b(organi[sz]ation|committee|union|bank|agency|commission|association|federation|council|front|army|party|group|"
                      r"movement|league|brigades?|institute|foundation|corporation|company|international|alliance|forum|court|fund|"
                      r"society|centre|center|congress|conference|network|university|airlines?|motors|oil|energy|liberation)\b", re.I)
ROLE = re.compile(r"\b(secretary|chief|minister|general of|president|official|officer|leader|spokes\w+|envoy|member|ambassador|delegat\w+|"
                  r"commissioner|director|representative|inspector|staff|worker|head)\b", re.I)
SMALL = {"of", "the", "and", "for", "in", "on", "to", "de", "la", "against", "with", "by", "du", "des", "del", "al"}


def title_case(name):
    words = name.split(" ")
    return " ".join(w.lower() if i and w.lower() in SMALL else w[:1].upper() + w[1:].lower() for i, w in enumerate(words))


def gather_actors(shared):
    for source in ("International", "MilNonState"):
        group = []
        with open_text(shared / f"event-coding/Phoenix.{source}.actors.txt.gz") as lines:
            for line in list(lines) + ["\n"]:
                line = line.split(";")[0].split("#")[0].rstrip()
                if line[:1] in ("", "\t", " ", "["):
                    if group:
                        yield from actor_row(group)
                    group = []
                else:
                    group.append(line.lstrip("+").strip())


def actor_row(group):
    spelled = [clean(title_case(re.sub(r"[ _]+", " ", n).strip())) for n in group]
    kept = [n for n in spelled if len(n.split()) > 1 and ORG_WORD.search(n) and not ROLE.search(n) and LATIN.match(n)]
    if kept:
        slug = re.sub(r"[^a-z]+", "-", unicodedata.normalize("NFD", kept[0].lower()).encode("ascii", "ignore").decode()).strip("-")
        yield row(f"local:o-{slug}", "O", 2, [kept, [], [], [], []])


def gather_entities(shared):
    merged = {}
    for source in (gather_countries, gather_places, gather_congress, gather_politicians, gather_russians, gather_actors):
        for line in source(shared):
            entity, kind, weight, *columns = line.split("\t")
            columns = [c.split("|") if c else [] for c in columns]
            if entity in merged:
                old = merged[entity]
                merged[entity] = (old[0], max(old[1], int(weight)), [a + b for a, b in zip(old[2], columns)])
            elif any(columns):
                merged[entity] = (kind, int(weight), columns)
    return [row(e, k, w, c) for e, (k, w, c) in sorted(merged.items())]


LANGUAGES = {"pl": 1, "de": 2, "en": 4, "us": 4, "ru": 8, "uk": 8}


def gather_personal(shared):
    """word, then two bit masks (given name, surname): 1 Polish, 2 German, 4 English, 8 Russian or Ukrainian, 16 other."""
    found = collections.defaultdict(lambda: [0, 0])
    for r in read_tsv(shared / "gazetteers/personal-names.tsv.gz"):
        name = clean(r["name"])
        if name and " " not in name and len(name) > 2 and name[0].isalpha():
            name = name[0].upper() + name[1:] if not name.isupper() else name.capitalize()
            found[name][r["kind"] == "surname"] |= LANGUAGES.get(r["lang"], 16)
    return [f"{n}\t{g}\t{s}" for n, (g, s) in sorted(found.items())]


def name_words():
    """Words of Polish names of several words, and heads of names: common nouns and adjectives that no list of proper names inflects."""
    words = set()
    for line in open(HERE / "curated.tsv", encoding="utf-8"):
        cells = line.rstrip("\n").split("\t")
        if not line.startswith("#") and len(cells) > 5 and cells[1] != "P":
            words.update(w for name in cells[5].split("|") if " " in name for w in re.split(r"[ -]", name))
    for kind, language, cues in read_cues():
        if language == "pl" and kind in ("organisation", "geo"):
            words.update(cues)
    return {w.lower() for w in words if w.isalpha() and len(w) > 2}


CASES = {"nom": "N", "gen": "G", "dat": "D", "acc": "A", "inst": "I", "loc": "L"}
GENDERS = {"f": "f", "n": "n2"}


def gather_noun_forms(shared):
    """The same columns as gather_forms, from a lemmatised corpus: every word that is a nominative of its lemma there."""
    wanted = name_words()
    paradigms = collections.defaultdict(lambda: collections.defaultdict(set))
    nominatives = collections.defaultdict(set)
    with open_text(shared / "nkjp/nkjp-ner.iob.gz") as lines:
        for line in lines:
            cells = line.split("\t")
            tag = cells[2].split(":") if len(cells) > 3 else []
            if len(tag) < 4 or tag[0] not in ("subst", "adj", "pact", "ppas") or tag[2] not in CASES:
                continue
            word, key = cells[0].lower(), (cells[1].lower(), tag[0], tag[1], tag[3])
            paradigms[key][word].add(CASES[tag[2]])
            if tag[2] == "nom" and word in wanted:
                nominatives[word].add(key)
    for word, keys in nominatives.items():
        for key in keys:
            forms = sorted(f"{f.capitalize()}={''.join(sorted(c))}" for f, c in paradigms[key].items() if f.isalpha())
            if len(forms) > 1:
                yield f"{word.capitalize()}\t{GENDERS.get(key[3], 'm1')}\t{' '.join(forms)}"


ADJECTIVES = {  # by the end of the dictionary form: gender and endings with their cases; the last letter of the stem is k or g
    "i": [("m1", {"i": "N", "iego": "GA", "iemu": "D", "im": "IL"})],
    "a": [("f", {"a": "N", "iej": "GDL", "ą": "AI"})],
    "ie": [("n2", {"ie": "NA", "iego": "G", "iemu": "D", "im": "IL"}), ("m1", {"ie": "NA", "ich": "GL", "im": "D", "imi": "I"})],
}


def gather_adjective_forms():
    """Adjectives in -ski, -cki, -ska, -skie ... of names of several words: regular, and most are too rare for a corpus."""
    for word in name_words():
        match = re.fullmatch(r"(\w+(?:[sc]|dz)k)(i|a|ie)", word)
        for gender, endings in ADJECTIVES[match[2]] if match else ():
            forms = sorted(f"{(match[1] + ending).capitalize()}={cases}" for ending, cases in endings.items())
            yield f"{word.capitalize()}\t{gender}\t{' '.join(forms)}"


def gather_forms(shared):
    """lemma, gender, inflected forms with their cases. Plurals only of names that have no singular."""
    rows = list(gather_noun_forms(shared)) + list(gather_adjective_forms())
    with open_text(shared / "polimorf/propernames-inflected.tsv.gz") as lines:
        for line in lines:
            lemma, gender, singular, plural = (line.rstrip("\n").split("\t") + ["", ""])[:4]
            forms = [f for f in (singular or plural).split(" ") if f and not f.endswith("=V")]
            if any(not f.startswith(lemma + "=") for f in forms) and " " not in lemma:
                rows.append(f"{lemma}\t{gender}\t{' '.join(forms)}")
    return sorted(set(rows))


LOWER, CAPITAL, PERSON, ORGANISATION, PLACE, DEMONYM = range(6)
MAPPED = {"PER": PERSON, "persName": PERSON, "person": PERSON, "Person": PERSON, "politician": PERSON, "nam_liv_person": PERSON,
          "ORG": ORGANISATION, "orgName": ORGANISATION, "organization": ORGANISATION, "politicalparty": ORGANISATION,
          "organisation": ORGANISATION, "corporation": ORGANISATION, "group": ORGANISATION,
          "LOC": PLACE, "placeName": PLACE, "geogName": PLACE, "location": PLACE, "country": PLACE}


def kind_of(label):
    """O, a mapped kind, or None for kinds that tell nothing (products, dates)."""
    if label in ("O", "OTH"):
        return CAPITAL
    for candidate in (label[2:], label[2:].split("-")[0]):
        if candidate in MAPPED:
            return MAPPED[candidate]
    name = label[2:]
    if name.startswith(("nam_org", "LOC", "ORG", "PER")):
        return ORGANISATION if name.startswith("nam_org") else MAPPED.get(name[:3]) if not name.endswith("deriv") else CAPITAL
    if name.startswith("nam_loc") or name.startswith("nam_fac"):
        return PLACE
    if name.startswith("nam_liv_person"):
        return PERSON
    return None


def read_conll(path, column=-1, word=0, tag=None):
    """Yields sentences of (word, kind, ctag)."""
    sentence = []
    with open_text(path) as lines:
        for line in lines:
            cells = line.rstrip("\n").split("\t")
            if len(cells) < 2:
                if sentence:
                    yield sentence
                sentence = []
            elif not line.startswith(("-DOCSTART", "# ")):
                label = cells[column].split("#")[0]
                sentence.append((cells[word], kind_of(label), cells[tag] if tag else ""))
    if sentence:
        yield sentence


def read_spans(path):
    with open_text(path) as lines:
        for line in lines:
            document = json.loads(line)
            spans = document["ents"]
            sentence = []
            for match in re.finditer(r"\w+(?:['’.]\w+)*|[^\w\s]", document["text"]):
                inside = [e for e in spans if e[0] <= match.start() < e[1]]
                kind = kind_of("B-" + inside[0][3]) if inside else CAPITAL
                sentence.append((match.group(), kind, ""))
                if match.group() in ".!?":
                    yield sentence
                    sentence = []
            if sentence:
                yield sentence


def corpora(shared):
    yield "pl", read_conll(shared / "nkjp/nkjp-ner.iob.gz", tag=2)
    yield "pl", read_conll(shared / "cen/pl.train.iob.gz", tag=2)
    yield "de", read_spans(shared / "smartdata/de.train.jsonl")
    yield "de", read_conll(shared / "mobie/de.train.conll")
    yield "de", read_conll(shared / "germeval2014/de.dev.tsv", column=1)
    yield "en", read_conll(shared / "uner/en_ewt.dev.conll")
    for path in sorted((shared / "btc").glob("*.conll")):
        yield "en", read_conll(path)
    for name in ("wnut17/en.train", "wnut17/en.dev", "wikigold/en.train", "crossner-politics/en.train", "crossner-politics/en.dev"):
        yield "en", read_conll(shared / f"{name}.conll")


def count_sentence(counts, language, sentence):
    first = True
    for word, kind, tag in sentence:
        if not re.match(r"^[^\W\d_][\w'’.\-]*$", word) or kind is None:
            first = first and not word.isalnum()
            continue
        column = kind
        if word[0].islower():
            column = LOWER if kind == CAPITAL else None
        elif kind == CAPITAL and first and language != "de":
            column = LOWER
        elif kind == PLACE and tag.startswith("adj"):
            column = LOWER
        elif kind == PLACE and re.match(r"subst:\w+:\w+:m1|depr", tag):
            column = DEMONYM
        first = False
        if column is not None:
            for part in re.split(r"[-']", word.lower()):
                if len(part) > 1:
                    counts[language, part][column] += 1


def gather_words(shared):
    """language, word, how often lower-case, capitalised but no name, in a person's name, an organisation's, a place's, an inhabitant."""
    counts = collections.defaultdict(lambda: [0] * 6)
    for language, sentences in corpora(shared):
        for sentence in sentences:
            count_sentence(counts, language, sentence)
    rows = []
    for (language, word), c in sorted(counts.items()):
        if sum(c) > 1 or (language != "pl" and sum(c)):
            rows.append("\t".join([language, word] + [str(n) if n else "" for n in c]).rstrip("\t"))
    return rows


def read_cues():
    for line in open(HERE / "cues.tsv", encoding="utf-8"):
        if not line.startswith("#"):
            kind, language, words = line.rstrip("\n").split("\t")
            yield kind, language, words.split()


def gather_cues(shared):
    """Inflected forms of the Polish cues, as seen in a lemmatised corpus; English and German words for inhabitants."""
    kinds = collections.defaultdict(set)
    for kind, language, words in read_cues():
        if language == "pl" and kind in ("title", "organisation", "geo", "never"):
            for word in words:
                kinds[word.lower()].add(kind)
    forms = collections.Counter()
    with open_text(shared / "nkjp/nkjp-ner.iob.gz") as lines:
        for line in lines:
            cells = line.split("\t")
            if len(cells) > 3 and cells[2].startswith(("subst", "adj")):
                for kind in kinds.get(cells[1].lower(), ()):
                    forms[kind, "pl", cells[0].lower()] += 1
    for r in read_tsv(shared / "gazetteers/countries.tsv"):
        for word in names(r["demonym_en"]):
            if " " not in word:
                forms["people", "en", word] = forms["people", "en", word + "s"] = 9
    return ["\t".join(f) for f, count in sorted(forms.items()) if count > 1]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shared", type=pathlib.Path, required=True, help="folder that holds gazetteers/, polimorf/, nkjp/ ...")
    shared = parser.parse_args().shared
    write_xz("entities", gather_entities(shared))
    write_xz("personal", gather_personal(shared))
    write_xz("forms", gather_forms(shared))
    write_xz("words", gather_words(shared))
    write_xz("cues-inflected", gather_cues(shared))


if __name__ == "__main__":
    main()
