"""Named SQL, read from the ``.sql`` files beside this module."""

from importlib.resources import files


def queries(name: str) -> dict[str, str]:
    """The queries of ``sql/<name>.sql`` by the names in their ``-- name:`` lines."""
    text = (files("command_service") / "sql" / f"{name}.sql").read_text(encoding="utf-8")
    sections = text.split("-- name: ")[1:]
    return {section.partition("\n")[0].strip(): section.partition("\n")[2].strip() for section in sections}
