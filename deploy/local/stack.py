"""Innkeep on this machine without containers: stack.py up | down | status | logs | packages."""

import argparse
import sys

from first_booking import first_booking
from innkeep_processes.ending import down, purge
from innkeep_processes.places import places
from innkeep_processes.plan import COMMAND_API, QUERY_API
from innkeep_processes.starting import up
from innkeep_processes.telling import show_logs, status
from local_stack import packages
from local_stack.packages import PackagesMissing
from local_stack.server import StartFailed


def main() -> int:
    """Carry out one command and return the exit code."""
    arguments = _parser().parse_args()
    try:
        return _carry_out(arguments)
    except (StartFailed, PackagesMissing, LookupError, ValueError) as failure:
        print(f"\n{failure}", file=sys.stderr)
        return 1


def _carry_out(arguments: argparse.Namespace) -> int:
    stack = places()
    match arguments.command:
        case "up":
            _up()
        case "down":
            down(stack, _tell)
            if arguments.purge:
                purge(stack, _tell)
        case "status":
            return 0 if status(stack, _tell) else 1
        case "logs":
            show_logs(stack, arguments.process, follow=arguments.follow)
        case _:
            packages.ensure_installed()
    return 0


def _up() -> None:
    state = up(places(), _tell)
    command_url, query_url = state.services[COMMAND_API].url, state.services[QUERY_API].url
    print(f"\nInnkeep is up.\n  commands  {command_url}\n  queries   {query_url}\n\nA first booking:\n")
    print(first_booking(command_url, query_url))


def _tell(line: str) -> None:
    print(line, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="stack.py", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("up", help="start what does not run; WORKERS=n and PROJECTORS=n start several of those")
    ending = commands.add_parser("down", help="stop everything; data stays")
    ending.add_argument("--purge", action="store_true", help="and delete the data and the logs")
    commands.add_parser("status", help="what runs, where, and whether it is ready (exit 1 when something is not)")
    logs = commands.add_parser("logs", help="the end of the logs")
    logs.add_argument("process", nargs="?", help="one of the names that status prints")
    logs.add_argument("--follow", action="store_true", help="and what is added to them")
    commands.add_parser("packages", help="install the system's packages that are missing")
    return parser


if __name__ == "__main__":
    sys.exit(main())
