"""One value for all documents of a hotel."""

from query_service.digest import Digest

ONE = {"_id": "a", "position": 1, "nights": [1, 2]}
OTHER = {"_id": "b", "position": 1, "nights": []}


def digest(*documents: tuple[str, dict[str, object]]) -> str:
    """Of these documents of these collections."""
    grown = Digest()
    for collection, document in documents:
        grown.add(collection, document)
    return str(grown)


def test_neither_the_order_of_documents_nor_that_of_their_fields_matters() -> None:
    turned = dict(reversed(ONE.items()))
    assert digest(("hotel", ONE), ("hotel", OTHER)) == digest(("hotel", OTHER), ("hotel", turned))


def test_everything_else_matters() -> None:
    right = digest(("hotel", ONE), ("hotel", OTHER))
    for wrong in (
        digest(("hotel", ONE)),
        digest(("hotel", ONE), ("hotel", OTHER), ("hotel", OTHER)),
        digest(("hotel", ONE), ("room_rack", OTHER)),
        digest(("hotel", {**ONE, "nights": [2, 1]}), ("hotel", OTHER)),
        digest(("hotel", {**ONE, "position": 2}), ("hotel", OTHER)),
    ):
        assert wrong != right
        assert len(wrong) == 64
