"""Fetching: from a share and from a web server, only what is new, never over an open line, and off unless allowed."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from sources.fetch import FetchFailed, fetch
from sources.model import Bezug
from tests.unit.sources.town import AREA_FILES, COUNTS, GOOD_COUNTS, Door


@pytest.fixture
def supplier(tmp_path: Path) -> Path:
    folder = tmp_path / "lieferant"
    folder.mkdir()
    (folder / "zahlen_2023.csv").write_bytes(GOOD_COUNTS.encode("latin-1"))
    (folder / "notiz.txt").write_text("nicht für uns")
    return folder


@pytest.fixture
def server(supplier: Path) -> Iterator[str]:
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(supplier))) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


def source(door: Door, **bezug: str):
    door.declare("zahlen", COUNTS, bezug=bezug)
    return door.city.quelle("zahlen")


def walk(door: Door, quelle, **deliver) -> list[str]:
    return [path.name for path in fetch(quelle, door.deliveries, door.ledger)]


def test_a_share_gives_what_fits_the_pattern_once(door, supplier):
    quelle = source(door, art="ordner", adresse=str(supplier), muster="zahlen_*.csv")
    door.deliver(AREA_FILES)
    assert walk(door, quelle) == ["zahlen_2023.csv"]
    assert [d.quelle_id for d in door.accept(move=True).accepted] == ["gebiete", "zahlen"]
    # The same bytes again are nothing new, even under another name; other bytes are.
    (supplier / "zahlen_2022.csv").write_bytes(GOOD_COUNTS.encode("latin-1"))
    assert walk(door, quelle) == [] and not (door.deliveries / "zahlen").exists()
    (supplier / "zahlen_2023.csv").write_bytes(GOOD_COUNTS.replace("01;a;5", "01;a;6").encode("latin-1"))
    assert walk(door, quelle) == ["zahlen_2023.csv"]
    assert (supplier / "notiz.txt").exists()


def test_a_web_server_gives_its_file_once(door, server):
    quelle = source(door, art="https", adresse=f"{server}/zahlen_2023.csv")
    door.deliver(AREA_FILES)
    assert walk(door, quelle) == ["zahlen_2023.csv"]
    assert door.accept(move=True).refused == []
    assert walk(door, quelle) == []


def test_what_cannot_be_fetched_says_so_in_one_sentence(door, server, tmp_path):
    with pytest.raises(FetchFailed, match="antwortet mit 404"):
        fetch(source(door, art="https", adresse=f"{server}/fehlt.csv"), door.deliveries, door.ledger)
    with pytest.raises(FetchFailed, match="nicht verschlüsselt"):
        fetch(source(door, art="https", adresse="http://example.org/zahlen_2023.csv"), door.deliveries, door.ledger)
    with pytest.raises(FetchFailed, match="Bezug über ordner ging nicht"):
        fetch(source(door, art="ordner", adresse=str(tmp_path / "gibt-es-nicht")), door.deliveries, door.ledger)
    assert not (door.deliveries / "zahlen").exists()


def test_an_unknown_sftp_host_is_not_trusted(door, tmp_path):
    """A server whose key nobody entered gets neither a name nor a key from us."""
    import socket

    import paramiko

    listener = socket.create_server(("127.0.0.1", 0))
    key = paramiko.ECDSAKey.generate()

    def serve() -> None:
        connection, _ = listener.accept()
        transport = paramiko.Transport(connection)
        transport.add_server_key(key)
        try:
            transport.start_server(server=paramiko.ServerInterface())
            transport.join(5)
        except paramiko.SSHException:
            pass
        finally:
            transport.close()

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    hosts = tmp_path / "known_hosts"
    hosts.write_text("")
    quelle = source(door, art="sftp", adresse=f"sftp://stadt@127.0.0.1:{listener.getsockname()[1]}/ablage", known_hosts=str(hosts))
    with pytest.raises(FetchFailed, match="known_hosts"):
        fetch(quelle, door.deliveries, door.ledger)
    listener.close()
    thread.join(10)


def test_without_a_declaration_nothing_is_fetched(door):
    door.declare("zahlen", COUNTS)
    assert door.city.quelle("zahlen").bezug is None
    assert fetch(door.city.quelle("zahlen"), door.deliveries, door.ledger) == []
    assert Bezug(art="ordner", adresse="/x").muster == "*"
