"""The FastAPI application of the query service; it owns no state and starts nothing."""

from collections.abc import Awaitable, Callable
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from query_service.api.answering import UNAVAILABLE
from query_service.api.asking import Question, asking, described
from query_service.api.parameters import OfDate, OfHotel, OfMonth, OfReservation, Page, PageOfList, Stay, Window
from query_service.api.routes import Routes
from query_service.documents import DocumentsUnavailableError
from query_service.projections.availability_dto import AvailabilityDto, StayAvailabilityDto
from query_service.projections.dto import Dto
from query_service.projections.front_desk_dto import FrontDeskDto, FrontDeskListPageDto
from query_service.projections.hotel_dto import HotelDto
from query_service.projections.reservation_dto import ReservationDto
from query_service.projections.room_rack_dto import RackDto
from query_service.projections.statistics_dto import StatisticsDto
from shared_contracts.transport.direct_app import DirectApp
from shared_contracts.transport.problem_handlers import install
from shared_contracts.transport.problems import MEDIA_TYPE, PROBLEM_SCHEMA, problem_response
from shared_contracts.transport.telemetry import NO_TELEMETRY

HOTEL: Final = "/v1/hotels/{hotel_id}"
_PROBLEM: Final[dict[str, Any]] = {"content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}}
_POSITION: Final = {"position": {"type": "integer", "description": "The hotel's last event that the documents hold."}}
_BEHIND: Final = {**PROBLEM_SCHEMA, "properties": PROBLEM_SCHEMA["properties"] | _POSITION}
PROBLEMS: Final[dict[int | str, dict[str, Any]]] = {
    304: {"description": "The caller has this answer already"},
    401: {"description": "Nobody we know", **_PROBLEM},
    403: {"description": "Not theirs to see", **_PROBLEM},
    404: {"description": "Unknown", **_PROBLEM},
    409: {
        "description": "The documents do not hold ``min_position`` yet",
        "content": {MEDIA_TYPE: {"schema": _BEHIND}},
    },
    422: {"description": "Not valid", **_PROBLEM},
    503: {"description": "Not now", **_PROBLEM},
}


def build_app(routes: Routes, observation: list[Route]) -> DirectApp:
    """The application with all its routes, each described in ``/openapi.json``."""
    app = DirectApp(
        title="Innkeep queries",
        version="1",
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        redirect_slashes=False,
        telemetry=NO_TELEMETRY,
    )
    install(app)
    app.add_exception_handler(DocumentsUnavailableError, _unavailable)
    _add(app, "", OfHotel, routes.hotel, HotelDto)
    _add(app, "/reservations/{reservation_id}", OfReservation, routes.reservation, ReservationDto)
    _add(app, "/availability", Window, routes.availability, AvailabilityDto)
    _add(app, "/availability/stay", Stay, routes.stay, StayAvailabilityDto)
    _add(app, "/front-desk/{date}", OfDate, routes.front_desk, FrontDeskDto)
    _add(app, "/front-desk/{date}/{which}", PageOfList, routes.front_desk_list, FrontDeskListPageDto)
    _add(app, "/room-rack", Page, routes.room_rack, RackDto)
    _add(app, "/statistics/{month}", OfMonth, routes.statistics, StatisticsDto)
    app.router.routes.extend(observation)
    return app


def _add(
    app: DirectApp,
    path: str,
    question: type[Question],
    answer: Callable[[Request, Question], Awaitable[Response]],
    dto: type[Dto],
) -> None:
    app.add_direct_route(
        f"{HOTEL}{path}",
        asking(question, answer),
        "GET",
        name=answer.__name__,
        description=answer.__doc__,
        response_class=Response,
        responses=PROBLEMS | {200: {"model": dto, "description": dto.__doc__ or ""}},
        openapi_extra={"parameters": described(question, f"{HOTEL}{path}")},
    )


def _unavailable(_: Request, __: Exception) -> Response:
    return problem_response(UNAVAILABLE)
