"""Node-RED with the same flow, under the same load: hook, two conditions, one call to the sink.

Node-RED stores nothing: its 200 says that the request was read. python -m bench.flow --node-red DIR
uses the one in DIR (`npm install --prefix DIR node-red`), and installs it there if it is missing.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench import machine
from bench.instance import free_port, waits_for
from bench.load import burst, timed
from bench.payments import BIG, FLOOR, SMALL
from bench.rows import Row, Sizes, single_events, spread, trouble
from bench.sink import Sink

PATH = "/in/payments"


class Missing(Exception):
    """Node-RED cannot be measured here."""


def found(folder: Path) -> str:
    """The command that starts Node-RED from this folder, installed by npm if it is not there.
    Raises Missing."""
    script = folder / "node_modules/node-red/red.js"
    if not (node := shutil.which("node")):
        raise Missing("node is not installed")
    if not script.exists():
        if not (npm := shutil.which("npm")):
            raise Missing("npm is not installed")
        folder.mkdir(parents=True, exist_ok=True)
        wanted = [npm, "install", "--no-audit", "--no-fund", "--prefix", str(folder), "node-red"]
        done = subprocess.run(wanted, capture_output=True, text=True, timeout=600, check=False)
        if done.returncode:
            raise Missing(f"npm could not install it: {done.stderr.strip()[-200:]}")
    version = json.loads(script.with_name("package.json").read_text())["version"]
    return f"{node} {script} {version}"


def flow(sink_url: str) -> list[dict[str, Any]]:
    """The same flow in Node-RED's own words. It answers at once and acts beside that."""
    made: dict[str, dict[str, Any]] = {
        "hook": {"type": "http in", "url": PATH, "method": "post", "wires": [["answer", "type"]]},
        "answer": {"type": "http response", "statusCode": "200", "wires": []},
        "type": _switch("payload.type", "eq", "payment_intent.succeeded", "str", "amount"),
        "amount": _switch("payload.data.object.amount", "gt", str(FLOOR), "num", "message"),
        "message": {
            "type": "change", "wires": [["call"]],
            "rules": [{
                "t": "set", "p": "payload", "pt": "msg", "tot": "jsonata",
                "to": '{"event": payload.id, "paid": payload.data.object.amount}',
            }, {"t": "delete", "p": "headers", "pt": "msg"}],
        },
        "call": {
            "type": "http request", "method": "POST", "ret": "txt", "url": sink_url, "wires": [[]],
        },
    }  # fmt: skip
    tab = {"id": "tab", "type": "tab", "label": "bench"}
    return [tab, *({"id": name, "z": "tab", **node} for name, node in made.items())]


def _switch(path: str, test: str, value: str, kind: str, then: str) -> dict[str, Any]:
    rules = [{"t": test, "v": value, "vt": kind}]
    return {"type": "switch", "property": path, "propertyType": "msg", "rules": rules,
            "checkall": "true", "outputs": 1, "wires": [[then]]}  # fmt: skip


@contextmanager
def running(command: str, sink: Sink) -> Iterator[tuple[int, int]]:
    """Node-RED with the flow: its port and its process id."""
    node, script, _ = command.split()
    with tempfile.TemporaryDirectory(prefix="rulebook-bench-") as home:
        Path(home, "flows.json").write_text(json.dumps(flow(sink.url)))
        port, log = free_port(), Path(home, "log")
        Path(home, "settings.js").write_text(
            f'module.exports = {{uiHost: "127.0.0.1", uiPort: {port}, flowFile: "flows.json", '
            "httpAdminRoot: false, telemetry: {enabled: false}, "
            "logging: {console: {level: 'warn'}}}"
        )
        with log.open("w") as output:
            process = subprocess.Popen(
                [node, script, "--userDir", home], cwd=home,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            waits_for(port, "/", process, log)
            _first_answer(port, sink)
            yield port, process.pid
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _first_answer(port: int, sink: Sink) -> None:
    """The flow starts a moment after the port is open."""
    for _ in range(200):
        if not burst(port, PATH, 1, 1).refused:
            break
        time.sleep(0.05)
    _arrivals(sink, 1, 10)
    sink.reset()


def _arrivals(sink: Sink, wanted: int, patience: float) -> dict[str, Any]:
    deadline = time.monotonic() + patience
    while (seen := sink.count())["calls"] < wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return seen


def rows(command: str, sink: Sink, sizes: Sizes, stages: list[str]) -> Iterator[Row]:
    """The rows for Node-RED: the same figures, as far as it has them."""
    if "acks" in stages:
        yield from _acks(command, sink, sizes)
    with running(command, sink) as (port, pid):
        burst(port, PATH, 4, 20)
        _arrivals(sink, 20, 10)
        if "idle" in stages:
            arrived, answered = single_events(sink, port, PATH, sizes.singles)
            yield spread("Node-RED, idle: POST to action", arrived, f"{sizes.singles} events")
            yield spread("Node-RED, idle: POST to answer", answered, "")
        if "actions" in stages:
            sink.reset()
            sent = burst(port, PATH, 16, sizes.burst)
            seen = _arrivals(sink, sizes.burst, sizes.patience)
            remark = f"{seen['calls']:,} of {sizes.burst:,} calls; none is recorded; "
            remark += f"answering {sent.rate:,.0f}/s, {trouble(sent.refused, sent.broken)}"
            yield Row("Node-RED, actions", seen["calls"] / (seen["last"] - seen["first"]),
                      remark=remark)  # fmt: skip
        if "memory" in stages:
            sent = burst(port, PATH, 64, sizes.many)
            whole = sum(map(machine.memory, machine.family(pid)), machine.Memory(0, 0))
            yield Row(f"Node-RED, memory after {sent.acks:,} events", remark=f"{whole}; PSS (RSS)")


def _acks(command: str, sink: Sink, sizes: Sizes) -> Iterator[Row]:
    for connections in sizes.connections:
        for words, amount in (("not met", SMALL), ("met", BIG)):
            with running(command, sink) as (port, _):
                timed(port, PATH, connections, 1, SMALL)
                sink.reset()
                said = timed(port, PATH, connections, sizes.seconds, amount)
                remark = trouble(said.refused, said.broken) + "; nothing is stored"
                if amount == BIG:
                    acted = sink.count()["calls"]
                    remark += f"; {acted / said.seconds:,.0f} actions/s meanwhile, "
                    later = _arrivals(sink, said.acks, sizes.patience)["calls"]
                    remark += f"{later - acted:,} calls after it"
            yield Row(f"Node-RED, answered, c={connections}, {words}", said.rate, said.p50,
                      said.p99, remark)  # fmt: skip
