"""Mends of GuardDuty: the features and tags of a detector."""

from __future__ import annotations

import json
import threading
from typing import Any
from urllib.parse import unquote

from moto.guardduty import urls
from moto.guardduty.exceptions import DetectorNotFoundException
from moto.guardduty.models import Detector
from moto.guardduty.responses import GuardDutyResponse

from ..patching import add, override, state_of
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


@mend(
    "guardduty",
    "TagResource, UntagResource and ListTagsForResource are missing, so no change of "
    "a detector's tags can be applied.",
)
def detectors_are_tagged() -> None:
    urls.url_paths["{0}/tags/(?P<arn>.+)$"] = GuardDutyResponse.dispatch

    def tags(response: Any) -> dict[str, str]:
        identifier = unquote(response.path).rsplit("/", 1)[-1]
        try:
            return response.guardduty_backend.detectors[identifier].tags
        except KeyError:
            raise DetectorNotFoundException from None

    @add(GuardDutyResponse)
    def list_tags_for_resource(self: Any) -> str:
        return json.dumps({"tags": tags(self)})

    @add(GuardDutyResponse)
    def tag_resource(self: Any) -> str:
        tags(self).update(self._get_param("tags"))
        return "{}"

    @add(GuardDutyResponse)
    def untag_resource(self: Any) -> str:
        kept = tags(self)
        for key in self.querystring.get("tagKeys", []):
            kept.pop(key, None)
        return "{}"
