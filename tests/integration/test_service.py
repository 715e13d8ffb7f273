#!/usr/bin/python3
"""telexd as a service: what it tells the service manager, how it ends, what a reload does, its command line."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from harness import build, case, check, wire
from harness.case import article


class Service(case.DaemonCase):
    def test_sequence_of_notifications(self):
        daemon = self.start()
        daemon.stop()
        daemon.notify.drain()
        names = [name for name, value in daemon.notify.fields if name in ("READY", "STOPPING")]
        self.assertEqual((names[0], names.count("READY"), set(names[1:])), ("READY", 1, {"STOPPING"}))
        self.assertTrue(daemon.notify.values("STATUS"), "it said nothing of its state")

    def test_ready_means_served(self):
        """No retry: the first request after READY=1 is answered on every endpoint, after a kill as well."""
        daemon = self.start()
        for _ in range(3):
            for endpoint in ("ingest", "stream", "control"):
                with wire.Connection(daemon.endpoint(endpoint)) as connection:
                    self.assertEqual(connection.hello()["endpoint"], endpoint)
            daemon.kill()
            daemon.start()

    def test_watchdog(self):
        daemon = self.start(environment={"WATCHDOG_USEC": "400000"})
        for _ in range(5):
            daemon.notify.clear()
            started = time.monotonic()
            daemon.wait_notified("WATCHDOG", "1", wait=10)
            self.assertLess(time.monotonic() - started, wire.seconds(0.4))
        daemon.stop()

    def test_no_watchdog_unless_asked(self):
        daemon = self.start()
        daemon.stop()
        self.assertEqual(daemon.notify.values("WATCHDOG"), [])

    def test_sigterm_drains(self):
        """Whatever was acknowledged before the end is there after it, and whatever was under way is tagged."""
        for number in (signal.SIGTERM, signal.SIGINT):
            daemon = self.start(name=f"d{number.value}")
            with daemon.ingest() as ingest:
                acks = ingest.push_all(article(n) for n in range(300))
                late = ingest.send(wire.PUSH, b"".join(article(n).record() for n in range(300, 400)))
                daemon.signal(number)
                self.assertEqual(daemon.wait(), 0, daemon.tail())
                try:
                    acks += wire.parse_acks(ingest.reply_to(late, wire.PUSH, wait=0.5))
                except (TimeoutError, wire.Refused):
                    pass
            acknowledged = [ack.offset for ack in acks if ack.code == "ok"]
            daemon.start()
            with daemon.control() as control, daemon.stream() as stream:
                articles = control.stats()["articles"]
                self.assertGreaterEqual(articles, len(acknowledged))
                events = stream.open(**{"from": "first"}).events(articles)
            self.assertEqual(check.stream_faults(events), [])
            daemon.stop()

    def test_drain_has_an_end(self):
        """A tagger that hangs does not keep the daemon from ending in time."""
        from harness import fake_tagger
        (self.directory / "faults").touch()
        daemon = self.start({"crew.tagger": fake_tagger.write(self.directory), "crew.timeout": 600, "daemon.drain_timeout": 1})
        with daemon.ingest() as ingest:
            ingest.push([article(n).changed(uri=f"urn:fault:spin:{n}") for n in range(4)])
        workers = [os.pidfd_open(pid) for pid in daemon.workers()]
        started = time.monotonic()
        daemon.signal(signal.SIGTERM)
        self.assertEqual(daemon.wait(20), 0, daemon.tail())
        self.assertLess(time.monotonic() - started, wire.seconds(10))
        for fd in workers:
            self.assertTrue(select.select([fd], [], [], wire.seconds(10))[0], "a worker outlived its daemon")
            os.close(fd)

    def test_stopping_daemon_refuses_or_stores_but_never_forgets(self):
        daemon = self.start()
        with daemon.ingest() as ingest:
            ids = [ingest.send(wire.PUSH, article(n).record()) for n in range(200)]
            daemon.signal(signal.SIGTERM)
            daemon.wait()
            stored = []
            for request_id in ids:
                try:
                    [ack] = wire.parse_acks(ingest.reply_to(request_id, wire.PUSH, wait=0.2))
                    stored.append(ack.offset)
                except wire.Refused as refused:
                    self.assertEqual((refused.code, refused.retryable), ("stopping", True))
                except TimeoutError:
                    break
        daemon.start()
        with daemon.control() as control:
            for offset in stored:
                control.get(offset)

    def test_log_has_levels_for_the_journal(self):
        """With its standard error on the journal, each line begins with <N>; for people it begins with the level's name."""
        daemon = self.start()
        daemon.stop()
        for line in daemon.log.lines:
            self.assertRegex(line, r"^(error|warning|notice|info|debug): ")


class Reload(case.DaemonCase):
    def start_with_file(self, text):
        self.path = self.directory / "telex.conf"
        self.path.write_text(text)
        return self.start(arguments=("-c", str(self.path)))

    def reload(self, daemon):
        daemon.notify.clear()
        daemon.signal(signal.SIGHUP)
        daemon.wait_notified("RELOADING", "1")
        daemon.wait_notified("READY", "1")

    def reload_in_vain(self, daemon):
        lines = len(daemon.log.lines)
        daemon.signal(signal.SIGHUP)
        daemon.log.wait(r"^error.*telex\.conf", after=lines)

    def body_limit(self, daemon):
        with daemon.ingest() as ingest:
            return ingest.hello()["limits"]["body"]

    def test_good_configuration_is_taken(self):
        daemon = self.start_with_file("[ingest]\narticle_max = 5000\n")
        self.assertEqual(self.body_limit(daemon), 5000)
        self.path.write_text("[ingest]\narticle_max = 6000\n")
        self.reload(daemon)
        self.assertEqual(self.body_limit(daemon), 6000)
        with daemon.ingest() as ingest:
            self.assertEqual([ack.code for ack in ingest.push([article(1, "x" * 5500), article(2, "x" * 6500)])], ["ok", "too_large"])

    def test_bad_configuration_leaves_the_old_one(self):
        daemon = self.start_with_file("[ingest]\narticle_max = 5000\n")
        for bad in ("[ingest]\narticle_max = 17\n", "[ingest]\narticle_max = 6000\nnonsense = 1\n", "[what]\nx = 1\n", "no ini at all\n"):
            with self.subTest(bad):
                self.path.write_text(bad)
                self.reload_in_vain(daemon)
                self.assertEqual(self.body_limit(daemon), 5000)
        self.path.unlink()
        self.reload_in_vain(daemon)
        self.assertEqual(self.body_limit(daemon), 5000)
        with daemon.ingest() as ingest, daemon.stream() as stream:
            ingest.push([article(1)])
            stream.open(**{"from": "first"}).events(1)


class CommandLine(case.DaemonCase):
    def telexd(self, *arguments):
        return subprocess.run([build.TELEXD, *map(str, arguments)], capture_output=True, text=True, timeout=wire.seconds(20))

    def test_print_config_is_a_configuration(self):
        printed = self.telexd("--print-config")
        self.assertEqual(printed.returncode, 0)
        for key in ("[store]", "directory", "article_max", "workers", "#"):
            self.assertIn(key, printed.stdout.replace(";", "#"))
        path = self.directory / "all.conf"
        path.write_text(printed.stdout)
        options = ("-o", f"store.directory={self.directory}", "-o", f"daemon.runtime_dir={self.directory}")
        self.assertEqual(self.telexd("-c", path, *options, "--check").returncode, 0)
        self.assertEqual(self.telexd("-c", path, "--print-config").stdout, printed.stdout)

    def test_check_names_file_and_line(self):
        path = self.directory / "bad.conf"
        path.write_text("[store]\ndirectory = /tmp\n[ingest]\narticle_max = many\n")
        done = self.telexd("-c", path, "--check")
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.stderr, r"bad\.conf:4\b")

    def test_bad_arguments(self):
        for arguments in (("-c", self.directory / "none.conf"), ("-o", "store.nothing=1"), ("-o", "nonsense"), ("--nonsense",), ("word",)):
            done = self.telexd(*arguments)
            self.assertNotEqual(done.returncode, 0, arguments)
            self.assertTrue(done.stderr.strip())


if __name__ == "__main__":
    case.main()
