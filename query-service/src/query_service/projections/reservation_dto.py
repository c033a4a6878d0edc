"""What is told of a reservation. Whether a task is possible today follows from the dates that the event named alone."""

from query_service.projections.dto import Dto, Instant, IsoDate
from query_service.projections.hotel import HotelDocument
from query_service.projections.nights import following
from query_service.projections.reservation import Entry, ReservationDocument, RoomOfStay, Task


class StayDto(Dto):
    """The nights booked, ``[arrival, departure)``."""

    arrival: IsoDate
    """The first night."""
    departure: IsoDate
    """The date after the last night booked."""
    departed_on: IsoDate | None
    """The date on which the guest left; none before that."""


class PartyDto(Dto):
    """Who stays."""

    adults: int
    """How many adults."""
    children: int
    """How many children."""


class RoomOfStayDto(Dto):
    """A room given to the reservation for a part of its stay."""

    room: str
    """The number of the room."""
    room_type: str
    """The type of that room, which need not be the one booked."""
    from_date: IsoDate
    """The first night in it."""
    to_date: IsoDate
    """The date after the last night in it."""


class NightlyPriceDto(Dto):
    """The price of one night."""

    date: IsoDate
    """The night that begins on this date."""
    amount_minor: int
    """The amount in minor units of the currency."""


class ReasonDto(Dto):
    """Why a task is not possible."""

    code: str
    """The rejection code that the command would get."""


class ActionDto(Dto):
    """A task that may be asked for, or the reason why not now."""

    task: str
    """The task, as in the URL of its command."""
    allowed: bool
    """Whether it is possible on the hotel's business date."""
    reasons: list[ReasonDto]
    """Why it is not; empty where it is."""


class TimelineEntryDto(Dto):
    """Something that happened to the reservation."""

    position: int
    """The position of the event."""
    at: Instant
    """When it was asked for, in UTC."""
    what: str
    """The event's type."""
    principal: str
    """Who asked for it."""


class ReservationDto(Dto):
    """One room for one stay, with its history and what can be done now."""

    hotel_id: str
    """The id of the hotel."""
    reservation_id: str
    """The id of the reservation, which is that of the command that booked it."""
    position: int
    """The position of the last event in this answer."""
    status: str
    """``confirmed``, ``in_house``, ``checked_out``, ``cancelled`` or ``no_show``."""
    room_type: str
    """The type that was booked."""
    stay: StayDto
    """When."""
    party: PartyDto
    """For how many."""
    guest_id: str
    """The opaque id of the guest."""
    rooms: list[RoomOfStayDto]
    """The rooms given, in order."""
    nightly: list[NightlyPriceDto]
    """The price of each night booked; once the guest has left, of each night stayed."""
    total_minor: int
    """The sum of the nights, in minor units."""
    currency: str
    """The ISO 4217 code of the amounts."""
    actions: list[ActionDto]
    """The tasks on this reservation."""
    timeline: list[TimelineEntryDto]
    """What happened, oldest first."""
    timeline_omitted: int
    """How many entries between the first and the last ones are left out."""


def reservation_dto(reservation: ReservationDocument, hotel: HotelDocument) -> ReservationDto:
    """What is told of a reservation on the hotel's business date."""
    amounts = reservation["nightly_amounts"]
    return ReservationDto(
        hotel_id=reservation["hotel_id"],
        reservation_id=reservation["reservation_id"],
        position=max(reservation["position"], hotel["position"]),
        status=reservation["status"],
        room_type=reservation["room_type"],
        stay=StayDto(
            arrival=reservation["arrival"],
            departure=reservation["departure"],
            departed_on=reservation["departed_on"],
        ),
        party=PartyDto(adults=reservation["adults"], children=reservation["children"]),
        guest_id=reservation["guest_id"],
        rooms=[_room(room) for room in reservation["rooms"]],
        nightly=[
            NightlyPriceDto(date=night, amount_minor=amount)
            for night, amount in zip(following(reservation["arrival"], len(amounts)), amounts, strict=True)
        ],
        total_minor=sum(amounts),
        currency=reservation["currency"],
        actions=[_action(task, hotel["business_date"]) for task in reservation["tasks"]],
        timeline=[_entry(entry) for entry in reservation["timeline"]],
        timeline_omitted=reservation["timeline_omitted"],
    )


def _room(room: RoomOfStay) -> RoomOfStayDto:
    return RoomOfStayDto(
        room=room["room"], room_type=room["room_type"], from_date=room["from_date"], to_date=room["to_date"]
    )


def _entry(entry: Entry) -> TimelineEntryDto:
    return TimelineEntryDto(
        position=entry["position"], at=entry["at"], what=entry["what"], principal=entry["principal"]
    )


def _action(task: Task, business_date: str) -> ActionDto:
    refusal = task.get("refusal")
    if refusal is None or _is_open(task, business_date):
        return ActionDto(task=task["task"], allowed=True, reasons=[])
    return ActionDto(task=task["task"], allowed=False, reasons=[ReasonDto(code=refusal)])


def _is_open(task: Task, business_date: str) -> bool:
    if "opens" not in task and "closes" not in task:
        return False
    return task.get("opens", business_date) <= business_date <= task.get("closes", business_date)
