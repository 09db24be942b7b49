"""The law of the house: who may import whom, who knows which names, how long things may be."""

from __future__ import annotations

import ast
import pathlib
import re
import subprocess
from collections.abc import Iterator

import pytest

from rulebook.actions import ACTIONS, CONNECTION_KINDS
from rulebook.providers import PROVIDERS

ROOT = pathlib.Path(__file__).parent.parent
# Rooms from the top down; a room may import from those below it, and from itself.
FLOORS = (
    ("web",),
    ("rulebook.jobs", "rulebook.cli"),
    ("rulebook.domain",),
    ("rulebook.storage", "rulebook.actions", "rulebook.providers"),
    (
        "rulebook.errors",
        "rulebook.failpoints",
        "rulebook.egress",
        "rulebook.config",
        "rulebook.sealing",
    ),
    ("rules",),
)
# Rooms of one floor that may know each other, because they are one room with several doors.
SAME_FLOOR_MAY = {1, 4}
ABSENT_IN_RULES = frozenset(
    "flask sqlalchemy huey rulebook web socket http urllib.request subprocess os sqlite3 time "
    "threading requests random".split()
)
CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today"),
          ("time", "time")}  # fmt: skip
LONGEST_FILE, LONGEST_FUNCTION = 350, 60

# Everyday words that happen to be a plug's name too, where they stand for the word.
EVERYDAY = {
    "email": "a person's e-mail address: a form field, a column, a kind of field",
    "http": "the scheme of an address, and of a web request in ASGI",
    "signing": "a kind of key, in words",
    "x": "a letter: the hexadecimal mark, a made-up value",
    "svix": "how the headers of a whole family of senders begin",
    "tally": "a count of what happened: the name of a table's constraint",
}


def files(*folders: str) -> list[pathlib.Path]:
    return [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]


def name_of(path: pathlib.Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tree_of(path: pathlib.Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imports(path: pathlib.Path) -> Iterator[str]:
    """Every module that the file imports, anywhere in it, as a dotted name."""
    inside = name_of(path).split(".")
    package = inside if path.name == "__init__.py" else inside[:-1]
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def room_of(module: str) -> tuple[int, str] | None:
    for floor, rooms in enumerate(FLOORS):
        for room in rooms:
            if module == room or module.startswith(room + "."):
                return floor, room
    return None


@pytest.mark.parametrize("path", files("rules", "rulebook", "web"), ids=name_of)
def test_imports_go_down_only(path: pathlib.Path) -> None:
    here = room_of(name_of(path))
    if here is None:
        assert name_of(path) in ("rulebook", "rulebook.__main__"), (
            f"{path} stands in no room: put it into one, or give the new room its floor in FLOORS."
        )
        return
    for module in imports(path):
        there = room_of(module)
        if there is None or there[1] == here[1]:
            continue
        upwards = there[0] < here[0]
        sideways = there[0] == here[0] and here[0] not in SAME_FLOOR_MAY
        assert not upwards and not sideways, (
            f"{name_of(path)} imports {module}, but {here[1]} may only know what lies below it "
            f"({' -> '.join('{' + ', '.join(f) + '}' for f in FLOORS[here[0] + 1 :])}). Move what "
            f"both need down, or hand it in as an argument."
        )


@pytest.mark.parametrize("path", files("rules"), ids=name_of)
def test_the_engine_is_pure(path: pathlib.Path) -> None:
    for module in imports(path):
        parts = module.split(".")
        heads = {".".join(parts[:n]) for n in range(1, len(parts) + 1)}
        assert not heads & ABSENT_IN_RULES, (
            f"{name_of(path)} imports {module}: the engine works on values alone. Let its caller "
            f"do that and hand in what came of it."
        )
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else getattr(owner, "attr", "")
            assert (name, node.func.attr) not in CLOCKS, (
                f"{path}:{node.lineno} reads the clock: take the moment as an argument."
            )
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("open", "print", "input"), (
                f"{path}:{node.lineno} calls {node.func.id}(): the engine neither reads nor writes."
            )


def strings(path: pathlib.Path) -> Iterator[tuple[int, str]]:
    """The string constants of a file, docstrings left out."""
    tree = tree_of(path)
    said = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body and isinstance(node.body[0], ast.Expr)
    }  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.lineno, node.value


PLUGS = sorted((set(ACTIONS) | set(PROVIDERS) | set(CONNECTION_KINDS)) - set(EVERYDAY))
CORE = [
    path for path in files("rulebook", "web", "rules")
    if path.parent.name not in ("actions", "providers")
]  # fmt: skip


@pytest.mark.parametrize("path", CORE, ids=name_of)
def test_the_core_knows_no_plug_by_name(path: pathlib.Path) -> None:
    for line, text in strings(path):
        assert text not in PLUGS, (
            f"{path}:{line} names the plug {text!r}. Ask the plug instead: give its class a field "
            f"or a method that answers what you want to know."
        )


def test_no_plug_knows_another() -> None:
    for folder, plugs in (("actions", set(ACTIONS)), ("providers", set(PROVIDERS))):
        for path in files(f"rulebook/{folder}"):
            others = plugs - {path.stem} - set(EVERYDAY)
            for line, text in strings(path):
                assert text not in others, f"{path}:{line} names its neighbour {text!r}."


def test_every_everyday_word_is_still_a_plug() -> None:
    plugs = set(ACTIONS) | set(PROVIDERS) | set(CONNECTION_KINDS)
    assert set(EVERYDAY) <= plugs, "take the words off the list that no plug is called by"


@pytest.mark.parametrize("path", files("rulebook", "web"), ids=name_of)
def test_only_storage_says_select(path: pathlib.Path) -> None:
    if "storage" in path.parts:
        return
    for module in imports(path):
        assert module not in ("sqlalchemy.select", "sqlalchemy.insert", "sqlalchemy.orm.Session"), (
            f"{name_of(path)} makes its own query: give the noun's file in rulebook/storage a "
            f"function that answers it."
        )
    for line, text in strings(path):
        assert not re.match(r"(?i)\s*(select|insert into|update|delete from)\s+\w+\s", text), (
            f"{path}:{line} holds SQL; it belongs into rulebook/storage."
        )


@pytest.mark.parametrize("path", files("rules", "rulebook", "web", "tools", "tests"), ids=name_of)
def test_nothing_grows_too_long(path: pathlib.Path) -> None:
    if "versions" in path.parts:
        return  # a migration is as long as its tables
    lines = path.read_text(encoding="utf-8").count("\n")
    most = 400 if "tests" in path.parts else LONGEST_FILE
    where = str(path.relative_to(ROOT))
    assert lines <= most, (
        f"{where} has {lines} lines, more than {most}: find the second thing in it and give it a "
        f"file of its own."
    )
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or 0) - node.lineno
            assert length < LONGEST_FUNCTION, (
                f"{where}:{node.lineno} {node.name} has {length} lines: tell its story in steps."
            )


def test_nothing_names_this_machine() -> None:
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.split("\0")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    own = re.compile("|".join(("/" + "work/", "/" + "root/", "/home/" + "[a-z]+/")))
    for name in filter(None, listed):
        path = ROOT / name
        if not path.is_file() or path.suffix in (".png", ".woff2", ".ico", ".lock"):
            continue
        found = own.search(path.read_bytes().decode("utf-8", "replace"))
        assert not found, f"{name} holds a path of somebody's machine: {found and found[0]}"
