"""Mends of S3: versions and delete markers."""

from __future__ import annotations

from typing import Any

from moto.s3.models import FakeDeleteMarker

from ...patching import add
from ...registry import mend


@mend(
    "s3",
    "DeleteObjects: in a bucket whose versioning was suspended, as a destroy leaves "
    "it, an object with a delete marker cannot be removed: an internal error.",
)
def delete_markers_can_be_removed() -> None:
    @add(FakeDeleteMarker)
    def dispose(self: Any, garbage: bool = False) -> None:
        """A marker holds no data, so there is nothing to let go."""
