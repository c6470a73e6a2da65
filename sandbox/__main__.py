"""`python -m sandbox serve`: run the stand-in for Stripe on this machine."""

import argparse
import logging
import os
import socket
import sys
import threading

from werkzeug.serving import WSGIRequestHandler, make_server

from sandbox.app import App
from sandbox.clockwork import Clockwork
from sandbox.config import VARIABLES, Config, ConfigError, read_config
from sandbox.store import Store
from sandbox.world import World


class Quiet(WSGIRequestHandler):
    """Requests are logged where they are understood, not by the server."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def main(arguments: list[str]) -> int:
    """Run the command and return its exit code."""
    explained = "\n".join(f"  {name:28} {meaning}" for name, meaning in VARIABLES.items())
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="A stand-in for Stripe: test payments on this machine, never real ones.",
        epilog=f"environment:\n{explained}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", choices=["serve"], help="serve: run until stopped")
    parser.parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(name)s  %(message)s")
    try:
        config = read_config(os.environ)
    except ConfigError as problem:
        print(problem, file=sys.stderr)
        return 1
    return serve(config)


def serve(config: Config) -> int:
    """Serve until stopped; return 1 when the port is taken."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", config.port))
    except OSError:
        print(
            f"Port {config.port} is taken: stop what uses it, or set STRIPE_PORT to another one.",
            file=sys.stderr,
        )
        return 1
    listener.listen(128)
    world = World(config, Store(config.data))
    threading.Thread(target=Clockwork(world).run, name="clockwork", daemon=True).start()
    server = make_server(
        "127.0.0.1",
        config.port,
        App(world),
        threaded=True,
        request_handler=Quiet,
        fd=listener.fileno(),
    )
    logging.getLogger("stripe").info("test payments on %s", config.origin)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
