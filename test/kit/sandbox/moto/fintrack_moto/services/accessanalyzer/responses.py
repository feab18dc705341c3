"""The calls of IAM Access Analyzer that manage analyzers and their tags."""

from __future__ import annotations

from moto.core.responses import ActionResult, BaseResponse, EmptyResult

from .models import AccessAnalyzerBackend, accessanalyzer_backends


class AccessAnalyzerResponse(BaseResponse):
    def __init__(self) -> None:
        super().__init__(service_name="accessanalyzer")
        self.automated_parameter_parsing = True

    @property
    def backend(self) -> AccessAnalyzerBackend:
        return accessanalyzer_backends[self.current_account][self.region]

    def create_analyzer(self) -> ActionResult:
        analyzer = self.backend.create_analyzer(
            self._get_param("analyzerName"),
            self._get_param("type"),
            self._get_param("configuration"),
            self._get_param("tags") or {},
        )
        return ActionResult({"arn": analyzer.arn})

    def get_analyzer(self) -> ActionResult:
        return ActionResult({"analyzer": self.backend.get_analyzer(self._get_param("analyzerName"))})

    def list_analyzers(self) -> ActionResult:
        return ActionResult({"analyzers": self.backend.list_analyzers(self._get_param("type"))})

    def update_analyzer(self) -> ActionResult:
        analyzer = self.backend.get_analyzer(self._get_param("analyzerName"))
        analyzer.configuration = self._get_param("configuration")
        return ActionResult({"configuration": analyzer.configuration})

    def delete_analyzer(self) -> ActionResult:
        self.backend.delete_analyzer(self._get_param("analyzerName"))
        return EmptyResult()

    def tag_resource(self) -> ActionResult:
        self.backend.tags_of(self._get_param("resourceArn")).update(self._get_param("tags"))
        return EmptyResult()

    def untag_resource(self) -> ActionResult:
        tags = self.backend.tags_of(self._get_param("resourceArn"))
        for key in self._get_param("tagKeys"):
            tags.pop(key, None)
        return EmptyResult()

    def list_tags_for_resource(self) -> ActionResult:
        return ActionResult({"tags": self.backend.tags_of(self._get_param("resourceArn"))})
