"""FastAPI tells OpenTelemetry nothing: ``observing`` measures requests, and what they hold stays here (decision 9)."""

from typing import Final

from fastapi.telemetry import TelemetryConfig

NO_TELEMETRY: Final[TelemetryConfig] = {"tracing": False, "metrics": False, "logs": False}
