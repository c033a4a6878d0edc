"""What a process logs is a JSON object a line, and nothing that it logs can end it."""

import json
import subprocess
import sys

PROGRAM = """
import structlog
from shared_contracts.transport.logs import configure
configure("relay", "info")
structlog.get_logger().warning("partitions_held", partitions={3: "no queue"}, error=OSError("gone"), seen={1, 2})
"""


def test_numbers_as_keys_errors_and_sets_are_written_as_well() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    line = json.loads(done.stderr)
    assert (line["action"], line["service"], line["level"]) == ("partitions_held", "relay", "warning")
    assert line["partitions"] == {"3": "no queue"}
    assert line["error"] == "OSError('gone')"
    assert "1" in line["seen"]
