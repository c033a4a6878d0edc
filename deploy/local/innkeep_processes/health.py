"""How a process says it is: live, ready, and what it misses."""

import http.client
import json
from dataclasses import dataclass

ANSWER_SECONDS = 3.0
_OK = 200


@dataclass(frozen=True, slots=True)
class Health:
    """One answer; `missing` names what keeps it from being ready."""

    live: bool
    ready: bool
    missing: str = ""


def health_of(port: int) -> Health:
    """Ask the process on that port; one that does not answer is neither live nor ready."""
    live, _ = _get(port, "/health/live")
    if live != _OK:
        return Health(live=False, ready=False, missing="does not answer")
    ready, body = _get(port, "/health/ready")
    return Health(live=True, ready=ready == _OK, missing=_missing(body))


def _get(port: int, path: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def _missing(body: bytes) -> str:
    try:
        missing = json.loads(body).get("missing") or {}
    except (ValueError, AttributeError):
        return ""
    return "; ".join(f"{name}: {why}" for name, why in missing.items())
