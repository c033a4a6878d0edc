"""Structured logs: a JSON object a line on standard error, with an ``action`` and its context, no personal data."""

import logging
import sys

import orjson
import structlog


def configure(service: str, level: str) -> None:
    """Set up logging for the process; called once, by a composition root."""
    number = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.EventRenamer("action"),
            # A line that cannot be written would end the process that writes it.
            structlog.processors.JSONRenderer(serializer=orjson.dumps, option=orjson.OPT_NON_STR_KEYS),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])


class _Json(logging.Formatter):
    """What libraries log, as one JSON object a line too."""

    def format(self, record: logging.LogRecord) -> str:
        said = super().format(record)
        return orjson.dumps({"action": "library", "logger": record.name, "message": said}).decode()
