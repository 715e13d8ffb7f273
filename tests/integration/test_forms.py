#!/usr/bin/python3
"""Every form of the demo is read whole, every bad input is refused with its position, and what is good beside it is kept.

With --shared DIR it measures instead: how many of the test files of feed readers and of the ninjs standard (archives in DIR/feeds and
DIR/ninjs) are read, refused with a reason, or bring the reader down; and how often title, id and date are what their authors expect."""
import ast
import collections
import csv
import json
import os
import pathlib
import re
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
READER = pathlib.Path(os.environ.get("TELEX_BUILD", ROOT / "build")) / "tests" / "bench" / "forms-read"
DEMO = {"beispielbote.atom": 6, "dispatch.jsonl": 6, "examplewire.rss": 5, "feed.json": 3, "kurier.rss": 6, "meldung.txt": 1,
        "ninjs-1.4.json": 1, "ninjs-2.1.json": 1, "ninjs-3.1.json": 1, "ninjs-3.1.jsonl": 5, "notatka.txt": 1, "ostsee.rdf": 3,
        "uplands.atom": 3}


def read(path):
    """(articles, refusals) of one file; raises when the reader does not end well."""
    run = subprocess.run([READER, path], stdout=subprocess.PIPE, check=True, timeout=60)
    lines = [json.loads(line) for line in run.stdout.decode().splitlines()]
    return [line for line in lines if "article" in line], [line for line in lines if "code" in line]


def check_demo():
    for name, count in DEMO.items():
        articles, refusals = read(ROOT / "tests/data/demo" / name)
        assert len(articles) == count and not refusals, (name, len(articles), refusals)
        for line in articles:
            assert "<p" not in line["article"].get("body", "") and line["article"]["uri"], line


def check_bad():
    with open(ROOT / "tests/data/bad/expected.tsv", encoding="utf-8") as table:
        for name, stored, refused, *_ in csv.reader((line for line in table if not line.startswith("#")), delimiter="\t"):
            articles, refusals = read(ROOT / "tests/data/bad" / name)
            assert (len(articles), len(refusals)) == (int(stored), int(refused)), (name, articles, refusals)
            assert all(line["reason"] and line["line"] for line in refusals), refusals


def expectations(path):
    """What the authors of feedparser say of an entry: [(entry, field, value)]."""
    found = re.search(r"^Expect:\s+(.*)$", path.read_text(encoding="utf-8", errors="replace"), re.M)
    for entry, field, value in re.findall(r"entries\[(\d)\]\['(\w+)'\] == (u?'[^']*')", found.group(1) if found else ""):
        yield int(entry), field, ast.literal_eval(value)


def plain(text):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", "", text)).strip()


def meets(article, field, value):
    if field == "title":
        return plain(article.get("title", "")) == plain(value)
    if field == "id":
        return article["uri"] == value or article.get("guid") == value
    return None


def measure(folder):
    sums, misses = collections.Counter(), []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        try:
            articles, refusals = read(path)
        except (subprocess.SubprocessError, ValueError) as failure:
            sums["crashed"] += 1
            misses.append((str(path), str(failure)))
            continue
        sums["files"] += 1
        bare = refusals and all("nothing to tag" in line["reason"] for line in refusals)
        sums["read" if articles and not refusals else "read in part" if articles else "without an item" if not refusals
             else "without text" if bare else "refused"] += 1
        for entry, field, value in expectations(path) if path.suffix == ".xml" else ():
            verdict = meets(articles[entry]["article"], field, value) if entry < len(articles) and len(articles) else None
            if verdict is not None:
                sums["as expected" if verdict else "not as expected"] += 1
            if verdict is False:
                misses.append((str(path), field, value))
    return sums, misses


def measure_shared(shared):
    with tempfile.TemporaryDirectory() as scratch:
        for archive in sorted(shared.glob("feeds/*.tar.gz")) + sorted(shared.glob("ninjs/*.tar.gz")):
            folder = pathlib.Path(scratch) / archive.name.removesuffix(".tar.gz")
            with tarfile.open(archive) as tar:
                tar.extractall(folder)
            sums, misses = measure(folder)
            print(json.dumps({"files of": folder.name, **sums}))
            for miss in misses if "-v" in sys.argv else ():
                print("   ", *miss)
            assert sums["crashed"] == 0, misses


if __name__ == "__main__":
    if "--shared" in sys.argv:
        measure_shared(pathlib.Path(sys.argv[sys.argv.index("--shared") + 1]))
    else:
        check_demo()
        check_bad()
