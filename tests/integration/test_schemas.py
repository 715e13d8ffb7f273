#!/usr/bin/python3
"""The schemas of proto/schema are valid, complete, agree with the tables the programs are made from, and accept every
example of PROTOCOL.md. Ends with 77 (skipped) without Debian's python3-jsonschema."""

import copy
import json
import re
import sys
import unittest

try:
    from jsonschema import Draft202012Validator, ValidationError

    import schemas
except ModuleNotFoundError as missing:
    print(f"SKIPPED: {missing} (Debian package python3-jsonschema); the schemas were NOT checked", file=sys.stderr)
    sys.exit(77)

ROOT = schemas.ROOT
PROTOCOL = (ROOT / "proto" / "PROTOCOL.md").read_text(encoding="utf-8")
HASH = "0f3c" * 8
TIME = "2026-11-22T01:36:00.000Z"
ARTICLE = {"uri": "urn:x:1", "title": "Hi", "body": "Angela Merkel", "section": "world"}
ENTITY = {"id": "Q58217", "type": "person", "name": "Sergey Lavrov", "count": 12, "newest": 977}


def section(title):
    """Text of the section whose heading begins with `title`, up to the next heading."""
    match = re.search(rf"^#+ {re.escape(title)}.*?\n(.*?)(?=^#+ |\Z)", PROTOCOL, re.M | re.S)
    if not match:
        raise AssertionError(f"PROTOCOL.md has no section {title}")
    return match[1]


def first_object(text, after=""):
    """The JSON object that begins first behind `after`; placeholders are filled in."""
    text = fill(text[text.index(after) + len(after):])
    return json.JSONDecoder().raw_decode(text, text.index("{"))[0]


def fill(text):
    """Turns the shorthand of PROTOCOL.md's examples into JSON: N is a number, <...> and ... stand for text."""
    text = text.replace("<hash of the article>", HASH).replace("<hash>", HASH).replace("<hex>", HASH)
    text = text.replace("<time>", TIME).replace('"time":"..."', f'"time":"{TIME}"').replace('"0f3c..."', f'"{HASH}"')
    text = re.sub(r":N\?", ":7", text)
    text = re.sub(r":N\b", ":7", text)
    text = text.replace("<uuid>", "6d0b1a52-1e0c-4d0f-9a53-0a4f6b4f1c11").replace("<OpenMetrics 1.0>", r"# EOF\n")
    text = text.replace("{as above}", json.dumps(ENTITY))
    text = re.sub(r'"article":\{(plain form[^}]*|\.\.\.)\}', lambda _: '"article":' + json.dumps(ARTICLE), text)
    text = re.sub(r'"event":\{\.\.\.\} or null', '"event":null', text)
    text = re.sub(r'"events":\[\{\.\.\.\}\]', '"events":[]', text)
    text = text.replace('"state":"running",...', '"state":"running"')
    return text


def tagged_event():
    return first_object(section("Appendix A"))


def dead_event():
    text = section("Appendix A")
    event = tagged_event()
    event["type"] = re.search(r'"type":"(telex\.article\.dead)"', text)[1]
    event["id"] = re.search(r'"id":"(<hash>-dead-<sequence>)"', text)[1].replace("<hash>", HASH).replace("<sequence>", "42")
    event["data"] = {key: event["data"][key] for key in ("uri", "offset", "title", "source", "published")}
    event["data"]["reason"] = first_object(text, '"reason":')
    return event


def control_examples():
    """(schema, value) for every example in the table of section 11."""
    for row in re.findall(r"^\| ([A-Z_]+) \| (.*?) \| (.*) \|$", section("11. Control requests"), re.M):
        kind = row[0].lower()
        for cell, direction in ((row[1], "request"), (row[2], "reply")):
            for example in re.findall(r"`(\{.*?\})`(?=[ ;,.|]|$)", cell):
                yield f"{kind}.{direction}", json.loads(fill(example))


def definitions(path, macro):
    """Argument lists of the X-macros in a .def file."""
    text = (ROOT / path).read_text(encoding="utf-8")
    return [re.split(r",\s*", args) for args in re.findall(rf"^{macro}\((.*)\)$", text, re.M)]


class Schemas(unittest.TestCase):
    def test_each_is_a_schema(self):
        for name in schemas.names():
            with self.subTest(name):
                schema = schemas.load(name)
                self.assertEqual(schema["$schema"], "https://json-schema.org/draft/2020-12/schema")
                Draft202012Validator.check_schema(schema)

    def test_each_reference_leads_somewhere(self):
        for name in schemas.names():
            resolver = schemas.validator(name).resolver
            for ref in re.findall(r'"\$ref": "([^"]+)"', json.dumps(schemas.load(name))):
                with self.subTest(name, ref=ref):
                    resolver.resolve(ref)

    def test_each_json_kind_has_both(self):
        listed = re.findall(r"^\| 0x.. \| ([A-Z_]+) \| \w+ \| JSON.*? \| JSON", section("4. Kinds"), re.M)
        self.assertIn("GET", listed)
        wanted = {f"{kind.lower()}.{direction}" for kind in listed for direction in ("request", "reply")}
        self.assertEqual({name for name in schemas.names() if "." in name}, wanted)
        kinds = {args[0] for args in definitions("proto/wire/kinds.def", "KIND")}
        self.assertLessEqual(set(listed), kinds)

    def test_error_codes_are_those_of_the_programs(self):
        codes = [args[2].strip('"') for args in definitions("proto/wire/errors.def", "CODE")]
        self.assertEqual(schemas.load("error")["properties"]["code"]["enum"], codes)

    def test_limits_are_those_of_the_programs(self):
        text = (ROOT / "proto/wire/limits.h").read_text(encoding="utf-8")
        limits = {name: int(value) for name, value in re.findall(r"WIRE_(\w+) = (\d+),", text)}
        article = schemas.load("article")["properties"]
        uri = schemas.load("common")["$defs"]["uri"]
        opening = schemas.load("open.request")["properties"]
        self.assertEqual(uri["maxLength"], limits["URI_MAX"])
        for field in ("title", "source", "language", "published"):
            self.assertEqual(article[field]["maxLength"], limits[f"{field.upper()}_MAX"], field)
        self.assertEqual(opening["credit"]["maximum"], limits["CREDIT_MAX"])
        for values in opening["filter"]["properties"].values():
            self.assertEqual(values["maxItems"], limits["FILTER_VALUES"])


class Examples(unittest.TestCase):
    def accept(self, name, value):
        with self.subTest(name, value=value):
            schemas.check(name, value, strict=True)

    def refuse(self, name, value):
        with self.subTest(name, value=value), self.assertRaises(ValidationError):
            schemas.check(name, value)

    def test_hello(self):
        self.accept("hello.request", first_object(section("4.1 HELLO"), "request"))
        self.accept("hello.reply", first_object(section("4.1 HELLO"), "reply"))

    def test_push_json(self):
        self.accept("push_json.reply", first_object(section("7. PUSH_JSON"), "The reply is"))
        self.accept("push_json.request", first_object(section("Appendix C"), "The article `"))

    def test_open(self):
        self.accept("open.request", first_object(section("8.1 OPEN")))
        self.accept("open.reply", first_object(section("8.1 OPEN"), "The reply: `"))

    def test_error(self):
        self.accept("error", first_object(section("10. Errors")))

    def test_control(self):
        seen = set()
        for name, value in control_examples():
            if name == "stats.reply" and "state" in value:
                value.update(articles=1, events=1, pending=0, dead=0)  # the example is cut short behind the state
            if name == "dead_show.reply":
                continue
            seen.add(name)
            self.accept(name, value)
        listed = {args[0].lower() for args in definitions("proto/wire/kinds.def", "KIND") if args[2] == '"control"'}
        self.assertEqual(seen, {f"{k}.{d}" for k in listed for d in ("request", "reply")} - {"dead_show.reply"})

    def test_dead_show(self):
        examples = dict(control_examples())
        self.accept("dead_show.reply", dict(examples["dead_list.reply"]["dead"][0], article=ARTICLE))

    def test_events(self):
        self.accept("event", tagged_event())
        self.accept("event", dead_event())
        self.accept("get.reply", {"offset": 7, "received": TIME, "hash": HASH, "article": ARTICLE, "event": tagged_event()})
        offline = tagged_event()
        del offline["sequence"], offline["data"]["offset"]
        self.accept("event", offline)

    def test_broken_events(self):
        def broken(change, event):
            change(event)
            self.refuse("event", event)

        broken(lambda e: e.update(specversion="0.3"), tagged_event())
        broken(lambda e: e.update(sequence=42), tagged_event())
        broken(lambda e: e.pop("subject"), tagged_event())
        broken(lambda e: e["data"].pop("language"), tagged_event())
        broken(lambda e: e["data"]["entities"][0].update(type="animal"), tagged_event())
        broken(lambda e: e["data"]["entities"][0].update(mentions=[]), tagged_event())
        broken(lambda e: e["data"]["entities"][0]["mentions"][0].update(start=-1), tagged_event())
        broken(lambda e: e.pop("sequence"), dead_event())
        broken(lambda e: e["data"].pop("reason"), dead_event())
        broken(lambda e: e.update(id=HASH), dead_event())

    def test_unknown_member_is_let_through_but_not_when_strict(self):
        event = copy.deepcopy(tagged_event())
        event["data"]["mood"] = "calm"
        schemas.check("event", event)
        with self.assertRaises(ValidationError):
            schemas.check("event", event, strict=True)

    def test_articles_of_the_demo(self):
        demo = ROOT / "tests" / "data" / "demo"
        for line in (demo / "dispatch.jsonl").read_text(encoding="utf-8").splitlines():
            self.accept("article", json.loads(line))
        for line in (demo / "ninjs-3.1.jsonl").read_text(encoding="utf-8").splitlines():
            self.accept("push_json.request", json.loads(line))
        for name in ("ninjs-1.4.json", "ninjs-2.1.json", "ninjs-3.1.json"):
            self.accept("push_json.request", json.loads((demo / name).read_text(encoding="utf-8")))
        for item in json.loads((demo / "feed.json").read_text(encoding="utf-8"))["items"]:
            self.accept("push_json.request", item)

    def test_bad_articles(self):
        bad = ROOT / "tests" / "data" / "bad"
        for name in ("no-uri", "empty-uri", "uri-not-string", "no-text", "nul-escaped"):
            self.refuse("article", json.loads((bad / f"{name}.jsonl").read_text(encoding="utf-8")))


if __name__ == "__main__":
    unittest.main()
