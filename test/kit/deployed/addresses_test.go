package deployed_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/stretchr/testify/require"
)

func TestAddressesAreThoseThatTerraformPlans(t *testing.T) {
	t.Parallel()
	got, err := deployed.Addresses([]byte(`{"version": 4, "resources": [
  {"mode": "managed", "type": "aws_iam_role", "name": "backup", "instances": [{"attributes": {"arn": "arn:1"}}]},
  {"mode": "managed", "type": "aws_iam_role", "name": "pipeline", "instances": [{"index_key": "ci", "attributes": {"arn": "arn:2"}}, {"index_key": "cd", "attributes": {"arn": "arn:3"}}]},
  {"module": "module.bucket[\"audit\"]", "mode": "managed", "type": "aws_iam_role", "name": "replication", "instances": [{"index_key": 0, "attributes": {"arn": "arn:4"}}]},
  {"module": "module.eks.module.cni", "mode": "managed", "type": "aws_iam_role", "name": "this", "instances": [{"index_key": null, "attributes": {"arn": "arn:5"}}]},
  {"mode": "data", "type": "aws_iam_role", "name": "other", "instances": [{"attributes": {"arn": "arn:6"}}]},
  {"mode": "managed", "type": "aws_sqs_queue", "name": "q", "instances": [{"attributes": {"arn": "arn:7"}}]}
]}`), "aws_iam_role")
	require.NoError(t, err)
	require.Equal(t, map[string]string{
		"arn:1": "aws_iam_role.backup",
		"arn:2": `aws_iam_role.pipeline["ci"]`,
		"arn:3": `aws_iam_role.pipeline["cd"]`,
		"arn:4": `module.bucket["audit"].aws_iam_role.replication[0]`,
		"arn:5": "module.eks.module.cni.aws_iam_role.this",
	}, got)
}

func TestAStateThatCannotBeReadIsRefused(t *testing.T) {
	t.Parallel()
	role := func(arn string) string {
		return `{"mode": "managed", "type": "aws_iam_role", "name": "a", "instances": [{"attributes": {"arn": "` + arn + `"}}]}`
	}
	for name, c := range map[string]struct{ state, says string }{
		"of another version":   {`{"version": 3}`, "version 3, want 4"},
		"an instance unmade":   {`{"version": 4, "resources": [` + role("") + `]}`, "aws_iam_role.a has no ARN"},
		"two of the same name": {`{"version": 4, "resources": [` + role("x") + "," + role("x") + `]}`, "have one ARN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := deployed.Addresses([]byte(c.state), "aws_iam_role")
			require.ErrorContains(t, err, c.says)
		})
	}
	_, err := deployed.Addresses([]byte(`{"version": "hidden`), "aws_iam_role")
	require.EqualError(t, err, "is no state of Terraform", "a state may hold secrets")
}
