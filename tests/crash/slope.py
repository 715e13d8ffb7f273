"""Does a number grow? A line fitted through the medians of equal pieces of a run, and how far noise alone could tilt it."""

import statistics
from collections import namedtuple

PIECES = 20
SURE = 5  # standard errors: what noise does in one run of 20,000

Slope = namedtuple("Slope", "median growth noise")  # all in the number's own unit; growth and noise over the whole run


def medians(samples, pieces=PIECES):
    """samples: (time, number), in order. The middle of each piece's time, and its median."""
    first, last = samples[0][0], samples[-1][0]
    width = (last - first) / pieces or 1
    found = []
    for piece in range(pieces):
        inside = [number for at, number in samples if piece == min(int((at - first) / width), pieces - 1)]
        if inside:
            found.append((first + (piece + 0.5) * width, statistics.median(inside)))
    return found


def fit(samples):
    """What the line rises by from the first sample to the last, and how much of that may be noise."""
    points = medians(samples)
    duration = samples[-1][0] - samples[0][0]
    times, numbers = zip(*points)
    middle, mean = statistics.fmean(times), statistics.fmean(numbers)
    spread = sum((at - middle) ** 2 for at in times)
    slope = sum((at - middle) * (number - mean) for at, number in points) / spread
    rest = sum((number - mean - slope * (at - middle)) ** 2 for at, number in points) / (len(points) - 2)
    return Slope(statistics.median(numbers), slope * duration, SURE * (rest / spread) ** 0.5 * duration)


def grows(slope, least):
    """More than noise explains, and more than `least`, in the number's unit, below which nobody would notice."""
    return slope.growth > max(slope.noise, least)
