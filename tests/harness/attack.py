"""Peers that mean harm, each a process of its own: python3 -m harness.attack NAME JSON. They say "ready" when they have begun,
and go on until their standard input ends. They come from 127.0.0.2, so that limits for an address are theirs alone."""

import itertools
import json
import os
import select
import socket
import subprocess
import sys
import threading
from pathlib import Path

import zmq

from harness import wire

SOURCE = "127.0.0.2"
GREETING = b"\xff" + b"\0" * 8 + b"\x7f\x03\x01CURVE".ljust(22, b"\0") + b"\0" * 32 + b"\0"


def become_nice():
    os.nice(19)


def become_idle():
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


class Attack:
    """Runs one, as a context manager. At a low priority: from another machine, where it would be, it does not take the processor from
    those whom it attacks. `idle`: only when nobody else wants it, for times to be compared on a machine that does nothing else."""

    def __init__(self, name, idle=False, **options):
        self.process = subprocess.Popen([sys.executable, "-B", "-m", "harness.attack", name, json.dumps(options)], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, cwd=Path(__file__).resolve().parents[1],
                                        preexec_fn=become_idle if idle else become_nice)

    def __enter__(self):
        if not select.select([self.process.stdout], [], [], wire.seconds(30))[0] or self.process.stdout.readline() != b"ready\n":
            self.process.kill()
            raise TimeoutError("the attack did not begin")
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(wire.seconds(10))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


class Over(Exception):
    pass


_over = threading.Event()


def go_on():
    if _over.is_set():
        raise Over


def ready():
    print("ready", flush=True)


def turns():
    """Says that it is ready, then counts until it is over."""
    ready()
    for number in itertools.count(1):
        go_on()
        yield number


def connect(options, name="port"):
    one = socket.socket()
    one.bind((SOURCE, 0))
    one.settimeout(2)
    one.connect(("127.0.0.1", options[name]))
    return one


def zmq_socket(context, options, kind=zmq.DEALER, **set_options):
    one = context.socket(kind)
    one.linger, one.sndtimeo, one.rcvtimeo = 0, 100, 100
    one.sndhwm = one.rcvhwm = 1000
    if options.get("keys"):
        one.curve_serverkey, one.curve_publickey, one.curve_secretkey = (key.encode() for key in options["keys"])
    for name, value in set_options.items():
        setattr(one, name, value)
    one.connect(options["endpoint"] if "endpoint" in options else f"tcp://{SOURCE}:0;127.0.0.1:{options['port']}")
    return one


# --- below the handshake

def half_open(options):
    """Connections that say nothing; each that is closed by the daemon is made anew."""
    held = []
    for _ in turns():
        try:
            while len(held) < options.get("count", 600):
                held.append(connect(options))
        except OSError:
            _over.wait(0.01)
        held = [one for one in held if not is_closed(one)]


def is_closed(one):
    if not select.select([one], [], [], 0)[0]:
        return False
    try:
        if one.recv(4096):
            return False
    except OSError:
        pass
    one.close()
    return True


def slow_handshake(options):
    """A greeting of one byte every tenth of a second on each of many connections."""
    held = []
    for _ in turns():
        try:
            while len(held) < options.get("count", 200):
                held.append([connect(options), 0])
        except OSError:
            pass
        for entry in list(held):
            try:
                entry[0].send(GREETING[entry[1] % 64:entry[1] % 64 + 1])
                entry[1] += 1
            except OSError:
                entry[0].close()
                held.remove(entry)
        _over.wait(0.1)


def churn(options):
    """Connects and goes, as fast as it can; every other time with half a greeting or with rubbish."""
    for number in turns():
        try:
            with connect(options) as one:
                one.send((GREETING[:10], b"", os.urandom(200), GREETING)[number % 4] or b"\0")
        except OSError:
            pass


def wrong_keys(options):
    """Handshakes with a key that is not on the list, again and again."""
    context = zmq.Context()
    sockets = [zmq_socket(context, options, reconnect_ivl=1, reconnect_ivl_max=1) for _ in range(options.get("count", 20))]
    for one in sockets:
        one.send(b"x")
    for _ in turns():
        _over.wait(0.1)


# --- with a key of their own

def flood(options):
    """Requests of one kind without end; answers are read, and thrown away."""
    context = zmq.Context()
    one = zmq_socket(context, options)
    payload = options.get("payload", "").encode()
    for number in turns():
        try:
            if options.get("articles"):  # each of them new
                payload = b"".join(wire.record(uri=f"urn:flood:{os.getpid()}:{number}:{n}", body="x" * 2000) for n in range(options["articles"]))
            one.send_multipart((wire.header(options["kind"], number), payload))
        except zmq.Again:
            pass
        try:
            while True:
                one.recv_multipart(zmq.NOBLOCK)
        except zmq.Again:
            pass


def endless(options):
    """One message whose last frame never comes. Without a library: those do not send what has no end."""
    part = b"\3" + (1048576).to_bytes(8, "big") + b"x" * 1048576  # a long frame, more to follow
    for _ in turns():
        try:
            one = raw_dealer(options)
            while True:
                go_on()
                one.sendall(part)
        except OSError:
            _over.wait(0.01)


def raw_dealer(options):
    """A DEALER of our own on an endpoint without keys, behind its handshake."""
    if "path" in options:
        one = socket.socket(socket.AF_UNIX)
        one.settimeout(2)
        one.connect(options["path"])
    else:
        one = connect(options)
    one.sendall(b"\xff" + b"\0" * 8 + b"\x7f\x03\0" + b"NULL".ljust(20, b"\0") + b"\0" * 32)
    ready_command = b"\5READY\x0bSocket-Type\0\0\0\6DEALER"
    one.sendall(b"\4" + bytes([len(ready_command)]) + ready_command)
    greeting = b""
    while len(greeting) < 64:
        data = one.recv(64 - len(greeting))
        if not data:
            raise OSError("turned away")
        greeting += data
    return one


def topics(options):
    """Subscribes to topic after topic."""
    context = zmq.Context()
    one = zmq_socket(context, options, zmq.SUB, sndhwm=0)
    ready()
    for number in range(options.get("count", 100000)):
        go_on()
        one.setsockopt(zmq.SUBSCRIBE, f"entity/Q{number}/".encode() + os.urandom(20).hex().encode())
    while True:
        go_on()
        _over.wait(0.1)


def subscriptions(options):
    """Opens subscriptions on connection after connection."""
    context = zmq.Context()
    opened = 0
    sockets = []
    ready()
    while True:
        go_on()
        if opened >= options.get("count", 100000):
            _over.wait(0.1)
            continue
        sockets = sockets[-50:] + [zmq_socket(context, options)]
        for number in range(65):
            opened += 1
            try:
                sockets[-1].send_multipart((wire.header(wire.OPEN, number), json.dumps(
                    {"from": "first", "credit": 65536, "filter": {"entities": [f"Q{number}x{n}" for n in range(64)]}}).encode()))
            except zmq.Again:
                break


ATTACKS = {one.__name__: one for one in (half_open, slow_handshake, churn, wrong_keys, flood, endless, topics, subscriptions)}


def main():
    name, options = sys.argv[1], json.loads(sys.argv[2])

    def wait_for_end():
        sys.stdin.read()
        _over.set()
    threading.Thread(target=wait_for_end, daemon=True).start()
    try:
        ATTACKS[name](options)
    except Over:
        os._exit(0)


if __name__ == "__main__":
    main()
