"""The Condition block of a policy statement, evaluated.

The rules are those of the IAM User Guide, "IAM JSON policy elements: Condition
operators" and "Conditions with multiple context keys or values": every operator
and every key must hold; of several values one is enough, or for a negated
operator none may match; a key that is not in the request fails a positive
operator and satisfies a negated one; ``...IfExists`` is satisfied by absence.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any


def hold(block: Mapping[str, Mapping[str, Any]] | None, context: Mapping[str, Any]) -> bool:
    """Whether every condition of ``block`` holds in the request ``context``.

    ``context`` maps condition keys (``aws:SecureTransport``) to a string or a
    list of strings; keys are compared without regard to case.
    """
    folded = {key.lower(): value for key, value in context.items()}
    for operator, tests in (block or {}).items():
        for key, wanted in tests.items():
            if not _holds(operator, _list(wanted), folded.get(key.lower())):
                return False
    return True


def _list(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [_text(item) for item in values]


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _holds(operator: str, wanted: list[str], found: Any) -> bool:
    quantifier, _, name = operator.rpartition(":")
    if name == "Null":
        return (found is None) == (wanted[0].lower() == "true")
    if_exists = name.endswith("IfExists")
    base = name.removesuffix("IfExists")
    negated, test = _test(base)
    if found is None:
        return if_exists or negated or quantifier == "ForAllValues"
    verdicts = [any(test(value, one) for one in wanted) != negated for value in _list(found)]
    return any(verdicts) if quantifier == "ForAnyValue" else all(verdicts)


def _test(base: str) -> tuple[bool, Callable[[str, str], bool]]:
    """Whether the operator is negated, and the test of one value against one."""
    if base in _TESTS:
        return False, _TESTS[base]
    if base == "NotIpAddress":
        return True, _in_network
    positive = base.replace("Not", "", 1)
    if positive in _TESTS:
        return True, _TESTS[positive]
    raise ValueError(f"{base} is not a condition operator of IAM")


def _like(value: str, pattern: str) -> bool:
    parts = (".*" if c == "*" else "." if c == "?" else re.escape(c) for c in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


def _arn_like(value: str, pattern: str) -> bool:
    have, want = value.split(":", 5), pattern.split(":", 5)
    return len(have) == len(want) == 6 and all(_like(h, w) for h, w in zip(have, want))


def _in_network(value: str, network: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False


def _when(text: str) -> datetime:
    if re.fullmatch(r"\d+", text):
        return datetime.fromtimestamp(int(text), timezone.utc)
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


_TESTS: dict[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, want: value == want,
    "StringEqualsIgnoreCase": lambda value, want: value.lower() == want.lower(),
    "StringLike": _like,
    "Bool": lambda value, want: value.lower() == want.lower(),
    "BinaryEquals": lambda value, want: value == want,
    "ArnEquals": _arn_like,
    "ArnLike": _arn_like,
    "IpAddress": _in_network,
    "NumericEquals": lambda value, want: float(value) == float(want),
    "NumericLessThan": lambda value, want: float(value) < float(want),
    "NumericLessThanEquals": lambda value, want: float(value) <= float(want),
    "NumericGreaterThan": lambda value, want: float(value) > float(want),
    "NumericGreaterThanEquals": lambda value, want: float(value) >= float(want),
    "DateEquals": lambda value, want: _when(value) == _when(want),
    "DateLessThan": lambda value, want: _when(value) < _when(want),
    "DateLessThanEquals": lambda value, want: _when(value) <= _when(want),
    "DateGreaterThan": lambda value, want: _when(value) > _when(want),
    "DateGreaterThanEquals": lambda value, want: _when(value) >= _when(want),
}
