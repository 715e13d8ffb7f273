#!/usr/bin/python3
"""The wall clock jumps, forwards by years and backwards: under load, while the daemon is down, and both at once with a kill. No
sequence's time goes back, nothing is lost, timers go on. The control looks at times of acceptance, which do follow the clock:
without that, nothing would have jumped."""

import os
import random

import crash_case

SEED = int(os.environ.get("TELEX_CRASH_SEED") or random.SystemRandom().randrange(1 << 32))
HOUR, YEAR = 3600, 365 * 24 * 3600
JUMPS = (0, 2 * HOUR, -2 * HOUR, 11 * YEAR, -1, -20 * YEAR, 0)  # seconds from the true time; 2038 is passed


class Clock(crash_case.CrashCase):
    def received(self, daemon):
        """When the newest article was accepted, by the daemon's clock."""
        with daemon.control() as control:
            return control.get(self.load.acknowledged[-1])["received"]

    def test_jumps(self):
        print(f"TELEX_CRASH_SEED={SEED}", flush=True)
        daemon = self.begin(SEED)
        daemon.start()
        times = []
        for number, seconds in enumerate(JUMPS):
            self.shim.move_clock(seconds)
            self.load.run(daemon, 60, events=20)
            times.append(self.received(daemon))
            if number % 2:
                daemon.kill()
                self.shim.move_clock(JUMPS[-number])
                daemon.start()
        evidence = self.settle(daemon)
        print(f"{len(JUMPS)} jumps, accepted at {times}; {len(evidence['events'])} events", flush=True)
        self.assertNotEqual(times, sorted(times), "the clock has not gone back")
        self.assertGreater(times[3][:4], "2030", "the clock has not gone forward")
        daemon.stop()


if __name__ == "__main__":
    crash_case.main()
