"""Mends of CloudWatch: composite alarms, and what alarms tell their topics."""

from . import composite_alarms, notifications  # noqa: F401
