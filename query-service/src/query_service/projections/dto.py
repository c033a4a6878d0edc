"""What all DTOs have in common: plain records, each field chosen by hand and described by the text below it."""

from typing import Annotated, ClassVar

from pydantic import ConfigDict, Field

IsoDate = Annotated[str, Field(json_schema_extra={"format": "date"})]
Instant = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class Dto:
    """Subclasses are frozen records; they are answered as they are, field by field."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(use_attribute_docstrings=True, extra="forbid")
