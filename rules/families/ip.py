"""Internet addresses inside ranges (CIDR), v4 and v6; a v4 address written as v6 is the v4 one."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from rules.errors import Unusable
from rules.families.row import Env, Operator, Unfit, Wants
from rules.families.wants import list_of, say_list
from rules.values import say


def read_address(value: Any, env: Env) -> Any:
    if not isinstance(value, str):
        return Unfit("wrong_type", f"{say(value)}, not an internet address")
    text = value[:100].strip()
    try:
        address = ip_address(text)
    except ValueError:
        return Unfit("unreadable", f"{say(value)}, which is not an internet address")
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:
            return Unfit("unreadable", f"{say(value)}, which names a zone of one machine")
        return address.ipv4_mapped or address
    return address


def network(raw: Any, env: Env) -> IPv4Network | IPv6Network:
    try:
        if not isinstance(raw, str) or "%" in raw:
            raise ValueError
        return ip_network(raw.strip(), strict=False)
    except ValueError:
        raise Unusable(
            f"{say(raw)} is not a range of addresses.",
            "Write it like 192.0.2.0/24 or 2001:db8::/32.",
        ) from None


def networks(raw: Any, env: Env) -> tuple[Any, ...]:
    return list_of(network, raw if isinstance(raw, list) else [raw], env)


def inside(found: Any, wanted: tuple[Any, ...], now: Any) -> bool:
    return any(found.version == net.version and found in net for net in wanted)


RANGES = Wants("ranges", "a range such as 192.0.2.0/24, or a list of them", networks, say_list,
               from_field=True, many=True)  # fmt: skip

ROWS = (
    Operator(
        "ip.in_range", "is in the address range", "is in the address range {value}",
        "needs to be in the address range {value}", RANGES, read_address, inside,
    ),
    Operator(
        "ip.not_in_range", "is not in the address range", "is not in the address range {value}",
        "must not be in the address range {value}", RANGES, read_address, inside,
        negates="ip.in_range",
    ),
)  # fmt: skip
