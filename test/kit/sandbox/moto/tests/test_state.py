"""What mends keep belongs to one account and one region, and a reset empties it.

One kind of thing is tried for each way in which mends keep state: on a backend
of moto's, on a backend of ours, on a model object, and in global services.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .support import ACCOUNT, OTHER_ACCOUNT, OTHER_REGION, REGION, MendTest, client, proves, reset

ROLE = "arn:aws:iam::123456789012:role/any"


class StateTest(MendTest):
    def check(
        self,
        service: str,
        make: Callable[[Any], Any],
        listed: Callable[[Any], list[Any]],
        is_global: bool = False,
    ) -> None:
        make(client(service))
        self.assertEqual(1, len(listed(client(service))))
        elsewhere = 1 if is_global else 0
        self.assertEqual(elsewhere, len(listed(client(service, OTHER_REGION))))
        self.assertEqual([], listed(client(service, REGION, OTHER_ACCOUNT)))
        make(client(service, REGION, OTHER_ACCOUNT))
        self.assertEqual(1, len(listed(client(service))))
        reset()
        self.assertEqual([], listed(client(service)))
        self.assertEqual([], listed(client(service, REGION, OTHER_ACCOUNT)))

    @proves("elasticache.parameter_groups_exist")
    def test_parameter_groups_of_a_cache_stay_in_their_account_and_region(self) -> None:
        self.check(
            "elasticache",
            lambda cache: cache.create_cache_parameter_group(
                CacheParameterGroupName="redis7",
                CacheParameterGroupFamily="redis7",
                Description="tests",
            ),
            lambda cache: cache.describe_cache_parameter_groups()["CacheParameterGroups"],
        )

    @proves("ecr.registries_have_pull_through_cache_rules")
    def test_pull_through_cache_rules_stay_in_their_account_and_region(self) -> None:
        self.check(
            "ecr",
            lambda ecr: ecr.create_pull_through_cache_rule(
                ecrRepositoryPrefix="public", upstreamRegistryUrl="public.ecr.aws"
            ),
            lambda ecr: ecr.describe_pull_through_cache_rules()["pullThroughCacheRules"],
        )

    @proves("accessanalyzer.access_analyzer_is_served")
    def test_analyzers_stay_in_their_account_and_region(self) -> None:
        self.check(
            "accessanalyzer",
            lambda analyzers: analyzers.create_analyzer(analyzerName="a", type="ACCOUNT"),
            lambda analyzers: analyzers.list_analyzers()["analyzers"],
        )

    @proves("chatbot.chatbot_is_served")
    def test_slack_channels_stay_in_their_account(self) -> None:
        self.check(
            "chatbot",
            lambda chatbot: chatbot.create_slack_channel_configuration(
                ConfigurationName="alerts",
                SlackTeamId="T07EA123LEP",
                SlackChannelId="C07EZ1ABC23",
                IamRoleArn=ROLE,
            ),
            lambda chatbot: chatbot.describe_slack_channel_configurations()[
                "SlackChannelConfigurations"
            ],
            is_global=True,
        )

    @proves("cloudfront.origin_request_policies_exist")
    def test_policies_of_cloudfront_stay_in_their_account(self) -> None:
        config = {
            "Name": "none",
            "HeadersConfig": {"HeaderBehavior": "none"},
            "CookiesConfig": {"CookieBehavior": "none"},
            "QueryStringsConfig": {"QueryStringBehavior": "none"},
        }
        self.check(
            "cloudfront",
            lambda cloudfront: cloudfront.create_origin_request_policy(
                OriginRequestPolicyConfig=config
            ),
            lambda cloudfront: cloudfront.list_origin_request_policies()["OriginRequestPolicyList"].get(
                "Items", []
            ),
            is_global=True,
        )

    @proves("eks.clusters_have_addons")
    def test_addons_go_with_their_cluster(self) -> None:
        eks = client("eks")
        network = {"subnetIds": ["subnet-0abc"]}
        for _ in range(2):
            eks.create_cluster(name="one", roleArn=ROLE, resourcesVpcConfig=network)
            self.assertEqual([], eks.list_addons(clusterName="one")["addons"])
            eks.create_addon(clusterName="one", addonName="coredns")
            eks.delete_cluster(name="one")

    @proves("budgets.budgets_have_tags")
    def test_tags_of_a_budget_go_with_it(self) -> None:
        budgets = client("budgets")
        name = {"AccountId": ACCOUNT, "BudgetName": "monthly"}
        budget = {
            "BudgetName": "monthly",
            "BudgetLimit": {"Amount": "1", "Unit": "USD"},
            "TimeUnit": "MONTHLY",
            "BudgetType": "COST",
        }
        arn = f"arn:aws:budgets::{ACCOUNT}:budget/monthly"
        budgets.create_budget(AccountId=ACCOUNT, Budget=budget)
        budgets.tag_resource(ResourceARN=arn, ResourceTags=[{"Key": "a", "Value": "b"}])
        budgets.delete_budget(**name)
        budgets.create_budget(AccountId=ACCOUNT, Budget=budget)
        self.assertEqual([], budgets.list_tags_for_resource(ResourceARN=arn)["ResourceTags"])
