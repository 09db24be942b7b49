"""The servers that tests run against start, answer, keep apart and stop."""

import socket
from urllib.parse import urlsplit

import psycopg
import pytest
import redis as redis_client

from tests import servers
from tests.servers import postgres_database, postgres_server, redis_url  # noqa: F401


def answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        socket.create_connection((parts.hostname, parts.port), timeout=5).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.postgres
def test_each_database_is_empty_and_gone_afterwards(postgres_server):  # noqa: F811
    with servers.fresh_database(postgres_server) as first:
        with psycopg.connect(first) as connection:
            connection.execute("CREATE TABLE cups (tea text)")
        with servers.fresh_database(postgres_server) as second:
            with psycopg.connect(second) as connection:
                assert connection.execute("SELECT to_regclass('cups')").fetchone() == (None,)
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(first)


@pytest.mark.postgres
def test_a_database_is_copied_from_a_template(postgres_database, postgres_server):  # noqa: F811
    with psycopg.connect(postgres_database) as connection:
        connection.execute("CREATE TABLE cups (tea text)")
    template = urlsplit(postgres_database).path.strip("/")
    with servers.fresh_database(postgres_server, template) as copy:
        with psycopg.connect(copy) as connection:
            assert connection.execute("SELECT count(*) FROM cups").fetchone() == (0,)


@pytest.mark.redis
def test_redis_answers_until_its_block_ends():
    try:
        with servers.redis() as url:
            with redis_client.Redis.from_url(url) as client:
                assert client.set("tea", "mint") and client.get("tea") == b"mint"
    except servers.Missing as missing:
        pytest.skip(str(missing))
    assert not answers(url)


@pytest.mark.redis
def test_redis_is_there_for_every_test(redis_url):  # noqa: F811
    assert answers(redis_url)
