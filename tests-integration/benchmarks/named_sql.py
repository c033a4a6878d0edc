"""Statements of a ``.sql`` file by their names, as the product keeps its own."""

import re
from pathlib import Path


def named_sql(path: Path) -> dict[str, str]:
    """Each statement behind its ``-- name:`` line, without the semicolon."""
    parts = re.split(r"^-- name: (\w+)$", path.read_text(), flags=re.MULTILINE)
    return {name: text.strip().rstrip(";") for name, text in zip(parts[1::2], parts[2::2], strict=True)}
