"""The files for self-hosting hold what they promise: settings and commands that exist, one version,
time enough to stop, nothing that may be written except the instance folder."""

from __future__ import annotations

import configparser
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from rulebook import __version__, config
from rulebook.cli import main
from rulebook.config import SETTINGS
from rulebook.jobs.supervisor import PATIENCE
from rulebook.jobs.worker import LONGEST_STOP
from web import create_app

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "self-hosting.md"
UNITS = sorted((ROOT / "docs" / "systemd").glob("*.service"))
PROXIES = sorted((ROOT / "docs" / "proxies").iterdir())
OURS = ("web", "worker")
NAMES = {f"RULEBOOK_{setting.name}" for setting in SETTINGS}


def text_of(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def compose() -> dict[str, Any]:
    """The file with its variables left as they are."""
    loaded: dict[str, Any] = yaml.safe_load(text_of("compose.yaml"))
    return loaded


def is_command(words: list[str]) -> bool:
    """Whether `rulebook` knows a command that begins with these words."""
    group: click.Command = main
    for word in words:
        if not isinstance(group, click.Group):
            return True  # what follows are its arguments
        found = group.get_command(click.Context(group), word)
        if found is None:
            return False
        group = found
    return not isinstance(group, click.Group)


def instructions(name: str) -> list[tuple[str, str]]:
    """A Dockerfile's instructions, each as its word and the rest, comments left out."""
    lines = [line for line in text_of(name).splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    found = (line.partition(" ") for line in joined.splitlines() if line.strip())
    return [(word, rest.strip()) for word, _, rest in found]


def unit(path: Path) -> configparser.ConfigParser:
    class Unit(configparser.ConfigParser):
        def optionxform(self, optionstr: str) -> str:
            return optionstr

    parsed = Unit(interpolation=None, strict=False)
    parsed.read_string(path.read_text(encoding="utf-8"))
    return parsed


HOSTING = [PAGE, ROOT / "Dockerfile", ROOT / "compose.yaml", *UNITS, *PROXIES]


@pytest.mark.parametrize("path", HOSTING, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    named = set(re.findall(r"\bRULEBOOK_[A-Z_]+\b", path.read_text(encoding="utf-8")))
    wrong = {name for name in named if name.removesuffix("_FILE") not in NAMES}
    assert not wrong, f"{path.name} names settings that do not exist: {wrong}"


def test_every_command_on_the_page_exists() -> None:
    page = PAGE.read_text(encoding="utf-8")
    spans = re.findall(r"`([^`\n]+)`", page)
    blocks = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.S)).replace("\\\n", " ").splitlines()
    ran = 0
    for line in [*spans, *blocks]:
        words = re.search(r"(?:^|/|exec \w+ )rulebook ((?:[a-z]+ ?)+)", line.strip())
        if words and "image" not in line:
            ran += 1
            assert is_command(words[1].split()), line
    assert ran >= 10, "the commands are not found any more"


def test_every_link_and_anchor_of_the_page_leads_somewhere() -> None:
    page = PAGE.read_text(encoding="utf-8")
    heads = {re.sub(r"[^a-z0-9 -]", "", head.lower()).strip().replace(" ", "-")
             for head in re.findall(r"^#+ (.*)$", page, re.M)}  # fmt: skip
    for target in re.findall(r"\]\(([^)]+)\)", page):
        file, _, anchor = target.partition("#")
        assert not file or (PAGE.parent / file).exists(), target
        assert not anchor or anchor in heads, target
    for name in re.findall(r"`(tests/[\w/]+\.py|[\w-]+\.yaml|Dockerfile)`", page):
        assert (ROOT / name).exists(), name


def test_every_measure_on_the_page_is_one_that_is_given_out(tmp_path: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    app = create_app(config.load({"RULEBOOK_INSTANCE": str(tmp_path)}))
    paths = {rule.rule for rule in app.url_map.iter_rules()}
    app.extensions["bell"].queue.storage.close()
    assert {path for path in re.findall(r"`(/[a-z]+)`", page)} - paths <= {"/data"}
    source = text_of("web/health.py")
    measures = set(re.findall(r"`(rulebook_[a-z_]+)`", page))
    assert measures == set(re.findall(r'"(rulebook_[a-z_]+)"', source))


def test_the_version_is_the_same_everywhere() -> None:
    assert tomllib.loads(text_of("pyproject.toml"))["project"]["version"] == __version__
    for name in ("Dockerfile", "compose.yaml", "docs/self-hosting.md"):
        versions = re.findall(r"rulebook:(\d[\w.]*)|image\.version=\"([\w.]+)\"", text_of(name))
        assert versions and {a or b for a, b in versions} == {__version__}, name


def test_the_image_is_locked_small_and_not_root() -> None:
    steps = instructions("Dockerfile")
    stages = [rest for word, rest in steps if word == "FROM"]
    needs = tomllib.loads(text_of("pyproject.toml"))["project"]["requires-python"]
    python = re.search(r"PYTHON=3\.(\d+)-slim", text_of("Dockerfile"))
    assert python and int(python[1]) >= int(needs.removeprefix(">=3."))
    assert len(stages) == 2 and all("${PYTHON}" in stage for stage in stages)
    [installs] = [rest for word, rest in steps if word == "RUN" and "install --no-cache" in rest]
    assert "--require-hashes" in installs and "--only-binary :all:" in installs
    last = steps[[i for i, (word, _) in enumerate(steps) if word == "FROM"][-1] :]
    [user] = [rest for word, rest in last if word == "USER"]
    assert user.split(":")[0] not in ("root", "0")
    assert dict(last)["VOLUME"] == "/data" and "RULEBOOK_INSTANCE=/data" in dict(last)["ENV"]
    assert "/healthz" in dict(last)["HEALTHCHECK"]
    assert is_command(yaml.safe_load(dict(last)["CMD"]))


def test_the_builder_is_sent_what_it_copies_and_no_more() -> None:
    copied = {rest.split()[0] for word, rest in instructions("Dockerfile")
              if word == "COPY" and not rest.startswith("--from")}  # fmt: skip
    lines = text_of(".dockerignore").splitlines()
    assert "*" in lines, "everything is left out first: keys, databases, .env"
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all((ROOT / name).exists() for name in copied)
    packages = tomllib.loads(text_of("pyproject.toml"))["tool"]["setuptools"]["packages"]["find"]
    assert {name.rstrip("*") for name in packages["include"]} <= copied


def test_compose_starts_what_it_says() -> None:
    services = compose()["services"]
    assert set(services) == {"web", "worker", "postgres", "redis"}
    for name in OURS:
        assert is_command(services[name]["command"]) and services[name]["command"] == [name]
    assert all("ports" not in services[name] for name in services if name != "web")
    assert all(port.startswith("127.0.0.1:") for port in services["web"]["ports"])


@pytest.mark.parametrize("name", OURS)
def test_our_services_in_compose_are_shut_in_and_share_their_settings(name: str) -> None:
    services = compose()["services"]
    service = services[name]
    assert service["read_only"] and service["cap_drop"] == ["ALL"] and service["init"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["environment"] == services["web"]["environment"]
    settings = service["environment"]
    for required in ("RULEBOOK_SECRET_KEY", "POSTGRES_PASSWORD"):
        assert f"${{{required}:?" in str(settings), f"it must not start without {required}"
    plain = re.compile(r"\$\{\w+(?::-([^}]*)|:\?[^}]*)\}")
    environ = {k: plain.sub(lambda m: m[1] or "x" * 40, v) for k, v in settings.items()}
    loaded = config.load({**environ, "RULEBOOK_INSTANCE": "/data"})
    assert loaded.database_url.startswith("postgresql+psycopg://rulebook:")
    assert service["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_redis_can_be_dropped_from_compose() -> None:
    services = compose()["services"]
    for name, service in services.items():
        rest = {**service, "environment": dict(service.get("environment", {}))}
        queue = rest["environment"].pop("RULEBOOK_QUEUE_URL", "")
        assert name == "redis" or "redis" not in str(rest), name
        assert ("${RULEBOOK_QUEUE_URL:-" in queue) == (name in OURS), name


def seconds(text: str) -> int:
    found = re.fullmatch(r"(\d+)s?", text.strip())
    assert found, text
    return int(found[1])


def test_whoever_stops_us_waits_longer_than_we_take() -> None:
    graces = {name: seconds(compose()["services"][name]["stop_grace_period"]) for name in OURS}
    graces |= {path.name: seconds(unit(path)["Service"]["TimeoutStopSec"]) for path in UNITS}
    graces["the page"] = min(
        seconds(each) for each in re.findall(r"--stop-timeout (\d+)", PAGE.read_text())
    )
    longest = max(LONGEST_STOP, PATIENCE)
    assert LONGEST_STOP <= PATIENCE, "`run` must not kill a worker that is about to end"
    assert {name: grace for name, grace in graces.items() if grace <= longest} == {}


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_a_unit_runs_a_command_of_ours_and_is_shut_in(path: Path) -> None:
    service = unit(path)["Service"]
    program, *words = shlex.split(service["ExecStart"])
    assert program.endswith("/rulebook") and is_command(words)
    assert service["User"] not in ("", "root")
    # Only the first process is told: `run` stops web and worker in order by itself.
    assert service["KillMode"] == "mixed" and service["Restart"] == "always"
    wanted = {"NoNewPrivileges": "yes", "ProtectSystem": "strict", "ProtectHome": "yes",
              "PrivateTmp": "yes", "CapabilityBoundingSet": "", "UMask": "0077",
              "StateDirectoryMode": "0700"}  # fmt: skip
    assert {name: service[name] for name in wanted} == wanted
    assert service["ReadWritePaths"] == f"/var/lib/{service['StateDirectory']}"
    given = re.findall(r"^Environment=(.*)$", path.read_text(), re.M)
    assert f"RULEBOOK_INSTANCE={service['ReadWritePaths']}" in given
    assert ("%i" in unit(path)["Unit"]["Description"]) == ("@" in path.name)


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_understands_a_unit(path: Path, tmp_path: Path) -> None:
    there = path.read_text().replace("/opt/rulebook/.venv/bin/rulebook", sys.executable)
    copy = tmp_path / path.name.replace("@.", "@8001.")
    copy.write_text(there)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(copy)],
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    about_it = [line for line in done.stderr.splitlines() if "rulebook" in line]
    assert about_it == []


def test_there_is_a_unit_for_each_way_of_running() -> None:
    ways = {shlex.split(unit(path)["Service"]["ExecStart"])[-1] for path in UNITS}
    assert ways == {"run", "web", "worker"}
    for path in UNITS:
        assert f"](systemd/{path.name})" in PAGE.read_text(), path.name


def test_proxies_hide_what_monitors_ask_and_pass_on_only_what_they_saw() -> None:
    default = next(setting.default for setting in SETTINGS if setting.name == "PORT")
    for path in PROXIES:
        told = path.read_text()
        assert "/metrics" in told and "/readyz" in told and f"127.0.0.1:{default}" in told
        assert f"](proxies/{path.name})" in PAGE.read_text(), path.name
    nginx = text_of("docs/proxies/nginx.conf")
    assert "X-Forwarded-For $remote_addr;" in nginx, "and not $proxy_add_x_forwarded_for"
    size = next(setting.default for setting in SETTINGS if setting.name == "MAX_BODY")
    assert f"client_max_body_size {size // 1024 // 1024}m;" in nginx
