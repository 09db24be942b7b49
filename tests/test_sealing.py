"""Secrets at rest: sealed, opened for their owner only, with a key made once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from rulebook import config, sealing
from rulebook.errors import ConfigError
from rulebook.sealing import KEY_FILE, Sealer, derived, keys, sealer

OLD, NEW = "an old key that is long enough 012345", "a new key that is long enough 678901"


def settings(tmp_path, **more):
    return config.load({"RULEBOOK_INSTANCE": str(tmp_path), **more})


def test_what_is_sealed_comes_back_for_its_owner_and_cannot_be_read():
    seal = Sealer([OLD])
    token = seal.seal({"auth_token": "canary-1f2e", "port": 587}, "con_1")
    assert "canary" not in token and token.isascii()
    assert seal.open(token, "con_1") == {"auth_token": "canary-1f2e", "port": 587}
    assert seal.open(token.encode(), "con_1") == {"auth_token": "canary-1f2e", "port": 587}
    assert seal.open(seal.seal("just text", "h"), "h") == "just text"


def test_a_secret_copied_to_another_row_stays_shut():
    seal = Sealer([OLD])
    with pytest.raises(ConfigError, match="belongs to something else"):
        seal.open(seal.seal("x", "con_1"), "con_2")


def test_the_first_key_seals_and_all_open():
    token = Sealer([OLD]).seal("x", "con_1")
    both = Sealer([NEW, OLD])
    assert both.open(token, "con_1") == "x"
    turned = both.rotate(token)
    assert Sealer([NEW]).open(turned, "con_1") == "x"
    with pytest.raises(ConfigError):
        Sealer([OLD]).open(turned, "con_1")


@pytest.mark.parametrize("spoil", [lambda t: t[:-8] + "AAAAAAA=", lambda t: "", lambda t: "x" * 99])
def test_a_wrong_key_or_a_changed_byte_is_said_with_a_remedy(spoil):
    token = Sealer([OLD]).seal("x", "con_1")
    for seal, text in ((Sealer([NEW]), token), (Sealer([OLD]), spoil(token))):
        with pytest.raises(ConfigError) as wrong:
            seal.open(text, "con_1")
        assert "RULEBOOK_SECRET_KEY" in wrong.value.fix
        with pytest.raises(ConfigError):
            seal.rotate(text)


def test_a_fernet_key_serves_as_well_and_a_short_one_does_not():
    assert Sealer([Fernet.generate_key().decode()])
    for bad in ([], [""], ["short"], [OLD, "short"]):
        with pytest.raises(ConfigError, match="shorter"):
            Sealer(bad)


def test_one_key_gives_different_keys_for_different_purposes():
    assert derived(OLD, "sealing") != derived(OLD, "cookies") != derived(NEW, "cookies")
    assert derived(OLD, "cookies") == derived(OLD, "cookies")


def test_the_key_file_is_made_once_for_its_owner_only(tmp_path):
    folder = tmp_path / "new" / "instance"
    token = sealer(settings(folder)).seal("x", "con_1")
    assert (folder / KEY_FILE).stat().st_mode & 0o777 == 0o600
    assert sealer(settings(folder)).open(token, "con_1") == "x"
    assert [path.name for path in folder.iterdir()] == [KEY_FILE]


def test_the_setting_wins_over_the_file(tmp_path):
    chosen = settings(tmp_path, RULEBOOK_SECRET_KEY=f"{NEW}, {OLD}")
    assert keys(chosen) == (NEW, OLD)
    assert not (tmp_path / KEY_FILE).exists()


def test_a_key_that_others_may_read_stops_the_start(tmp_path):
    keys(settings(tmp_path))
    (tmp_path / KEY_FILE).chmod(0o644)
    with pytest.raises(ConfigError) as loose:
        keys(settings(tmp_path))
    assert "chmod 600" in loose.value.fix


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be used"):
        keys(settings(tmp_path / "file" / "below"))


def test_of_two_that_make_a_key_at_once_one_wins(tmp_path, monkeypatch):
    path = tmp_path / KEY_FILE
    link = os.link

    def late(draft, final):
        if not path.exists():
            path.write_text(NEW)
            path.chmod(0o600)
        link(draft, final)

    monkeypatch.setattr(os, "link", late)
    assert keys(settings(tmp_path)) == (NEW,)
    assert [found.name for found in tmp_path.iterdir()] == [KEY_FILE]


def test_processes_that_start_together_share_one_key(tmp_path):
    code = "from rulebook import config, sealing; print(*sealing.keys(config.load()))"
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code],
            env={**os.environ, "RULEBOOK_INSTANCE": str(tmp_path / "i")},
            cwd=Path(sealing.__file__).parent.parent,
            stdout=subprocess.PIPE,
        )
        for _ in range(4)
    ]
    assert len({process.communicate()[0] for process in started}) == 1
    assert all(process.returncode == 0 for process in started)
