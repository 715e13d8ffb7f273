#!/usr/bin/python3
"""Runs the fuzz targets of build-fuzz (cmake --preset fuzz; ninja -C build-fuzz) with their corpora and dictionaries, one after
another, at the lowest priority.

    run.py [--seconds 60 | --runs 10000000] [--size 4096] [--jobs 1] [TARGET...]

What a target finds is kept beside its corpus as found-<hash>, where every ordinary test run replays it; the exit status is then 1.
A target's new inputs stay in build-fuzz/corpus, so that a later run goes on from there."""

import argparse
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
BUILD = Path(os.environ.get("TELEX_BUILD") or HERE.parents[1] / "build-fuzz").resolve()
JSON = dict.fromkeys(["json", "json_check", "json_form", "open_request"], "json")
FRAMES = dict.fromkeys(["ack", "article", "events", "frame", "push", "result", "store_record", "worker", "worker_reader"], "frames")
DICTIONARIES = {**JSON, **FRAMES, "charset": "charset", "clock": "date", "config": "config", "feed_date": "date", "fold": "text",
                "html": "html", "keyfile": "keyfile", "own_list": "own_list", "source": "source", "tagger": "text", "text": "text"}


def targets():
    return sorted(program.name.removeprefix("fuzz-").replace("-", "_") for program in (BUILD / "tests/fuzz").glob("fuzz-*")
                  if program.is_file() and os.access(program, os.X_OK))


def keep_findings(folder, name):
    kept = []
    for found in folder.iterdir():
        kind, digest = found.name.split("-", 1)
        place = HERE / "corpus" / name / f"found-{kind}-{digest[:12]}"
        shutil.move(found, place)
        kept.append(str(place))
    return kept


def fuzz(name, options):
    corpus, findings = BUILD / "corpus" / name, BUILD / "findings" / name
    for folder in (corpus, findings):
        folder.mkdir(parents=True, exist_ok=True)
    command = [BUILD / "tests/fuzz" / f"fuzz-{name.replace('_', '-')}", f"-runs={options.runs}" if options.runs else f"-max_total_time={options.seconds}",
               f"-max_len={options.size}", "-timeout=20",
               "-rss_limit_mb=2048", "-report_slow_units=3600", "-print_final_stats=1", f"-artifact_prefix={findings}/", corpus, HERE / "corpus" / name]
    dictionary = HERE / "dict" / f"{DICTIONARIES.get(name)}.dict"
    if dictionary.exists():
        command.insert(1, f"-dict={dictionary}")
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", preexec_fn=lambda: os.nice(19))
    kept = keep_findings(findings, name)
    runs = re.search(r"stat::number_of_executed_units:\s+(\d+)", done.stderr)
    covered = re.findall(r"cov: (\d+)", done.stderr)
    print(f"{name:14} {int(runs[1]) if runs else 0:>11,} runs  coverage {covered[-1] if covered else '?':>6}"
          f"  {'FOUND ' + ' '.join(kept) if kept else 'nothing found' if done.returncode == 0 else 'FAILED'}", flush=True)
    if done.returncode:
        print(done.stderr[-6000:], flush=True)
    return done.returncode == 0 and not kept


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60, help="for each target (default 60)")
    parser.add_argument("--runs", type=int, help="executions of each target, instead of a time")
    parser.add_argument("--size", type=int, default=4096, help="bytes of an input at most: 512 are tried three times as fast, and reach nearly as much")
    parser.add_argument("--jobs", type=int, default=1, help="targets at a time")
    parser.add_argument("targets", nargs="*", metavar="TARGET")
    options = parser.parse_args()
    unknown = set(options.targets) - set(targets())
    if unknown or not targets():
        parser.error(f"not built in {BUILD}: {' '.join(unknown) or 'any target'} (cmake --preset fuzz; ninja -C build-fuzz)")
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        sound = list(pool.map(lambda name: fuzz(name, options), options.targets or targets()))
    return 0 if all(sound) else 1


if __name__ == "__main__":
    sys.exit(main())
