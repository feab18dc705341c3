"""Mends of CloudFront: distributions, the policies they refer to, invalidations."""

from . import distributions, invalidations, policies  # noqa: F401
