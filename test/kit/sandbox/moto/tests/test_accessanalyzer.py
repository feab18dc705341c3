from __future__ import annotations

from .support import MendTest, client, proves


class AccessAnalyzerTest(MendTest):
    @proves("accessanalyzer.access_analyzer_is_served")
    def test_an_analyzer_is_kept_with_its_tags_until_it_is_deleted(self) -> None:
        analyzers = client("accessanalyzer")
        arn = analyzers.create_analyzer(
            analyzerName="account", type="ACCOUNT", tags={"team": "platform"}
        )["arn"]
        analyzers.tag_resource(resourceArn=arn, tags={"env": "dev"})
        analyzers.untag_resource(resourceArn=arn, tagKeys=["team"])
        found = analyzers.get_analyzer(analyzerName="account")["analyzer"]
        self.assertEqual((arn, "ACTIVE", {"env": "dev"}), (found["arn"], found["status"], found["tags"]))
        self.assertEqual({"env": "dev"}, analyzers.list_tags_for_resource(resourceArn=arn)["tags"])
        self.assertEqual(1, len(analyzers.list_analyzers(type="ACCOUNT")["analyzers"]))
        analyzers.delete_analyzer(analyzerName="account")
        self.assert_refused(
            "ResourceNotFoundException", analyzers.get_analyzer, analyzerName="account"
        )
