"""Settings: what may be said, where, and what a mistake is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from rulebook import config
from rulebook.errors import ConfigError


def load(folder: Path, **more: str) -> config.Config:
    return config.load({"RULEBOOK_INSTANCE": str(folder), "PATH": "/bin", **more})


def test_nothing_has_to_be_said(tmp_path: Path) -> None:
    found = load(tmp_path)
    assert found.database_url == f"sqlite:///{tmp_path}/rulebook.db"
    assert found.public_url == "http://127.0.0.1:8000"
    assert found["EGRESS_ALLOW"] == ()
    assert found["SIGNUP"] == "invite"
    assert set(found) == {setting.name for setting in config.SETTINGS}


def test_a_variable_wins_over_the_file(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(
        'port = 9000\nworkers = 2\npublic_url = "https://hooks.shop.example/"\n'
        'egress_allow = ["10.0.0.1", "10.0.0.2:8080"]\n'
    )
    found = load(tmp_path, RULEBOOK_PORT="9100", RULEBOOK_WORKERS="")
    assert found["PORT"] == 9100
    assert found.public_url == "https://hooks.shop.example"
    assert found["EGRESS_ALLOW"] == ("10.0.0.1", "10.0.0.2:8080")


def test_a_secret_may_stand_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "database"
    secret.write_text("postgresql://ada@db/rulebook\n")
    found = load(tmp_path, RULEBOOK_DATABASE_URL_FILE=str(secret))
    assert found.database_url == "postgresql+psycopg://ada@db/rulebook"
    with pytest.raises(ConfigError, match="cannot be read"):
        load(tmp_path, RULEBOOK_DATABASE_URL_FILE=str(tmp_path / "missing"))


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("PRT", "1", "Did you mean RULEBOOK_PORT"),
        ("DATABASE_URI", "x", "Did you mean RULEBOOK_DATABASE_URL"),
        ("ZZZZZZ", "x", "lists the settings"),
        ("PORT", "http", "cannot be used"),
        ("PORT", "65536", "Choose 0 to 65535"),
        ("WORKERS", "0", "Choose 1 to 64"),
        ("MAX_BODY", "99999999", "Choose 1 to 26214400"),
        ("PUBLIC_URL", "hooks.shop.example", "must start with http"),
        ("PUBLIC_URL", "https://", "and a host"),
        ("PUBLIC_URL", "https://shop.example/?a", "and a host"),
        ("PORT", "8000.5", "a whole number"),
        ("DATABASE_URL", "mysql://db/x", "must start with sqlite: or postgresql:"),
        ("DATABASE_URL", "rulebook.db", "must start with sqlite: or postgresql:"),
        ("QUEUE_URL", "amqp://queue", "must start with redis:"),
        ("SIGNUP", "everyone", "one of first, invite, open"),
    ],
)
def test_a_mistake_stops_the_start_and_says_how_to_mend_it(
    tmp_path: Path, name: str, value: str, said: str
) -> None:
    with pytest.raises(ConfigError) as wrong:
        load(tmp_path, **{f"RULEBOOK_{name}": value})
    assert said in f"{wrong.value.message} {wrong.value.fix}"
    assert wrong.value.fix


def test_a_broken_file_and_an_unknown_name_in_it(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text("port = \n")
    with pytest.raises(ConfigError, match="config.toml"):
        load(tmp_path)
    (tmp_path / "config.toml").write_text("prt = 1\n")
    with pytest.raises(ConfigError) as wrong:
        load(tmp_path)
    assert "RULEBOOK_PORT" in wrong.value.fix


def test_a_secret_is_not_repeated_in_an_error(tmp_path: Path) -> None:
    for setting in config.SETTINGS:
        if setting.secret and setting.read is config._number:
            pytest.fail("a secret number would be shown")
    assert {s.name for s in config.SETTINGS if s.secret} == {
        "DATABASE_URL", "MAIL_URL", "QUEUE_URL", "SECRET_KEY"
    }  # fmt: skip


def test_names_of_tools_are_left_alone(tmp_path: Path) -> None:
    assert load(tmp_path, RULEBOOK_TEST_SHARED="x", RULEBOOKS="y")["PORT"] == 8000


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        load(tmp_path)["PORT"] = 1  # type: ignore[index]
