"""A client of telex written from proto/PROTOCOL.md alone, for tests: it shares no line with the daemon or with libtelex.

Everything blocks with a deadline: what does not come in time is a TimeoutError that says what was awaited. A refusal by the
daemon is a Refused with its code, message and retryable.
"""

import json
import struct
import time
from collections import namedtuple
from dataclasses import dataclass, replace

import xxhash
import zmq

from harness.build import PATIENCE

MAGIC, VERSION = b"TLX", 1
HELLO, PUSH, PUSH_JSON = 0x01, 0x02, 0x03
OPEN, CREDIT, SEEN, CLOSE, EVENTS, LOST = 0x10, 0x11, 0x12, 0x13, 0x14, 0x15
GET, FIND, ENTITY, STATS, DEAD_LIST, DEAD_SHOW = 0x20, 0x21, 0x22, 0x23, 0x24, 0x25
DEAD_RETRY, DEAD_DROP, VERIFY, BACKUP, CURSOR_LIST, CURSOR_DROP = 0x26, 0x27, 0x28, 0x29, 0x2A, 0x2B
ERROR, REPLY = 0xFF, 0x80

CODES = ("ok bad_frame bad_version unknown_request bad_request bad_utf8 bad_json bad_article too_large not_found busy "
         "store_full store_failed stopping cursor_taken too_many internal forbidden").split()
RETRYABLE = {"busy", "store_full", "store_failed", "stopping", "too_many", "internal"}

BATCH = 256
PAYLOAD = 4 * 1024 * 1024
LIVE = 1
_HEADER = struct.Struct("<3sBB3sQ")
_RECORD = struct.Struct("<HHHBBII")
_ACK = struct.Struct("<BBHIQ16s")
_EVENTS = struct.Struct("<QII")
_EVENT = struct.Struct("<QII")

Header = namedtuple("Header", "version kind id")
Ack = namedtuple("Ack", "code duplicate offset hash message")
Batch = namedtuple("Batch", "next live events")  # events: list of (sequence, dict)


class Refused(Exception):
    def __init__(self, code, message, retryable):
        super().__init__(f"{code}: {message}")
        self.code, self.message, self.retryable = code, message, retryable


def seconds(wanted):
    return wanted * PATIENCE


@dataclass(frozen=True)
class Article:
    uri: str
    title: str = ""
    source: str = ""
    language: str = ""
    published: str = ""
    extra: bytes = b""
    body: str = ""

    def record(self):
        return record(self.uri, self.title, self.source, self.language, self.published, self.extra, self.body)

    @property
    def hash(self):
        return content_hash(self.record())

    def changed(self, **fields):
        return replace(self, **fields)


def record(uri=b"", title=b"", source=b"", language=b"", published=b"", extra=b"", body=b""):
    """An article record of whatever bytes are given: also of ones that must be refused."""
    fields = [part.encode() if isinstance(part, str) else part for part in (uri, title, source, language, published, extra, body)]
    return _RECORD.pack(*map(len, fields)) + b"".join(fields)


def content_hash(data):
    return xxhash.xxh3_128_hexdigest(data)


def header(kind, request_id=0, version=VERSION, magic=MAGIC, reserved=b"\0\0\0"):
    return _HEADER.pack(magic, version, kind, reserved, request_id)


def parse_header(data):
    magic, version, kind, reserved, request_id = _HEADER.unpack(data)
    if magic != MAGIC or reserved != b"\0\0\0":
        raise ValueError(f"not a header: {data.hex(' ')}")
    return Header(version, kind, request_id)


def parse_acks(payload):
    acks, at = [], 0
    while at < len(payload):
        code, flags, length, _, offset, digest = _ACK.unpack_from(payload, at)
        at += _ACK.size
        message = payload[at:at + length].decode()
        at += length
        digest = (digest[7::-1] + digest[:7:-1]).hex()  # two little-endian integers, the high one first
        acks.append(Ack(CODES[code], bool(flags & 1), offset, digest, message))
    return acks


def parse_events(payload):
    following, count, flags = _EVENTS.unpack_from(payload)
    events, at = [], _EVENTS.size
    for _ in range(count):
        sequence, length, _ = _EVENT.unpack_from(payload, at)
        at += _EVENT.size
        events.append((sequence, json.loads(payload[at:at + length])))
        at += length
    if at != len(payload):
        raise ValueError(f"{len(payload) - at} bytes behind the last event")
    return Batch(following, bool(flags & LIVE), events)


def parse_error(payload):
    error = json.loads(payload)
    return Refused(error["code"], error["message"], error["retryable"])


class Connection:
    """One DEALER on one endpoint. Requests may be pipelined: `send` any number, then `reply_to` each."""

    def __init__(self, endpoint, kind=zmq.DEALER, keys=None):
        """`keys`: (the server's public, our public, our secret), each 40 characters."""
        self.context = zmq.Context()
        self.socket = self.context.socket(kind)
        self.socket.linger = 0
        self.socket.sndhwm = self.socket.rcvhwm = 10000
        self.socket.reconnect_ivl, self.socket.reconnect_ivl_max = 20, 200
        if keys:
            self.socket.curve_serverkey, self.socket.curve_publickey, self.socket.curve_secretkey = (key.encode() for key in keys)
        self.socket.connect(endpoint)
        self.last_id = 0
        self.early = {}  # replies that overtook the one that was waited for

    def close(self):
        self.context.destroy(linger=0)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, kind, payload=b"", request_id=None, wait=20):
        if request_id is None:
            self.last_id += 1
            request_id = self.last_id
        self.send_frames(header(kind, request_id), payload, wait=wait)
        return request_id

    def send_frames(self, *frames, wait=20):
        if not self.socket.poll(seconds(wait) * 1000, zmq.POLLOUT):
            raise TimeoutError(f"the daemon takes no more messages for {wait} s")
        self.socket.send_multipart(frames)

    def receive(self, wait=20, delimited=False):
        """The next message as (header, payload), or TimeoutError. An ERROR is a message like others here. `delimited`: the
        request began with an empty frame, as a REQ socket's does, and so must the answer."""
        if not self.socket.poll(seconds(wait) * 1000):
            raise TimeoutError(f"nothing heard from the daemon for {seconds(wait):g} s")
        frames = self.socket.recv_multipart()
        if delimited and frames[0] == b"":
            frames.pop(0)
        if len(frames) != 2:
            raise ValueError(f"a message of {len(frames)} frames: {frames}")
        return parse_header(frames[0]), frames[1]

    def reply_to(self, request_id, kind, wait=20):
        deadline = time.monotonic() + seconds(wait)
        while request_id not in self.early:
            self.keep(*self.receive(max(0.0, deadline - time.monotonic()) / PATIENCE))
        head, payload = self.early.pop(request_id)
        if head.kind == ERROR:
            raise parse_error(payload)
        if head.kind != kind | REPLY:
            raise ValueError(f"kind 0x{head.kind:02x} answers request kind 0x{kind:02x}")
        return payload

    def keep(self, head, payload):
        """Puts a message that is not the awaited one where it will be looked for."""
        self.early[head.id] = head, payload

    def ask(self, kind, payload=b"", wait=20):
        if not isinstance(payload, bytes):
            payload = json.dumps(payload, ensure_ascii=False).encode()
        return self.reply_to(self.send(kind, payload), kind, wait)

    def ask_json(self, kind, payload=b"", wait=20):
        return json.loads(self.ask(kind, payload, wait))

    def hello(self, client="harness/1"):
        return self.ask_json(HELLO, {"client": client})


class Ingest(Connection):
    def push(self, articles, wait=20):
        """Pushes one batch and waits for its acknowledgements, one for each article, in order."""
        articles = list(articles)
        acks = parse_acks(self.ask(PUSH, b"".join(map(as_record, articles)), wait))
        if len(acks) != len(articles):
            raise ValueError(f"{len(acks)} acknowledgements for {len(articles)} articles")
        return acks

    def push_all(self, articles, batch=64, window=16, wait=60):
        """Pushes any number, `window` batches in flight. All acknowledgements, in order."""
        batches = list(batches_of(list(articles), batch))
        ids, acks = [], []
        for number, part in enumerate(batches):
            ids.append(self.send(PUSH, b"".join(map(as_record, part)), wait=wait))
            if number >= window:
                acks += parse_acks(self.reply_to(ids[number - window], PUSH, wait))
        for request_id in ids[max(0, len(batches) - window):]:
            acks += parse_acks(self.reply_to(request_id, PUSH, wait))
        return acks

    def push_json(self, article, wait=20):
        return self.ask_json(PUSH_JSON, article, wait)


def as_record(article):
    return article.record() if isinstance(article, Article) else article


def batches_of(items, size):
    for at in range(0, len(items), size):
        yield items[at:at + size]


class Stream(Connection):
    """The stream endpoint; `open` gives a Subscription. Several may share the connection."""

    def __init__(self, endpoint, keys=None):
        super().__init__(endpoint, keys=keys)
        self.subscriptions = {}

    def open(self, credit=256, **options):
        request_id = self.send(OPEN, json.dumps({"credit": credit, **options}).encode())
        reply = json.loads(self.reply_to(request_id, OPEN))
        subscription = Subscription(self, request_id, credit, reply["next"], reply["head"])
        self.subscriptions[request_id] = subscription
        return subscription

    def keep(self, head, payload):
        subscription = self.subscriptions.get(head.id)
        if head.kind == EVENTS:
            subscription.take(parse_events(payload))
        elif head.kind == LOST:
            subscription.lose(*struct.unpack("<QQ", payload))
        elif head.kind == ERROR and subscription:
            subscription.error = parse_error(payload)
        else:
            super().keep(head, payload)


class Subscription:
    def __init__(self, stream, request_id, credit, following, head):
        self.stream, self.id, self.window = stream, request_id, credit
        self.next, self.head, self.live = following, head, False
        self.credit, self.waiting, self.error = credit, [], None
        self.lost = []  # (first, last) of what was removed before it could be sent

    def take(self, batch):
        """Checks what the protocol promises of every message, and keeps it until somebody asks."""
        sequences = [self.next - 1, *(sequence for sequence, _ in batch.events), batch.next]
        if any(a >= b for a, b in zip(sequences, sequences[1:])):
            raise ValueError(f"sequences do not ascend from the known next to the new one: {sequences}")
        if any(event["sequence"] != f"{sequence:020d}" for sequence, event in batch.events):
            raise ValueError("an event's own sequence differs from the one before it in the message")
        self.credit -= len(batch.events)
        if self.credit < 0:
            raise ValueError(f"{-self.credit} events more than there was credit for")
        self.next, self.live = batch.next, batch.live
        self.waiting.append(batch)

    def lose(self, first, last):
        if not self.next == first <= last:
            raise ValueError(f"events {first} to {last} are lost where {self.next} was to come")
        self.next, self.live = last + 1, False
        self.lost.append((first, last))

    def give(self, credit):
        self.credit += credit
        self.stream.send(CREDIT, struct.pack("<I", credit), self.id)

    def batch(self, wait=20):
        """The next EVENTS message. Credit is not given back here: see `give` and `until`."""
        self._pump(lambda: self.waiting, wait)
        return self.waiting.pop(0)

    def _pump(self, is_there, wait):
        deadline = time.monotonic() + seconds(wait)
        while not is_there():
            if self.error:
                raise self.error
            self.stream.keep(*self.stream.receive(max(0.0, deadline - time.monotonic()) / PATIENCE))

    def until(self, is_over, wait=20):
        """Every event until `is_over(events)`, looked at before each message; gives credit back as it goes."""
        found = []
        deadline = time.monotonic() + seconds(wait)
        while not is_over(found):
            if self.credit <= self.window // 2:
                self.give(self.window - self.credit)
            try:
                found += self.batch(max(0.0, deadline - time.monotonic()) / PATIENCE).events
            except TimeoutError as late:
                raise TimeoutError(f"{late} ({len(found)} events so far, next {self.next}, live {self.live})") from None
        return found

    def events(self, count, wait=20):
        """Exactly `count` events: ValueError when more came."""
        found = self.until(lambda events: len(events) >= count, wait)
        if len(found) > count:
            raise ValueError(f"{len(found)} events where {count} were to come")
        return found

    def until_live(self, wait=20):
        """Every event of the replay: all that come before the daemon says that it has nothing newer."""
        return self.until(lambda _: self.live and not self.waiting, wait)

    def until_next(self, following, wait=20):
        """Every event below sequence `following`; the daemon tells when it has looked that far."""
        return self.until(lambda _: self.next >= following and not self.waiting, wait)

    def _answer(self, kind, payload, wait):
        """CLOSE and SEEN are answered under the subscription's id, between its events."""
        self.stream.send(kind, payload, self.id)
        self._pump(lambda: self.id in self.stream.early, wait)
        return self.stream.reply_to(self.id, kind)

    def seen(self, following, wait=20):
        return struct.unpack("<Q", self._answer(SEEN, struct.pack("<Q", following), wait))[0]

    def close(self, wait=20):
        self._answer(CLOSE, b"", wait)
        del self.stream.subscriptions[self.id]


class Control(Connection):
    def get(self, what):
        return self.ask_json(GET, {"offset": what} if isinstance(what, int) else {"uri": what})

    def find(self, name, **options):
        return self.ask_json(FIND, {"name": name, **options})["entities"]

    def entity(self, entity_id, **options):
        return self.ask_json(ENTITY, {"id": entity_id, **options})

    def stats(self):
        return self.ask_json(STATS)

    def openmetrics(self):
        return self.ask_json(STATS, {"format": "openmetrics"})["text"]

    def dead(self, **options):
        return self.ask_json(DEAD_LIST, options)["dead"]

    def dead_show(self, offset):
        return self.ask_json(DEAD_SHOW, {"offset": offset})

    def dead_retry(self, **which):
        return self.ask_json(DEAD_RETRY, which)["retried"]

    def dead_drop(self, **which):
        return self.ask_json(DEAD_DROP, which)["dropped"]

    def verify(self, wait=120):
        return self.ask_json(VERIFY, wait=wait)

    def backup(self, directory, wait=120):
        return self.ask_json(BACKUP, {"directory": str(directory)}, wait)

    def cursors(self):
        return {cursor["name"]: cursor["next"] for cursor in self.ask_json(CURSOR_LIST)["cursors"]}

    def cursor_drop(self, name):
        return self.ask_json(CURSOR_DROP, {"name": name})


class Live(Connection):
    """The lossy SUB socket."""

    def __init__(self, endpoint, *topics, keys=None):
        super().__init__(endpoint, zmq.SUB, keys)
        for topic in topics:
            self.socket.subscribe(topic)

    def event(self, wait=20):
        if not self.socket.poll(seconds(wait) * 1000):
            raise TimeoutError(f"nothing published for {seconds(wait):g} s")
        topic, event = self.socket.recv_multipart()
        return topic.decode(), json.loads(event)
