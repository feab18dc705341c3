"""Analyzers of IAM Access Analyzer, per account and region."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.core.common_models import BaseModel
from moto.core.exceptions import ServiceException
from moto.core.utils import utcnow


class AnalyzerNotFound(ServiceException):
    code = "ResourceNotFoundException"


class AnalyzerExists(ServiceException):
    code = "ConflictException"


class Analyzer(BaseModel):
    def __init__(self, arn: str, name: str, kind: str, configuration: Any, tags: dict[str, str]):
        self.arn = arn
        self.name = name
        self.type = kind
        self.configuration = configuration
        self.tags = tags
        self.status = "ACTIVE"
        self.created_at: datetime = utcnow()


class AccessAnalyzerBackend(BaseBackend):
    def __init__(self, region_name: str, account_id: str):
        super().__init__(region_name, account_id)
        self.analyzers: dict[str, Analyzer] = {}

    def create_analyzer(
        self, name: str, kind: str, configuration: Any, tags: dict[str, str]
    ) -> Analyzer:
        if name in self.analyzers:
            raise AnalyzerExists(f"The analyzer already exists: {name}")
        where = f"{self.region_name}:{self.account_id}"
        arn = f"arn:{self.partition}:access-analyzer:{where}:analyzer/{name}"
        self.analyzers[name] = Analyzer(arn, name, kind, configuration, tags)
        return self.analyzers[name]

    def get_analyzer(self, name: str) -> Analyzer:
        if name not in self.analyzers:
            raise AnalyzerNotFound(f"The specified analyzer was not found: {name}")
        return self.analyzers[name]

    def list_analyzers(self, kind: str | None) -> list[Analyzer]:
        return [found for found in self.analyzers.values() if kind in (None, found.type)]

    def delete_analyzer(self, name: str) -> None:
        del self.analyzers[self.get_analyzer(name).name]

    def tags_of(self, arn: str) -> dict[str, str]:
        return self.get_analyzer(arn.rpartition("/")[2]).tags


accessanalyzer_backends = BackendDict(AccessAnalyzerBackend, "accessanalyzer")
