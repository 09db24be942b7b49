"""Lists to take away: as CSV for spreadsheets, or as lines of JSON for programs; streamed."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from flask import Blueprint, Response, request, stream_with_context

from rulebook.domain.exporting import COLUMNS, begin_export, events_to_take, runs_to_take
from rulebook.errors import NotFound
from rulebook.storage.runs import Run
from web import finder, runlist
from web.guard import actor
from web.shown import run_words

pages = Blueprint("taking", __name__)
KINDS = {"csv": "text/csv; charset=utf-8", "ndjson": "application/x-ndjson"}
# A spreadsheet takes a cell that begins so for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_BLANK = ("\t", "\r", "\n", "\0")


@pages.get("/events/export.<kind>")
def take_events(kind: str) -> Response:
    """The events that fit what the address asks for."""
    asked = finder.sought(request.args)
    begin_export(actor(), f"events.{_known(kind)}")
    return taken("events", kind, events_to_take(actor(), asked.narrowed, asked.fields))


@pages.get("/runs/export.<kind>")
def take_runs(kind: str) -> Response:
    """The runs that fit what the address asks for."""
    begin_export(actor(), f"runs.{_known(kind)}")
    return taken("runs", kind, runs_to_take(actor(), runlist.sought(request.args).narrowed, said))


def said(run: Run) -> str:
    """A run's state in the words of its page."""
    return run_words(run)[1]


def _known(kind: str) -> str:
    if kind not in KINDS:
        raise NotFound("kind of export")
    return kind


def taken(what: str, kind: str, rows: Iterable[Mapping[str, Any]]) -> Response:
    """Rows as a file that is written while they are read."""
    written = as_csv(COLUMNS[what], rows) if kind == "csv" else as_lines(rows)
    name = f'attachment; filename="rulebook-{what}.{kind}"'
    return Response(stream_with_context(written), content_type=KINDS[kind],
                    headers={"Content-Disposition": name, "Cache-Control": "no-store"})  # fmt: skip


def as_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """One JSON group on each line."""
    for row in rows:
        yield json.dumps(row, ensure_ascii=False, default=str) + "\n"


def as_csv(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """A table with a head (RFC 4180), in which no cell is a formula. Begins with a mark by which
    spreadsheets know UTF-8."""
    line = io.StringIO()
    writer = csv.writer(line)
    writer.writerow(columns)
    yield "\ufeff" + line.getvalue()
    line.seek(0)
    line.truncate()
    for row in rows:
        writer.writerow([cell(row[name]) for name in columns])
        yield line.getvalue()
        line.seek(0)
        line.truncate()


def cell(value: Any) -> str:
    """A value as text that a spreadsheet shows and does not carry out."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | float):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    bare = text.lstrip().lstrip("\ufeff\"' \0").lstrip()
    told = text.replace("\0", "\ufffd")
    return f"'{told}" if text.startswith(_BLANK) or bare.startswith(_FORMULA) else told
