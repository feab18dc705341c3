"""Mends of CloudWatch: composite alarms.

A rule is read as the CloudWatch API Reference describes it (PutCompositeAlarm,
AlarmRule): ALARM, OK and INSUFFICIENT_DATA of a name or an ARN, TRUE, FALSE,
AND, OR, NOT and parentheses; AND binds more strongly than OR.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from moto.cloudwatch.exceptions import ValidationError
from moto.cloudwatch.models import Alarm, CloudWatchBackend
from moto.cloudwatch.responses import CloudWatchResponse
from moto.core.responses import ActionResult

from ...patching import add, override
from ...registry import mend


@mend(
    "cloudwatch",
    "PutCompositeAlarm is missing, though the model keeps an alarm's rule and "
    "DescribeAlarms answers composite alarms.",
)
def composite_alarms_can_be_put() -> None:
    @add(CloudWatchResponse)
    def put_composite_alarm(self: Any) -> ActionResult:
        return self.put_metric_alarm()


@mend(
    "cloudwatch",
    "DescribeAlarms: a composite alarm stays OK whatever the alarms of its rule are, and a "
    "rule that cannot be read or names an alarm that does not exist is accepted.",
)
def composite_alarms_follow_their_children() -> None:
    @override(CloudWatchBackend)
    def put_metric_alarm(original: Any, self: Any, *args: Any, **kwargs: Any) -> Alarm:
        rule = kwargs.get("rule")
        if rule:
            state(rule, self.alarms)  # refuses a rule that cannot be judged
        alarm = original(self, *args, **kwargs)
        settle(self)
        return alarm

    @override(CloudWatchBackend)
    def set_alarm_state(original: Any, self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        settle(self)


def settle(backend: CloudWatchBackend) -> None:
    """Bring every composite alarm into the state of its rule, the outer ones too."""
    changed = True
    while changed:
        changed = False
        for alarm in list(backend.alarms.values()):
            if alarm.rule and (now := state(alarm.rule, backend.alarms)) != alarm.state_value:
                alarm.update_state(f"{alarm.rule} is {now}", json.dumps({"alarmRule": alarm.rule}), now)
                changed = True


def state(rule: str, alarms: dict[str, Alarm]) -> str:
    return "ALARM" if Rule(rule, alarms).holds() else "OK"


class Rule:
    """A rule read from left to right, judged on the way."""

    TOKEN = re.compile(r'\s*(?:(ALARM|OK|INSUFFICIENT_DATA)\s*\(\s*(?:"([^"]+)"|([^")\s]+))\s*\)|(AND|OR|NOT|TRUE|FALSE|[()]))')

    def __init__(self, text: str, alarms: dict[str, Alarm]) -> None:
        self._text = text
        self._alarms = alarms
        self._tokens = list(self._read())

    def _read(self) -> Iterator[bool | str]:
        at, text = 0, self._text.rstrip()
        while at < len(text):
            found = self.TOKEN.match(text, at)
            if not found:
                raise self._invalid(f"unreadable at {text[at:]!r}")
            at = found.end()
            yield found[4] or self._is(found[1], (found[2] or found[3]).rsplit(":alarm:", 1)[-1])

    def _is(self, wanted: str, name: str) -> bool:
        if name not in self._alarms:
            raise self._invalid(f"there is no alarm {name}")
        return self._alarms[name].state_value == wanted

    def _invalid(self, why: str) -> ValidationError:
        return ValidationError(f"Could not save the composite alarm as its AlarmRule is not valid: {why}")

    def holds(self) -> bool:
        result = self._any()
        if self._tokens:
            raise self._invalid(f"{self._tokens[0]} is out of place")
        return result

    def _next(self, *wanted: str) -> bool:
        if self._tokens and self._tokens[0] in wanted and not isinstance(self._tokens[0], bool):
            self._tokens.pop(0)
            return True
        return False

    def _any(self) -> bool:
        return self._series("OR", self._all, any)

    def _all(self) -> bool:
        return self._series("AND", self._one, all)

    def _series(self, operator: str, part: Callable[[], bool], combine: Callable[[list[bool]], bool]) -> bool:
        parts = [part()]
        while self._next(operator):
            parts.append(part())
        return combine(parts)

    def _one(self) -> bool:
        if self._next("NOT"):
            return not self._one()
        if self._next("TRUE"):
            return True
        if self._next("FALSE"):
            return False
        if self._next("("):
            inner = self._any()
            if not self._next(")"):
                raise self._invalid("a parenthesis is not closed")
            return inner
        if self._tokens and isinstance(self._tokens[0], bool):
            return bool(self._tokens.pop(0))
        raise self._invalid("it ends too early")
