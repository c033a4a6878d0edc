"""What the environment tells every process; a service adds where its own servers are."""

from pathlib import Path
from typing import Final, Literal, TypeVar

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
)

SECRETS_DIRECTORY: Final = Path("/run/secrets")


class ProcessSettings(BaseSettings):
    """Read from ``INNKEEP_<NAME>``, or from a file named ``innkeep_<name>`` among the secrets; the environment wins."""

    model_config = SettingsConfigDict(env_prefix="INNKEEP_", extra="ignore")

    tokens: SecretStr | None = None
    host: str = "127.0.0.1"
    port: int = Field(ge=0, le=65_535)
    environment: Literal["development", "production"] = "production"
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003  # the signature is pydantic's
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment, then the secrets where the container has any."""
        if not SECRETS_DIRECTORY.is_dir():
            return init_settings, env_settings
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, SECRETS_DIRECTORY)


Told = TypeVar("Told", bound=ProcessSettings)


def settings_from_environment(kind: type[Told]) -> Told:
    """What the environment tells; ends the process where something is missing or wrong, and says which variable.

    No value is shown: some are secrets.
    """
    try:
        return kind()  # pyright: ignore[reportCallIssue]  # its fields come from the environment
    except ValidationError as error:
        details = error.errors(include_input=False, include_url=False, include_context=False)
        wrong = [f"INNKEEP_{'_'.join(map(str, detail['loc'])).upper()}: {detail['msg']}" for detail in details]
    raise SystemExit("\n".join(["Set these variables, or secrets of the same names in small letters:", *wrong]))
