import re
from pathlib import Path

from container_stack.compose import PROCESSES, STORES
from container_stack.dotenv import PASSWORDS, development, write_once
from container_stack.engine import BASE_IMAGES, ROOT

COMPOSE = (ROOT / "docker-compose.yml").read_text()


def test_the_settings_are_written_once_and_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    assert write_once(path, development(stand_ins=False))
    assert path.stat().st_mode & 0o777 == 0o600
    text = path.read_text()
    assert not write_once(path, development(stand_ins=False))
    assert path.read_text() == text


def test_every_password_is_another_one_and_can_stand_in_a_url() -> None:
    settings = development(stand_ins=False)
    passwords = {settings[name] for name in PASSWORDS}
    assert len(passwords) == len(PASSWORDS)
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{32,}", password) for password in passwords)


def test_the_compose_file_asks_for_each_password_and_has_no_default() -> None:
    required = re.findall(r"\$\{(\w+):\?", COMPOSE)
    assert sorted(required) == sorted(PASSWORDS)
    assert re.findall(r"\$\{(\w*PASSWORD\w*):?-", COMPOSE) == []


def test_the_images_that_are_brought_are_those_that_are_used() -> None:
    dockerfile = (ROOT / "deploy" / "containers" / "Dockerfile").read_text()
    used = [*re.findall(r"^ARG BASE=(.+)$", dockerfile, re.MULTILINE), *re.findall(r"image: (\w+:\S+)", COMPOSE)]
    assert sorted(used) == sorted(BASE_IMAGES)


def test_the_compose_file_has_each_process_and_store() -> None:
    services = re.findall(
        r"^  ([\w-]+):$", COMPOSE.partition("\nservices:\n")[2].partition("\nnetworks:\n")[0], re.MULTILINE
    )
    assert sorted(services) == sorted([*PROCESSES, *STORES, "command-migrate", "query-migrate"])
