"""A new sender is one file: nothing else has to know of it, and the whole exam takes it up."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

ACME = '''"""Acme: kettles that report when the water boils. Source: made up for this test."""

from rulebook.providers.contract import Body, Header, Provider, Sample
from rulebook.providers.schemes import Hmac, Pairs

PROVIDER = Provider(
    label="Acme",
    signature=Hmac(Header("x-acme-seal"), "{timestamp}:{body}", Pairs("seal", time="at")),
    secret_hint="On the bottom of the kettle.",
    event_type=(Body("$.kind"),),
    event_id=(Body("$.id"),),
    detect=(Header("x-acme-seal"),),
    types={"boiling": "Water boils"},
    names={"$.kind": "What happened", "$.degrees": "Temperature", "$.id": "Id"},
    steps=("Hold the button for five seconds.",),
    docs="https://acme.example/docs",
    retries="Acme does not send again.",
    samples=(
        Sample("boiling", "Water boils", b'{"id": "k_17aB", "kind": "boiling", "degrees": 100}',
               ids=("k_17aB",)),
    ),
)
'''

RUN = """
import sys
sys.path.insert(0, sys.argv[1])
import rulebook.providers
assert rulebook.providers.__file__.startswith(sys.argv[1])
import pytest
sys.exit(pytest.main([sys.argv[2], "-q", "-k", "acme", "-p", "no:cacheprovider", "-p", "no:xdist"]))
"""


def test_a_made_up_sender_passes_the_exam_with_one_file(tmp_path: Path) -> None:
    for room in ("rulebook", "rules"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "rulebook" / "providers" / "acme.py").write_text(ACME)
    exam = str(ROOT / "tests" / "providers" / "test_contract.py")
    done = subprocess.run([sys.executable, "-c", RUN, str(tmp_path), exam], cwd=ROOT,
                          capture_output=True, text=True, timeout=120)  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(done.stdout.split(" passed")[0].split()[-1])
    assert passed >= 15, done.stdout
