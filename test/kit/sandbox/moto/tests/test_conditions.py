"""The evaluation of conditions by itself; stock moto has no part in it."""

from __future__ import annotations

import unittest
from typing import Any

from fintrack_moto import conditions


class ConditionsTest(unittest.TestCase):
    cases: list[tuple[str, dict[str, Any], dict[str, Any], bool]] = [
        ("an equal string", {"StringEquals": {"a:k": "x"}}, {"a:k": "x"}, True),
        ("keys in another case", {"StringEquals": {"A:K": "x"}}, {"a:k": "x"}, True),
        ("one of several values", {"StringEquals": {"a:k": ["x", "y"]}}, {"a:k": "y"}, True),
        ("none of several values", {"StringNotEquals": {"a:k": ["x", "y"]}}, {"a:k": "y"}, False),
        ("an absent key", {"StringEquals": {"a:k": "x"}}, {}, False),
        ("an absent key, negated", {"StringNotEquals": {"a:k": "x"}}, {}, True),
        ("an absent key, if it exists", {"StringEqualsIfExists": {"a:k": "x"}}, {}, True),
        ("a pattern", {"StringLike": {"a:k": "sys:*:app-?"}}, {"a:k": "sys:ns:app-1"}, True),
        ("a pattern, negated", {"StringNotLike": {"a:k": "sys:*"}}, {"a:k": "sys:ns"}, False),
        ("an ARN's parts", {"ArnLike": {"a:k": "arn:aws:s3:::b*"}}, {"a:k": "arn:aws:s3:::bucket"}, True),
        ("no wildcard over a colon", {"ArnLike": {"a:k": "arn:aws:*:x"}}, {"a:k": "arn:aws:s3:::x"}, False),
        ("an address", {"IpAddress": {"a:k": "10.0.0.0/8"}}, {"a:k": "10.1.2.3"}, True),
        ("an address, negated", {"NotIpAddress": {"a:k": "10.0.0.0/8"}}, {"a:k": "10.1.2.3"}, False),
        ("a number", {"NumericLessThan": {"a:k": "1.2"}}, {"a:k": "1.1"}, True),
        ("a date", {"DateGreaterThan": {"a:k": "2024-01-01T00:00:00Z"}}, {"a:k": "2025-01-01"}, True),
        ("a boolean", {"Bool": {"a:k": False}}, {"a:k": "false"}, True),
        ("null of an absent key", {"Null": {"a:k": "true"}}, {}, True),
        ("null of a present key", {"Null": {"a:k": "true"}}, {"a:k": "x"}, False),
        ("all values of none", {"ForAllValues:StringEquals": {"a:k": "x"}}, {}, True),
        ("all values", {"ForAllValues:StringEquals": {"a:k": "x"}}, {"a:k": ["x", "y"]}, False),
        ("any value", {"ForAnyValue:StringEquals": {"a:k": "x"}}, {"a:k": ["x", "y"]}, True),
        ("every operator must hold", {"Bool": {"a:k": "true"}, "Null": {"a:k": "true"}}, {"a:k": "true"}, False),
    ]

    def test_conditions_hold_as_the_user_guide_says(self) -> None:
        for name, block, context, expected in self.cases:
            with self.subTest(name):
                self.assertIs(expected, conditions.hold(block, context))

    def test_an_unknown_operator_is_an_error(self) -> None:
        with self.assertRaises(ValueError):
            conditions.hold({"StringIs": {"a:k": "x"}}, {"a:k": "x"})
