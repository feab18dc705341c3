"""Mends of GuardDuty: the features of a detector."""

from __future__ import annotations

import threading
from typing import Any

from moto.guardduty.models import Detector

from ..patching import override, state_of
from ..registry import mend


@mend(
    "guardduty",
    "UpdateDetector replaces all features by those of the call, while AWS changes only "
    "the named ones: of several aws_guardduty_detector_feature only the last stays.",
)
def features_are_changed_one_by_one() -> None:
    @override(Detector)
    def update(
        original: Any,
        self: Any,
        enable: Any,
        finding_publishing_frequency: Any,
        data_sources: Any,
        features: list[dict[str, Any]] | None,
    ) -> None:
        with state_of(self, "features", threading.Lock):
            merged = None
            if features is not None:
                by_name = {feature["name"]: feature for feature in self.features}
                by_name.update({feature["name"]: feature for feature in features})
                merged = list(by_name.values())
            original(self, enable, finding_publishing_frequency, data_sources, merged)
