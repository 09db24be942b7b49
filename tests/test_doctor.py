"""What the doctor says about a set-up: machines, keys, PostgreSQL, address, disk."""

from __future__ import annotations

import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import text

from rulebook import config
from rulebook.cli import checks, main, setups
from rulebook.cli.ground import acting, at_home
from rulebook.cli.setups import Finding
from rulebook.config import Config
from rulebook.domain import connections, hooks, keys
from rulebook.domain.house import House
from rulebook.errors import ConfigError
from rulebook.sealing import sealer
from rulebook.storage import db, sealed, utcnow
from tests import servers
from tests.fakes import Mail
from tests.fakes.smtp import PASSWORD, USER
from tests.people import Person, make_hook
from tests.servers import free_port
from web import create_app

OLD, NEW = "an old key that is long enough 012345", "a new key that is long enough 678901"
MOUNTS = """\
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 0:40 / /srv/shared rw,relatime shared:9 - nfs4 files:/export rw
31 22 0:41 / /srv/my\\040disk rw,relatime - cifs //files/disk rw
32 30 8:2 / /srv/shared/local rw,relatime - xfs /dev/sdb1 rw
33 22 8:3 / /mnt rw - ext4 /dev/sdc1 rw
34 33 0:42 / /mnt rw - fuse.sshfs me@there: rw
"""


def given(**settings: str) -> Config:
    """Settings as the environment would give them; nothing is made."""
    named = {f"RULEBOOK_{name}": value for name, value in settings.items()}
    return config.load({"RULEBOOK_INSTANCE": "/nowhere", **named})


@pytest.mark.parametrize(
    ("path", "kind"),
    [("/srv/shared/rulebook", "nfs4"), ("/srv/shared/local/a/b", "xfs"), ("/srv/other", "ext4"),
     ("/srv/my disk/i", "cifs"), ("/mnt/instance", "fuse.sshfs"), ("/var/lib/rulebook", "ext4")],
)  # fmt: skip
def test_the_file_system_of_a_folder(tmp_path: Path, path: str, kind: str) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    assert setups.file_system(Path(path), mounts) == kind
    assert setups.file_system(Path(path), tmp_path / "not-there") == ""


def test_the_file_system_of_this_very_folder_is_known(tmp_path: Path) -> None:
    if setups.MOUNTS.exists():
        assert setups.file_system(tmp_path / "rulebook.db")


@pytest.mark.parametrize(
    ("settings", "level", "words"),
    [
        ({}, "ok", "One machine"),
        ({"INSTANCE": "/srv/shared/i"}, "warn", "network file system (nfs4)"),
        ({"DATABASE_URL": "sqlite:////mnt/a.db"}, "warn", "network file system (fuse.sshfs)"),
        ({"QUEUE_URL": "redis://q/0"}, "warn", "SQLite is a file on this one"),
        ({"DATABASE_URL": "postgresql://d/r"}, "warn", "queue is a file on this one"),
        ({"DATABASE_URL": "postgresql://d/r", "QUEUE_URL": "redis://q/0"}, "ok", "Any number"),
        ({"DATABASE_URL": "postgresql://d/r", "QUEUE_URL": "postgresql://d/r"}, "ok", "Any number"),
    ],
)
def test_what_serves_one_machine_and_what_serves_several(
    tmp_path: Path, settings: dict[str, str], level: str, words: str
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(MOUNTS)
    found = setups.machines(given(**settings), mounts)
    assert (found.level, words in found.sentence) == (level, True), found
    assert found.fix or level == "ok"


@pytest.mark.parametrize(
    ("settings", "level", "words"),
    [
        ({}, "warn", "this network only"),
        ({"PUBLIC_URL": "https://10.1.2.3"}, "warn", "this network only"),
        ({"PUBLIC_URL": "http://rules.example.com"}, "warn", "not encrypted"),
        ({"PUBLIC_URL": "https://rules.example.com"}, "warn", "proxy's address"),
        ({"PUBLIC_URL": "https://example.com/rules", "TRUSTED_PROXIES": "1"}, "fail", "a path"),
        ({"PUBLIC_URL": "https://rules.example.com", "TRUSTED_PROXIES": "1"}, "ok", "lead to"),
    ],
)
def test_the_public_address(settings: dict[str, str], level: str, words: str) -> None:
    found = setups.public_url(given(**settings))
    assert (found.level, words in found.sentence) == (level, True), found
    assert found.fix or level == "ok"


def with_key(app: Flask, key: str) -> None:
    """The same app, started with another SECRET_KEY."""
    was: House = app.extensions["rulebook"]
    changed = Config({**was.config, "SECRET_KEY": key})
    app.extensions["rulebook"] = House(changed, sealer(changed), was.egress)


@pytest.fixture
def settings() -> dict[str, str]:
    return {"RULEBOOK_SECRET_KEY": OLD}


def keep_secrets(ada: Person) -> tuple[str, str]:
    """Ada's hook with a signing secret, and her mail server: three sealed texts."""
    hook = make_hook(ada, provider="github", secret="signing-canary-0123456789")
    account = {"host": "mail.example", "port": 587, "security": "starttls", "username": "ada",
               "password": "canary", "from": "ada@shop.example"}  # fmt: skip
    connection = connections.make_connection(ada.actor, "smtp", "Mail", account)
    return hook.id, connection.id


def test_secrets_that_another_key_sealed_are_found(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook_id, connection_id = keep_secrets(ada)
        assert setups.seals() == Finding("secrets", "ok", "The first key opens every stored "
                                         "secret (3).")  # fmt: skip
        with_key(app, NEW)
        found = setups.seals()
        assert found.level == "fail" and found.sentence.startswith("3 of 3 ")
        assert hook_id in found.sentence or connection_id in found.sentence
        with_key(app, f"{NEW},{OLD}")
        found = setups.seals()
        assert (found.level, found.fix) == ("warn", "Run: rulebook reseal")


def test_a_new_key_takes_the_place_of_the_old_one(app: Flask, ada: Person) -> None:
    with app.app_context():
        hook_id, connection_id = keep_secrets(ada)
        address = hooks.hook_url(hooks.find_hook(ada.actor, hook_id))
        with_key(app, f"{NEW},{OLD}")
        done = keys.reseal()
        assert (done.count, done.older, done.shut) == (3, 3, [])
        assert keys.reseal().older == 0, "a second time there is nothing to do"
        with_key(app, NEW)
        db.session.expire_all()
        assert setups.seals().level == "ok"
        assert hooks.hook_url(hooks.find_hook(ada.actor, hook_id)) == address
        opened = connections.open_connection(ada.workspace_id, connection_id)
        assert opened and opened["password"] == "canary"


def test_what_no_key_opens_is_left_as_it_is(app: Flask, ada: Person) -> None:
    with app.app_context():
        _, connection_id = keep_secrets(ada)
        swap = text("UPDATE connection SET sealed = 'spoilt' WHERE id = :id")
        db.session.execute(swap, {"id": connection_id})
        db.session.commit()
        with_key(app, f"{NEW},{OLD}")
        done = keys.reseal()
        assert (done.count, done.older, done.shut) == (3, 2, [f"connection {connection_id}"])
        left = text("SELECT sealed FROM connection")
        assert db.session.execute(left).scalar_one() == "spoilt"


def test_a_secret_that_was_changed_meanwhile_is_not_overwritten(app: Flask, ada: Person) -> None:
    with app.app_context():
        keep_secrets(ada)
        [seen] = [each for page in sealed.sealed_texts() for each in page
                  if each.table == "connection"]  # fmt: skip
        assert sealed.seal_again(seen, "the first")
        assert not sealed.seal_again(seen, "the second, from what was seen before")


def test_pages_of_sealed_texts_hold_everything(
    app: Flask, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealed, "PAGE", 2)
    with app.app_context():
        made = {make_hook(ada, f"Hook {n}").id for n in range(5)}
        pages = list(sealed.sealed_texts())
        assert [len(page) for page in pages] == [2, 2, 1]
        assert {each.owner for page in pages for each in page} == made


def test_every_table_with_sealed_texts_has_the_owner_as_its_id() -> None:
    found = {f"{table.name}.{column.name}" for table, column in sealed.columns()}
    assert {"connection.sealed", "hook.token_sealed", "hook.secrets_sealed"} <= found
    assert all("id" in table.columns for table, _ in sealed.columns())


def run(code: int, *words: str, **settings: str) -> str:
    environ = {f"RULEBOOK_{name}": value for name, value in settings.items()}
    done = CliRunner().invoke(main, list(words), env=environ)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


@pytest.fixture
def place(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A migrated instance folder that commands work on."""
    for name in [name for name in os.environ if name.startswith("RULEBOOK_")]:
        monkeypatch.delenv(name)
    shutil.copy(sqlite_template, tmp_path / "rulebook.db")
    monkeypatch.setenv("RULEBOOK_INSTANCE", str(tmp_path))
    monkeypatch.setenv("RULEBOOK_PORT", str(free_port()))
    return tmp_path


def checks_of(code: int, **settings: str) -> dict[str, Finding]:
    said = json.loads(run(code, "doctor", "--json", **settings))["checks"]
    return {each["check"]: Finding(**each) for each in said}


def test_the_commands_that_change_a_key(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(0, "user", "add", "ada@shop.example", SECRET_KEY=OLD)
    monkeypatch.setenv("RULEBOOK_SECRET_KEY", OLD)
    with at_home():
        hook_id = hooks.make_hook(acting(None), "Payments").id
    monkeypatch.delenv("RULEBOOK_SECRET_KEY")
    assert checks_of(0, SECRET_KEY=OLD)["secrets"].level == "ok"
    assert hook_id in checks_of(1, SECRET_KEY=NEW)["secrets"].sentence
    assert "no key opens 1" in run(2, "reseal", SECRET_KEY=NEW)
    assert checks_of(0, SECRET_KEY=f"{NEW},{OLD}")["secrets"].level == "warn"
    told = run(0, "reseal", "--json", SECRET_KEY=f"{NEW},{OLD}")
    assert json.loads(told) == {"secrets": 1, "resealed": 1}
    assert "0 of 1 secrets" in run(0, "reseal", SECRET_KEY=NEW)
    assert checks_of(0, SECRET_KEY=NEW)["secrets"].level == "ok"


def test_less_than_the_floor_is_a_failure(place: Path) -> None:
    assert checks_of(0, SECRET_KEY=OLD)["disk"].level in ("ok", "warn")
    assert checks_of(1, SECRET_KEY=OLD, DISK_FLOOR="10000000")["disk"].level == "fail"
    assert checks_of(0, SECRET_KEY=OLD, DISK_FLOOR="0")["disk"].level in ("ok", "warn")


@pytest.mark.parametrize(
    ("version", "used", "level"),
    [((3, 51, 2), True, "warn"), ((3, 51, 3), True, "ok"), ((3, 6, 23), True, "ok"),
     ((3, 40, 1), False, "ok")],
)  # fmt: skip
def test_the_range_of_versions_that_can_damage_the_log(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], used: bool, level: str
) -> None:
    monkeypatch.setattr("rulebook.cli.checks.sqlite3.sqlite_version_info", version)
    assert checks._sqlite(used).level == level


@pytest.mark.postgres
def test_a_postgresql_that_does_not_keep_its_word(place: Path, postgres_server: str) -> None:
    """The tests' own server, which is fast because it syncs nothing."""
    with servers.fresh_database(postgres_server) as url:
        run(0, "db", "upgrade", SECRET_KEY=OLD, DATABASE_URL=url)
        found = checks_of(1, SECRET_KEY=OLD, DATABASE_URL=url, QUEUE_URL=url)
        assert {name for name, each in found.items() if each.level == "fail"} == {"durability"}
        assert "fsync, synchronous_commit" in found["durability"].sentence
        for name in ("database", "queue", "secrets", "clock", "connections", "machines", "sqlite"):
            assert found[name].level == "ok", found[name]
        for driver in ("postgres:", "postgresql+psycopg:"):
            queue = url.replace("postgresql:", driver)
            assert (
                checks_of(1, DATABASE_URL=url, QUEUE_URL=queue, SECRET_KEY=OLD)["queue"]
                == found["queue"]
            )
        down = "postgresql://127.0.0.1:1/x"
        found = checks_of(1, SECRET_KEY=OLD, DATABASE_URL=down, QUEUE_URL="redis://127.0.0.1:1/0")
        assert (found["database"].level, found["queue"].level) == ("fail", "fail")
        assert "secrets" not in found and "durability" not in found


@pytest.mark.postgres
@pytest.mark.parametrize(("seconds", "level"), [(0, "ok"), (-10, "warn"), (60, "fail")])
def test_clocks_that_differ(postgres_only: Flask, seconds: int, level: str) -> None:
    with postgres_only.app_context():
        now = utcnow() + timedelta(seconds=seconds)
        assert {each.check: each.level for each in setups.postgresql(now)}["clock"] == level


@pytest.fixture
def postgres_only(tmp_path: Path, postgres_server: str, postgres_template: str):
    with servers.fresh_database(postgres_server, postgres_template) as url:
        app = create_app(
            config.load({"RULEBOOK_INSTANCE": str(tmp_path), "RULEBOOK_DATABASE_URL": url})
        )
        yield app
        with app.app_context():
            db.engine.dispose()
        app.extensions["bell"].queue.storage.close()


@pytest.mark.postgres
def test_room_for_the_pools_of_our_processes(postgres_only: Flask) -> None:
    with postgres_only.app_context():
        assert setups._room(20).level == "warn"
        assert setups._room(100).level == "ok"
        assert setups._durability([]).level == "ok"


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("mail.shop.example", "it is no mail server's address"),
        ("http://mail.shop.example", "it is no mail server's address"),
        ("smtp://mail.shop.example", "“Sender” is empty"),
        ("smtp://?from=a@shop.example", "“Mail server” is empty"),
        ("smtp://mail.shop.example:99999?from=a@shop.example", "“Port” is -1"),
        ("smtp://ada:s3cret-osprey/x@mail.example?from=a@shop.example", "“Port” is -1"),
        ("smtp://ada:s3cret-osprey@mail.example?from=nobody", "“nobody” is not a mail address"),
        ("smtp://ada@mail.shop.example?from=a@shop.example", "“Password” is empty"),
        ("smtp://mail.shop.example?from=a@shop.example&security=some", "“some” is not a choice"),
    ],
)
def test_a_mail_server_that_cannot_be_one_stops_the_start(
    tmp_path: Path, url: str, why: str
) -> None:
    settings = given(INSTANCE=str(tmp_path), MAIL_URL=url)
    with pytest.raises(ConfigError) as wrong:
        create_app(settings)
    told = f"{wrong.value.message} {wrong.value.fix}"
    assert told.startswith(f"RULEBOOK_MAIL_URL: its value cannot be used ({why}"), told
    assert "smtp://USER:PASSWORD@HOST:PORT?from=ADDRESS" in told and "osprey" not in told
    assert setups.mail(settings) == Finding("mail", "fail", wrong.value.message, wrong.value.fix)


def test_the_doctor_tries_the_mail_server_and_sends_nothing(place: Path) -> None:
    with Mail(login=True) as server:
        allowed = {"INSTANCE": str(place), "EGRESS_ALLOW": "127.0.0.1", "SECRET_KEY": OLD}
        at = f"@{server.host}:{server.port}?from=a@shop.example&security=none"
        right = f"smtp://{USER}:{quote(PASSWORD)}{at}"
        assert "let us in. No message was sent." in run(0, "doctor", **allowed, MAIL_URL=right)
        refused = run(1, "doctor", **allowed, MAIL_URL=f"smtp://{USER}:wrong-osprey{at}")
        assert "fail  mail: " in refused and "osprey" not in refused
        assert "ok    database: " in refused
    gone = run(1, "doctor", **allowed, MAIL_URL=right)
    assert "fail  mail: " in gone
    assert not server.letters
    wrong = run(1, "doctor", **allowed, MAIL_URL="mail.shop.example")
    assert "fail  mail: RULEBOOK_MAIL_URL" in wrong and "ok    database: " in wrong
