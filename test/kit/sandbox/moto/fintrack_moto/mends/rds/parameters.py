"""Mends of RDS parameter groups."""

from __future__ import annotations

from typing import Any

from moto.core.responses import ActionResult
from moto.rds.exceptions import DBParameterGroupNotFoundError
from moto.rds.responses import RDSResponse

from ...patching import add, override
from ...registry import mend


@mend(
    "rds",
    "DescribeDBParameters and DescribeDBClusterParameters: the Source filter is "
    "ignored and no parameter says Source=user, so parameter groups drift.",
)
def parameters_tell_their_source() -> None:
    def by_source(original: Any, response: Any) -> ActionResult:
        answer = original(response)
        listed = answer.result["Parameters"]
        values = listed.values() if isinstance(listed, dict) else listed
        wanted = response.params.get("Source")
        parameters = [{**value, "Source": value.get("Source", "user")} for value in values]
        answer.result["Parameters"] = [
            parameter for parameter in parameters if not wanted or parameter["Source"] == wanted
        ]
        return answer

    @override(RDSResponse)
    def describe_db_parameters(original: Any, self: Any) -> ActionResult:
        return by_source(original, self)

    @override(RDSResponse)
    def describe_db_cluster_parameters(original: Any, self: Any) -> ActionResult:
        return by_source(original, self)


@mend(
    "rds",
    "ResetDBParameterGroup and ResetDBClusterParameterGroup are missing; the provider "
    "sends them when a parameter is taken out of a group.",
)
def parameters_can_be_reset() -> None:
    def reset(parameters: dict[str, Any], response: Any) -> None:
        if response.params.get("ResetAllParameters"):
            parameters.clear()
        for parameter in response.params.get("Parameters") or []:
            parameters.pop(parameter["ParameterName"], None)

    @add(RDSResponse)
    def reset_db_parameter_group(self: Any) -> ActionResult:
        name = self.params["DBParameterGroupName"]
        if name not in self.backend.db_parameter_groups:
            raise DBParameterGroupNotFoundError(name)
        reset(self.backend.db_parameter_groups[name].parameters, self)
        return ActionResult({"DBParameterGroupName": name})

    @add(RDSResponse)
    def reset_db_cluster_parameter_group(self: Any) -> ActionResult:
        name = self.params["DBClusterParameterGroupName"]
        if name not in self.backend.db_cluster_parameter_groups:
            raise DBParameterGroupNotFoundError(name)
        reset(self.backend.db_cluster_parameter_groups[name].parameters, self)
        return ActionResult({"DBClusterParameterGroupName": name})
