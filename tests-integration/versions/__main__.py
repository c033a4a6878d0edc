"""``python -m versions freeze RELEASE | approve RELEASE``: what a release does with the messages that it writes.

``freeze`` makes the folder of a new release and never touches an old one. ``approve`` takes what the code of today
makes of an old release's streams as right: after documents were changed on purpose, with the difference in the review.
"""

import sys
from argparse import ArgumentParser

from shared_contracts.envelope import decode_command, decode_event
from versions.folder import ROOT, Version, versions, write
from versions.folds import FOLDS, rows
from versions.shapes import shapes_now
from versions.streams import worked
from versions.variants import completed, one_of_each


def main() -> int:
    """Run from the command line; the exit status."""
    parser = ArgumentParser("versions", description=__doc__)
    parser.add_argument("what", choices=["freeze", "approve"])
    parser.add_argument("release", help="three numbers, such as 0.2.0")
    wanted = parser.parse_args()
    known = {version.name: version for version in versions()}
    if wanted.what == "freeze" and wanted.release in known:
        return _sorry(f"{wanted.release} was released: what it wrote never changes. Freeze the next release.")
    if wanted.what == "approve" and wanted.release not in known:
        return _sorry(f"{wanted.release} was never frozen; there are {', '.join(known) or 'none'}.")
    approve(freeze(wanted.release) if wanted.what == "freeze" else known[wanted.release])
    return 0


def freeze(release: str) -> Version:
    """Write the folder of the release; its messages are read back by this code before it is kept."""
    shapes = shapes_now()
    work = worked(release)
    commands = [message for hotel in work.values() for message in hotel.commands]
    events = [message for hotel in work.values() for message in hotel.events]
    kept_commands = completed(one_of_each(commands, shapes["commands"]), shapes["commands"])
    kept_events = completed(one_of_each(events, shapes["events"]), shapes["events"])
    streams = {hotel: done.events for hotel, done in work.items()}
    for message in kept_commands:
        decode_command(message)
    for message in kept_events:
        decode_event(message)
    assert list(rows(streams)), "a hotel that is open has rows"
    return write(ROOT / release, kept_commands, kept_events, streams, shapes)


def approve(version: Version) -> None:
    """What the streams of the version fold to now is what is expected of them."""
    for what, fold_of in FOLDS.items():
        version.approve(what, fold_of(version.streams))


def _sorry(why: str) -> int:
    sys.stderr.write(f"versions: {why}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
