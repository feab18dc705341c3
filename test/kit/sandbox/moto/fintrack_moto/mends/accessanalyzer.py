"""IAM Access Analyzer, which moto does not have."""

from __future__ import annotations

from .. import services
from ..registry import mend


@mend(
    "accessanalyzer",
    "Every call of IAM Access Analyzer: moto does not have the service at all.",
)
def access_analyzer_is_served() -> None:
    services.add_to_moto("accessanalyzer", r"https?://access-analyzer\.(.+)\.amazonaws\.com")
