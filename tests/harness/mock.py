"""A stand-in for telexd that says what a test wants: refusals that pass, a death in the middle, silence. It speaks the
protocol of PROTOCOL.md over ipc in a runtime folder, keeps articles in memory and serves a fixed list of events."""

import contextlib
import json
import struct
import threading
from dataclasses import dataclass

import zmq

from harness.wire import (CLOSE, CODES, CREDIT, ERROR, EVENTS, HELLO, LIVE, OPEN, PUSH, REPLY, RETRYABLE, SEEN, _ACK, _EVENT,
                          _EVENTS, _RECORD, content_hash, header, parse_header)


class MockDaemon:
    """`refuse(article)` gives None or (code, message); `answers` maps a control kind to an object, or to a function of the
    request that gives one; an Exception there with (code, message) becomes an ERROR."""

    def __init__(self, runtime):
        self.runtime = runtime
        self.articles, self.offsets = [], {}
        self.refuse = lambda article: None
        self.silent, self.ignored = False, 0
        self.die_at = None  # dies before it stores so many articles; on_death is then called
        self.events, self.answers = [], {}
        self.opened, self.seen, self.asked, self.batches = [], [], [], []
        self.cursors = {}
        self.changed = threading.Condition()
        self.thread = None

    def start(self):
        self.context = zmq.Context()
        self.wake = self.context.socket(zmq.PAIR)
        self.wake.bind("inproc://wake")
        sockets = {}
        for name in ("ingest", "stream", "control"):
            sockets[name] = self.context.socket(zmq.ROUTER)
            sockets[name].linger = 0
            sockets[name].bind(f"ipc://{self.runtime}/{name}.sock")
        self.subscriptions = {}
        self.thread = threading.Thread(target=self._serve, args=(sockets,), daemon=True)
        self.thread.start()
        return self

    def stop(self):
        if self.thread:
            with contextlib.suppress(zmq.Again):  # it may have died by itself
                self.wake.send(b"", zmq.NOBLOCK)
            self.thread.join()
            self.context.destroy(linger=0)
            self.thread = None

    def until(self, is_there, wait=20):
        with self.changed:
            assert self.changed.wait_for(is_there, wait), "the awaited did not happen"

    def publish(self, *events):
        with self.changed:
            self.events += events
        self.wake.send(b"more")

    def _serve(self, sockets):
        poller, wake = zmq.Poller(), self.context.socket(zmq.PAIR)
        wake.connect("inproc://wake")
        for socket in (wake, *sockets.values()):
            poller.register(socket, zmq.POLLIN)
        alive = True
        while alive:
            ready = dict(poller.poll())
            if wake in ready:
                alive = wake.recv() == b"more"
                self._deliver(sockets["stream"])
            for name, socket in sockets.items():
                if alive and socket in ready:
                    with self.changed:
                        alive = getattr(self, f"_{name}")(socket, *socket.recv_multipart()) is not False
                        self.changed.notify_all()
        for socket in (wake, *sockets.values()):
            socket.close()

    def _ingest(self, socket, peer, head, payload):
        head = parse_header(head)
        assert head.kind == PUSH, head
        if self.silent:
            self.ignored += 1
            return True
        acks, at, count = [], 0, 0
        while at < len(payload):
            lengths = _RECORD.unpack_from(payload, at)
            start, at = at, at + _RECORD.size
            uri, title, source, language, published, extra, body = lengths
            fields = {}
            for name, length in (("uri", uri), ("title", title), ("source", source), ("language", language),
                                 ("published", published), ("extra", extra), ("body", body)):
                fields[name] = payload[at:at + length].decode()
                at += length
            if self.die_at == len(self.articles):
                self.die_at = None
                return False
            acks.append(self._store(fields, payload[start:at]))
            count += 1
        self.batches.append(count)
        socket.send_multipart([peer, header(PUSH | REPLY, head.id), b"".join(acks)])
        return True

    def _store(self, article, record):
        refused = self.refuse(article)
        if refused:
            message = refused[1].encode()
            return _ACK.pack(CODES.index(refused[0]), 0, len(message), 0, 0, bytes(16)) + message
        digest = content_hash(record)
        duplicate = digest in self.offsets
        if not duplicate:
            self.articles.append(article)
            self.offsets[digest] = len(self.articles)
        raw = bytes.fromhex(digest)
        return _ACK.pack(0, duplicate, 0, 0, self.offsets[digest], raw[7::-1] + raw[:7:-1])

    def _control(self, socket, peer, head, payload):
        head = parse_header(head)
        request = json.loads(payload or b"{}")
        if head.kind == HELLO:
            answer = {"server": "mock", "protocol": 1}
        else:
            self.asked.append((head.kind, request))
            answer = self.answers.get(head.kind, {})
            answer = answer(request) if callable(answer) else answer
        kind = head.kind | REPLY
        if isinstance(answer, Exception):
            code, message = answer.args
            kind, answer = ERROR, {"code": code, "message": message, "retryable": code in RETRYABLE}
        socket.send_multipart([peer, header(kind, head.id), json.dumps(answer, ensure_ascii=False).encode()])
        return True

    def _stream(self, socket, peer, head, payload):
        head = parse_header(head)
        if head.kind == OPEN:
            request = json.loads(payload)
            self.opened.append(request)
            name, first = request.get("cursor"), request.get("from", "now")
            following = {"first": 1, "now": len(self.events) + 1}.get(first, first)
            following = self.cursors.setdefault(name, following) if name else following
            self.subscriptions[head.id] = Subscription(peer, following, request.get("credit", 256), name)
            reply = {"next": following, "head": len(self.events)}
            socket.send_multipart([peer, header(OPEN | REPLY, head.id), json.dumps(reply).encode()])
        elif head.kind == CREDIT:
            self.subscriptions[head.id].credit += struct.unpack("<I", payload)[0]
        elif head.kind == SEEN:
            following = struct.unpack("<Q", payload)[0]
            self.seen.append(following)
            self.cursors[self.subscriptions[head.id].cursor] = following
            socket.send_multipart([peer, header(SEEN | REPLY, head.id), payload])
        elif head.kind == CLOSE:
            del self.subscriptions[head.id]
            socket.send_multipart([peer, header(CLOSE | REPLY, head.id), b""])
        self._deliver(socket)
        return True

    def _deliver(self, socket):
        for request_id, to in self.subscriptions.items():
            head = len(self.events)
            while to.following <= head and to.credit:
                events = self.events[to.following - 1:to.following - 1 + min(to.credit, 64)]
                parts = [_EVENT.pack(to.following + i, len(event), 0) + event for i, event in enumerate(events)]
                to.following += len(events)
                to.credit -= len(events)
                to.live = to.following > head
                message = _EVENTS.pack(to.following, len(events), LIVE * to.live) + b"".join(parts)
                socket.send_multipart([to.peer, header(EVENTS, request_id), message])
            if to.following > head and not to.live:
                to.live = True
                socket.send_multipart([to.peer, header(EVENTS, request_id), _EVENTS.pack(to.following, 0, LIVE)])


@dataclass
class Subscription:
    peer: bytes
    following: int
    credit: int
    cursor: str
    live: bool = False


def tagged_event(sequence, title="Headline", language="en", entities=(), **data):
    """A CloudEvents line as the daemon writes them."""
    return json.dumps({
        "specversion": "1.0", "id": f"{sequence:032x}", "source": "/telex", "type": "telex.article.tagged",
        "subject": f"urn:test:{sequence}", "time": "2026-11-22T01:36:00.000Z", "sequence": f"{sequence:020d}",
        "datacontenttype": "application/json",
        "data": {"uri": f"urn:test:{sequence}", "offset": sequence + 100, "title": title, "source": "TEST",
                 "language": {"tag": language, "confidence": 0.98}, "entities": list(entities),
                 "tagger": {"version": "0", "lexicon": "0"}, **data}}, ensure_ascii=False, separators=(",", ":")).encode()
