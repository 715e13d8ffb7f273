#!/usr/bin/python3
"""The benchmarks: each prints one JSON object with its figures, its target and whether it is met. Every target is a ratio inside one
run on one machine. run.py BUILD_DIR [NAME...]"""
import contextlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
os.environ["TELEX_BUILD"] = sys.argv[1]
from harness.daemon import Daemon  # noqa: E402

ACCEPT_ARTICLES = 60_000
REPLAY_EVENTS = 100_000
TAG_ARTICLES = 3_000
ROUNDS = 3


class Bench:
    """Paths and helpers that every benchmark uses."""

    def __init__(self, build, scratch):
        self.build, self.scratch = pathlib.Path(build).resolve(), pathlib.Path(scratch)
        self.records, self.lines = self.scratch / "articles.records", self.scratch / "articles.jsonl"
        subprocess.run([HERE / "make_articles.py", self.records, self.lines], check=True)

    def program(self, name):
        return str(self.build / "tests" / "bench" / name)

    def json_of(self, *command):
        return json.loads(subprocess.run([str(word) for word in command], check=True, stdout=subprocess.PIPE).stdout)

    def yardstick(self, *command):
        """Starts a yardstick server and returns it once it says it is ready."""
        process = subprocess.Popen([str(word) for word in command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert process.stdout.readline() == "ready\n"
        return process

    @contextlib.contextmanager
    def daemon(self, folder="daemon", keep=False, **options):
        """A telexd in a folder of its own, without a limit on what one client may push; an underscore in an option's name stands for
        its dot."""
        path = self.scratch / folder if keep else self.folder(folder)
        options = {"limits.articles": 0, **{name.replace("_", ".", 1): value for name, value in options.items()}}
        daemon = Daemon(path, options).start()
        try:
            yield daemon
        finally:
            daemon.close()

    def folder(self, name):
        path = self.scratch / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir()
        return path


def end(process):
    process.stdin.close()
    process.wait(timeout=60)


def report(name, ratio, target, at_least=True, **figures):
    met = ratio >= target if at_least else ratio <= target
    print(json.dumps({"bench": name, **figures, "ratio": round(ratio, 3), "target": ("at least " if at_least else "at most ") + str(target),
                      "met": met}), flush=True)
    return met


def median_of(rounds):
    return statistics.median(rounds)


def accept(bench):
    """Durable acceptance with a window of 1,024 against bare ZeroMQ to LMDB, one article a message; in turn, medians."""
    ours, bare = [], []
    for turn in range(ROUNDS):
        folder = bench.folder("bare")
        endpoint = f"ipc://{bench.scratch}/bare.sock"
        server = bench.yardstick(bench.program("bench-bare-store"), endpoint, folder)
        bare.append(bench.json_of(bench.program("bench-accept"), endpoint, bench.records, ACCEPT_ARTICLES, 1024, 1)["articles_per_s"])
        end(server)
        # No workers: their tagging would take the processors that are measured here.
        with bench.daemon(crew_tagger="/bin/false") as daemon:
            ours.append(bench.json_of(bench.program("bench-accept"), daemon.endpoint("ingest"), bench.records, ACCEPT_ARTICLES, 1024, 1)["articles_per_s"])
    return report("accept", median_of(ours) / median_of(bare), 0.6, articles_per_s=median_of(ours), bare_articles_per_s=median_of(bare))


def replay(bench):
    """Unfiltered replay of a prepared store against a bare push of the same bytes in the same messages."""
    store = bench.folder("replay") / "store"
    bench.json_of(bench.program("bench-filter"), "fill", store, bench.records, REPLAY_EVENTS)
    ours, bare = [], []
    with bench.daemon("replay", keep=True, crew_tagger="/bin/false") as daemon:
        for turn in range(ROUNDS):
            got = bench.json_of(bench.program("bench-follow"), daemon.endpoint("stream"), REPLAY_EVENTS)
            ours.append(got["bytes"] / got["seconds"])
            endpoint = f"ipc://{bench.scratch}/push.sock"
            server = bench.yardstick(bench.program("bench-bare-push"), endpoint, got["messages"], got["events"], got["bytes"])
            raw = bench.json_of(bench.program("bench-follow"), "--raw", endpoint, got["bytes"])
            bare.append(raw["bytes"] / raw["seconds"])
            end(server)
    return report("replay", median_of(ours) / median_of(bare), 0.6, mb_per_s=round(median_of(ours) / 1e6),
                  bare_mb_per_s=round(median_of(bare) / 1e6), events=REPLAY_EVENTS)


def filtered(bench):
    """Filtered replay of 1 event in 1,000 through the posting lists against reading and comparing every event."""
    store = bench.folder("filtered")
    bench.json_of(bench.program("bench-filter"), "fill", store, bench.records, REPLAY_EVENTS)
    figures = bench.json_of(bench.program("bench-filter"), "compare", store)
    return report("filtered", figures["scan_seconds"] / figures["filter_seconds"], 50, **figures)


def tag_alone(bench, articles):
    """Articles a second of two `telex tag` side by side, each with half of the articles."""
    lines = (bench.lines.read_text().splitlines(keepends=True) * (articles // 300 + 1))[:articles]
    halves = [bench.scratch / "half-0.jsonl", bench.scratch / "half-1.jsonl"]
    for number, half in enumerate(halves):
        half.write_text("".join(lines[number::2]))
    start = time.monotonic()
    runs = [subprocess.Popen([bench.build / "bin" / "telex", "tag"], stdin=half.open(), stdout=subprocess.DEVNULL) for half in halves]
    for run in runs:
        assert run.wait(timeout=600) == 0
    return articles / (time.monotonic() - start)


def through_daemon(bench, articles):
    """Articles a second from the first push to the last event, with two workers. And what the processes weigh then."""
    with bench.daemon(crew_workers=2) as daemon:
        start = time.monotonic()
        follow = subprocess.Popen([bench.program("bench-follow"), daemon.endpoint("stream"), str(articles)], stdout=subprocess.DEVNULL)
        bench.json_of(bench.program("bench-accept"), daemon.endpoint("ingest"), bench.records, articles, 1024, 1)
        assert follow.wait(timeout=600) == 0
        rate = articles / (time.monotonic() - start)
        return rate, memory(daemon.pid), [memory(pid)["VmRSS"] for pid in daemon.workers()]


def memory(pid):
    fields = dict(line.split(":", 1) for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines())
    return {name: int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon", "RssFile")}


def tagging(bench):
    """Accepted to delivered with two workers against two `telex tag` alone. Memory beside it."""
    alone, ours, daemon_mb, worker_mb = [], [], [], []
    for turn in range(ROUNDS):
        alone.append(tag_alone(bench, TAG_ARTICLES))
        rate, own, workers = through_daemon(bench, TAG_ARTICLES)
        ours.append(rate)
        daemon_mb.append(own["RssAnon"])
        worker_mb.extend(workers)
    met = report("tagging", median_of(ours) / median_of(alone), 0.7, articles_per_s=round(median_of(ours)),
                 alone_articles_per_s=round(median_of(alone)))
    met &= report("memory-daemon", max(daemon_mb), 64, at_least=False, unit="MiB beside the map")
    return report("memory-worker", max(worker_mb), 200, at_least=False, unit="MiB resident") and met


def latency(bench):
    """Push to event at a third of the full rate against one durable commit plus one article's tagging."""
    full, _, _ = through_daemon(bench, TAG_ARTICLES)
    one = bench.scratch / "one.jsonl"
    one.write_text("".join(bench.lines.read_text().splitlines(keepends=True) * 4))
    start = time.monotonic()
    subprocess.run([bench.build / "bin" / "telex", "tag"], stdin=one.open(), stdout=subprocess.DEVNULL, check=True)
    tag_us = (time.monotonic() - start) / 1200 * 1e6
    with bench.daemon(crew_workers=2) as daemon:
        # Alone: one article at a time, each acknowledged before the next.
        alone = bench.json_of(bench.program("bench-accept"), daemon.endpoint("ingest"), bench.records, 500, 1, 1)
        commit_us = alone["seconds"] / 500 * 1e6
    with bench.daemon(crew_workers=2) as daemon:
        got = bench.json_of(bench.program("bench-latency"), daemon.endpoint("ingest"), daemon.endpoint("stream"), bench.records, 3000, full / 3)
    floor = commit_us + tag_us
    figures = dict(rate=round(full / 3), commit_us=round(commit_us), tag_us=round(tag_us), **got)
    met = report("latency-p50", got["event_p50_us"] / floor, 3, at_least=False, **figures)
    return report("latency-p99", got["event_p99_us"] / floor, 10, at_least=False) and met


def tagger(bench):
    """The tagger alone in one process against jansson, which only parses the same articles; time by length; memory."""
    with bench.lines.open() as lines:
        out = subprocess.run([bench.program("bench-tagger"), "--seconds", "0.5", "--curve"], stdin=lines, check=True, stdout=subprocess.PIPE).stdout
    got = json.loads(out)
    curve = {point["bytes"]: point["ns_per_byte"] for point in got["curve"]}
    met = report("tagger", got["ratio"], 0.11, mb_per_s=got["tagger_mb_per_s"], jansson_mb_per_s=got["jansson_mb_per_s"])
    # Linear: a byte of the longest article costs little more than one of an article of 16 KiB.
    met &= report("tagger-linear", curve[1 << 20] / curve[1 << 14], 1.5, at_least=False, ns_per_byte=curve)
    return report("tagger-memory", got["resident_mib"], 200, at_least=False, unit="MiB resident, articles included") and met


ALL = {"accept": accept, "replay": replay, "filtered": filtered, "tagging": tagging, "tagger": tagger, "latency": latency}


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    names = sys.argv[2:] or list(ALL)
    with tempfile.TemporaryDirectory(prefix="telex-bench-", dir=os.environ.get("TMPDIR")) as scratch:
        bench = Bench(sys.argv[1], scratch)
        met = [ALL[name](bench) for name in names]
    sys.exit(0 if all(met) else 1)


if __name__ == "__main__":
    main()
