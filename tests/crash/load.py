"""A client under whose load things break. It keeps requests in flight, notes what it is promised and what events it sees, and
sends again what was not acknowledged; at the end everything is compared with the daemon (ledger.py)."""

import random

import ledger
import zmq
from harness import wire

WINDOW = 8  # requests in flight
CREDIT = 60000  # events that one run may see


def make(number):
    """The same article for the same number, so that it can be sent again and compared at the end."""
    draw = random.Random(number)
    body = "Angela Merkel met Vladimir Putin. " * draw.randrange(1, 8) if draw.random() < 0.95 else "x" * draw.randrange(50000)
    return wire.Article(f"urn:crash:{number}", f"Report {number}", "TEST", "en", "", b"", f"{number} {body}")


class DaemonGone(Exception):
    """It died, or stopped answering, under the load."""


class Load:
    def __init__(self, draw, path):
        self.draw, self.path, self.ledger = draw, path, ledger.Ledger(path)
        self.sent, self.unacknowledged, self.acknowledged = {}, [], []
        self.refused = []  # codes of articles and requests that were refused, in order

    def batch(self):
        """Old ones first; now and then one that was acknowledged long ago."""
        articles = [self.unacknowledged.pop(0) for _ in range(min(len(self.unacknowledged), self.draw.randrange(1, 30)))]
        for _ in range(self.draw.randrange(1, 20) - len(articles)):
            one = make(len(self.sent))
            self.sent[one.uri] = one
            articles.append(one)
        if self.acknowledged and self.draw.random() < 0.1:
            articles.append(self.sent[self.draw.choice(self.acknowledged)])
        return articles

    def run(self, daemon, count, strike=None, events=0, patience=30):
        """Pushes until `count` articles more are acknowledged and `events` events more are seen, then calls `strike` with requests
        in flight (without: waits for their answers). When the daemon ends by itself before that, it comes back as well. How many
        were acknowledged."""
        with daemon.ingest() as ingest, daemon.stream() as stream:
            flying, acks, before = {}, 0, len(self.acknowledged)
            try:
                self.open(daemon, stream, patience)
                while acks < count:
                    while len(flying) < WINDOW:
                        self.send(ingest, flying)
                    acks += self.collect_from(daemon, ingest, flying, patience)
                self.await_events(daemon, stream, min(events, len(self.acknowledged) - before), patience)
                if strike:
                    strike()
                while flying and not strike:
                    acks += self.collect_from(daemon, ingest, flying, patience)
            except DaemonGone:
                pass
            finally:
                self.take_what_had_left(ingest, flying)
                self.watch(stream)
                self.unacknowledged += [a for articles in flying.values() for a in articles]
        return acks

    def open(self, daemon, stream, patience):
        stream.send(wire.OPEN, b'{"credit":%d,"from":"now"}' % CREDIT)
        self.await_message(daemon, stream, patience)
        head, payload = stream.receive(0)
        if head.kind == wire.ERROR:
            raise wire.parse_error(payload)

    def send(self, ingest, flying):
        articles = self.batch()
        flying[ingest.send(wire.PUSH, b"".join(a.record() for a in articles))] = articles

    def collect_from(self, daemon, ingest, flying, patience):
        self.await_message(daemon, ingest, patience)
        return self.collect(ingest, flying)

    def await_message(self, daemon, connection, patience):
        """Until one is there; or DaemonGone."""
        for _ in range(int(wire.seconds(patience) * 20)):
            if connection.socket.poll(50):
                return
            if not daemon.is_running() and not connection.socket.poll(0):
                raise DaemonGone
        raise TimeoutError("the daemon neither answers nor ends")

    def collect(self, ingest, flying):
        """Takes one answer: acknowledgements go into the ledger, what was refused is sent again later."""
        head, payload = ingest.receive(0)
        articles = flying.pop(head.id)
        if head.kind == wire.ERROR:
            self.refuse(articles, wire.parse_error(payload))
            return 0
        for one, ack in zip(articles, wire.parse_acks(payload), strict=True):
            if ack.code != "ok":
                self.refuse([one], wire.Refused(ack.code, ack.message, ack.code in wire.RETRYABLE))
                continue
            self.ledger.note(one.uri, ack)
            if not ack.duplicate:
                self.acknowledged.append(one.uri)
        return len(articles)

    def refuse(self, articles, error):
        if not error.retryable:
            raise error
        self.refused.append(error.code)
        known = set(self.acknowledged)
        self.unacknowledged += [one for one in articles if one.uri not in known]

    def take_what_had_left(self, ingest, flying):
        """Acknowledgements that the daemon had sent before it died are promises too."""
        while flying and ingest.socket.poll(0):
            self.collect(ingest, flying)

    def await_events(self, daemon, stream, wanted, patience):
        while wanted > 0:
            wanted -= self.watch(stream)
            if wanted > 0:
                self.await_message(daemon, stream, patience)

    def watch(self, stream):
        """Events that have come are noted: they must be there, unchanged, for ever. How many."""
        count = 0
        while stream.socket.poll(0):
            head, payload = stream.socket.recv_multipart(zmq.NOBLOCK)
            if wire.parse_header(head).kind == wire.EVENTS:
                for sequence, event in wire.parse_events(payload).events:
                    self.ledger.saw(sequence, event["id"])
                    count += 1
        return count

    def finish(self, daemon):
        """Everything that was ever sent is sent until it is acknowledged."""
        with daemon.ingest() as ingest:
            while self.unacknowledged:
                flying = {}
                articles = [self.unacknowledged.pop(0) for _ in range(min(len(self.unacknowledged), 200))]
                flying[ingest.send(wire.PUSH, b"".join(a.record() for a in articles))] = articles
                self.collect_from(daemon, ingest, flying, 60)
        self.ledger.close()
