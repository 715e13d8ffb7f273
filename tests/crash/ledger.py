"""What a client was promised and what it saw: one line an acknowledgement or event, written as it arrives, and the check of a
store against them."""

from collections import namedtuple

from harness import check, wire

Promise = namedtuple("Promise", "offset hash")


class Ledger:
    """uri TAB offset TAB hash of an acknowledgement, = TAB sequence TAB id of an event, a line each; the articles themselves
    are made anew from their numbers."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "a", encoding="ascii", buffering=1)

    def note(self, uri, ack):
        self.file.write(f"{uri}\t{ack.offset}\t{ack.hash}\n")

    def saw(self, sequence, event_id):
        self.file.write(f"=\t{sequence}\t{event_id}\n")

    def close(self):
        self.file.close()


def read(path):
    """Every promise of each uri, in order (a duplicate is promised again), and every event seen, as (sequence, id)."""
    promises, seen = {}, []
    for line in path.read_text(encoding="ascii").splitlines():
        uri, number, digest = line.split("\t")
        if uri == "=":
            seen.append((int(number), digest))
        else:
            promises.setdefault(uri, []).append(Promise(int(number), digest))
    return promises, seen


def faults(promises, seen, sent, got, events, stats, verified):
    """Everything that breaks what the acknowledgements promised, as lines of text; none when the daemon kept its word.
    promises and seen: of read(); sent: uri to wire.Article; got: offset to the wire.Article that GET gives, None when it has
    none; events: the whole stream; stats and verified: replies of the daemon."""
    return (_broken_promises(promises, sent, got) + _event_faults(promises, sent, events) + _vanished(seen, events) +
            _count_faults(promises, events, stats, verified))


def _vanished(seen, events):
    ids = {sequence: event["id"] for sequence, event in events}
    return [f"event {sequence} was seen as {event_id} and is now {ids.get(sequence)}"
            for sequence, event_id in seen if ids.get(sequence) != event_id]


def _broken_promises(promises, sent, got):
    found, owners = [], {}
    for uri, made in promises.items():
        if len(set(made)) > 1:
            found.append(f"{uri} was stored more than once: {sorted(set(made))}")
        for promise in set(made):
            other = owners.setdefault(promise.offset, uri)
            if other != uri:
                found.append(f"offset {promise.offset} was promised to {other} and to {uri}")
            if promise.hash != sent[uri].hash:
                found.append(f"{uri} was acknowledged with the hash of something else")
            if got.get(promise.offset) is None:
                found.append(f"{uri} is lost: nothing at offset {promise.offset}")
            elif got[promise.offset].record() != sent[uri].record():
                found.append(f"{uri} is not what was sent: {got[promise.offset]}")
    return found


def _event_faults(promises, sent, events):
    found = check.stream_faults(events)
    told = {}
    for sequence, event in events:
        offset, uri = event["data"]["offset"], event["subject"]
        if event["type"] != "telex.article.tagged":
            found.append(f"{uri} became a dead letter: {event['data']['reason']}")
        if offset in told:
            found.append(f"{uri} has two events, {told[offset]} and {sequence}")
        told[offset] = sequence
        if offset not in {promise.offset for promise in promises.get(uri, ())}:
            found.append(f"event {sequence} is of {uri} at offset {offset}, which was never acknowledged")
        elif event["id"] != sent[uri].hash:
            found.append(f"event {sequence} of {uri} has another hash")
    for uri, made in promises.items():
        if made[0].offset not in told:
            found.append(f"{uri} at offset {made[0].offset} has no event")
    return found


def _count_faults(promises, events, stats, verified):
    found = []
    for name, wanted in (("articles", len(promises)), ("events", len(promises)), ("pending", 0), ("dead", 0)):
        if stats[name] != wanted:
            found.append(f"the daemon counts {stats[name]} {name}, acknowledged were {wanted}")
    if verified["problems"] or verified["damaged"]:
        found.append(f"verify finds {verified['damaged']} damaged: {verified['problems']}")
    return found


def fetch(control, offsets):
    """The articles at these offsets, asked for in one go; None where there is none."""
    offsets, got = list(offsets), {}
    for part in wire.batches_of(offsets, 500):
        ids = [(offset, control.send(wire.GET, b'{"offset":%d}' % offset)) for offset in part]
        for offset, request_id in ids:
            try:
                reply = wire.json.loads(control.reply_to(request_id, wire.GET, wait=60))
                got[offset] = wire.Article(**reply["article"])
            except wire.Refused:
                got[offset] = None
    return got
