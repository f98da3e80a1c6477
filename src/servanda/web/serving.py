"""The server process: a socket, the application behind it, a clean end."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import secrets
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from servanda.errors import ServandaError
from servanda.store import Store
from servanda.web.access import SHORTEST_TOKEN, Access
from servanda.web.application import application
from servanda.web.security import Hosts, Streams, everywhere
from servanda.web.state import State

MOST_CONNECTIONS = 1_024
SECONDS_TO_ASK = 15.0
LARGEST_HEAD = 65_536


@dataclass(frozen=True)
class Serving:
    """How to serve: where, over which store (the user's own if None), with which token, and how many jobs at once.

    `hosts` are host names that are allowed besides those of the address.
    """

    host: str = "127.0.0.1"
    port: int = 8765
    store: str | None = None
    token: str = ""
    workers: int = 1
    hosts: tuple[str, ...] = ()

    @property
    def local(self) -> bool:
        """Whether only programs on this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


def token_for(serving: Serving, given: str | None) -> str:
    """The token a server needs: the one given, a new one where others could reach it, none on this machine alone.

    Raises
    ------
    ServandaError
        If the one given is too short to be one.

    >>> token_for(Serving(), None)
    ''
    >>> len(token_for(Serving("0.0.0.0"), None)) > 30
    True
    """
    if given is None:
        return "" if serving.local else secrets.token_urlsafe(24)
    if len(given) < SHORTEST_TOKEN or not given.isprintable() or not given.isascii() or " " in given:
        raise ServandaError(
            f"that is no token: it needs {SHORTEST_TOKEN} letters, digits or signs without a space", exit_code=2
        )
    return given


@contextmanager
def opened(serving: Serving) -> Iterator[State]:
    """The store, the solvers and the jobs of a server; closed in the end, while workers go on with what they do.

    Raises
    ------
    StoreError
        If the store cannot be opened.
    """
    from servanda.web.jobs import Jobs
    from servanda.web.solvers import Solvers

    with Store.open(serving.store) as store:
        solvers = Solvers()
        # the first page need not wait for a process to start
        solvers.warm()
        jobs = Jobs(store, workers=serving.workers)
        try:
            yield State(store, solvers, jobs)
        finally:
            jobs.close()
            solvers.close()


def bound(host: str, port: int) -> socket.socket:
    """A socket bound to an address, before anything else is started.

    Raises
    ------
    ServandaError
        If the port is taken, or the address is none of this machine.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise ServandaError(f"`{host}` is no address of this machine") from None
    found = socket.socket(family, kind, protocol)
    try:
        # A port in use is an error also where an old connection still winds down; only then may it be taken again.
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except OSError as error:
        found.close()
        raise ServandaError(_unbound(host, port, error)) from None
    return found


def _unbound(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken: another server runs there; choose another with --port, or 0 for any"
    if error.errno == errno.EACCES:
        return f"port {port} is not for this user: choose one above 1023 with --port"
    return f"cannot listen on {host}, port {port}: {error.strerror or error}"


def address_of(host: str, listening: socket.socket) -> str:
    """What to open in a browser."""
    name = socket.gethostname() if everywhere(host) else host
    port = listening.getsockname()[1]
    return f"http://[{name}]:{port}/" if ":" in name else f"http://{name}:{port}/"


def serve(serving: Serving, ready: Callable[[str], None]) -> None:
    """Serve until interrupted; `ready` is told the address once the server listens.

    Raises
    ------
    ServandaError
        If the port is taken or the store cannot be opened.
    """
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(name)s %(levelname)s: %(message)s")
    listening = bound(serving.host, serving.port)
    with listening, opened(serving) as state, _ended_by_signal():
        port = listening.getsockname()[1]
        streams = Streams()
        named = (*serving.hosts, *((socket.gethostname(),) if not serving.local else ()))
        app = application(
            state, hosts=Hosts.of(serving.host, named), entry=Access(serving.token, port), streams=streams
        )
        config = uvicorn.Config(
            app, http=PatientProtocol, ws="none", lifespan="off", log_config=None, access_log=False,
            server_header=False, proxy_headers=False, timeout_keep_alive=30, timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=LARGEST_HEAD,
        )  # fmt: skip
        _warm()
        _Server(config, streams, lambda: ready(address_of(serving.host, listening))).run([listening])


class _Server(uvicorn.Server):
    """Says when it listens, and lets those go who listen for events when it ends."""

    def __init__(self, config: uvicorn.Config, streams: Streams, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self.streams = streams
        self.ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        self.ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the streams, then all else."""
        self.streams.end()
        await super().shutdown(sockets)


class PatientProtocol(H11Protocol):
    """A connection that must send the head of its request in time, and one of not too many."""

    waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start the clock; turn away what is too much."""
        super().connection_made(transport)
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self.waiting = self.loop.call_later(SECONDS_TO_ASK, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._stop()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Stop the clock when a head is complete, start it again when another begins."""
        super().data_received(data)
        if self._incomplete():
            if self.waiting is None:
                self.waiting = self.loop.call_later(SECONDS_TO_ASK, self._give_up)
        else:
            self._stop()

    def _incomplete(self) -> bool:
        import h11

        return self.conn.their_state is h11.IDLE and bool(self.conn.trailing_data[0])

    def _give_up(self) -> None:
        self.waiting = None
        if not self.transport.is_closing():
            self.transport.abort()

    def _stop(self) -> None:
        if self.waiting is not None:
            self.waiting.cancel()
            self.waiting = None


@contextmanager
def _ended_by_signal() -> Iterator[None]:
    """Make the signals that end a server end it in order, with everything closed."""

    def interrupt(number: int, frame: FrameType | None) -> Any:  # noqa: ARG001 - the signature of a handler
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _warm() -> None:
    """Make the chart script while nobody waits for it; it takes a second once for every version."""
    from servanda.report.bundle import chart_script

    threading.Thread(target=chart_script, daemon=True, name="chart-script").start()
