#!/usr/bin/python3
"""Bad input at every door: each is refused clearly, and nothing else is lost. After each, an honest client is served."""

import json
import os
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import zmq

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, check, wire
from harness.case import article

NESTED = "[" * 2000 + "]" * 2000


class BadInput(case.DaemonCase):
    options = {"daemon.memory_limit": 64}

    def setUp(self):
        super().setUp()
        self.daemon = self.start(self.options)
        self.ingest = self.enter(self.daemon.ingest())
        self.good = 0

    def tearDown(self):
        self.honest()
        with self.daemon.stream() as stream:
            events = stream.open(**{"from": "first"}).until_next(self.good + 1)
        self.assertEqual(check.stream_faults(events), [])
        self.assertEqual(len(events), self.good, "something that was refused became an event")

    def honest(self, count=5):
        """An honest client on a connection of its own is served as if nothing had been."""
        with self.daemon.ingest() as ingest:
            acks = ingest.push(article(f"honest-{self.good + n}") for n in range(count))
        self.good += count
        self.assertEqual([(ack.code, ack.offset) for ack in acks], [("ok", n) for n in range(self.good - count + 1, self.good + 1)])

    def refused(self, code, kind, payload, connection=None, words=()):
        with self.assertRaises(wire.Refused) as raised:
            (connection or self.ingest).ask(kind, payload)
        error = raised.exception
        self.assertIn(error.code, code if isinstance(code, tuple) else (code,), error)
        self.assertEqual(error.retryable, error.code in wire.RETRYABLE)
        for word in words:
            self.assertIn(word, error.message)
        return error

    # -- articles

    def test_records(self):
        one = {"uri": "urn:bad", "title": "t", "body": "b"}
        cases = {
            "bad_utf8": [{"body": b"caf\xe9"}, {"body": b"\xc0\xaf"}, {"title": b"\xed\xa0\x80"}, {"source": b"\xff"},
                         {"uri": b"urn:\xfe"}, {"body": b"\xf4\x90\x80\x80"}, {"body": b"cut \xe2\x82"}, {"extra": b'{"a":"\xff"}'}],
            "bad_article": [{"uri": b""}, {"title": b"", "body": b""}, {"uri": b"urn:\n"}, {"source": b"a\tb"},
                            {"language": b"e\x01"}, {"published": b"2026\r"}, {"body": b"with \0 NUL"}, {"title": b"\0"}],
            "bad_json": [{"extra": b"{"}, {"extra": b'{"a":1,"a":2}'}, {"extra": b"{} {}"}, {"extra": b"nonsense"},
                         {"extra": b'{"a":' + NESTED.encode() + b"}"}],
            "too_large": [{"uri": b"u" * 2049}, {"title": b"t" * 8193}, {"source": b"s" * 257}, {"language": b"l" * 36},
                          {"published": b"2" * 65}, {"extra": b'{"a":"' + b"x" * 262144 + b'"}'}, {"body": b"b" * 1048577}],
        }
        for code, changes in cases.items():
            for change in changes:
                name = next(iter(change))
                with self.subTest(code, field=name):
                    [before, ack, after] = self.ingest.push([article(f"honest-{self.good}"), wire.record(**{**one, **change}),
                                                             article(f"honest-{self.good + 1}")])
                    self.good += 2
                    self.assertEqual((before.code, after.code, after.offset), ("ok", "ok", self.good))
                    codes = (code, "bad_article", "bad_utf8") if b"\0" in change[name] else (code,)
                    self.assertIn(ack.code, codes)
                    self.assertIn(name, ack.message)

    def test_extra_that_is_no_object(self):
        [ack] = self.ingest.push([wire.record(uri="urn:bad", body="b", extra=b"[1]")])
        self.assertIn(ack.code, ("bad_json", "bad_article"))

    def test_payloads_that_cannot_be_cut(self):
        whole = article(1).record()
        for name, payload in {"cut": whole[:-1], "left over": whole + b"\0", "head only": whole[:16], "half a head": whole[:7],
                              "empty": b"", "257": b"".join(article(n).record() for n in range(257)),
                              "lies": struct.pack("<HHHBBII", 1, 0, 0, 0, 0, 0, 0xFFFFFFFF) + b"u",
                              "lies more": struct.pack("<HHHBBII", *[0xFFFF] * 3, 255, 255, 0xFFFFFFFF, 0xFFFFFFFF)}.items():
            with self.subTest(name):
                self.refused(("bad_request", "bad_frame", "too_large"), wire.PUSH, payload)

    def test_five_megabytes(self):
        """A frame over the limit ends the connection; one payload within it, of too large a body, is refused by name."""
        self.refused("too_large", wire.PUSH_JSON, json.dumps({"uri": "urn:big", "body": "x" * 4000000}).encode(), words=("body",))
        with self.daemon.ingest() as other:
            disconnected = other.socket.get_monitor_socket(zmq.EVENT_DISCONNECTED)
            other.send(wire.PUSH, wire.record(uri="urn:big", body="x" * 5242880))
            self.assertTrue(disconnected.poll(wire.seconds(20) * 1000), "still connected after 5 MB in one frame")
            other.socket.disable_monitor()

    def test_json_documents(self):
        cases = {
            "bad_utf8": [b'{"uri":"urn:j","body":"caf\xe9"}', b'{"uri":"urn:j","body":"\xed\xa0\x80"}'],
            "bad_json": [b"{", b"nonsense", b'{"uri":"urn:j"', b'{"uri":"urn:j","body":"a","body":"b"}', b'{"uri":"urn:j"} x',
                         b'{"uri":"urn:j","body":"b","x":' + NESTED.encode() + b"}", b'{"uri":"urn:j","body":"\\ud800"}'],
            "bad_article": [b"[]", b'"text"', b'{"body":"b"}', b'{"uri":"","body":"b"}', b'{"uri":7,"body":"b"}', b'{"uri":"urn:j"}',
                            b'{"uri":"urn:j","body":{"a":1}}', b"{}"],
        }
        for code, documents in cases.items():
            for document in documents:
                with self.subTest(code, document=document[:60]):
                    self.refused((code, "bad_json") if document[:1] in b'["' else code, wire.PUSH_JSON, document)
        for nul in (b'{"uri":"urn:j","body":"a\\u0000b"}', b'{"uri":"urn:j","body":"a\0b"}'):
            with self.subTest(nul):
                self.refused(("bad_json", "bad_article", "bad_utf8"), wire.PUSH_JSON, nul)

    # -- frames

    def answer_to(self, endpoint, *frames):
        with wire.Connection(self.daemon.endpoint(endpoint)) as connection:
            connection.send_frames(*frames)
            head, payload = connection.receive(delimited=frames[0] == b"")
            self.assertEqual((head.kind, head.version), (wire.ERROR, 1))
            return head, wire.parse_error(payload)

    def test_wrong_frames_at_every_endpoint(self):
        header = wire.header(wire.STATS, 9)
        for endpoint in ("ingest", "stream", "control"):
            for frames in ((b"GET / HTTP/1.1\r\n", b""), (header,), (header, b"", b""), (b"", b""), (b"",), (header[:15], b""),
                           (header + b"\0", b""), (wire.header(wire.STATS, 9, reserved=b"\0\1\0"), b""),
                           (wire.header(wire.STATS, 9, magic=b"TLY"), b""), (header, b"a", b"b", b"c", b"d")):
                with self.subTest(endpoint, frames=frames):
                    _, error = self.answer_to(endpoint, *frames)
                    self.assertEqual(error.code, "bad_frame")

    def test_wrong_version_is_told_the_right_one(self):
        for endpoint in ("ingest", "stream", "control"):
            for version in (0, 2, 255):
                head, error = self.answer_to(endpoint, wire.header(wire.HELLO, 77, version=version), b"")
                self.assertEqual((error.code, head.id), ("bad_version", 77))
                self.assertIn("1", error.message)

    def test_kinds_of_other_endpoints_and_of_none(self):
        for endpoint, kinds in {"ingest": (wire.OPEN, wire.STATS, 0, 0x7F, 0x82, 0xFF), "stream": (wire.PUSH, wire.GET, 0x55, 0x14),
                                "control": (wire.PUSH, wire.OPEN, 0x2C, 0xA3)}.items():
            for kind in kinds:
                with self.subTest(endpoint, kind=hex(kind)):
                    head, error = self.answer_to(endpoint, wire.header(kind, 5), b"{}")
                    self.assertEqual((error.code, head.id), ("unknown_request", 5))

    def test_control_requests_that_do_not_fit(self):
        with self.daemon.control() as control:
            for kind, payload in ((wire.GET, b"{}"), (wire.GET, b'{"offset":"x"}'), (wire.GET, b'{"offset":0}'), (wire.GET, b"[]"),
                                  (wire.FIND, b"{}"), (wire.FIND, b'{"name":"a","limit":0}'), (wire.FIND, b'{"name":"a","limit":1001}'),
                                  (wire.ENTITY, b'{"id":""}'), (wire.ENTITY, b'{"id":5}'), (wire.DEAD_SHOW, b"{}"),
                                  (wire.DEAD_RETRY, b"{}"), (wire.STATS, b'{"format":"xml"}'), (wire.BACKUP, b"{}"),
                                  (wire.CURSOR_DROP, b"{}"), (wire.DEAD_LIST, b'{"limit":"all"}')):
                with self.subTest(kind=hex(kind), payload=payload):
                    self.refused("bad_request", kind, payload, control)
            for payload in (b"{", b'{"offset":1,"offset":2}', b'{"offset":' + NESTED.encode() + b"}", b"\xff"):
                with self.subTest(payload[:40]):
                    self.refused(("bad_json", "bad_request", "bad_utf8"), wire.GET, payload, control)
            for kind, payload in ((wire.GET, b'{"offset":999}'), (wire.GET, b'{"uri":"urn:none"}'), (wire.ENTITY, b'{"id":"Q0"}'),
                                  (wire.DEAD_SHOW, b'{"offset":999}'), (wire.DEAD_RETRY, b'{"offset":999}'),
                                  (wire.DEAD_DROP, b'{"offset":999}'), (wire.CURSOR_DROP, b'{"name":"none"}')):
                with self.subTest(kind=hex(kind), payload=payload):
                    self.refused("not_found", kind, payload, control)

    def test_credit_and_seen_of_nothing(self):
        with self.daemon.stream() as stream:
            for kind, payload in ((wire.CREDIT, struct.pack("<I", 5)), (wire.SEEN, struct.pack("<Q", 1)), (wire.CLOSE, b"")):
                stream.send(kind, payload, 4711)
            subscription = stream.open(credit=1)
            for payload in (b"", b"123", b"12345"):
                stream.send(wire.CREDIT, payload, subscription.id)
        with self.daemon.stream() as stream:
            self.assertEqual(stream.hello()["endpoint"], "stream")

    def test_junk_below_zeromq(self):
        for junk in (b"GET / HTTP/1.1\r\n\r\n", os.urandom(4096), b"\xff" + b"\0" * 8 + b"\x7f\x03" + b"\xff" * 1000, b""):
            for name in ("ingest", "stream", "control", "live"):
                with socket.socket(socket.AF_UNIX) as raw:
                    raw.connect(str(self.daemon.runtime / f"{name}.sock"))
                    try:
                        raw.sendall(junk)
                    except (BrokenPipeError, ConnectionResetError):
                        pass

    # -- greed

    def test_multipart_without_an_end(self):
        """Frames of one message for ever: the daemon's memory stays bounded and an honest client is served throughout."""
        limit = self.daemon.options["daemon.memory_limit"] * 1024 * 1024
        enough = threading.Event()
        sent = threading.Thread(target=self.send_endlessly, args=(enough,))
        sent.start()
        try:
            self.watch(limit, enough)
        finally:
            enough.set()
            sent.join()

    def watch(self, limit, enough):
        top = 0
        honest = self.enter(self.daemon.ingest())
        while self.sent < 40 * limit // 16 and not enough.is_set():
            [ack] = self.push_until_taken(honest, article(f"honest-{self.good}"))
            self.good += 1
            self.assertEqual((ack.code, ack.offset), ("ok", self.good))
            top = max(top, self.daemon.resident())
        print(f"{self.sent >> 20} MiB of a message without an end: at most {top >> 20} MiB of the daemon's memory", file=sys.stderr)
        if not build.sanitizers():
            self.assertLess(top, 2 * limit)

    def push_until_taken(self, connection, one):
        """As section 12 asks of a client: reconnects happen, what was not acknowledged is sent again."""
        for _ in range(60):
            try:
                return connection.push([one], wait=2)
            except TimeoutError:
                continue
        self.fail("an honest client was not served for two minutes")

    def send_endlessly(self, enough):
        self.sent = 0
        context = zmq.Context()
        attacker = context.socket(zmq.DEALER)
        attacker.linger, attacker.sndhwm, attacker.sndtimeo = 0, 100, 200
        attacker.connect(self.daemon.endpoint("ingest"))
        part = b"x" * 1048576
        while not enough.is_set():
            try:
                attacker.send(part, zmq.SNDMORE)
                self.sent += len(part)
            except zmq.Again:
                continue
        context.destroy(linger=0)

    def test_client_that_never_reads(self):
        """Asks and pushes without end and takes no answer. It may be made to wait or lose its connection; nobody else does."""
        with self.daemon.control() as silent, self.daemon.ingest() as pusher:
            for socket_ in (silent.socket, pusher.socket):
                socket_.rcvhwm, socket_.sndtimeo = 1, 0
            taken = 0
            for endpoint, kind, payload in (("control", wire.STATS, b'{"format":"openmetrics"}'), ("ingest", wire.PUSH, b"x")):
                context = zmq.Context()
                greedy = context.socket(zmq.DEALER)
                greedy.linger, greedy.rcvhwm, greedy.sndhwm = 0, 1, 1
                greedy.connect(self.daemon.endpoint(endpoint))
                for n in range(20000):
                    if not greedy.poll(2000, zmq.POLLOUT):
                        break
                    greedy.send_multipart((wire.header(kind, n), payload))
                    taken += 1
                self.honest()
                with self.daemon.control() as control:
                    self.assertEqual(control.stats()["state"], "running")
                context.destroy(linger=0)
        self.assertGreater(taken, 100)
        if not build.sanitizers():
            self.assertLess(self.daemon.resident(), 64e6)

    def test_open_files_running_out(self):
        """Hundreds of connections: those within the limit are served, the daemon lives."""
        connections = [socket.socket(socket.AF_UNIX) for _ in range(400)]
        try:
            for number, connection in enumerate(connections):
                connection.setblocking(False)
                try:
                    connection.connect(str(self.daemon.runtime / ("ingest.sock", "control.sock")[number % 2]))
                except BlockingIOError:
                    pass
            self.honest()
        finally:
            for connection in connections:
                connection.close()


class Stores(case.DaemonCase):
    def failing_start(self, daemon, words):
        daemon.launch()
        status = daemon.wait(30)
        self.assertGreater(status, 0, f"ended with {status}")
        self.assertRegex(daemon.tail(), words)
        self.assertEqual(daemon.notify.values("READY"), [])

    def test_second_daemon_on_the_same_store(self):
        first = self.start()
        second = self.make_daemon({"store.directory": first.store}, name="e")
        self.failing_start(second, r"(?i)(in use|another|already|lock)")
        self.assert_serves(first)

    def test_second_daemon_on_the_same_sockets(self):
        first = self.start()
        second = self.make_daemon({"daemon.runtime_dir": first.runtime}, name="e")
        self.failing_start(second, r"(?i)(in use|another|already|lock)")
        self.assert_serves(first)

    def assert_serves(self, daemon):
        with daemon.ingest() as ingest, daemon.stream() as stream:
            [ack] = ingest.push([article(1)])
            self.assertEqual((ack.code, ack.offset), ("ok", 1))
            stream.open(**{"from": "first"}).events(1)

    def test_stale_sockets_of_a_killed_daemon_do_not_matter(self):
        daemon = self.start()
        daemon.kill()
        self.assertTrue((daemon.runtime / "ingest.sock").exists())
        daemon.start()
        self.assert_serves(daemon)

    def test_store_that_is_not_ours(self):
        daemon = self.make_daemon()
        (daemon.store / "data.mdb").write_bytes(b"SQLite format 3\0" + os.urandom(65536))
        before = (daemon.store / "data.mdb").read_bytes()
        self.failing_start(daemon, r"(?i)not a telex store")
        self.assertEqual((daemon.store / "data.mdb").read_bytes(), before, "it wrote into what is not its own")

    def test_foreign_lmdb_is_not_taken_for_ours(self):
        daemon = self.make_daemon()
        dump = ("VERSION=3\nformat=print\ntype=btree\nmapsize=1048576\nmaxreaders=126\ndb_pagesize=4096\nHEADER=END\n"
                " key\n value\nDATA=END\n")
        subprocess.run(["mdb_load", daemon.store], input=dump, text=True, check=True)
        before = (daemon.store / "data.mdb").read_bytes()
        self.failing_start(daemon, r"(?i)not a telex store")
        self.assertEqual((daemon.store / "data.mdb").read_bytes(), before, "it wrote into what is not its own")

    def test_directory_that_cannot_be_used(self):
        daemon = self.make_daemon({"store.directory": "/proc/1/nothing"})
        self.failing_start(daemon, r"/proc/1/nothing")


if __name__ == "__main__":
    case.main()
