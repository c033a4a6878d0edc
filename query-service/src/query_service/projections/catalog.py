"""All the documents there are."""

from typing import Final

from query_service.projections import availability, front_desk, hotel, reservation, room_rack, statistics
from query_service.projections.projection import Projection

PROJECTIONS: Final[tuple[Projection, ...]] = (
    hotel.PROJECTION,
    reservation.PROJECTION,
    availability.PROJECTION,
    front_desk.PROJECTION,
    room_rack.PROJECTION,
    statistics.PROJECTION,
)
