"""Call a web address.

A run's id goes along as `Idempotency-Key` and `webhook-id`, the same on every attempt, so that the
receiver can drop repeats. With a *signing* connection the call carries a Standard Webhooks
signature. A test that a person asked for carries the header `Rulebook-Test: yes`. Redirects are not
followed, and at most 64 kB of the answer are read.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any
from urllib.parse import urlsplit

from rulebook import __version__
from rulebook.actions import (
    HOP_HEADER,
    MASK,
    MAX_HOPS,
    Action,
    Asked,
    Call,
    Config,
    Field,
    Message,
    Outcome,
    blank,
    is_one_template,
    is_template,
    pointer,
    retry_after,
    shown,
    value_of,
)
from rulebook.actions._sign_in import HTTP_AUTH, SIGNING, credentials, header_problem, signature
from rulebook.egress import METHODS, EgressError, Refused, Request, Response, target
from rulebook.errors import Problem

SAFE = ("GET", "HEAD", "PUT", "DELETE")
BODYLESS = ("GET", "HEAD")
OWN_HEADERS = frozenset(
    f"idempotency-key webhook-id webhook-timestamp webhook-signature content-type user-agent "
    f"{HOP_HEADER}".split()
)
TEST_HEADER = "Rulebook-Test"
_SECRET_NAME = re.compile(r"auth|token|secret|password|cookie|key\b", re.IGNORECASE)
# Everything up to the path, without a template in it.
_LITERAL_ORIGIN = re.compile(r"\s*https?://[^/?#{]+([/?#]|\s*$)", re.IGNORECASE)


class Http(Action):
    label = "Call a web address"
    noun = ("request", "requests")
    icon = "http"
    fields = (
        Field("method", "Method", "choice", default="POST",
              choices=tuple((name, name) for name in METHODS)),
        Field("url", "Web address", "url", required=True, template=True, escape="url",
              max_length=2048, example="https://books.example/orders",
              help="In full, with https://."),
        Field("headers", "Headers", "pairs", template=True, escape="header", max_length=4000,
              help="Names with values that go along."),
        Field("body", "Body", "long", template=True, escape="json", max_length=256 * 1024,
              help="What is sent along: nothing, unless you write it; {{ payload | json }} is the "
                   "whole event. GET and HEAD send none."),
        Field("content_type", "Content type", default="application/json", max_length=200),
        Field("timeout", "Seconds to wait", "number", default=15, low=1, high=30),
        Field("repeat_safe", "Doing it twice does no harm", "yesno",
              help="Then it is repeated when an answer got lost. GET, HEAD, PUT and DELETE are "
                   "taken to be safe; POST and PATCH only if you say so."),
    )  # fmt: skip
    connections = (HTTP_AUTH, SIGNING)
    waits = (5, 30, 120, 600, 1800, 7200, 18000, 36000, 36000)
    expires_after = 3 * 86400
    alerts = "one"

    def check(self, config: Config, *, connected: bool = False) -> list[Problem]:
        problems = super().check(config) + self._header_problems(config)
        if connected:
            problems += _stray_origin(config)
        if not problems and not is_template(config.get("body")):
            problems += self._body_problems(config)
        return problems

    def check_rendered(
        self, config: Config, authored: Config | None = None, *, connected: bool = False
    ) -> list[Problem]:
        problems = super().check_rendered(config) + self._header_problems(config)
        if connected:
            problems += _stray_origin(config if authored is None else authored)
        return problems or self._body_problems(config)

    def escape(self, field: str, config: Config) -> str:
        if field == "url" and is_one_template(config.get("url")):
            return "text"  # the author leaves the whole address to the event
        if field == "body" and not self._is_json(config):
            return "text"
        return super().escape(field, config)

    def repeat_safe(self, config: Config) -> bool:
        said = config.get("repeat_safe")
        return self._method(config) in SAFE if said is None else bool(said)

    def summary(self, config: Config) -> str:
        return f"{self._method(config)} {_place(config)}"

    def phrase(self, config: Config) -> str:
        return f"call {_place(config)}"

    def looked_at(self, config: Config) -> Message | None:
        return Message(text=str(config.get("body") or "")) if config.get("body") else None

    def as_test(self, config: Config) -> dict[str, Any]:
        return {**config, "headers": {**(config.get("headers") or {}), TEST_HEADER: "yes"}}

    def target(self, config: Config, connection: Config | None) -> str:
        try:
            to = target(str(config.get("url") or ""))
        except EgressError:
            return ""
        # By its path as well, because what answers 410 is one address and not the host; as a hash,
        # because such paths hold keys.
        path = hashlib.sha256(urlsplit(to.url).path.encode()).hexdigest()[:8]
        return f"{to.host}:{to.port}/{path}"

    def alert(self, to: str, subject: str, text: str) -> dict[str, Any]:
        """As chats read it: Slack, Mattermost and Teams by "text", Discord by "content"."""
        said = f"{subject}\n\n{text}"
        told = {"subject": subject, "text": said, "content": said[:1900]}
        return {"method": "POST", "url": to, "body": json.dumps(told)}

    def asks(self, config: Config, connection: Config | None, call: Call) -> Asked:
        if call.hops >= MAX_HOPS:
            sentence = f"This event came through {call.hops} hooks already: rules call in a ring."
            raise Refused(sentence, "Stop one of the rules in the ring.")
        method, body, url = self._method(config), self._body(config), str(config["url"])
        headers = self._headers(config, connection, call, body)
        limit = min(call.deadline, float(value_of(self.fields, config, "timeout")))
        request = Request(method, url, headers, body, limit, self.repeat_safe(config))
        return Asked(request, lambda answer: _outcome(answer, call, _request(request)))

    def hidden(self, config: Config, connection: Config | None) -> list[str]:
        found = super().hidden(config, connection)
        if connection and "type" in connection:
            found += [value.removeprefix("Basic ") for value in credentials(connection).values()]
        headers = config.get("headers") or {}
        return found + [str(headers[name]) for name in headers if _SECRET_NAME.search(str(name))]

    def _method(self, config: Config) -> str:
        return str(value_of(self.fields, config, "method"))

    def _is_json(self, config: Config) -> bool:
        kind = str(value_of(self.fields, config, "content_type")).split(";")[0].strip().lower()
        return kind == "application/json" or kind.endswith("+json")

    def _body(self, config: Config) -> bytes | None:
        text = config.get("body")
        return None if self._method(config) in BODYLESS or blank(text) else str(text).encode()

    def _headers(
        self, config: Config, connection: Config | None, call: Call, body: bytes | None
    ) -> dict[str, str]:
        headers = {str(name): str(value) for name, value in (config.get("headers") or {}).items()}
        headers |= {
            "User-Agent": f"Rulebook/{__version__}",
            "Idempotency-Key": call.run_id,
            "webhook-id": call.run_id,
            HOP_HEADER: str(call.hops + 1),
        }
        if body is not None:
            headers["Content-Type"] = str(value_of(self.fields, config, "content_type"))
        if connection and "secret" in connection:
            headers |= signature(connection["secret"], call.run_id, call.signed_now, body or b"")
        elif connection:
            headers = _with(headers, credentials(connection))
        return headers

    def _header_problems(self, config: Config) -> list[Problem]:
        headers = config.get("headers")
        problems: list[Problem] = []
        for name, value in (headers if isinstance(headers, dict) else {}).items():
            where = pointer("headers", str(name))
            if str(name).lower() in OWN_HEADERS:
                sentence = f"The header {name} is set by Rulebook."
                problems.append(Problem(where, sentence, "Leave it out; see “Content type”."))
            else:
                problems += header_problem(where, {str(name): str(value)})
        return problems

    def _body_problems(self, config: Config) -> list[Problem]:
        body = self._body(config)
        if body is None or not self._is_json(config):
            return []
        try:
            _JSON.decode(body.decode("utf-8-sig"))
        except (ValueError, RecursionError) as problem:
            sentence = f"The body is not JSON: {problem}."
            return [Problem("/body", sentence, "Correct it, or choose another content type.")]
        return []


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number in JSON")


_JSON = json.JSONDecoder(parse_constant=_no_number)


def _stray_origin(config: Config) -> list[Problem]:
    url = str(config.get("url") or "")
    if not is_template(url) or _LITERAL_ORIGIN.match(url):
        return []
    sentence = "With a connection, the host must be written out, not filled in from the event."
    fix = "Write the address up to the first slash as it is, or remove the connection."
    return [Problem("/url", sentence, fix)]


def _place(config: Config) -> str:
    """The host, as far as the author wrote it out."""
    url = str(config.get("url") or "")
    if not url.strip():
        return "an address not given yet"
    if is_template(url) and not _LITERAL_ORIGIN.match(url):
        return shown(url, "address")
    try:
        return target(re.split(r"[{?#]", url.strip())[0]).netloc
    except EgressError:
        return "no address that works"


def _with(headers: dict[str, str], added: dict[str, str]) -> dict[str, str]:
    """The headers with others added, which win whatever the capitals."""
    names = {name.lower() for name in added}
    return {name: value for name, value in headers.items() if name.lower() not in names} | added


def _request(sent: Request) -> str:
    lines = [
        f"{name}: {MASK if _SECRET_NAME.search(name) and name != 'Idempotency-Key' else value}"
        for name, value in sent.headers.items()
    ]
    text = (sent.body or b"")[:8192].decode(errors="ignore")
    return "\n".join([f"{sent.verb} {sent.url}", *lines, "", text]).rstrip()


def _outcome(answer: Response, call: Call, request: str) -> Outcome:
    status, host_says = answer.status, f"It answered {answer.status}"
    wait = retry_after(answer.headers.get("retry-after"), call.signed_now)

    def outcome(kind: Any, sentence: str, fix: str = "", **more: Any) -> Outcome:
        more = {"retry_after": wait} | more
        return Outcome(kind, sentence, fix, request=request, answer=answer.text, **more)

    if 200 <= status < 300:
        return outcome("yes", f"{host_says}.", retry_after=None)
    if status == 429:
        asked = 60.0 if wait is None else wait
        return outcome("not_sent", f"{host_says}: too many calls just now.", retry_after=asked)
    if status == 503 and wait is not None:
        return outcome("not_sent", f"{host_says}: not available just now.")
    if status in (408, 425) or status >= 500:
        return outcome("ambiguous", f"{host_says}; it may have been done all the same.",
                       "Ask whoever runs it, or look into its log.")  # fmt: skip
    if status == 410:
        return outcome("no_for_good", f"{host_says}: the address is no more.",
                       "Write the new address.", gone=True)  # fmt: skip
    if status < 400:
        return outcome("no_for_good", f"{host_says}, a redirect, which is not followed.",
                       _moved(answer))  # fmt: skip
    return outcome("no", f"{host_says} and did not take it.",
                   "Its answer may say why.")  # fmt: skip


def _moved(answer: Response) -> str:
    place = answer.headers.get("location", "")[:200]
    return f"Write the new address, if you trust it: {place}" if place else "Check the address."
