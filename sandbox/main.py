"""The command `packwitness-sandbox`: stand-in marketplaces to try and test against."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.market.marketplace import AnyMarketplace
from sandbox.market.seeding import read
from sandbox.platforms import PLATFORMS
from sandbox.server import Listening, build_server, build_world, listen

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until interrupted. What cannot work is one line on standard error and exit status 2."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        serve(PLATFORMS[options.marketplace], options)
    except SandboxError as error:
        sys.stderr.write(f"packwitness-sandbox: {error}\n")
        raise SystemExit(EXIT_USAGE) from error
    except KeyboardInterrupt:
        # uvicorn has stopped cleanly and passes the signal on.
        pass


def serve(marketplace: AnyMarketplace, options: argparse.Namespace) -> None:
    """Serve the stand-in marketplace until it is told to stop."""
    seed = read(options.seed, marketplace.parse_seed) if options.seed else None
    listening = listen(options.host, options.port)
    with listening.socket:
        world = build_world(marketplace, options.data, seed)
        try:
            ready = f"{marketplace.name} sandbox ready on {listening.base_url}\n"
            server = build_server(
                marketplace,
                world,
                listening.base_url,
                lambda: _announce(listening, ready, options.port_file),
            )
            server.run(sockets=[listening.socket])
        finally:
            world.store.close()


def _announce(listening: Listening, ready: str, port_file: Path | None) -> None:
    if port_file is not None:
        unfinished = port_file.with_name(port_file.name + ".part")
        unfinished.write_text(f"{listening.port}\n", encoding="ascii")
        unfinished.replace(port_file)
    sys.stdout.write(ready)
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="packwitness-sandbox", description=__doc__)
    choices = parser.add_subparsers(dest="marketplace", required=True)
    for marketplace in PLATFORMS.values():
        _add_options(choices.add_parser(marketplace.name, help=marketplace.about), marketplace)
    return parser


def _add_options(parser: argparse.ArgumentParser, marketplace: AnyMarketplace) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    parser.add_argument(
        "--port",
        type=int,
        default=marketplace.default_port,
        help="port, 0 for a free one (%(default)s)",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the state here (default: memory only)"
    )
    parser.add_argument(
        "--seed", type=Path, metavar="FILE", help="JSON to start from when there is no state yet"
    )
    parser.add_argument(
        "--port-file", type=Path, metavar="FILE", help="write the port here once it is served"
    )


if __name__ == "__main__":
    main()
