"""What a process says of its settings when they are missing or wrong: the variables, and never a value."""

import pytest
from pydantic import SecretStr

from shared_contracts.transport.environment import ProcessSettings, settings_from_environment


class Some(ProcessSettings):
    """A process with a port and a store."""

    store_url: SecretStr


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNKEEP_STORE_URL", "store://one")
    monkeypatch.setenv("INNKEEP_PORT", "8410")
    settings = settings_from_environment(Some)
    assert (settings.store_url.get_secret_value(), settings.port) == ("store://one", 8410)


def test_what_is_missing_or_wrong_is_named_and_no_value_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INNKEEP_PORT", "hunter2")
    monkeypatch.setenv("INNKEEP_TOKENS", "hunter2")
    with pytest.raises(SystemExit) as ended:
        settings_from_environment(Some)
    said = str(ended.value)
    assert "INNKEEP_STORE_URL: Field required" in said
    assert "INNKEEP_PORT: " in said
    assert "hunter2" not in said
    assert ended.value.__context__ is None, "a traceback would show what the environment holds"
