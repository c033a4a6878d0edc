# ruff: noqa: S608  # all of it is written here
"""What can be wrong with each table of a hotel that derives from its events: the damage, and how it must be named.

``$1`` is the hotel.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Damage:
    """SQL that damages one row, and the table and kind under which it must be found."""

    sql: str
    table: str
    kind: str


_SOME: Final = "SELECT ctid FROM {} WHERE hotel_id = $1 AND {} ORDER BY 1 LIMIT 1"


def _update(table: str, change: str, where: str = "true") -> str:
    return f"UPDATE {table} SET {change} WHERE ctid = ({_SOME.format(table, where)})"


def _delete(table: str, where: str = "true") -> str:
    return f"DELETE FROM {table} WHERE ctid = ({_SOME.format(table, where)})"


REPAIRABLE: Final = (
    Damage(_update("hotel", "position = 3"), "hotel", "different"),
    Damage(_update("hotel", "position = 99"), "hotel", "different"),
    Damage(_update("hotel", "business_date = '2026-12-30'"), "hotel", "different"),
    Damage(_update("hotel", "business_date = NULL, definition = NULL"), "hotel", "different"),
    Damage(_update("hotel", "definition = '{}'"), "hotel", "different"),
    Damage(
        _update("hotel", """definition = replace(definition::text, '"101"', '"901"')::json"""), "hotel", "different"
    ),
    Damage(_delete("hotel"), "hotel", "missing"),
    *(
        Damage(_delete("reservation", f"status = '{status}'"), "reservation", "missing")
        for status in ("confirmed", "in_house", "checked_out", "cancelled", "no_show")
    ),
    Damage(_update("reservation", "status = 'cancelled'", "status = 'confirmed'"), "reservation", "different"),
    Damage(_update("reservation", "arrival = '2026-11-30'", "status = 'no_show'"), "reservation", "different"),
    Damage(_update("reservation", "departure = '2026-12-30'"), "reservation", "different"),
    Damage(_update("reservation", "position = position + 1", "status = 'confirmed'"), "reservation", "different"),
    Damage(_update("reservation", "state = '{\"odd\": 1}'"), "reservation", "different"),
    Damage(
        _update("reservation", "state = replace(state::text, '9500', '9400')::json", "status = 'cancelled'"),
        "reservation",
        "different",
    ),
    Damage(
        "INSERT INTO reservation VALUES ($1, gen_random_uuid(), 'cancelled', '2026-12-01', '2026-12-02', 2, '{}')",
        "reservation",
        "unexpected",
    ),
    Damage(_delete("inventory"), "inventory", "missing"),
    Damage(_update("inventory", "sold = sold + 1"), "inventory", "different"),
    Damage(_update("inventory", "allowance = 1"), "inventory", "different"),
    Damage(_update("inventory", "sell_limit = sell_limit + 1"), "inventory", "different"),
    Damage("INSERT INTO inventory VALUES ($1, 'DBL', '2027-07-07', 0, 0, 2)", "inventory", "unexpected"),
    Damage(_delete("room_span"), "room_span", "missing"),
    Damage(_update("room_span", "room = '777'"), "room_span", "different"),
    Damage(_update("room_span", "occupied = NOT occupied"), "room_span", "different"),
    Damage(_update("room_span", "to_date = to_date + 1"), "room_span", "different"),
    Damage(
        "INSERT INTO room_span VALUES ($1, '102', '2027-01-01', '2027-01-03', gen_random_uuid(), false)",
        "room_span",
        "unexpected",
    ),
)

BEYOND_REPAIR: Final = (
    Damage("DELETE FROM event WHERE hotel_id = $1 AND position = 4", "event", "missing"),
    Damage("DELETE FROM event WHERE hotel_id = $1 AND position = 1", "event", "missing"),
    Damage("UPDATE event SET message = '{}' WHERE hotel_id = $1 AND position = 5", "event", "different"),
    Damage(
        "UPDATE event SET message = (SELECT message FROM event WHERE hotel_id = $1 AND position = 3)"
        " WHERE hotel_id = $1 AND position = 12",
        "event",
        "different",
    ),
)

_OUTCOME: Final = "command_id = (SELECT command_id FROM event WHERE hotel_id = $1 AND position = {})"
_COMMAND: Final = "id = (SELECT command_id FROM event WHERE hotel_id = $1 AND position = {})"
_LAST: Final = "(SELECT max(position) FROM event WHERE hotel_id = $1)"

IN_THE_BOOKS: Final = (
    Damage("UPDATE event SET type = 'RoomPainted' WHERE hotel_id = $1 AND position = 3", "event", "different"),
    Damage(f"DELETE FROM outcome WHERE {_OUTCOME.format(3)}", "outcome", "missing"),
    Damage(f"DELETE FROM outcome WHERE {_OUTCOME.format(_LAST)}", "outcome", "missing"),
    Damage(f"UPDATE outcome SET status = 'failed', code = 'x' WHERE {_OUTCOME.format(3)}", "outcome", "different"),
    Damage(f"UPDATE outcome SET position = 2 WHERE {_OUTCOME.format(5)}", "outcome", "different"),
    Damage(f"UPDATE outcome SET hotel_id = 'elsewhere' WHERE {_OUTCOME.format(5)}", "outcome", "different"),
    Damage(f"DELETE FROM command WHERE {_COMMAND.format(5)}", "command", "missing"),
    Damage(f"UPDATE command SET hotel_id = 'elsewhere' WHERE {_COMMAND.format(5)}", "command", "different"),
)
