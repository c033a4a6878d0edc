"""Random histories that the rules would allow, as far as projections care."""

from dataclasses import dataclass, field

from histories import TYPE_OF_ROOM, Booked, History, day
from hypothesis import strategies as st

from shared_contracts.envelope import EventEnvelope

MOST_STEPS = 25
ROOMS = sorted(TYPE_OF_ROOM)


@dataclass
class Story:
    """A history that grows by steps drawn at random; a step that is not possible is left out."""

    draw: st.DrawFn
    history: History = field(default_factory=lambda: History().opened())
    confirmed: list[Booked] = field(default_factory=list[Booked])
    staying: list[Booked] = field(default_factory=list[Booked])

    def book(self) -> None:
        arrival = self._today() + self.draw(st.integers(0, 40))
        nights = self.draw(st.integers(1, 40))
        room_type = self.draw(st.sampled_from(["DBL", "STE"]))
        self.confirmed.append(self.history.booked(arrival, arrival + nights, room_type))

    def cancel(self) -> None:
        if self.confirmed:
            self.history.cancelled(self.confirmed.pop())

    def never_come(self) -> None:
        if self.confirmed:
            self.history.no_show(self.confirmed.pop())

    def allow(self) -> None:
        nights = self.draw(st.integers(1, 70))
        self.history.allowed("DBL", self._today(), self._today() + nights, self.draw(st.integers(-3, 3)))

    def assign(self) -> None:
        if self.confirmed:
            self.history.assigned(self.confirmed[-1], self._room())

    def arrive(self) -> None:
        if self.confirmed:
            self.staying.append(self.confirmed.pop())
            self.history.arrives(self.staying[-1], self._room())

    def move(self) -> None:
        if self.staying and self.history.today < self.staying[-1].stay.departure:
            self.history.assigned(self.staying[-1], self._room())

    def leave(self) -> None:
        if self.staying and self.history.today >= self.staying[-1].stay.arrival:
            self.history.checked_out(self.staying.pop())

    def close(self) -> None:
        self.history.closed()

    def _today(self) -> int:
        return (self.history.today - day(0)).days

    def _room(self) -> str:
        return self.draw(st.sampled_from(ROOMS))


STEPS = [
    *[Story.book] * 3,
    Story.cancel,
    Story.never_come,
    Story.allow,
    Story.assign,
    Story.arrive,
    Story.move,
    Story.leave,
    Story.close,
]


@st.composite
def histories(draw: st.DrawFn) -> list[EventEnvelope]:
    """The events of a random history, at least the opening."""
    story = Story(draw)
    for step in draw(st.lists(st.sampled_from(STEPS), max_size=MOST_STEPS)):
        step(story)
    return story.history.events
