"""The first booking that a newcomer makes, as commands for a shell."""

_TEXT = """\
    H={command_url}/v1/hotels/seaside

    # open a hotel, and wait for the outcome
    curl -s $H/commands/open-hotel -H 'content-type: application/json' -H 'prefer: wait=10' -d '{{
      "name": "Seaside", "time_zone": "Europe/Lisbon", "currency": "EUR", "business_date": "2030-06-01",
      "room_types": [{{"code": "DBL", "name": "Double", "max_occupancy": 2, "rooms": ["101", "102"]}}]}}'

    # book a room: 202 at once; the reservation's id is the command's id
    curl -s $H/commands/book-room -H 'content-type: application/json' \\
         -H 'idempotency-key: 0190a5b0-0000-7000-8000-000000000001' -d '{{
      "room_type": "DBL", "stay": {{"arrival": "2030-06-01", "departure": "2030-06-03"}}, "party": {{"adults": 2}},
      "nightly_price": {{"amount_minor": 9500, "currency": "EUR"}},
      "guest_id": "6d0b2b9e-5f0a-4b8e-9d53-0a8d3a0a52d0"}}'

    # what became of it
    curl -s {command_url}/v1/commands/0190a5b0-0000-7000-8000-000000000001 -H 'prefer: wait=10'

    # the answer of the other side
    curl -s "{query_url}/v1/hotels/seaside/reservations/0190a5b0-0000-7000-8000-000000000001?min_position=2"
"""


def first_booking(command_url: str, query_url: str) -> str:
    """Write the commands for a stack whose APIs are at these addresses."""
    return _TEXT.format(command_url=command_url, query_url=query_url)
