"""Nothing goes out but through rulebook.egress."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent
WAYS_OUT = {"socket", "smtplib", "requests", "urllib.request", "urllib3", "http.client", "pycurl"}
WAYS_OUT |= {"httpx", "aiohttp", "ftplib", "imaplib", "poplib", "telnetlib", "asyncio.streams"}
# Binds the web server's own port to see whether it is free; connects nowhere.
ALLOWED = {"rulebook/cli/serving.py": {"socket"}}


def imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_no_other_module_opens_connections():
    for folder in ("rules", "rulebook", "web"):
        for path in (ROOT / folder).rglob("*.py"):
            if path.is_relative_to(ROOT / "rulebook" / "egress"):
                continue
            ways = imports(path) & WAYS_OUT - ALLOWED.get(str(path.relative_to(ROOT)), set())
            assert not ways, (
                f"{path.relative_to(ROOT)} imports {', '.join(ways)}: "
                "whatever goes out goes through rulebook.egress"
            )
