from __future__ import annotations

import urllib.error
import urllib.parse
import urllib.request

from .support import MendTest, client, endpoint, network, proves


class ServerTest(MendTest):
    def allow(self, group: str, call: str, attempt: int) -> tuple[int, bytes]:
        """Allow HTTPS into a group, as an SDK sends it."""
        query = {
            "Action": "AuthorizeSecurityGroupIngress",
            "Version": "2016-11-15",
            "GroupId": group,
            "IpPermissions.1.IpProtocol": "tcp",
            "IpPermissions.1.FromPort": "443",
            "IpPermissions.1.ToPort": "443",
            "IpPermissions.1.IpRanges.1.CidrIp": "10.0.0.0/16",
        }
        request = urllib.request.Request(
            endpoint() + "/",
            data=urllib.parse.urlencode(query).encode(),
            headers={
                "Authorization": "AWS4-HMAC-SHA256 Credential=testing/20250101/us-east-1/ec2/"
                "aws4_request, SignedHeaders=host, Signature=any",
                "Amz-Sdk-Invocation-Id": call,
                "Amz-Sdk-Request": f"attempt={attempt}; max=3",
            },
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read()

    def rules(self, group: str) -> int:
        mine = [{"Name": "group-id", "Values": [group]}]
        found = client("ec2").describe_security_group_rules(Filters=mine)
        return sum(not rule["IsEgress"] for rule in found["SecurityGroupRules"])

    @proves("moto_server.a_call_sent_again_gets_its_first_answer")
    def test_a_call_sent_again_is_carried_out_once(self) -> None:
        group = network()["group"]
        first = self.allow(group, "one", attempt=1)
        self.assertEqual(200, first[0])
        self.assertEqual(first, self.allow(group, "one", attempt=2))
        self.assertEqual(1, self.rules(group))
        # A call of its own is refused, however often it is sent.
        for attempt in (1, 2):
            status, body = self.allow(group, "two", attempt)
            self.assertEqual((400, True), (status, b"InvalidPermission.Duplicate" in body))
