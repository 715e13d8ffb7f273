"""A worker that misbehaves on demand: it speaks to the daemon as appendix B of PROTOCOL.md says and knows no names.

write(folder) makes an executable for `crew.tagger`. It does what an article's uri asks for, "urn:fault:<fault>:...", while the
file <folder>/faults exists; every job it takes is noted in <folder>/jobs as "pid TAB uri".
    crash  dies of SIGSEGV      exit   ends with status 3, last words on standard error
    spin   never answers        junk   answers with bytes that are no frame
    refuse answers that the article cannot be tagged
"""

import json
import os
import signal
import struct
import sys
from pathlib import Path

HELLO, JOB, RESULT, PING, PONG = 1, 2, 3, 4, 5
_HEAD = struct.Struct("<cBBBIQ")
_RECORD = struct.Struct("<HHHBBII")
_RESULT = struct.Struct("<BBHIII")
VERSION = {"version": "fake-1", "lexicon": "fake-1"}


def write(folder):
    """The path of the executable."""
    program = Path(folder) / "tagger"
    harness = Path(__file__).resolve().parents[1]
    program.write_text("#!/usr/bin/python3 -B\n"
                       f"import sys\nsys.path.insert(0, {str(harness)!r})\nsys.dont_write_bytecode = True\n"
                       f"from harness import fake_tagger\nfake_tagger.work({str(folder)!r})\n")
    program.chmod(0o755)
    return program


def read_exactly(count):
    data = b""
    while len(data) < count:
        more = os.read(0, count - len(data))
        if not more:
            sys.exit(0)
        data += more
    return data


def write_frame(kind, frame_id, payload=b""):
    data = _HEAD.pack(b"W", 1, kind, 0, len(payload), frame_id) + payload
    while data:
        data = data[os.write(1, data):]


def uri_of(record):
    return record[_RECORD.size:_RECORD.size + _RECORD.unpack_from(record)[0]].decode()


def result(status, data, keys=()):
    packed = b"".join(bytes([ord(kind), len(value)]) + value for kind, value in keys)
    return _RESULT.pack(status, 0, len(keys), len(packed), 0, len(data)) + packed + data


def tagged():
    data = {"language": {"tag": "en", "confidence": 1.0}, "entities": [], "tagger": VERSION}
    return result(0, json.dumps(data).encode(), [("L", b"en")])


def misbehave(fault, job):
    if fault == "crash":
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)
    elif fault == "exit":
        os.write(2, b"the lexicon is upside down\n")
        os._exit(3)
    elif fault == "spin":
        while True:
            pass
    elif fault == "junk":
        os.write(1, b"this is no frame, whatever it may look like")
        os.read(0, 1)
    elif fault == "refuse":
        write_frame(RESULT, job, result(1, b"too strange for me"))


def work(folder):
    faults, jobs = Path(folder) / "faults", os.open(Path(folder) / "jobs", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    write_frame(HELLO, 0, json.dumps({"worker": "telex-tagger", "version": "0.1.0", "tagger": VERSION["version"],
                                      "lexicon": VERSION["lexicon"]}).encode())
    while True:
        _, _, kind, _, length, frame_id = _HEAD.unpack(read_exactly(_HEAD.size))
        payload = read_exactly(length)
        if kind == PING:
            write_frame(PONG, frame_id)
            continue
        uri = uri_of(payload)
        os.write(jobs, f"{os.getpid()}\t{uri}\n".encode())
        parts = uri.split(":")
        if parts[1] == "fault" and faults.exists():
            misbehave(parts[2], frame_id)
        else:
            write_frame(RESULT, frame_id, tagged())
