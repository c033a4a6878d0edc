"""Lets the tests import what ``prove.py`` and ``stack.py`` are made of, which is not installed anywhere."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # last: there is another stack.py in deploy/local
