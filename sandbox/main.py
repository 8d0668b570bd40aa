"""The command `packwitness-sandbox`: stand-in marketplaces to try and test against."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.server import Listening, build_server, build_world, listen
from sandbox.shopee.seed import read_seed

EXIT_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> None:
    """Run until interrupted. What cannot work is one line on standard error and exit status 2."""
    options = _parser().parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        serve_shopee(options)
    except SandboxError as error:
        sys.stderr.write(f"packwitness-sandbox: {error}\n")
        raise SystemExit(EXIT_USAGE) from error
    except KeyboardInterrupt:
        # uvicorn has stopped cleanly and passes the signal on.
        pass


def serve_shopee(options: argparse.Namespace) -> None:
    """Serve the Shopee stand-in until it is told to stop."""
    seed = read_seed(options.seed) if options.seed else None
    listening = listen(options.host, options.port)
    with listening.socket:
        world = build_world(options.data, seed)
        try:
            server = build_server(world, lambda: _announce(listening, options.port_file))
            server.run(sockets=[listening.socket])
        finally:
            world.store.close()


def _announce(listening: Listening, port_file: Path | None) -> None:
    if port_file is not None:
        unfinished = port_file.with_name(port_file.name + ".part")
        unfinished.write_text(f"{listening.port}\n", encoding="ascii")
        unfinished.replace(port_file)
    sys.stdout.write(f"shopee sandbox ready on {listening.base_url}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="packwitness-sandbox", description=__doc__)
    marketplaces = parser.add_subparsers(dest="marketplace", required=True)
    shopee = marketplaces.add_parser("shopee", help="a stand-in for the Shopee Open Platform v2")
    shopee.add_argument("--host", default="127.0.0.1", help="address to listen on (%(default)s)")
    shopee.add_argument(
        "--port", type=int, default=8790, help="port, 0 for a free one (%(default)s)"
    )
    shopee.add_argument(
        "--data", type=Path, metavar="DIR", help="keep the state here (default: memory only)"
    )
    shopee.add_argument(
        "--seed", type=Path, metavar="FILE", help="JSON to start from when there is no state yet"
    )
    shopee.add_argument(
        "--port-file", type=Path, metavar="FILE", help="write the port here once it is served"
    )
    return parser


if __name__ == "__main__":
    main()
