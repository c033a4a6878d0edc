"""Both APIs in memory, knowing just what a replay needs. Anything out of place fails the test that sends it."""

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import httpx2
import orjson

Answer = httpx2.Response
COUNTED = ("bookings", "cancellations", "no_shows", "arrivals", "departures", "rooms_sold", "revenue_minor")


@dataclass(slots=True)
class Hotel:
    """What one hotel is and has: counted from its commands, night by night."""

    position: int = 0
    business_date: date = date.min
    rooms: dict[str, list[str]] = field(default_factory=dict)
    allowance: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    sold: Counter[tuple[str, date]] = field(default_factory=Counter)
    peak: Counter[tuple[str, date]] = field(default_factory=Counter)
    reservations: dict[str, dict[str, Any]] = field(default_factory=dict)
    months: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def do(self, task: str, key: str, body: dict[str, Any]) -> bool:
        """Do what is asked; whether it was possible. What no replay should ask is an ``AssertionError``."""
        if "reservation_id" in body and body["reservation_id"] not in self.reservations:
            return False
        doing: Callable[[str, dict[str, Any]], bool | None] = getattr(self, f"_{task.replace('-', '_')}")
        return doing(key, body) is not False

    def _open_hotel(self, _: str, body: dict[str, Any]) -> None:
        assert not self.rooms
        self.business_date = date.fromisoformat(body["business_date"])
        self.rooms = {room_type["code"]: room_type["rooms"] for room_type in body["room_types"]}
        numbers = [number for rooms in self.rooms.values() for number in rooms]
        assert len(set(numbers)) == len(numbers)

    def _set_overbooking_allowance(self, _: str, body: dict[str, Any]) -> None:
        nights = _nights(body["from_date"], body["to_date"])
        assert 1 <= len(nights) <= 1_100
        assert body["value"] >= -len(self.rooms[body["room_type"]])
        self.allowance.update({(body["room_type"], night): body["value"] for night in nights})

    def _book_room(self, key: str, body: dict[str, Any]) -> bool:
        code, nights = body["room_type"], _nights(**body["stay"])
        assert nights[0] >= self.business_date
        if any(self.sold[code, night] >= len(self.rooms[code]) + self.allowance[code, night] for night in nights):
            return False
        self.reservations[key] = {**body, "nights": nights, "status": "confirmed"}
        self._sell(code, nights, 1)
        self._count("bookings", nights[0])
        return True

    def _cancel_reservation(self, _: str, body: dict[str, Any]) -> None:
        reservation = self._move(body, "confirmed", "cancelled")
        self._sell(reservation["room_type"], reservation["nights"], -1)
        self._count("cancellations", reservation["nights"][0])

    def _assign_room(self, _: str, body: dict[str, Any]) -> None:
        reservation = self._move(body, "confirmed", "confirmed")
        [code] = [code for code, rooms in self.rooms.items() if body["room"] in rooms]
        assert body["allow_other_type"] == (code != reservation["room_type"])
        in_house = [other for other in self.reservations.values() if other["status"] == "in_house"]
        assert all(other["room"] != body["room"] for other in in_house)
        reservation["room"] = body["room"]

    def _check_in_guest(self, _: str, body: dict[str, Any]) -> None:
        reservation = self._move(body, "confirmed", "in_house")
        assert reservation["nights"][0] == self.business_date
        self._count("arrivals", self.business_date)

    def _check_out_guest(self, _: str, body: dict[str, Any]) -> None:
        reservation = self._move(body, "in_house", "checked_out")
        stayed = [night for night in reservation["nights"] if night < self.business_date]
        self._sell(reservation["room_type"], reservation["nights"][len(stayed) :], -1)
        self._count("departures", self.business_date)
        for night in stayed:
            self._count("rooms_sold", night)
            self._count("revenue_minor", night, reservation["nightly_price"]["amount_minor"])

    def _mark_no_show(self, _: str, body: dict[str, Any]) -> None:
        reservation = self._move(body, "confirmed", "no_show")
        assert reservation["nights"][0] == self.business_date
        self._sell(reservation["room_type"], reservation["nights"][1:], -1)
        self._count("no_shows", self.business_date)

    def _close_business_date(self, _: str, body: dict[str, Any]) -> None:
        assert body["business_date"] == self.business_date.isoformat()
        self.business_date += timedelta(days=1)

    def _move(self, body: dict[str, Any], before: str, after: str) -> dict[str, Any]:
        reservation = self.reservations[body["reservation_id"]]
        assert reservation["status"] == before
        reservation["status"] = after
        return reservation

    def _sell(self, code: str, nights: list[date], rooms: int) -> None:
        for night in nights:
            self.sold[code, night] += rooms
            self.peak[code, night] = max(self.peak[code, night], self.sold[code, night])

    def _count(self, figure: str, day: date, by: int = 1) -> None:
        self.months[f"{day:%Y-%m}"][figure] += by


@dataclass(slots=True)
class Innkeep:
    """The two services; ``before`` and ``after`` are called with each request and may raise or answer instead."""

    hotels: dict[str, Hotel] = field(default_factory=lambda: defaultdict(Hotel))
    outcomes: dict[str, str] = field(default_factory=dict)
    before: Callable[[httpx2.Request], Answer | None] = lambda _: None
    after: Callable[[httpx2.Request], Answer | None] = lambda _: None
    bodies: list[int] = field(default_factory=list)

    def client(self) -> httpx2.AsyncClient:
        """A client that talks to it."""
        return httpx2.AsyncClient(transport=httpx2.MockTransport(self._handle))

    def _handle(self, request: httpx2.Request) -> Answer:
        if instead := self.before(request):
            return instead
        answer = self._answer(request)
        return self.after(request) or answer

    def _answer(self, request: httpx2.Request) -> Answer:
        match request.url.path.removeprefix("/v1/").split("/"):
            case ["hotels", hotel_id, "commands"]:
                return self._accept(self.hotels[hotel_id], orjson.loads(request.content)["commands"])
            case ["commands", command_id]:
                return Answer(200, json={"status": self.outcomes[command_id]})
            case ["hotels", hotel_id, "events"]:
                return Answer(200, json={"events": [], "head": self.hotels[hotel_id].position})
            case ["hotels", hotel_id, *asked] if self.hotels[hotel_id].position:
                return Answer(200, json=_told(self.hotels[hotel_id], asked, request.url.params))
            case _:
                return Answer(404)

    def _accept(self, hotel: Hotel, commands: list[dict[str, Any]]) -> Answer:
        self.bodies.append(len(commands))
        return Answer(207, json={"answers": [self._one(hotel, **command) for command in commands]})

    def _one(self, hotel: Hotel, task: str, idempotency_key: str, body: dict[str, Any]) -> dict[str, Any]:
        if task == "book-room" and not _is_valid(body):
            return {"status": 422, "problem": {"code": "invalid_command"}}
        if idempotency_key not in self.outcomes:
            possible = hotel.do(task, idempotency_key, body)
            hotel.position += possible
            self.outcomes[idempotency_key] = "succeeded" if possible else "rejected"
        answer = {"status": 202, "command_id": idempotency_key}
        return answer | ({"reservation_id": idempotency_key} if task == "book-room" else {})


def _is_valid(body: dict[str, Any]) -> bool:
    guests = sum(body["party"].values())
    return bool(_nights(**body["stay"])) and guests > 0 and body["nightly_price"]["amount_minor"] >= 0


def _told(hotel: Hotel, asked: list[str], params: httpx2.QueryParams) -> dict[str, Any]:
    match asked:
        case ["statistics", month]:
            figures = {figure: hotel.months[month][figure] for figure in COUNTED}
            sold, revenue = figures["rooms_sold"], figures["revenue_minor"]
            adr = None if sold == 0 else int(revenue / sold + 0.5)
            return {"month": month, "month_figures": figures | {"adr_minor": adr}}
        case ["availability"]:
            nights = _nights(params["from"], params["to"])
            assert 1 <= len(nights) <= 92
            types = {code: [{"peak_sold": hotel.peak[code, night]} for night in nights] for code in hotel.rooms}
            return {"room_types": [{"code": code, "nights": told} for code, told in types.items()]}
        case _:
            return {"position": hotel.position, "business_date": hotel.business_date.isoformat()}


def _nights(arrival: str, departure: str) -> list[date]:
    first, until = date.fromisoformat(arrival).toordinal(), date.fromisoformat(departure).toordinal()
    return [date.fromordinal(day) for day in range(first, until)]
