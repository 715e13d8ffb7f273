#!/usr/bin/python3
"""Writes the seeds of the fuzz corpora that have a binary form (tests/fuzz/corpus/*), from PROTOCOL.md's layouts. Run when a layout
changes; what fuzzing found is kept beside the seeds under names of its own."""
import pathlib
import struct

CORPUS = pathlib.Path(__file__).resolve().parent / "corpus"


def article(uri=b"urn:x:1", title=b"Hi", source=b"", language=b"en", published=b"", extra=b"", body=b"Angela Merkel"):
    fields = (uri, title, source, language, published, extra, body)
    return struct.pack("<HHHBBII", *map(len, fields)) + b"".join(fields)


def result(status, keys, edits, data):
    packed = b"".join(struct.pack("<BB", ord(kind), len(value)) + value for kind, value in keys)
    return struct.pack("<BBHIII", status, 0, len(keys), len(packed), len(edits), len(data)) + packed + edits + data


def ack(code, flags, message, offset):
    return struct.pack("<BBHIQQQ", code, flags, len(message), 0, offset, 1, 2) + message


ENTITY = [("E", b"Q7747\tperson\tVladimir Putin"), ("N", b"wladimir putin"), ("L", b"pl")]
SEEDS = {
    "article": {
        "vector": article(),
        "full": article(title="Ławrow w Moskwie".encode(), source=b"PAP", published=b"2026-11-22T01:36:00Z", extra=b'{"a":[1,{"b":null}]}'),
        "two": article() + article(uri=b"urn:x:2", body="Größe".encode()),
        "not-utf8": article(body=b"abc\xff"),
        "nul": article(body=b"abc\0d"),
        "no-uri": article(uri=b""),
        "bad-extra": article(extra=b'{"a":1,"a":2}'),
    },
    "ack": {"ok": ack(0, 0, b"", 1), "duplicate": ack(0, 1, b"", 7), "refused": ack(5, 0, b"body is not UTF-8", 0)},
    "frame": {"push": b"TLX\x01\x02\0\0\0" + struct.pack("<Q", 1), "version": b"TLX\x09\x02\0\0\0" + struct.pack("<Q", 1), "zmtp": b"\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL"},
    "worker": {"job": b"W\x01\x02\0" + struct.pack("<IQ", 40, 17), "version": b"W\x02\x02\0" + struct.pack("<IQ", 40, 17)},
    "result": {
        "tagged": result(0, ENTITY, struct.pack("<III", 0, 5, 1) + b" ", b'{"language":{"tag":"pl","confidence":0.98},"entities":[],"tagger":{}}'),
        "refused": result(1, [], b"", b"nothing to read"),
        "bad-key": result(0, [("E", b"Q1")], b"", b"{}"),
    },
    "edit": {"join": b"\x08Sergej\nLawrow" + struct.pack("<III", 0, 6, 1) + b" " + struct.pack("<III", 7, 1, 0)},
    "events": {
        "none": struct.pack("<QII", 5, 0, 1),
        "two": struct.pack("<QII", 9, 2, 0) + b"".join(struct.pack("<QII", n, 2, 0) + b"{}" for n in (7, 8)),
    },
    "clock": {"utc": b"2026-11-22T01:36:00.042Z", "offset": b"2026-11-22 02:36:00+01:00", "date": b"2000-02-29", "end": b"9999-12-31T23:59:59Z"},
    "fold": {"names": "Siergiej Ławrow, Лавров, Weißes Haus, Erdoğan, Zełenśkyj".encode(), "marks": "e\u0301 O'Brien l’État".encode()},
    "json": {"article": b'{"uri":"urn:x","title":"\\u0142 \\ud83d\\ude00","n":[1,2.5e3,-0.1,true,null]}', "deep": b"[" * 40, "twice": b'{"a":1,"a":2}', "nul": b'{"a":"\\u0000"}'},
}


def main():
    for target, seeds in SEEDS.items():
        (CORPUS / target).mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (CORPUS / target / name).write_bytes(data)


if __name__ == "__main__":
    main()
