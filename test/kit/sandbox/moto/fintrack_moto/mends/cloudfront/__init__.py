"""Mends of CloudFront: distributions, and the policies they refer to."""

from . import distributions, policies  # noqa: F401
