#!/usr/bin/python3
"""Writes a file of article records for the benchmarks: 300 articles of about 3.5 KB, put together from the paragraphs of the bundled
demo articles (tests/data/demo), each in one language. make_articles.py OUT.records [OUT.jsonl]"""
import itertools
import json
import pathlib
import random
import re
import struct
import sys
import xml.etree.ElementTree as ElementTree

DEMO = pathlib.Path(__file__).resolve().parent.parent / "data" / "demo"
TARGET_BYTES = 3500


def texts_of(path):
    """Every text of a feed or JSON file that is long enough to be a body, in the file's order."""
    if path.suffix in (".json", ".jsonl"):
        documents = [json.loads(line) for line in path.read_text().splitlines()] if path.suffix == ".jsonl" else [json.loads(path.read_text())]
        stack = documents[::-1]
        while stack:
            value = stack.pop()
            if isinstance(value, str) and len(value) > 300:
                yield value
            elif isinstance(value, (dict, list)):
                stack.extend(reversed(list(value.values() if isinstance(value, dict) else value)))
    elif path.suffix in (".rss", ".rdf", ".atom"):
        for element in ElementTree.parse(path).iter():
            text = "".join(element.itertext()) if element.tag.endswith("}div") else element.text or ""
            if len(text) > 300:
                yield text
    elif path.suffix == ".txt":
        yield path.read_text()


def language_of(text):
    words = set(re.findall(r"\w+", text.lower()))
    marks = {"pl": {"się", "na", "jest", "nie", "oraz", "że"}, "de": {"der", "und", "nicht", "mit", "das", "ist"}, "en": {"the", "and", "of", "is", "with", "that"}}
    return max(marks, key=lambda language: len(marks[language] & words))


def paragraphs():
    by_language = {"pl": [], "de": [], "en": []}
    for path in sorted(DEMO.iterdir()):
        for text in texts_of(path):
            plain = re.sub(r"<[^>]+>", "\n", text)
            found = [block.strip() for block in re.split(r"\n\s*\n", plain) if len(block.strip()) > 80]
            by_language[language_of(plain)].extend(found)
    return by_language


def articles(count=300):
    random.seed(20261122)
    by_language = paragraphs()
    for number, language in zip(range(count), itertools.cycle(by_language)):
        body = ""
        while len(body.encode()) < TARGET_BYTES - 150:
            body += random.choice(by_language[language]) + "\n\n"
        title = body.split("\n", 1)[0][:90]
        yield {"uri": f"urn:bench:{number}", "title": title, "source": f"Bench {language}", "language": language,
               "published": "2026-11-22T01:36:00Z", "body": body.encode()[:TARGET_BYTES].decode(errors="ignore")}


def record(article):
    fields = [article[name].encode() for name in ("uri", "title", "source", "language", "published")] + [b"", article["body"].encode()]
    return struct.pack("<HHHBBII", *map(len, fields)) + b"".join(fields)


def main():
    made = list(articles())
    pathlib.Path(sys.argv[1]).write_bytes(b"".join(map(record, made)))
    if len(sys.argv) > 2:
        pathlib.Path(sys.argv[2]).write_text("".join(json.dumps(article, ensure_ascii=False) + "\n" for article in made))


if __name__ == "__main__":
    main()
