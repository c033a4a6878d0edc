"""From HTTP to document: what a front desk does, and what it sees of it."""

from typing import Any

from harness.front_desk import FrontDesk, booking


def actions(reservation: dict[str, Any]) -> dict[str, list[str]]:
    """The tasks that are possible now, each with the codes that speak against it."""
    return {action["task"]: [reason["code"] for reason in action["reasons"]] for action in reservation["actions"]}


async def test_a_guest_books_arrives_and_leaves(seaside: FrontDesk) -> None:
    reservation_id = await seaside.succeed("book-room", booking(1, 3))
    booked = await seaside.ask(f"/reservations/{reservation_id}")
    assert (booked["status"], booked["stay"]["arrival"]) == ("confirmed", "2026-12-01")
    assert actions(booked)["check-in-guest"] == ["no_room_assigned"]
    assert actions(booked)["cancel-reservation"] == []

    refused = await seaside.do("check-in-guest", {"reservation_id": reservation_id})
    assert (refused["status"], refused["code"]) == ("rejected", "no_room_assigned")

    await seaside.succeed("assign-room", {"reservation_id": reservation_id, "room": "101"})
    await seaside.succeed("check-in-guest", {"reservation_id": reservation_id})
    desk = await seaside.ask("/front-desk/2026-12-01")
    assert desk["arrival_totals"]["arrived"] == 1
    assert desk["in_house_totals"]["rooms"] == 1
    rack = await seaside.ask("/room-rack")
    occupied = [room["room"] for room in rack["rooms"] if room["occupant"]]
    assert occupied == ["101"]

    await seaside.succeed("close-business-date", {"business_date": "2026-12-01"})
    await seaside.succeed("check-out-guest", {"reservation_id": reservation_id})
    left = await seaside.ask(f"/reservations/{reservation_id}")
    assert left["status"] == "checked_out"
    assert [entry["what"] for entry in left["timeline"]] == [
        "RoomBooked",
        "RoomAssigned",
        "GuestCheckedIn",
        "GuestCheckedOut",
    ]
    figures = (await seaside.ask("/statistics/2026-12"))["month_figures"]
    assert (figures["rooms_sold"], figures["revenue_minor"], figures["adr_minor"]) == (1, 9_500, 9_500)
    hotel = await seaside.ask("")
    assert hotel["business_date"] == "2026-12-02"


async def test_the_last_room_is_sold_once_and_the_calendar_shows_it(seaside: FrontDesk) -> None:
    await seaside.succeed("book-room", booking(5, 7, "SUI"))
    refused = await seaside.do("book-room", booking(4, 8, "SUI"))
    assert refused["code"] == "no_availability"
    assert refused["facts"]["nights"] == ["2026-12-05", "2026-12-06"]
    calendar = await seaside.ask("/availability", **{"from": "2026-12-04", "to": "2026-12-08"})
    suite = next(kind for kind in calendar["room_types"] if kind["code"] == "SUI")
    assert [night["left"] for night in suite["nights"]] == [1, 0, 0, 1]
    stay = await seaside.ask("/availability/stay", arrival="2026-12-06", departure="2026-12-08")
    left = {kind["code"]: kind["rooms_left"] for kind in stay["room_types"]}
    assert left == {"DBL": 2, "SUI": 0}


async def test_a_document_is_sent_again_only_when_it_changed(seaside: FrontDesk) -> None:
    reservation_id = await seaside.succeed("book-room", booking(1, 3))
    await seaside.ask(f"/reservations/{reservation_id}")
    url = seaside.url(f"/reservations/{reservation_id}")
    first = await seaside.client.get(url)
    again = await seaside.client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    await seaside.succeed("cancel-reservation", {"reservation_id": reservation_id})
    await seaside.ask(f"/reservations/{reservation_id}")
    changed = await seaside.client.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert changed.json()["status"] == "cancelled"
