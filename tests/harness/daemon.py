"""Starts, stops and kills a telexd of its own in a folder of its own. Waits are for events: the service manager's messages,
the end of a process, a line of the log."""

import contextlib
import ctypes
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path

from harness.build import TELEXD, sanitizers
from harness.wire import Control, Ingest, Live, Stream, seconds

PR_SET_PDEATHSIG = 1
LIFETIME = 300  # seconds after which a daemon is killed whatever the test waits for
_libc = ctypes.CDLL(None)


def die_with_parent():
    """In the child: a test that is killed leaves no daemon behind."""
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def wait_for_end(pid_fds, wait):
    """True when all these processes ended in time. Closes the descriptors."""
    deadline = time.monotonic() + seconds(wait)
    ended = True
    for fd in pid_fds:
        left = max(0.0, deadline - time.monotonic())
        ended = bool(select.select([fd], [], [], left)[0]) and ended
        os.close(fd)
    return ended


def open_pid_fds(pids):
    fds = []
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            fds.append(os.pidfd_open(pid))
    return fds


class Log:
    """The standard error of a process, kept as it comes by a thread, so that a test can wait for a line."""

    def __init__(self, stream, changed):
        self.lines, self.changed, self.closed = [], changed, False
        self.thread = threading.Thread(target=self._read, args=(stream,), daemon=True)
        self.thread.start()

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.lines.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()
        with self.changed:
            self.closed = True
            self.changed.notify_all()
        stream.close()

    def wait(self, pattern, after=0, wait=20):
        """Index of the first line from `after` on in which the pattern is found; TimeoutError when none comes."""
        with self.changed:
            if not self.changed.wait_for(lambda: self._find(pattern, after) is not None or self.closed, seconds(wait)):
                raise TimeoutError(f"no line of the log matches {pattern!r}")
            found = self._find(pattern, after)
        if found is None:
            raise EOFError(f"the log ended without a line that matches {pattern!r}")
        return found

    def _find(self, pattern, after):
        return next((n for n, line in enumerate(self.lines[after:], after) if re.search(pattern, line)), None)

    def text(self):
        with self.changed:
            return "\n".join(self.lines)


class Notify:
    """Plays the service manager: a datagram socket that gets READY=1 and the rest. A thread reads it: a daemon whose messages
    nobody takes would wait for ever."""

    def __init__(self, path, changed):
        self.path, self.changed = str(path), changed
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.fields = []  # every (name, value) in the order of arrival
        self.closing, self.end = socket.socketpair()
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while self.end not in select.select([self.socket, self.end], [], [])[0]:
            self.drain()

    def drain(self):
        """Takes what has been sent, so that whatever a process said before its end is seen."""
        with self.changed:
            while select.select([self.socket], [], [], 0)[0]:
                for line in self.socket.recv(65536).decode().splitlines():
                    self.fields.append(tuple(line.split("=", 1)))
            self.changed.notify_all()

    def values(self, name):
        self.drain()
        with self.changed:
            return [value for field, value in self.fields if field == name]

    def clear(self):
        self.drain()
        with self.changed:
            self.fields.clear()

    def close(self):
        self.closing.close()
        self.thread.join()
        self.socket.close()
        self.end.close()
        os.unlink(self.path)


class Daemon:
    """One telexd. `options` are keys of its configuration: {"crew.workers": 1}. Start it again after `stop` or `kill`."""

    def __init__(self, directory, options=None, environment=None, arguments=(), descriptors=()):
        self.directory = Path(directory)
        self.runtime, self.store = self.directory / "run", self.directory / "store"
        self.options = {"daemon.runtime_dir": self.runtime, "store.directory": self.store, "crew.workers": 2,
                        "crew.user_lexicon": "none",
                        "limits.questions": 0,  # tests ask until something is there
                        **(options or {})}
        if sanitizers():
            # Sanitizers keep what is freed and shadow the rest: the daemon would think that its memory is full.
            self.options["daemon.memory_limit"] = 8 * self.options.get("daemon.memory_limit", 256)
        self.environment, self.arguments = dict(environment or {}), list(arguments)
        self.descriptors = descriptors  # that it inherits
        self.process = self.log = self.notify = self.timer = None
        self.changed = threading.Condition()  # a line of the log, a message to the service manager, the end of either
        self.old_logs, self.orphans = [], []
        self.overdue = False
        for folder in (self.runtime, self.store):
            folder.mkdir(parents=True, exist_ok=True)

    # -- life

    def launch(self, program=TELEXD):
        """Starts the process and returns at once."""
        if self.log:
            self.old_logs.append(self.log.text())
        if not self.notify:
            self.notify = Notify(self.directory / "notify.sock", self.changed)
        self.notify.clear()
        command = [program, *self.arguments]
        for key, value in self.options.items():
            command += ["-o", f"{key}={value}"]
        # Nothing of a service manager that may have started the tests.
        kept = {key: value for key, value in os.environ.items()
                if not key.endswith("_DIRECTORY") and not key.startswith(("WATCHDOG_", "LISTEN_", "JOURNAL_"))}
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env={"ASAN_OPTIONS": "quarantine_size_mb=16", **kept, "NOTIFY_SOCKET": self.notify.path, **self.environment},
                                        preexec_fn=die_with_parent, cwd=self.directory, pass_fds=self.descriptors)
        self.log = Log(self.process.stderr, self.changed)
        self.timer = threading.Timer(seconds(LIFETIME), self._end_overdue, [self.process])
        self.timer.daemon = True
        self.timer.start()
        return self

    def start(self, wait=30):
        self.launch()
        self.wait_notified("READY", "1", wait)
        return self

    def _end_overdue(self, process):
        self.overdue = True
        process.kill()

    def wait_notified(self, name, value=None, wait=30):
        """Waits until the daemon has told the service manager NAME=VALUE (any value: None). ChildProcessError when it ends."""
        told = lambda: any(field == name and value in (None, got) for field, got in self.notify.fields)
        with self.changed:
            self.changed.wait_for(lambda: told() or self.log.closed, seconds(wait))
            if told():
                return
        if self.log.closed:
            raise ChildProcessError(f"telexd ended ({self.wait()}) before {name}={value}:\n{self.tail()}")
        raise TimeoutError(f"telexd did not say {name}={value} within {seconds(wait):g} s:\n{self.tail()}")

    @property
    def pid(self):
        return self.process.pid

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, wait=60):
        """The exit status, once it has ended by itself (negative: killed by that signal)."""
        try:
            status = self.process.wait(seconds(wait))
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"telexd did not end within {seconds(wait):g} s:\n{self.tail()}") from None
        self.timer.cancel()
        self.log.thread.join(seconds(10))
        return status

    def stop(self, wait=60):
        """SIGTERM; it must drain and end with 0."""
        self.signal(signal.SIGTERM)
        status = self.wait(wait)
        if status != 0:
            raise AssertionError(f"telexd ended with {status} after SIGTERM:\n{self.tail()}")

    def strike(self):
        """kill -9, and nothing else: `kill` then waits for the end."""
        self.orphans = open_pid_fds(self.workers())
        self.process.kill()

    def kill(self, workers_wait=20):
        """kill -9. Its workers must notice and end by themselves."""
        if not self.orphans:
            self.strike()
        self.wait()
        orphans, self.orphans = self.orphans, []
        if not wait_for_end(orphans, workers_wait):
            raise AssertionError("a worker outlived its daemon")

    def close(self):
        """Whatever state it is in: no process and no descriptor is left."""
        if self.process is not None:
            if self.is_running():
                self.signal(signal.SIGCONT)
                self.strike()
            self.wait()
            wait_for_end(self.orphans, 20)
            self.orphans = []
        if self.notify:
            self.notify.close()
            self.notify = None

    # -- look

    def workers(self):
        """Process ids of its children, the taggers."""
        children = []
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            for task in Path(f"/proc/{self.pid}/task").iterdir():
                children += map(int, (task / "children").read_text().split())
        return children

    def resident(self):
        """Its own memory in bytes, without mapped files (the store's map is the page cache's)."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return 1024 * int(re.search(r"^RssAnon:\s+(\d+) kB", status, re.M)[1])

    def tail(self, lines=60):
        return "\n".join(self.log.text().splitlines()[-lines:]) if self.log else ""

    def logs(self):
        return "\n-- started again --\n".join([*self.old_logs, self.log.text() if self.log else ""])

    def complaints(self):
        """What a sanitizer found, or an assertion of the daemon's own."""
        return re.findall(r"^.*(?:Sanitizer|runtime error:|CHECK failed|Assertion).*$", self.logs(), re.M)

    # -- talk; the caller closes

    def endpoint(self, name):
        return f"ipc://{self.runtime}/{name}.sock"

    def ingest(self):
        return Ingest(self.endpoint("ingest"))

    def stream(self):
        return Stream(self.endpoint("stream"))

    def control(self):
        return Control(self.endpoint("control"))

    def live(self, *topics):
        return Live(self.endpoint("live"), *topics)
