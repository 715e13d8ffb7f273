"""The parts of tests/bench/quality.py: the development sets, running the tagger over them, and a file for each thing that is measured."""
