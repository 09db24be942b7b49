"""The command line as an operator meets it, each test with an instance folder of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import text

from rulebook.cli import main
from rulebook.cli.ground import acting, at_home
from rulebook.domain import hooks as hook_verbs
from rulebook.domain.rules import write_rule
from rulebook.domain.tokens import bearer
from rulebook.storage import db, events, utcnow
from rulebook.storage.base import first_id
from tests.fakes.sink import Sink
from tests.people import document
from tests.servers import free_port
from tests.work import work
from web import create_app

Cli = Callable[..., Result]


@pytest.fixture
def cli(tmp_path: Path, sqlite_template: Path, monkeypatch: pytest.MonkeyPatch) -> Cli:
    """Runs a command in a migrated instance; fails unless it ends with `code`."""
    for name in [name for name in os.environ if name.startswith("RULEBOOK_")]:
        monkeypatch.delenv(name)
    shutil.copy(sqlite_template, tmp_path / "rulebook.db")
    monkeypatch.setenv("RULEBOOK_INSTANCE", str(tmp_path))
    monkeypatch.setenv("RULEBOOK_PORT", str(free_port()))

    def run(*words: str, code: int = 0, given: str | None = None) -> Result:
        done = CliRunner().invoke(main, list(words), input=given)
        assert done.exit_code == code, (done.output, done.exception)
        return done

    return run


def _hook(name: str = "Payments") -> tuple[str, str]:
    """A hook's id and its path."""
    with at_home():
        hook = hook_verbs.make_hook(acting(None), name)
        return hook.id, "/in/" + hook_verbs.hook_url(hook).rpartition("/")[2]


def _receive(path: str, *bodies: bytes, query: str = "") -> list[str]:
    """Events for a hook, judged and acted on; the event ids, oldest first."""
    app: Flask = create_app()
    headers = [("Content-Type", "application/json"), ("X-Shop", "a"), ("X-Shop", "b")]
    for body in bodies:
        sent = app.test_client().post(f"{path}{query}", data=body, headers=headers)
        assert sent.status_code == 200
    work(app)
    with app.app_context():
        ids = [str(each) for each in db.session.execute(text("SELECT id FROM event")).scalars()]
        db.session.remove()
        db.engine.dispose()
    app.extensions["bell"].queue.storage.close()
    return sorted(ids)


def test_accounts_and_tokens(cli: Cli) -> None:
    assert "no account yet" in cli("user", "list").stdout
    nobody = cli("rules", "export", "--hook", "x", code=2)
    assert "rulebook user add" in nobody.stderr and not nobody.stdout
    made = cli("user", "add", "ada@shop.example")
    assert "/password/" in made.stdout.splitlines()[-1]
    good = "four words only bo joins\n"
    made = cli("user", "add", "bo@shop.example", "--password-stdin", "--json", given=good)
    assert json.loads(made.stdout)["link"] is None
    short = cli("user", "add", "cy@shop.example", "--password-stdin", given="short\n", code=2)
    assert "at least 15" in short.stderr
    assert "already" in cli("user", "add", "ada@shop.example", code=2).stderr
    moved = cli("user", "email", "bo@shop.example", "Bo@books.example").stdout
    assert "bo@shop.example signs in as bo@books.example from now on" in moved
    for old, new, said in (("bo@books.example", "ada@shop.example", "has an account of its own"),
                           ("bo@books.example", "nobody", "address"),
                           ("bo@shop.example", "x@shop.example", "no account")):  # fmt: skip
        assert said in cli("user", "email", old, new, code=2).stderr
    cli("user", "email", "bo@books.example", "bo@shop.example", "--json")
    rows = json.loads(cli("user", "list", "--json").stdout)
    assert [(row["email"], row["password_set"]) for row in rows] == [
        ("ada@shop.example", False),
        ("bo@shop.example", True),
    ]
    printed = cli("token", "create", "--user", "ada@shop.example", "--scope", "read").stdout
    token = printed.splitlines()[-1]
    assert token.startswith("rbk_") and " " not in token
    with at_home():
        found = bearer(token, "")
        assert found and found.actor.scopes == {"read"}
    assert "--user" in cli("rules", "export", "--hook", "x", code=2).stderr
    assert "no account" in cli("token", "create", "--user", "dee@x.example", code=2).stderr


def test_a_sample_is_sent_signed_and_its_answer_explained(cli: Cli) -> None:
    assert "stripe payment_succeeded" in cli("send", "--list").stdout
    with Sink() as sink:
        words = ("send", "github", "issue_opened", "--to", f"{sink.url}/in/x")
        assert cli(*words, "--secret", "canary-4711").stdout.startswith("200: Taken")
        assert sink.last.headers["x-hub-signature-256"].startswith("sha256=")
        assert sink.last.json["action"] == "opened"
        sink.answers(401)
        refused = cli("send", "stripe", "payment_succeeded", "--to", sink.url, "--json", code=1)
        said = json.loads(refused.stdout)
        assert said["status"] == 401 and "--secret" in said["means"]
    closed = f"http://127.0.0.1:{free_port()}"
    nobody = cli("send", "stripe", "payment_succeeded", "--to", closed, code=2)
    assert "Nobody answers" in nobody.stderr
    assert "'stripe'" in cli("send", "stipe", "x", "--to", "http://x", code=2).stderr
    assert "--list" in cli("send", "stripe", code=2).stderr


def test_rules_travel_as_yaml_and_come_in_off(cli: Cli, tmp_path: Path) -> None:
    cli("user", "add", "ada@shop.example")
    there, _ = _hook()
    here, _ = _hook("Other")
    called = document(name="Call", path="$.at", test="text.is", value="12:30")
    headers = {"Authorization": "canary-4711", "X-A": "no"}
    config = {"url": "https://shop.example/x", "headers": headers}
    called["then"] = [{"id": "call", "action": "http", "config": config}]
    with at_home():
        for each in (document(), called):
            write_rule(acting(None), there, each, "live")
    exported = cli("rules", "export", "--hook", there)
    assert "canary" not in exported.output and "Authorization" in exported.stderr
    file = tmp_path / "rules.yaml"
    file.write_text(exported.stdout)
    printed = cli("rules", "import", str(file), "--hook", here).stdout
    assert printed.splitlines()[0].startswith("Text me big payments (off")
    again = json.loads(cli("rules", "export", "--hook", here, "--json").stdout)
    del headers["Authorization"]
    assert again == [document(), called]


ODD_WORDS = """
name: What JSON would not call yes, a date or a number of base 60 is text here too
when:
  all:
    - {path: $.a, test: text.is, value: 2026-01-02}
    - {path: $.b, test: text.is, value: 12:30}
    - {path: $.c, test: text.is, value: no}
then:
  - {id: s, action: sms, config: {to: '+14155550123', message: x}}
"""


def test_a_file_of_rules_is_tested_before_it_counts(cli: Cli, tmp_path: Path) -> None:
    cli("user", "add", "ada@shop.example")
    hook_id, path = _hook()
    odd = b'{"a": "2026-01-02", "b": "12:30", "c": "no"}'
    _receive(path, b'{"amount": 60}', b'{"amount": 3}', odd)
    file = tmp_path / "rules.yaml"
    file.write_text(yaml.safe_dump(document()))
    assert "met 1 of 3" in cli("rules", "test", str(file), "--hook", hook_id).stdout
    file.write_text(ODD_WORDS)
    assert "met 1 of 3" in cli("rules", "test", str(file), "--hook", hook_id).stdout
    wrong = document()
    wrong["when"]["all"][0]["test"] = "number.over"
    file.write_text(json.dumps([document(name="good"), wrong]))
    for command in ("test", "import"):
        refused = cli("rules", command, str(file), "--hook", hook_id, code=1)
        assert "/when/all/0/test" in refused.stderr
    assert "good" not in cli("rules", "export", "--hook", hook_id).stdout, "all or none"
    file.write_text("a: [")
    torn = cli("rules", "test", str(file), "--hook", hook_id, code=2)
    assert "neither YAML nor JSON" in torn.stderr
    assert "cannot be read" in cli("rules", "test", "none.y", "--hook", hook_id, code=2).stderr


def test_a_replay_says_what_it_sends(cli: Cli) -> None:
    cli("user", "add", "ada@shop.example")
    hook_id, path = _hook()
    with at_home():
        write_rule(acting(None), hook_id, document(), "live")
    [event] = _receive(path, b'{"amount": 60}')
    assert "Left out" in cli("replay", event).stdout
    dry = json.loads(cli("replay", event, "--again", "--dry-run", "--json").stdout)
    assert dry["dry_run"] and len(dry["runs"]) == 1
    assert "Planned: " in cli("replay", event, "--again").stdout
    cli("user", "add", "cy@shop.example")
    assert "no such event" in cli("replay", event, "--user", "cy@shop.example", code=2).stderr


def test_listen_forwards_what_came_exactly(cli: Cli) -> None:
    cli("user", "add", "ada@shop.example")
    _, path = _hook("Shop")
    first, second = _receive(path, b'{ "n":1 }', b'{ "n":2 }', query="?x=1")
    with Sink() as sink:
        told = cli("listen", "Shop", "--to", f"{sink.url}/hook", "--since", "1h", "--count", "2")
        assert sink.texts == ['{ "n":1 }', '{ "n":2 }']
        assert sink.last.path == "/hook?x=1"
        assert sink.last.headers["x-shop"].replace(" ", "") == "a,b"
        assert first in told.stdout and f"{second} 200: Taken" in told.stdout
        assert "Stopped after 2" in told.stderr
        assert "no such hook" in cli("listen", "Ship", "--to", sink.url, code=2).stderr
        soon = cli("listen", "Shop", "--to", sink.url, "--since", "soon", code=2)
        assert "10m" in soon.stderr


def test_listen_says_why_it_stopped(cli: Cli) -> None:
    cli("user", "add", "ada@shop.example")
    _hook("Shop")
    with Sink() as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "rulebook", "listen", "Shop", "--to", sink.url],
            stderr=subprocess.PIPE, text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )  # fmt: skip
        assert process.stderr and "Listening to Shop" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=20)
    assert process.returncode == 0 and "Stopped by Ctrl-C; 0 events" in told


def test_a_backup_is_whole_and_without_the_key(cli: Cli, tmp_path: Path) -> None:
    cli("user", "add", "ada@shop.example")
    file = tmp_path / "copy.db"
    said = cli("backup", str(file)).stdout
    key = (tmp_path / "secret.key").read_text().strip()
    assert "secret.key" in said and key.encode() not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    copy = sqlite3.connect(file)
    assert copy.execute("SELECT email FROM user_account").fetchall() == [("ada@shop.example",)]
    copy.close()
    assert "exists already" in cli("backup", str(file), code=2).stderr
    assert not list(tmp_path.glob(".*.part"))


def test_what_is_kept_is_for_nobody_else_on_the_machine(cli: Cli, tmp_path: Path) -> None:
    cli("user", "add", "ada@shop.example")
    kept = [path for path in tmp_path.iterdir() if path.is_file()]
    assert "rulebook.db" in [path.name for path in kept]
    assert {path.name for path in kept if path.stat().st_mode & 0o077} == set()


def test_pruning_forgets_old_bodies(cli: Cli) -> None:
    cli("user", "add", "ada@shop.example")
    _, path = _hook()
    [event] = _receive(path, b'{"n": 1}')
    assert cli("prune").stdout.startswith("0 ")
    old = first_id("evt", utcnow() - timedelta(days=31))  # an id holds its moment
    with at_home() as app:
        file = app.extensions["rulebook"].config.instance / "rulebook.db"
    with sqlite3.connect(file) as past:  # not through the product: it would not let ids change
        past.execute("UPDATE event SET received_at = '2020-01-01 00:00:00.000000', id = ?", (old,))
        past.execute("UPDATE event_body SET event_id = ?", (old,))
    past.close()
    assert json.loads(cli("prune", "--json").stdout) == {"forgotten": 1}
    with at_home():
        assert events.body_of(old) is None


def _levels(cli: Cli, code: int) -> dict[str, str]:
    checks = json.loads(cli("doctor", "--json", code=code).stdout)["checks"]
    assert all(each["fix"] for each in checks if each["level"] == "fail")
    return {each["check"]: each["level"] for each in checks}


def test_the_doctor_finds_all_well_and_keeps_secrets(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RULEBOOK_SECRET_KEY", "canary-" * 10)
    well = _levels(cli, 0)
    for name in ("python", "settings", "database", "queue", "key", "port", "instance folder"):
        assert well[name] == "ok", name
    told = cli("doctor").stdout
    assert "canary" not in told and "RULEBOOK_SECRET_KEY = ••••••" in told
    fresh = tmp_path / "nothing-here"
    monkeypatch.setenv("RULEBOOK_INSTANCE", str(fresh))
    assert _levels(cli, 0)["database"] == "warn"
    assert not fresh.exists(), "looking makes nothing"


def test_the_doctor_says_the_remedy_for_what_is_wrong(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _levels(cli, 1)["key"] == "fail", "a database without its key"
    key = tmp_path / "secret.key"
    key.write_text("x" * 40)
    key.chmod(0o644)
    assert _levels(cli, 1)["key"] == "fail", "others may read it"
    key.chmod(0o600)
    with socket.socket() as other:
        other.bind(("127.0.0.1", int(os.environ["RULEBOOK_PORT"])))
        assert _levels(cli, 1)["port"] == "fail"
    database = sqlite3.connect(tmp_path / "rulebook.db")
    database.execute("UPDATE alembic_version SET version_num = 'from-the-future'")
    database.commit()
    database.close()
    assert _levels(cli, 1)["database"] == "fail"
    monkeypatch.setenv("RULEBOOK_PROT", "1")
    assert "RULEBOOK_PORT?" in cli("doctor", code=1).stdout


def test_a_wrong_setting_or_a_taken_port_stops_the_start_with_its_remedy(tmp_path: Path) -> None:
    def start(command: str = "run", **settings: str) -> str:
        root = str(Path(__file__).parents[1])
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": root, **settings}
        done = subprocess.run(
            [sys.executable, "-m", "rulebook", command],
            env={"RULEBOOK_INSTANCE": str(tmp_path), **environ},
            capture_output=True, text=True, timeout=60,
        )  # fmt: skip
        assert done.returncode == 2 and "Traceback" not in done.stderr
        return done.stderr

    assert "Did you mean RULEBOOK_PORT?" in start(RULEBOOK_PROT="1")
    nobody = start(RULEBOOK_DATABASE_URL="postgresql://ada:canary@127.0.0.1:1/x")
    assert "does not answer" in nobody and "canary" not in nobody
    for queue in ("redis://:canary@127.0.0.1:notaport/0", "redis://:can/ary@127.0.0.1",
                  "postgresql://ada:canary@127.0.0.1:port/x"):  # fmt: skip
        for command in ("run", "web", "worker") if "notaport" in queue else ("run",):
            unread = start(command, RULEBOOK_QUEUE_URL=queue, RULEBOOK_PORT=str(free_port()))
            assert unread.startswith("RULEBOOK_QUEUE_URL: its value cannot be read")
            assert "canary" not in unread and unread.count("\n") == 1
    (tmp_path / "file").write_text("")
    assert "RULEBOOK_INSTANCE" in start(RULEBOOK_INSTANCE=str(tmp_path / "file"))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        for command in ("run", "web"):
            told = start(command, RULEBOOK_PORT=str(other.getsockname()[1]))
            assert "taken" in told and "RULEBOOK_PORT" in told
