"""Who gets in, and what for: keys, roles, users of ipc, and what happens when the allow-list changes under way."""

import os
import signal
import socket
import stat
import subprocess
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import zmq

from harness import build, case, wire
from harness.case import article


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Keys:
    """A folder of keys, made by telex keygen; the daemon's own among them."""

    def __init__(self, folder):
        self.folder = folder
        self.clients = folder / "clients"
        self.clients.mkdir(parents=True)
        self.server = self.make("telexd")

    def make(self, name, roles=None):
        """(public, secret) of a new pair."""
        options = ["--roles", roles] if roles else []
        subprocess.run([build.TELEX, "keygen", *options, self.folder / name], check=True, capture_output=True)
        return load(self.folder / f"{name}.key_secret")

    def admit(self, name, roles):
        """Makes a client's pair and puts the public key where the daemon looks. (server, public, secret) as Connection takes them."""
        public, secret = self.make(name, roles)
        (self.clients / f"{name}.key").write_bytes((self.folder / f"{name}.key").read_bytes())
        return (self.server[0], public, secret)


def load(path):
    """Reads a key file with pyzmq's own reader: the form is everybody's."""
    from zmq.auth import load_certificate
    public, secret = load_certificate(str(path))
    return public.decode(), secret.decode() if secret else None



class SecurityCase(case.DaemonCase):
    def setUp(self):
        super().setUp()
        self.keys = Keys(self.directory / "keys")

    def tcp_options(self, **more):
        self.ports = {name: free_port() for name in ("ingest", "stream", "control", "live")}
        return {**{f"{name}.endpoint": self.tcp(name) for name in self.ports}, "crew.workers": 1,
                "security.secret_key": self.keys.folder / "telexd.key_secret", "security.clients": self.keys.clients,
                "daemon.log_level": "info", **more}

    def tcp(self, name):
        return f"tcp://127.0.0.1:{self.ports[name]}"

    def connect(self, kind, keys=None, **options):
        name = {wire.Ingest: "ingest", wire.Stream: "stream", wire.Control: "control"}[kind]
        return self.enter(kind(self.tcp(name), keys=keys, **options))

    def assert_shut_out(self, endpoint, keys=None, event=zmq.EVENT_HANDSHAKE_FAILED_AUTH | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL
                        | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED):
        """No handshake ever succeeds, and no request is answered."""
        with wire.Connection(endpoint, keys=keys) as connection:
            monitor = connection.socket.get_monitor_socket(event | zmq.EVENT_HANDSHAKE_SUCCEEDED)
            connection.send(wire.HELLO)
            self.assertTrue(monitor.poll(wire.seconds(20) * 1000), "nothing became of the handshake")
            from zmq.utils.monitor import recv_monitor_message
            self.assertNotEqual(recv_monitor_message(monitor)["event"], zmq.EVENT_HANDSHAKE_SUCCEEDED)
            self.assertEqual(connection.socket.poll(100), 0, "it was answered")
            connection.socket.disable_monitor()


class Curve(SecurityCase):
    def test_keys_and_roles(self):
        feeds = self.keys.admit("feeds", "push")
        desk = self.keys.admit("desk", "follow")
        chief = self.keys.admit("chief", "control")
        stranger = (self.keys.server[0], *self.keys.make("stranger"))
        other_server = (self.keys.make("other")[0], *feeds[1:])
        self.daemon = self.start(self.tcp_options())

        with self.subTest("the right key"):
            ingest = self.connect(wire.Ingest, feeds)
            [ack] = ingest.push([article(1)])
            self.assertEqual((ack.code, ack.offset), ("ok", 1))
            self.assertEqual(ingest.hello()["endpoint"], "ingest")
            stream = self.connect(wire.Stream, desk)
            stream.open(**{"from": "first"}).events(1)
            control = self.connect(wire.Control, chief)
            self.assertEqual(control.stats()["clients"], 3)
        with self.subTest("who pushed it is in the record"):
            self.assertEqual(control.get(1)["pushed_by"], f"key:feeds:{feeds[1]}")
        with self.subTest("no key, wrong keys, another server's key"):
            for name in self.ports:
                self.assert_shut_out(self.tcp(name))
                self.assert_shut_out(self.tcp(name), stranger)
                self.assert_shut_out(self.tcp(name), other_server)
        with self.subTest("endpoints of other roles"):
            for name, keys in (("stream", feeds), ("live", feeds), ("control", feeds), ("ingest", desk), ("ingest", chief),
                               ("stream", chief), ("live", chief)):
                self.assert_shut_out(self.tcp(name), keys)
        with self.subTest("requests of other roles"):
            looking = self.connect(wire.Control, desk)
            self.assertEqual(looking.get(1)["offset"], 1)
            for kind in (wire.VERIFY, wire.BACKUP, wire.DEAD_LIST, wire.DEAD_SHOW, wire.DEAD_RETRY, wire.DEAD_DROP, wire.CURSOR_DROP):
                with self.assertRaises(wire.Refused) as refused:
                    looking.ask(kind, {"offset": 1})
                self.assertEqual((refused.exception.code, refused.exception.retryable), ("forbidden", False))
                self.assertIn("control", str(refused.exception))
        with self.subTest("live"):
            live = self.enter(wire.Live(self.tcp("live"), "event/", keys=desk))
            subscribed = threading.Event()
            seen = []

            def push_until_seen():
                number = 2
                while not subscribed.wait(0.05) and number < 2000:
                    seen.append(ingest.push([article(number)]))
                    number += 1
            pusher = threading.Thread(target=push_until_seen)
            pusher.start()
            try:
                self.assertTrue(live.event()[0].startswith("event/"))
            finally:
                subscribed.set()
                pusher.join()
        stats = control.stats()
        self.assertGreaterEqual(stats["peers_refused"], 11)
        self.assertEqual(stats["requests_forbidden"], 7)
        self.daemon.log.wait("peer refused endpoint=ingest .*the key is not known")
        self.daemon.log.wait("peer refused endpoint=stream .*its roles do not allow")

    def test_reload(self):
        feeds = self.keys.admit("feeds", "push follow")
        desk = self.keys.admit("desk", "follow")
        self.daemon = self.start(self.tcp_options())
        ingest, stream = self.connect(wire.Ingest, feeds), self.connect(wire.Stream, desk)
        [ack] = ingest.push([article(1)])
        self.assertEqual(ack.code, "ok")
        stream.open(**{"from": "first"}).events(1)

        with self.subTest("a bad file is named with its line, and the old list stays"):
            bad = self.keys.clients / "bad.key"
            bad.write_text('metadata\n    roles = "push"\ncurve\n    public-key = "too short"\n')
            self.reload(r"not reloaded.*bad\.key: line 4")
            bad.write_text('metadata\n    roles = "admin"\n' + (self.keys.folder / "telexd.key").read_text())
            self.reload(r"not reloaded.*bad\.key: .*admin")
            self.assertEqual(ingest.push([article(2)])[0].offset, 2)
            bad.unlink()
            (self.keys.clients / "oops.key_secret").write_text("")
            self.reload(r"not reloaded.*oops\.key_secret")
            (self.keys.clients / "oops.key_secret").unlink()
        with self.subTest("a client more"):
            late = self.keys.admit("late", "push")
            self.assert_shut_out(self.tcp("ingest"), late)
            self.reload(r"clients=3")
            self.assertEqual(self.connect(wire.Ingest, late).push([article(3)])[0].offset, 3)
        with self.subTest("a role less: the connections there are end, others come back by themselves"):
            (self.keys.clients / "feeds.key").write_text((self.keys.folder / "feeds.key").read_text().replace("push follow", "follow"))
            self.reload(r"dropping every connection")
            with self.assertRaises(TimeoutError):
                ingest.push([article(4)], wait=0.5)
            self.assertEqual(self.connect(wire.Ingest, late).push([article(5)])[0].code, "ok")
        with self.subTest("a client less"):
            (self.keys.clients / "desk.key").unlink()
            self.reload(r"dropping every connection")
            self.assert_shut_out(self.tcp("stream"), desk)
        self.assertTrue(self.daemon.is_running())

    def reload(self, pattern):
        after = len(self.daemon.log.lines)
        self.daemon.signal(signal.SIGHUP)
        return self.daemon.log.wait(pattern, after)

    def test_cursors_of_others(self):
        keys = self.keys.admit("desk", "follow")
        path = self.keys.clients / "desk.key"
        path.write_text(path.read_text().replace('roles =', 'cursors = "desk-"\n    roles ='))
        self.start(self.tcp_options())
        stream = self.connect(wire.Stream, keys)
        stream.open(cursor="desk-1")
        with self.assertRaises(wire.Refused) as refused:
            stream.open(cursor="chief-1")
        self.assertEqual(refused.exception.code, "forbidden")

    def test_the_command(self):
        self.keys.admit("feeds", "push")
        self.keys.admit("desk", "follow,control")
        daemon = self.start(self.tcp_options())
        tcp = [option for name in ("ingest", "stream", "control") for option in (f"--{name}", self.tcp(name))]
        server = ["--server-key", self.keys.folder / "telexd.key"]
        feeds = [*tcp, *server, "--client-key", self.keys.folder / "feeds.key_secret"]
        desk = [*tcp, "--server-key", self.keys.server[0], "--client-key", self.keys.folder / "desk.key_secret"]
        self.telex(daemon, "push", *feeds, "-", stdin='{"uri":"urn:x:1","title":"a","body":"b"}')
        self.assertIn("@1 ", self.telex(daemon, "follow", *desk, "--from", "first", "--count", "1").stdout)
        self.assertIn("key:feeds:", self.telex(daemon, "get", *desk, "1").stdout)
        for arguments, words in ((["push", *desk], "does not let this key in"),
                                 (["push", *tcp], "takes keys"),
                                 (["stats", *feeds], "does not let this key in"),
                                 (["follow", *feeds], "does not let this key in"),
                                 (["stats", *tcp, *server], "a key of the client too"),
                                 (["stats", *tcp, *server, "--client-key", self.keys.folder / "feeds.key"], "no secret-key"),
                                 (["stats", *tcp, *server, "--client-key", "/nonexistent"], "/nonexistent")):
            with self.subTest(arguments):
                done = self.telex(daemon, *arguments, status=None, stdin='{"uri":"urn:x:2","title":"a","body":"b"}')
                self.assertNotEqual(done.returncode, 0)
                self.assertIn(words, done.stderr)
        with self.subTest("another daemon's key"):
            self.keys.make("other")
            done = self.telex(daemon, "stats", *tcp, "--server-key", self.keys.folder / "other.key", "--client-key",
                              self.keys.folder / "desk.key_secret", "--timeout", "2", status=None)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("another key", done.stderr)

    def test_credential_directory(self):
        """The service manager's credential wins over everything but the configuration."""
        credentials = self.directory / "credentials"
        credentials.mkdir()
        (credentials / "telexd.key_secret").write_bytes((self.keys.folder / "telexd.key_secret").read_bytes())
        (credentials / "telexd.key_secret").chmod(0o440)
        feeds = self.keys.admit("feeds", "push")
        options = self.tcp_options()
        del options["security.secret_key"]
        self.start(options, environment={"CREDENTIALS_DIRECTORY": str(credentials)})
        self.assertEqual(self.connect(wire.Ingest, feeds).push([article(1)])[0].code, "ok")

    def test_keys_of_pyzmq(self):
        """Key files that zmq.auth made are read as they are; a client's needs its roles."""
        from zmq.auth import create_certificates
        public_file, secret_file = create_certificates(str(self.keys.folder), "theirs")
        text = Path(public_file).read_text()
        self.assertIn("metadata", text)
        (self.keys.clients / "theirs.key").write_text(text.replace("metadata\n", 'metadata\n    roles = "push"\n'))
        os.chmod(secret_file, 0o600)
        self.start(self.tcp_options())
        self.assertEqual(self.connect(wire.Ingest, (self.keys.server[0], *load(secret_file))).push([article(1)])[0].code, "ok")


class Starts(SecurityCase):
    def failing_start(self, options, words, **kinds):
        daemon = self.make_daemon(options, name=f"d{len(self.daemons)}", **kinds).launch()
        self.assertGreater(daemon.wait(30), 0)
        self.assertRegex(daemon.tail(), words)

    def test_tcp_without_keys(self):
        options = self.tcp_options(**{"security.secret_key": "/nonexistent"})
        self.failing_start(options, r"endpoint is on tcp.*security\.insecure = yes.*/nonexistent")
        del options["security.secret_key"]
        self.failing_start(options, r"security\.insecure = yes.*telexd\.key_secret")
        options = self.tcp_options(**{"security.clients": "/nonexistent"})
        self.failing_start(options, r"clients' keys in /nonexistent")
        (self.keys.folder / "telexd.key_secret").chmod(0o604)
        self.failing_start(self.tcp_options(), r"everybody may read")
        (self.keys.folder / "telexd.key_secret").chmod(0o600)
        (self.keys.clients / "two.key").write_bytes(b"\xff\0\xfe")
        self.failing_start(self.tcp_options(), r"two\.key: line 1")

    def test_insecure(self):
        daemon = self.start(self.tcp_options(**{"security.insecure": "yes", "security.secret_key": "/nonexistent"}))
        self.assertEqual(self.connect(wire.Ingest).push([article(1)])[0].code, "ok")
        self.assertEqual(self.connect(wire.Control).get(1)["pushed_by"], "address:127.0.0.1")
        self.assertRegex(daemon.log.text(), r"warning: tcp without encryption")

    def test_ipc(self):
        """The owner's alone: the folder, the files, and the kernel's word on whose process it is."""
        umask = os.umask(0o022)
        self.addCleanup(os.umask, umask)
        daemon = self.make_daemon({"daemon.runtime_dir": self.directory / "own"}, name="d")
        daemon.runtime = self.directory / "own"
        daemon.start()
        self.assertEqual(stat.S_IMODE(daemon.runtime.stat().st_mode), 0o700)
        for name in ("ingest", "stream", "control", "live"):
            self.assertEqual(stat.S_IMODE((daemon.runtime / f"{name}.sock").stat().st_mode), 0o600)
        with daemon.ingest() as ingest, daemon.control() as control:
            self.assertEqual(ingest.push([article(1)])[0].code, "ok")
            self.assertEqual(control.get(1)["pushed_by"], f"uid:{os.getuid()}")

    @unittest.skipUnless(os.getuid() == 0, "only root can be another user")
    def test_another_user_on_ipc(self):
        """Though the files let it through, its process is another user's."""
        daemon = self.start()
        other = 65534
        self.directory.chmod(0o755)
        for path in (daemon.directory, daemon.runtime):
            path.chmod(0o755)
        (daemon.runtime / "ingest.sock").chmod(0o606)
        program = ("import os,sys,zmq; os.setgid(65534); os.setuid(65534); s=zmq.Context().socket(zmq.DEALER); s.linger=0; "
                   "m=s.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED|zmq.EVENT_HANDSHAKE_FAILED_AUTH); s.connect(sys.argv[1]); "
                   "m.poll(20000); from zmq.utils.monitor import recv_monitor_message as r; "
                   "sys.exit(0 if r(m)['event'] == zmq.EVENT_HANDSHAKE_FAILED_AUTH else 1)")
        done = subprocess.run([sys.executable, "-c", program, daemon.endpoint("ingest")], capture_output=True, text=True,
                              timeout=wire.seconds(60))
        self.assertEqual(done.returncode, 0, done.stderr)
        daemon.log.wait(rf"peer refused endpoint=ingest .*uid:{other}:\d+.*another user's process")


class Keygen(case.DaemonCase):
    def keygen(self, *arguments):
        return subprocess.run([build.TELEX, "keygen", *map(str, arguments)], capture_output=True, text=True)

    def test_files(self):
        name = self.directory / "k"
        done = self.keygen("--roles", "push,follow", name)
        self.assertEqual(done.returncode, 0, done.stderr)
        public, secret = load(f"{name}.key_secret")
        self.assertEqual(done.stdout.strip(), public)
        self.assertEqual(stat.S_IMODE(os.stat(f"{name}.key_secret").st_mode), 0o600)
        self.assertEqual(load(f"{name}.key"), (public, None))
        self.assertEqual(zmq.curve_public(secret.encode()).decode(), public)
        before = Path(f"{name}.key_secret").read_bytes()
        again = self.keygen(name)
        self.assertEqual(again.returncode, 1)
        self.assertIn("exists", again.stderr)
        self.assertEqual(Path(f"{name}.key_secret").read_bytes(), before)
        os.unlink(f"{name}.key_secret")  # the public one is still there: no half of a pair
        self.assertEqual(self.keygen(name).returncode, 1)
        self.assertFalse(os.path.exists(f"{name}.key_secret"))

    def test_wrong_usage(self):
        self.assertEqual(self.keygen("--roles", "admin", self.directory / "k").returncode, 2)
        self.assertEqual(self.keygen().returncode, 2)
        self.assertEqual(self.keygen(self.directory / "none" / "k").returncode, 1)


if __name__ == "__main__":
    case.main()
