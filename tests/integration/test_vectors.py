#!/usr/bin/python3
"""The test vectors of PROTOCOL.md's appendix C, read from the document itself, against the client of tests/harness."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import wire

PROTOCOL = (Path(__file__).resolve().parents[2] / "proto" / "PROTOCOL.md").read_text(encoding="utf-8")
APPENDIX = PROTOCOL[PROTOCOL.index("## Appendix C"):]
ARTICLE = wire.Article(uri="urn:x:1", title="Hi", language="en", body="Angela Merkel")


def bytes_after(words):
    """The first run of hexadecimal bytes behind `words` in the appendix."""
    return bytes.fromhex(re.search(r"(?:\b[0-9a-f]{2}\s+){3,}[0-9a-f]{2}\b", APPENDIX[APPENDIX.index(words):])[0])


class Vectors(unittest.TestCase):
    def test_header(self):
        self.assertEqual(wire.header(wire.PUSH, 1), bytes_after("Header of PUSH"))
        self.assertEqual(wire.parse_header(bytes_after("Header of PUSH")), (1, wire.PUSH, 1))

    def test_record(self):
        self.assertEqual(ARTICLE.record(), bytes_after("as a record"))
        self.assertEqual(len(ARTICLE.record()), int(re.search(r"record of (\d+) bytes", APPENDIX)[1]))

    def test_hash(self):
        self.assertEqual(ARTICLE.hash, re.search(r"[0-9a-f]{32}", APPENDIX)[0])

    def test_acknowledgement(self):
        [ack] = wire.parse_acks(bytes_after("Its acknowledgement"))
        self.assertEqual(ack, ("ok", False, 1, ARTICLE.hash, ""))

    def test_events(self):
        self.assertEqual(wire.parse_events(bytes_after("An EVENTS payload")), (5, True, []))

    def test_table_of_kinds(self):
        kinds = re.findall(r"^\| 0x([0-9a-f]{2}) \| ([A-Z_]+) \|", PROTOCOL, re.M)
        self.assertEqual(len(kinds), 22)
        for number, name in kinds:
            self.assertEqual(getattr(wire, name), int(number, 16), name)

    def test_table_of_errors(self):
        errors = re.findall(r"^\| (\d+) \| ([a-z0-9_]+) \| (yes|no) \|", PROTOCOL, re.M)
        self.assertEqual([name for _, name, _ in errors], wire.CODES[1:])
        self.assertEqual({name for _, name, retryable in errors if retryable == "yes"}, wire.RETRYABLE)


if __name__ == "__main__":
    unittest.main()
