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
from typing import Protocol, runtime_checkable

from rulebook.providers import PROVIDERS, Provider, Request, Scheme, deliver, fetching
from rulebook.providers.schemes import describe

NOW = 1_800_000_000
URL = "https://hooks.linden.example/in/k3Jx"
BODY = b'{"id": "evt_1", "text": "' + b"a" * 997 + b'"}'
ROUNDS, TIMES = 15, 40


@runtime_checkable
class Certified(Protocol):
    """A sender whose certificate stands at an address."""

    def certificate(self, secret: str) -> tuple[str, bytes, str]: ...


def main() -> None:
    print(f"Python {platform.python_version()}, body of {len(BODY)} bytes\n")
    print(f"{'sender':<40}{'us':>8}  what is checked")
    costs = []
    for provider in PROVIDERS.values():
        if provider.signature is None:
            continue
        cost, words = typical_time(provider.signature, provider), describe(provider.signature)
        costs += [cost] if "HMAC" in words else []
        print(f"{provider.label:<40}{cost:>8.1f}  {words[:70]}")
    print(f"\ndearest of {len(costs)} with an HMAC: {max(costs):.1f} us")


def typical_time(scheme: Scheme, provider: Provider) -> float:
    """Microseconds for one check, on our body, or on the sender's own sample where the signature
    stands in the body. Raises ValueError where the signature is not right."""
    made = scheme.example(Random(1))
    if isinstance(scheme, Certified):
        fetching.keep(*scheme.certificate(made.sign))
    plain = deliver(provider, provider.samples[0], "", NOW, Random(1), URL)
    ours = (
        replace(plain, body=BODY) if scheme.present(sent(scheme, plain, made.sign, BODY)) else plain
    )
    for request in (ours, plain):
        signed = sent(scheme, request, made.sign, request.body)
        if scheme.verify(signed, [made.check], NOW):
            return median(round_of(scheme, signed, made.check) for _ in range(ROUNDS)) * 1e6
    raise ValueError(f"The signature of {provider.label} was not found right.")


def sent(scheme: Scheme, request: Request, secret: str, body: bytes) -> Request:
    """The request with this body, signed; as it is where it cannot be signed with that."""
    try:
        return scheme.sign(replace(request, body=body), secret, NOW)
    except (KeyError, TypeError, ValueError):
        return request


def round_of(scheme: Scheme, signed: Request, secret: str) -> float:
    """Seconds for one check, over one round of them."""
    began = perf_counter()
    for _ in range(TIMES):
        scheme.verify(replace(signed), [secret], NOW)
    return (perf_counter() - began) / TIMES


if __name__ == "__main__":
    main()
