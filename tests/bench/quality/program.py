"""Runs `telex-tagger --lines` over texts and reads what it found."""
import dataclasses
import functools
import json
import os
import subprocess
import tempfile

TYPES = {"person": "PER", "organisation": "ORG", "place": "LOC"}


@dataclasses.dataclass
class Tagged:
    """What the tagger says of one text."""

    language: str = "und"
    text: str = ""
    mentions: dict = dataclasses.field(default_factory=dict)  # (start, end, type) in the body to (base, id)


@dataclasses.dataclass
class Cost:
    """What a run cost: megabytes of text, processor seconds, peak resident memory (in megabytes, the mapped files included)."""

    megabytes: float = 0.0
    seconds: float = 0.0
    resident: float = 0.0

    def add(self, other):
        self.megabytes += other.megabytes
        self.seconds += other.seconds
        self.resident = max(self.resident, other.resident)

    def rate(self):
        return round(self.megabytes / max(self.seconds, 1e-9), 2)


def read_event(line, tagged):
    data = json.loads(line)["data"]
    out = tagged[int(data["uri"].split(":")[1])]
    out.language, out.text = data["language"]["tag"], data.get("text", "")
    for entity in data["entities"]:
        for mention in entity["mentions"]:
            if mention["field"] == "body" and entity["type"] in TYPES:
                out.mentions[mention["start"], mention["end"], TYPES[entity["type"]]] = (mention["base"], entity["id"])


def run(tagger, articles, events):
    """Its resource usage."""
    process = subprocess.Popen([tagger, "--lines"], stdin=articles, stdout=events)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return usage


@functools.cache
def startup_seconds(tagger):
    usage = run(tagger, subprocess.DEVNULL, subprocess.DEVNULL)
    return usage.ru_utime + usage.ru_stime


def tag(tagger, texts, languages=None, title="-"):
    """The tagged texts, in order, and the cost without start-up. languages: one claimed for each text, or None to claim none."""
    tagged = [Tagged() for _ in texts]
    with tempfile.TemporaryFile() as articles, tempfile.TemporaryFile() as events:
        for i, text in enumerate(texts):
            article = {"uri": f"quality:{i}", "title": title, "body": text}
            if languages:
                article["language"] = languages[i]
            articles.write(json.dumps(article).encode() + b"\n")
        articles.seek(0)
        usage = run(tagger, articles, events)
        events.seek(0)
        for line in events:
            read_event(line, tagged)
    megabytes = sum(len(text.encode()) for text in texts) / 1e6
    return tagged, Cost(megabytes, usage.ru_utime + usage.ru_stime - startup_seconds(tagger), usage.ru_maxrss / 1024)
