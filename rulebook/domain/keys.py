"""The keys of the stored secrets: do they fit, and how a new one takes the place of an old one."""

from __future__ import annotations

from dataclasses import dataclass, field

from rulebook.domain.house import house
from rulebook.errors import ConfigError
from rulebook.sealing import Sealer, keys
from rulebook.storage import db, sealed


@dataclass
class Fit:
    """How the stored secrets and the present keys fit. `shut` names the rows whose secret no key
    opens; `older` counts what only an older key opens."""

    count: int = 0
    older: int = 0
    shut: list[str] = field(default_factory=list)


def look_at_seals() -> Fit:
    """Try every stored secret. Changes nothing."""
    fit, all_keys, newest = Fit(), house().sealer, _newest()
    for page in sealed.sealed_texts():
        for each in page:
            fit.count += 1
            if _opens(newest, each):
                continue
            if _opens(all_keys, each):
                fit.older += 1
            else:
                fit.shut.append(f"{each.table} {each.owner}")
    db.session.rollback()
    return fit


def reseal() -> Fit:
    """Seal with the first key whatever only an older one opens. Commits page by page; harmless
    beside running processes, and when it is done twice."""
    fit, all_keys, newest = Fit(), house().sealer, _newest()
    for page in sealed.sealed_texts():
        for each in page:
            fit.count += 1
            if _opens(newest, each):
                continue
            if not _opens(all_keys, each):
                fit.shut.append(f"{each.table} {each.owner}")
            elif sealed.seal_again(each, all_keys.rotate(each.text)):
                fit.older += 1
        db.session.commit()
    return fit


def _newest() -> Sealer:
    """Opens only what the first key sealed."""
    return Sealer(keys(house().config)[:1])


def _opens(sealer: Sealer, each: sealed.Sealed) -> bool:
    try:
        sealer.open(each.text, each.owner)
    except ConfigError:
        return False
    return True
