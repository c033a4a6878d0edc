"""What is told of a month: counts, and the ratios that hoteliers read from them, rounded half up once at the end."""

from query_service.projections.dto import Dto, IsoDate
from query_service.projections.hotel import HotelDocument, rooms_of
from query_service.projections.nights import days_of, first_of, following
from query_service.projections.statistics import NOTHING, Figure, StatisticsDocument


class FiguresDto(Dto):
    """The figures of a night or of a whole month."""

    rooms_available: int
    """Room nights that the hotel's rooms give."""
    rooms_sold: int
    """Room nights of guests who came."""
    revenue_minor: int
    """The revenue of those nights, in minor units."""
    occupancy_pct: float | None
    """``rooms_sold`` of ``rooms_available`` in per cent, to two places; none where there are no rooms."""
    adr_minor: int | None
    """Average daily rate: revenue per room night sold, in minor units; none where none was sold."""
    revpar_minor: int | None
    """Revenue per available room night, in minor units; none where there are no rooms."""
    bookings: int
    """Reservations ever booked with this arrival date."""
    cancellations: int
    """Those of them that were cancelled."""
    no_shows: int
    """Those of them whose guest never came."""
    arrivals: int
    """Guests' parties that checked in."""
    departures: int
    """Guests' parties that checked out."""


class NightFiguresDto(Dto):
    """The figures of one night."""

    date: IsoDate
    """The night that begins on this date."""
    figures: FiguresDto
    """Its figures."""


class StatisticsDto(Dto):
    """One month of a hotel, in all and night by night."""

    hotel_id: str
    """The id of the hotel."""
    position: int
    """The position of the last event in this answer."""
    month: str
    """The month, ``yyyy-mm``."""
    currency: str
    """The ISO 4217 code of the amounts."""
    month_figures: FiguresDto
    """The figures of the month."""
    nights: list[NightFiguresDto]
    """The figures of each of its nights, in order."""


def statistics_dto(hotel: HotelDocument, month: str, document: StatisticsDocument | None) -> StatisticsDto:
    """What is told of a month; without a document, nothing has happened in it."""
    nights = document["nights"] if document else NOTHING
    days, rooms = days_of(month), rooms_of(hotel)

    def figures(first: int, until: int) -> FiguresDto:
        counted: dict[Figure, int] = {figure: sum(nights[figure][first:until]) for figure in NOTHING}
        return _figures(counted, rooms * (until - first))

    return StatisticsDto(
        hotel_id=hotel["hotel_id"],
        position=max(hotel["position"], document["position"] if document else 0),
        month=month,
        currency=hotel["currency"],
        month_figures=figures(0, days),
        nights=[
            NightFiguresDto(date=night, figures=figures(day, day + 1))
            for day, night in enumerate(following(first_of(month).isoformat(), days))
        ],
    )


def _figures(counted: dict[Figure, int], available: int) -> FiguresDto:
    sold, revenue = counted["rooms_sold"], counted["revenue"]
    hundredths = _half_up(sold * 10_000, available)
    return FiguresDto(
        rooms_available=available,
        rooms_sold=sold,
        revenue_minor=revenue,
        occupancy_pct=None if hundredths is None else hundredths / 100,
        adr_minor=_half_up(revenue, sold),
        revpar_minor=_half_up(revenue, available),
        bookings=counted["bookings"],
        cancellations=counted["cancellations"],
        no_shows=counted["no_shows"],
        arrivals=counted["arrivals"],
        departures=counted["departures"],
    )


def _half_up(amount: int, parts: int) -> int | None:
    return None if parts == 0 else (2 * amount + parts) // (2 * parts)
