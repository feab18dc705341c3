from __future__ import annotations

import json

from .support import MendTest, client, proves


class ECRTest(MendTest):
    @proves("ecr.registries_have_pull_through_cache_rules")
    def test_a_pull_through_cache_rule_is_kept_until_it_is_deleted(self) -> None:
        ecr = client("ecr")
        secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:ecr-pullthroughcache/hub"
        ecr.create_pull_through_cache_rule(
            ecrRepositoryPrefix="docker-hub",
            upstreamRegistryUrl="registry-1.docker.io",
            credentialArn=secret,
        )
        ecr.update_pull_through_cache_rule(
            ecrRepositoryPrefix="docker-hub", credentialArn=secret + "-2"
        )
        found = ecr.describe_pull_through_cache_rules(ecrRepositoryPrefixes=["docker-hub"])
        rule = found["pullThroughCacheRules"][0]
        self.assertEqual("registry-1.docker.io", rule["upstreamRegistryUrl"])
        self.assertEqual(secret + "-2", rule["credentialArn"])
        ecr.delete_pull_through_cache_rule(ecrRepositoryPrefix="docker-hub")
        self.assert_refused(
            "PullThroughCacheRuleNotFoundException",
            ecr.describe_pull_through_cache_rules,
            ecrRepositoryPrefixes=["docker-hub"],
        )

    @proves("ecr.a_final_tag_is_refused_by_its_own_error")
    def test_another_image_under_a_final_tag_is_refused(self) -> None:
        ecr = client("ecr")
        ecr.create_repository(repositoryName="service", imageTagMutability="IMMUTABLE")

        def push(layer: str) -> None:
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            digest = "sha256:" + layer * 64
            manifest = {"schemaVersion": 2, "mediaType": kind, "layers": [{"digest": digest}]}
            ecr.put_image(
                repositoryName="service", imageTag="main-1", imageManifest=json.dumps(manifest)
            )

        push(layer="1")
        self.assert_refused("ImageTagAlreadyExistsException", push, layer="2")
        self.assert_refused("ImageAlreadyExistsException", push, layer="1")
