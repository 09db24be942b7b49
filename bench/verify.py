"""What checking one signature costs, for each sender that signs: python -m bench.verify

Each row: microseconds to check a right signature on a body of 1 kB, the median of several rounds,
with the request made anew each time as at the door. For HMACs it is to stay below 100.
"""

from __future__ import annotations

import platform
from dataclasses import replace
from random import Random
from statistics import median
from time import perf_counter

from rulebook.providers import PROVIDERS, Provider, Request, Scheme, deliver
from rulebook.providers.schemes import Hmac

NOW = 1_800_000_000
URL = "https://hooks.linden.example/in/k3Jx"
BODY = b'{"id": "evt_1", "text": "' + b"a" * 997 + b'"}'
ROUNDS, TIMES = 15, 40


def main() -> None:
    print(f"Python {platform.python_version()}, body of {len(BODY)} bytes\n")
    print(f"{'sender':<28}{'scheme':<16}{'us':>8}")
    costs = []
    for provider in PROVIDERS.values():
        scheme = provider.signature
        if not isinstance(scheme, Hmac):
            continue
        cost = typical_time(scheme, provider)
        costs.append(cost)
        print(f"{provider.label:<28}{scheme.algorithm + ' ' + scheme.encoding:<16}{cost:>8.1f}")
    print(f"\ndearest of {len(costs)}: {max(costs):.1f} us")


def typical_time(scheme: Scheme, provider: Provider) -> float:
    """Microseconds for one check. Raises ValueError where the signature is not right."""
    made = scheme.example(Random(1))
    plain = replace(deliver(provider, provider.samples[0], "", NOW, Random(1), URL), body=BODY)
    signed = scheme.sign(plain, made.sign, NOW)
    if not scheme.verify(signed, [made.check], NOW):
        raise ValueError(f"The signature of {provider.label} was not found right.")
    return median(round_of(scheme, signed, made.check) for _ in range(ROUNDS)) * 1e6


def round_of(scheme: Scheme, signed: Request, secret: str) -> float:
    """Seconds for one check, over one round of them."""
    began = perf_counter()
    for _ in range(TIMES):
        scheme.verify(replace(signed), [secret], NOW)
    return (perf_counter() - began) / TIMES


if __name__ == "__main__":
    main()
