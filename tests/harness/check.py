"""What must hold of every event and of every stream; each function gives the faults it found as lines of text."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "integration"))
import schemas
from jsonschema import ValidationError

_VALIDATOR = schemas.validator("event", strict=True)


def event_faults(event, article=None):
    """Of one event; with its wire.Article also against what was submitted."""
    faults = [f"{event.get('subject')}: {error.message}" for error in _VALIDATOR.iter_errors(event)]
    if faults or article is None:
        return faults
    return faults + _faults_against(event, article)


def _faults_against(event, article):
    data, faults = event["data"], []
    for name in ("title", "source", "published"):
        if data.get(name, "") != getattr(article, name):
            faults.append(f"{article.uri}: {name} is {data.get(name)!r}, submitted was {getattr(article, name)!r}")
    if data["uri"] != article.uri or event["subject"] != article.uri:
        faults.append(f"{article.uri}: the event is about {data['uri']} and {event['subject']}")
    if not event["id"].startswith(article.hash):
        faults.append(f"{article.uri}: id {event['id']} is not of the hash {article.hash}")
    for entity in data.get("entities", ()):
        faults += mention_faults(entity, article.title, article.body)
    return faults


def mention_faults(entity, title, body):
    """Every mention's `exact` is the slice of the submitted text that it names; mentions come in order."""
    faults, before = [], ("title", -1)
    for mention in entity["mentions"]:
        text = {"title": title, "body": body}[mention["field"]]
        place = f"{entity['id']} at {mention['field']} {mention['start']}-{mention['end']}"
        if text[mention["start"]:mention["end"]] != mention["exact"]:
            faults.append(f"{place}: {mention['exact']!r} is not {text[mention['start']:mention['end']]!r}")
        here = (mention["field"], mention["start"])
        if (before[0] == "body", before[1]) >= (here[0] == "body", here[1]):
            faults.append(f"{place}: comes behind {before}")
        before = here
    return faults


def stream_faults(events, first=1):
    """Of an unfiltered stream from sequence `first`, as (sequence, event): gapless, each article's event once, time
    never goes back."""
    faults, seen, last = [], {}, ""
    for expected, (sequence, event) in enumerate(events, first):
        if sequence != expected:
            return faults + [f"sequence {sequence} where {expected} was to come"]
        if event["time"] < last:
            faults.append(f"sequence {sequence}: time goes back from {last} to {event['time']}")
        last = event["time"]
        if event["type"] == "telex.article.tagged":
            offset = event["data"]["offset"]
            if offset in seen:
                faults.append(f"offset {offset} has events {seen[offset]} and {sequence}")
            seen[offset] = sequence
    return faults


def validation_fault(schema, value, strict=True):
    """None, or why a value is not what the schema says; strict: a member without a name in the schema is a fault too."""
    try:
        schemas.check(schema, value, strict)
    except ValidationError as error:
        return f"{schema}: {error.message}"
    return None


def passes(event, entities=(), types=(), languages=(), sources=()):
    """The filter of OPEN by brute force (PROTOCOL.md, section 8.1)."""
    data = event["data"]
    if sources and data.get("source") not in sources:
        return False
    if event["type"] == "telex.article.dead":
        return not (entities or types or languages)
    if languages and data["language"]["tag"] not in languages:
        return False
    if entities and not any(entity["id"] in entities for entity in data["entities"]):
        return False
    return not types or any(entity["type"] in types for entity in data["entities"])
