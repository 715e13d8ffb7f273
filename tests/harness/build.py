"""Where the programs under test are, and how slow they may be: TELEX_BUILD names the build folder (default: build)."""

import os
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("TELEX_BUILD") or ROOT / "build").resolve()
TELEXD, TELEX, TAGGER = (BUILD / "bin" / name for name in ("telexd", "telex", "telex-tagger"))


def sanitizers(build=BUILD):
    """What the programs were built with, e.g. "address,undefined"; empty for none."""
    try:
        cache = (build / "CMakeCache.txt").read_text()
    except FileNotFoundError:
        return ""
    found = re.search(r"^TELEX_SANITIZE:\w+=(.*)$", cache, re.M)
    return found[1] if found else ""


# Every wait of the tests is multiplied by this.
PATIENCE = float(os.environ.get("TELEX_PATIENCE") or (4 if sanitizers() else 1))
