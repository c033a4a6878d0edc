"""Why a rule said no: stable public codes. A refusal is an outcome of a command, never an HTTP error."""

from enum import StrEnum


class RejectionCode(StrEnum):
    """The closed list of refusals; a slug is never renamed or used for another meaning."""

    UNKNOWN_HOTEL = "unknown_hotel"
    HOTEL_ALREADY_OPEN = "hotel_already_open"
    UNKNOWN_ROOM_TYPE = "unknown_room_type"
    UNKNOWN_ROOM = "unknown_room"
    UNKNOWN_RESERVATION = "unknown_reservation"
    CURRENCY_MISMATCH = "currency_mismatch"
    ARRIVAL_IN_PAST = "arrival_in_past"
    BUSINESS_DATE_CLOSED = "business_date_closed"
    WRONG_BUSINESS_DATE = "wrong_business_date"
    OCCUPANCY_EXCEEDED = "occupancy_exceeded"
    NO_AVAILABILITY = "no_availability"
    WOULD_OVERSELL = "would_oversell"
    ALLOWANCE_BELOW_PHYSICAL = "allowance_below_physical"
    INVALID_TRANSITION = "invalid_transition"
    ALREADY_IN_HOUSE = "already_in_house"
    NOT_IN_HOUSE = "not_in_house"
    NOT_DUE_IN = "not_due_in"
    NO_ROOM_ASSIGNED = "no_room_assigned"
    ROOM_NOT_FREE = "room_not_free"
    ROOM_OCCUPIED = "room_occupied"
    ROOM_TYPE_MISMATCH = "room_type_mismatch"
    TOO_EARLY_FOR_NO_SHOW = "too_early_for_no_show"
    DEPARTURES_UNRESOLVED = "departures_unresolved"
    VERSION_CONFLICT = "version_conflict"
