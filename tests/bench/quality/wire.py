"""Our own wire reports (tests/data/wire, the same events in three languages): a reader for their markup, their measure, and the comparison
with the figures that were committed.

A file is one event. `== pl ==` begins its report in that language; [exact|type|key|base] is a mention (no base: as it stands), {text} a name of
a kind that is not measured: whatever is found inside it counts neither way.
"""
import json
import pathlib
import re

from . import bases, links, program, sets, shared, spans

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "data" / "wire"
BASELINE = FOLDER / "baseline.json"
LANGUAGES = ("pl", "de", "en")
MARGIN = 0.5
MARK = re.compile(r"\[([^\[\]{}|]+)\|([a-z]+)\|([a-z0-9-]+)(?:\|([^\[\]{}|]+))?\]|\{([^\[\]{}|]+)\}")
LEFT_OVER = re.compile(r"[\[\]{}|]")


class Malformed(ValueError):
    """A report whose markup cannot be read."""


def read_report(marked, name):
    """One report; its ignored spans are in `ignored`."""
    text = sets.Text("", {}, name)
    text.ignored, end = [], 0
    for mark in MARK.finditer(marked):
        exact, kind, key, base, passed = mark.groups()
        text.text += marked[end:mark.start()]
        span = (len(text.text), len(text.text) + len(exact or passed))
        text.text += exact or passed
        end = mark.end()
        if passed:
            text.ignored.append(span)
        elif kind not in program.TYPES:
            raise Malformed(f"{name}: no such type: {mark.group()}")
        else:
            text.spans[*span, program.TYPES[kind]] = (base or exact, key)
    text.text += marked[end:]
    if LEFT_OVER.search(text.text):
        raise Malformed(f"{name}: markup left over: {text.text[max(LEFT_OVER.search(text.text).start() - 20, 0):][:60]!r}")
    return text


def read_event(path):
    """Language to report."""
    parts = re.split(r"^== (\w+) ==\n", path.read_text(encoding="utf-8"), flags=re.M)
    reports = {language: read_report(marked.strip(), f"{path.stem} {language}") for language, marked in zip(parts[1::2], parts[2::2])}
    if parts[0].strip() or sorted(reports) != sorted(LANGUAGES) or len(parts) != 2 * len(LANGUAGES) + 1:
        raise Malformed(f"{path.name}: one report in each of {', '.join(LANGUAGES)} is wanted")
    return reports


def read(folder=FOLDER):
    """Language to its reports, in the order of their files' names."""
    events = [read_event(path) for path in sorted(folder.glob("*.txt"))]
    return {language: [event[language] for event in events] for language in LANGUAGES}


def without_ignored(text, tagged):
    kept = {span: value for span, value in tagged.mentions.items() if not any(s <= span[0] and span[1] <= e for s, e in text.ignored)}
    return program.Tagged(tagged.language, tagged.text, kept)


def tag(tagger, reports):
    """Language to (reports, what the tagger says of each); no language is claimed."""
    result = {}
    for language, texts in reports.items():
        tagged, _ = program.tag(tagger, [text.text for text in texts])
        result[language] = (texts, [without_ignored(*pair) for pair in zip(texts, tagged)])
    return result


def compare(tagged):
    """Per language mentions, base forms and language; links within the reports of a language and over all of them; ids that languages share."""
    scores = links.compare({language: list(zip(*pair)) for language, pair in tagged.items()})
    result = {}
    for language, (texts, found) in tagged.items():
        right = sum(t.language == language for t in found)
        result[language] = {"texts": len(texts), "mentions": spans.compare(texts, found), "base": bases.compare(texts, found),
                            "links": scores[language]["across"], "language": round(100 * right / max(len(texts), 1), 1)}
    events = zip(*(zip(*tagged[language]) for language in LANGUAGES))
    return {**result, "all": {"links": scores["all"]["across"], "shared": shared.compare(events)}}


def headline(result):
    """The figures that may not fall, each under a name of its own."""
    figures = {"links all": result["all"]["links"]["f1"], "shared ids": result["all"]["shared"]["kept"]}
    for language in LANGUAGES:
        figures[f"names {language}"] = result[language]["mentions"]["all"]["f1"]
        figures[f"base {language}"] = result[language]["base"]["exact"]
        figures[f"language {language}"] = result[language]["language"]
    return figures


def falls(figures, baseline, margin=MARGIN):
    """What became worse than the baseline by more than the margin, in words; a figure that only one of the two has is said too."""
    said = [f"{name}: in only one of the baseline and the figures" for name in sorted(set(figures) ^ set(baseline))]
    for name in sorted(set(figures) & set(baseline)):
        if figures[name] < baseline[name] - margin - 1e-9:
            said.append(f"{name}: {baseline[name]} in the baseline, {figures[name]} now")
    return said


def table(result, baseline=None):
    """Lines to print."""
    lines = [f"{'':6}{'person':20}{'organisation':20}{'place':20}{'all':20}base  language\n" + " " * 6 + "P     R     F1      " * 4]
    for language in LANGUAGES:
        one = result[language]
        kinds = [one["mentions"][kind] for kind in (*spans.KINDS, "all")]
        cells = [f"{kind['precision']:5.1f} {kind['recall']:5.1f} {kind['f1']:5.1f}" for kind in kinds]
        lines.append(f"{language:5}" + "   ".join(cells) + f"  {one['base']['exact']:5.1f}  {one['language']:5.1f}")
    for scope in (*LANGUAGES, "all"):
        score = result[scope]["links"]
        lines.append(f"links {scope:4} LEA  P {score['precision']:5.1f}  R {score['recall']:5.1f}  F1 {score['f1']:5.1f}  {score['entities']} entities")
    both = result["all"]["shared"]
    lines.append(f"shared ids: of {both['ids']} in Polish reports {both['found']} are in the German and the English of their event too, as annotated "
                 f"{both['annotated']}; of {both['entities']} entities annotated in all three {both['kept']} have one id")
    for name, figure in headline(result).items() if baseline else ():
        lines.append(f"{name:12} {figure:5.1f}  baseline {baseline.get(name, '-')}")
    return lines


def read_baseline(path=BASELINE):
    return json.loads(path.read_text(encoding="utf-8"))


def write_baseline(figures, path=BASELINE):
    path.write_text(json.dumps(figures, indent=2, sort_keys=True) + "\n", encoding="utf-8")
