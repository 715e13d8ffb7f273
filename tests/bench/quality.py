#!/usr/bin/python3
"""How good the tagger is: runs `telex-tagger --lines` over annotated texts and compares.

quality.py BUILD_DIR --shared DIR [--json FILE] [--errors N] [SET...]
quality.py BUILD_DIR [--update-baseline] wire

DIR holds the development sets, a folder each; they are no part of the repository. `wire` is: our own reports in tests/data/wire, which the test
"quality" compares with the figures in their baseline.json; --update-baseline writes these. Measured: mentions (strict: start, end and type), the time
and memory they cost; base forms; links (LEA); language; page furniture. With names of sets, only these. Prints a table to standard error and
one JSON object to standard output, and to FILE.
"""
import argparse
import json
import pathlib
import sys

from quality import bases, furniture, language, links, program, spans, wire
from quality.sets import LINKED, SETS

PARTS = ("links", "language", "furniture", "wire")


def say(text):
    print(text, file=sys.stderr, flush=True)


def say_errors(errors, most):
    for (what, kind, text, near), count in errors.most_common(most):
        say(f"  {count:5} {what} {kind} {text!r} {list(near) or ''}")


def measure_set(tagger, shared, name, most, total):
    known = SETS[name]
    texts = known.texts(shared)
    tagged, cost = program.tag(tagger, [text.text for text in texts], [known.language] * len(texts))
    total.add(cost)
    result = spans.compare(texts, tagged)
    result.update({"language": known.language, "trained": known.trained, "texts": len(texts), "megabytes_a_second": cost.rate()})
    based = bases.compare(texts, tagged)
    if based["mentions"]:
        result["base"] = based
    cells = [f"{result[k]['precision']:5.1f} {result[k]['recall']:5.1f} {result[k]['f1']:5.1f}" for k in (*spans.KINDS, "all")]
    say(f"{name:14}{'*' if known.trained else ' '} {known.language}  " + "   ".join(cells) + f"  {cost.rate():6.2f}")
    say_errors(spans.errors(texts, tagged), most)
    if based["mentions"]:
        say(f"{'':10}base forms  exact {based['exact']}  any case {based['any_case']} (PER {based['PER']} ORG {based['ORG']} LOC {based['LOC']})"
            f"  as they stand {based['surface']}  of {based['mentions']} found")
        say_errors(bases.errors(texts, tagged), most)
    return result


def measure_links(tagger, shared, most):
    by_language = {}
    for name, known in LINKED.items():
        texts = known.texts(shared)
        tagged, _ = program.tag(tagger, [text.text for text in texts], [known.language] * len(texts))
        by_language[name] = list(zip(texts, tagged))
    result = links.compare(by_language)
    for name, scopes in result.items():
        for scope, score in scopes.items():
            say(f"links  {name:4} {scope:7} LEA  P {score['precision']:5.1f}  R {score['recall']:5.1f}  F1 {score['f1']:5.1f}  {score['entities']} entities")
    for name, documents in by_language.items():
        say_errors(links.confusions(documents), most)
    everything = [document for documents in by_language.values() for document in documents]
    say_errors(links.confusions(everything), most)
    return result


def measure_language(tagger, shared, _most):
    result = language.compare(tagger, shared)
    for what, shares in result.items():
        say(f"language  {what:10}  " + "  ".join(f"{name} {share}" for name, share in shares.items()))
    return result


def measure_furniture(tagger, shared, _most):
    result = furniture.compare(tagger, shared)
    for what, rates in result.items():
        say(f"furniture  {what:12}  P {rates['precision']:5.1f}  R {rates['recall']:5.1f}  {rates['pages']} pages")
    return result


def measure_wire(tagger, _shared, most):
    tagged = wire.tag(tagger, wire.read())
    result = wire.compare(tagged)
    say("\n".join(wire.table(result)))
    for texts, found in tagged.values():
        say_errors(spans.errors(texts, found), most)
        say_errors(bases.errors(texts, found), most)
    for name, key in result["all"]["shared"].pop("lost")[:most]:
        say(f"  not shared {name}: {key}")
    say_errors(links.confusions([document for pair in tagged.values() for document in zip(*pair)]), most)
    return result


def measure(arguments):
    tagger, chosen = str(arguments.build / "bin/telex-tagger"), set(arguments.what) or {*SETS, *PARTS}
    report = {"bench": "quality", "sets": {}}
    total = program.Cost()
    if chosen & set(SETS):
        say(f"{'':20}{'person':20}{'organisation':20}{'place':20}{'all':19}MB/s\n" + " " * 20 + "P     R     F1      " * 4)
    for name in SETS:
        if name in chosen:
            report["sets"][name] = measure_set(tagger, arguments.shared, name, arguments.errors, total)
    for name, part in zip(PARTS, (measure_links, measure_language, measure_furniture, measure_wire)):
        if name in chosen:
            report[name] = part(tagger, arguments.shared, arguments.errors)
    if report["sets"]:
        report["cost"] = {"megabytes_a_second": total.rate(), "resident_megabytes": round(total.resident, 1)}
        say(f"{total.rate()} MB/s of processor time, start-up excluded; {total.resident:.0f} MB resident at most, mapped files included; "
            "* what was learned saw these texts")
    if arguments.update_baseline:
        wire.write_baseline(wire.headline(report["wire"]))
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--shared", type=pathlib.Path, help="the folder of the development sets; all but wire need it")
    parser.add_argument("--json", type=pathlib.Path, help="write the JSON object to this file too")
    parser.add_argument("--errors", type=int, default=0, help="show the N most frequent errors of each kind")
    parser.add_argument("--update-baseline", action="store_true", help="what wire measures is what must not fall from now on")
    parser.add_argument("what", nargs="*", metavar="SET", help=", ".join([*SETS, *PARTS]))
    arguments = parser.parse_intermixed_args()
    unknown = set(arguments.what) - set(SETS) - set(PARTS)
    if unknown:
        parser.error(f"no such set: {', '.join(sorted(unknown))}")
    if not arguments.shared and arguments.what != ["wire"]:
        parser.error("--shared is needed for all sets but wire")
    if arguments.update_baseline and arguments.what and "wire" not in arguments.what:
        parser.error("--update-baseline is for wire")
    report = json.dumps(measure(arguments))
    print(report)
    if arguments.json:
        arguments.json.write_text(report + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
