"""A client that pushes without end in a thread of its own, and keeps a ledger."""

import threading

from harness.case import article

BATCH = 20


class Load(threading.Thread):
    """Pushes until it is stopped, and keeps what was acknowledged: offset to article."""

    def __init__(self, daemon):
        super().__init__(daemon=True)
        self.ingest, self.stored, self.over, self.enough = daemon.ingest(), {}, threading.Event(), threading.Condition()
        self.failure = None

    def run(self):
        try:
            with self.ingest:
                number = 0
                while not self.over.is_set():
                    part = [article(n, f"Angela Merkel in Berlin, {n}. " + "Lorem ipsum. " * (n % 400)) for n in range(number, number + BATCH)]
                    number += BATCH
                    self.note(part, self.ingest.push(part))
        except Exception as failure:  # shown by the test, which waits for it
            self.failure = failure
            self.note([], [])

    def note(self, part, acks):
        with self.enough:
            for one, ack in zip(part, acks):
                assert ack.code == "ok", ack
                self.stored[ack.offset] = one
            self.enough.notify_all()

    def wait_for(self, count):
        with self.enough:
            if not self.enough.wait_for(lambda: self.failure or len(self.stored) >= count, 120):
                raise TimeoutError(f"{len(self.stored)} articles acknowledged")
            if self.failure:
                raise self.failure
            return dict(self.stored)

    def stop(self):
        self.over.set()
        self.join()
        return self.wait_for(0)
