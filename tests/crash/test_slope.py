#!/usr/bin/python3
"""The soak's judgement is itself judged: what does not grow is let pass, whatever the noise; planted leaks are found."""

import random
import unittest

import slope

SAMPLES = 1920  # sixteen minutes, twice a second


def made(growth, noise, draw, bursts=True):
    """A number around 1000 that rises by `growth` in all, with noise, and with bursts as a fault makes them."""
    numbers = []
    for n in range(SAMPLES):
        burst = 200 if bursts and n % 17 == 0 else 0
        numbers.append((n * 0.5, 1000 + growth * n / SAMPLES + draw.gauss(0, noise) + burst))
    return numbers


class Judgement(unittest.TestCase):
    def test_noise_is_no_growth(self):
        for seed in range(100):
            draw = random.Random(seed)
            self.assertFalse(slope.grows(slope.fit(made(0, draw.uniform(0, 100), draw)), 1), seed)

    def test_growth_is_found(self):
        for seed in range(100):
            draw = random.Random(seed)
            self.assertTrue(slope.grows(slope.fit(made(draw.uniform(20, 200), 5, draw)), 1), seed)

    def test_shrinking_is_no_growth(self):
        self.assertFalse(slope.grows(slope.fit(made(-500, 5, random.Random(1))), 1))

    def test_what_nobody_would_notice(self):
        self.assertFalse(slope.grows(slope.fit(made(10, 0, random.Random(1), bursts=False)), 20))
        self.assertTrue(slope.grows(slope.fit(made(30, 0, random.Random(1), bursts=False)), 20))

    def test_a_step_is_growth(self):
        """One leaked descriptor at every fault, with nothing between."""
        samples = [(n * 0.5, 40 + n // 96) for n in range(SAMPLES)]
        self.assertTrue(slope.grows(slope.fit(samples), 1))


if __name__ == "__main__":
    unittest.main()
