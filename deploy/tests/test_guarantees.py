"""What deploy/guarantees.md names is there, and what is there is named."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("deploy/guarantees.md", "deploy/guarantees.py")


def guarantees(script: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(script), *words], capture_output=True, text=True, check=False)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The script and its text beside the same figures and checks, to be changed."""
    (tmp_path / "deploy").mkdir()
    for file in KEPT:
        shutil.copy(ROOT / file, tmp_path / file)
    (tmp_path / "deploy" / "local").symlink_to(ROOT / "deploy" / "local")
    for folder in ("tests-integration", "command-service", "query-service", "shared-contracts"):
        (tmp_path / folder).symlink_to(ROOT / folder)
    shutil.copy(ROOT / "deploy" / "backup.md", tmp_path / "deploy")
    return tmp_path / "deploy" / "guarantees.py"


def test_every_promise_figure_check_and_file_is_named_and_none_in_vain() -> None:
    done = guarantees(ROOT / "deploy" / "guarantees.py", "--check")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("text", "told"),
    [("R10", "no promise names the figure R10"), ("V8", "v8_reader.py"), ("## P3 ", "P3 has no section")],
)
def test_what_is_not_named_is_told(copy: Path, text: str, told: str) -> None:
    written = copy.with_suffix(".md")
    written.write_text(written.read_text().replace(text, "Something"))
    done = guarantees(copy, "--check")
    assert done.returncode == 1
    assert told in done.stdout


def test_a_file_that_is_gone_is_told(copy: Path) -> None:
    written = copy.with_suffix(".md")
    written.write_text(written.read_text().replace("domain/inventory.py", "domain/inventories.py"))
    assert "there is no command-service/src/command_service/domain/inventories.py" in guarantees(copy, "--check").stdout


def test_the_table_holds_what_was_measured_and_nothing_typed(copy: Path, tmp_path: Path) -> None:
    result = {"figure": "R25 mixes", "n": 10, "value": "10 of 10", "target": "all", "met": True, "note": ""}
    (tmp_path / "chaos.json").write_text(json.dumps({"seed": 7, "results": [result]}))
    written = copy.with_suffix(".md")
    written.write_text(written.read_text().replace("| R1 |", "| R1 | 0 / 0 in a million |"))
    assert guarantees(copy, str(tmp_path / "chaos.json")).returncode == 0
    lines = [line for line in written.read_text().splitlines() if line.startswith("| R")]
    assert next(line for line in lines if " R25" in line).endswith("| all | 10 | 10 of 10 | met | 7 |")
    assert not any("million" in line for line in lines)
    again = written.read_text()
    assert guarantees(copy).returncode == 0
    assert "10 of 10" not in written.read_text()
    assert len(again.splitlines()) == len(written.read_text().splitlines())
