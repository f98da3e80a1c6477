"""A throw-away PostgreSQL server from Debian's packages, and fresh stores in it and in SQLite."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

MISSING = "PostgreSQL is not installed here (Debian: apt-get install postgresql); its half of these tests is left out"
REQUIRED = ("CI", "SERVANDA_REQUIRE_POSTGRES")
_PATIENCE = 60.0


def binaries() -> Path | None:
    """The folder of the server's programs, the newest version first; None if there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: int(p.parts[-3]), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).parent if on_path else None


def needed() -> Path:
    """The programs; without them the test is skipped, but fails where they are required."""
    found = binaries()
    if found is not None:
        return found
    if any(os.environ.get(name) for name in REQUIRED):
        pytest.fail(f"{MISSING}, which is not allowed where {' or '.join(REQUIRED)} is set", pytrace=False)
    pytest.skip(MISSING)


@dataclass
class Server:
    """A running server."""

    socket: Path
    process: subprocess.Popen[bytes]

    def url(self, database: str) -> str:
        """The address of a database, as `Store.open` takes it."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.socket}"

    def fresh(self) -> str:
        """The address of a new, empty database."""
        name = f"t{secrets.token_hex(6)}"
        self.run(f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, statement: str) -> None:
        """Run a statement in the server's own database."""
        import psycopg

        with psycopg.connect(host=str(self.socket), user="postgres", dbname="postgres", autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]


@contextmanager
def postgres_server() -> Iterator[Server]:
    """A server on a socket of its own, without a network and without waiting for the disk; gone afterwards."""
    programs = needed()
    # short, because the path of a socket may not be long, and open to the user that the server runs as
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp" if Path("/tmp").is_dir() else None))
    data = folder / "data"
    as_user = _as_user(folder)
    process = None
    try:
        subprocess.run(
            [*as_user, str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-E", "UTF8", "--locale=C",
             "--auth=trust", "--no-sync", "--no-instructions"],
            check=True, capture_output=True, cwd=folder, timeout=_PATIENCE,
        )  # fmt: skip
        settings = {
            "listen_addresses": "", "unix_socket_directories": str(folder), "fsync": "off", "full_page_writes": "off",
            "synchronous_commit": "off", "max_connections": "200", "shared_buffers": "32MB", "timezone": "Asia/Tehran",
        }  # fmt: skip
        words = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*as_user, str(programs / "postgres"), "-D", str(data), *words], stdout=log, stderr=log, cwd=folder
            )
        server = Server(folder, process)
        _wait(server, folder / "log")
        yield server
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGQUIT)
                process.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres_url() -> Iterator[str]:
    """The address of an empty database on a server of its own."""
    with postgres_server() as server:
        yield server.fresh()


def _as_user(folder: Path) -> list[str]:
    """The words before a command that take root's rights away, which the server refuses, and end it with the tests."""
    setpriv = shutil.which("setpriv")
    dying = [setpriv, "--pdeathsig", "INT"] if setpriv else []
    if os.geteuid() != 0:
        return dying
    import pwd

    names = {entry.pw_name for entry in pwd.getpwall()}
    user = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    os.chown(folder, user.pw_uid, user.pw_gid)
    if not setpriv:
        return ["su", "-s", "/bin/sh", user.pw_name, "-c", 'exec "$0" "$@"', "--"]
    return [*dying, f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


def _wait(server: Server, log: Path) -> None:
    import psycopg

    until = time.monotonic() + _PATIENCE
    while True:
        try:
            server.run("SELECT 1")
            return
        except psycopg.OperationalError:
            if server.process.poll() is not None or time.monotonic() > until:
                pytest.fail(f"PostgreSQL did not start: {log.read_text()[-2000:]}", pytrace=False)
            time.sleep(0.05)
