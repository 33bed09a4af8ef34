"""The tests' own PostgreSQL does what the tests rely on."""

from __future__ import annotations

import psycopg
import pytest

pytestmark = pytest.mark.e2e


def ask(url):
    with psycopg.connect(url, connect_timeout=2) as connection:
        return connection.execute("SELECT current_database()").fetchall()[0][0]


def test_databases_are_apart_and_outlive_a_restart(postgres_server):
    one, two = postgres_server.create_database(), postgres_server.create_database()

    postgres_server.restart()

    assert ask(one) != ask(two)


def test_a_wrong_password_is_refused(postgres_server):
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        ask(postgres_server.url(password="wrong"))


def test_a_frozen_server_answers_nobody_until_it_is_thawed(postgres_server, postgres):
    postgres_server.freeze()
    try:
        with pytest.raises(psycopg.errors.ConnectionTimeout):
            ask(postgres)
    finally:
        postgres_server.thaw()

    assert ask(postgres) in postgres
