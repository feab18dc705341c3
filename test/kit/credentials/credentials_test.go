package credentials_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/credentials"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"
)

// made puts a credential together, so that none stands in this file.
func made(parts ...string) string { return strings.Join(parts, "") }

func scanner(t *testing.T) *credentials.Scanner {
	t.Helper()
	s, err := credentials.NewScanner()
	require.NoError(t, err)
	return s
}

func TestCredentialsAreFoundAndNotRepeated(t *testing.T) {
	key := made("AKIA", "QYLPMN5HHHFPZAM2")
	for name, c := range map[string]struct {
		text, rule string
		line       int
	}{
		"an access key":                   {"region = us-east-1\naws_access_key_id = " + key + "\n", "aws-access-token", 2},
		"an access key that is excused":   {"id = \"" + key + "\" # gitleaks:allow\n", "aws-access-token", 1},
		"a private key":                   {made("-----BEGIN RSA PRIV", "ATE KEY-----\n", strings.Repeat("MIIEpAIBAAKCAQEA7Zq", 8), "\n-----END RSA PRIV", "ATE KEY-----\n"), "private-key", 1},
		"a token of GitHub":               {`{"token": "` + made("ghp_", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx") + `"}`, "github-pat", 1},
		"a webhook of Slack":              {"url: " + made("https://hooks.sl", "ack.com/services/T0DCUJB1Q/B0DD08H5G/bJtrpFi1fO1JMCcwLx8uZyAg"), "slack-webhook-url", 1},
		"an access key in a line of JSON": {`{"environment":{"variables":{"AWS_ACCESS_KEY_ID":"` + key + `"}}}`, "aws-access-token", 1},
	} {
		t.Run(name, func(t *testing.T) {
			found := scanner(t).Text("a state", c.text)
			require.NotEmpty(t, found)
			require.Equal(t, c.rule, found[0].Rule)
			require.Equal(t, c.line, found[0].Line)
			require.NotContains(t, found[0].String(), key)
		})
	}
}

func TestOtherTextsAreNoCredentials(t *testing.T) {
	require.Empty(t, scanner(t).Text("a state", `{"role_arn": "arn:aws:iam::123456789012:role/fintrack-auth-service", "kms_key_id": "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"}`))
}

func TestASampleIsExcusedWhereItIsAndNowhereElse(t *testing.T) {
	key := "id = " + made("AKIA", "QYLPMN5HHHFPZAM2") + "\n"
	tree := fstest.MapFS{"a": {Data: []byte(key)}, "b": {Data: []byte(key)}, "picture": {Data: []byte{0xff, 0xfe, 0}}}
	sample := credentials.Sample{File: "a", Rule: "aws-access-token", Why: "a test's"}
	found, err := scanner(t).Tree(tree, []string{"a", "b", "picture"}, []credentials.Sample{sample})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, "b", found[0].Place)

	found, err = scanner(t).Tree(tree, []string{"picture"}, []credentials.Sample{sample})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Contains(t, found[0].What, "take it off the list")
}

func TestResourcesThatAreCredentials(t *testing.T) {
	values := &tfjson.StateValues{RootModule: &tfjson.StateModule{
		Resources: []*tfjson.StateResource{
			{Address: "aws_iam_role.x", Type: "aws_iam_role", Mode: tfjson.ManagedResourceMode},
			{Address: "aws_db_instance.x", Type: "aws_db_instance", Mode: tfjson.ManagedResourceMode, AttributeValues: map[string]any{"password": nil}},
		},
		ChildModules: []*tfjson.StateModule{{Resources: []*tfjson.StateResource{
			{Address: "module.m.aws_iam_access_key.x", Type: "aws_iam_access_key", Mode: tfjson.ManagedResourceMode},
			{Address: "module.m.aws_secretsmanager_secret_version.x", Type: "aws_secretsmanager_secret_version", Mode: tfjson.ManagedResourceMode, AttributeValues: map[string]any{"secret_string": "x"}},
			{Address: "module.m.aws_elasticache_user.x", Type: "aws_elasticache_user", Mode: tfjson.ManagedResourceMode, AttributeValues: map[string]any{"passwords": []any{"x"}}},
		}}},
	}}
	var found []string
	for _, f := range credentials.Resources("state of data", values) {
		found = append(found, f.String())
	}
	require.Equal(t, []string{
		"state of data: long-lived-resource: module.m.aws_iam_access_key.x is a credential without an end",
		"state of data: password-in-state: module.m.aws_secretsmanager_secret_version.x has its secret_string in the state",
		"state of data: password-in-state: module.m.aws_elasticache_user.x has its passwords in the state",
	}, found)
	require.Empty(t, credentials.Resources("an empty state", nil))
}

// samples are what the repository's own tests need.
var samples = []credentials.Sample{}

func TestTheRepositoryHoldsNone(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	out, err := exec.CommandContext(t.Context(), "git", "-C", root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	require.NoError(t, err)
	var files []string
	for _, file := range strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00") {
		if info, err := os.Stat(filepath.Join(root, file)); err == nil && info.Mode().IsRegular() {
			files = append(files, file)
		}
	}
	require.Greater(t, len(files), 100)
	found, err := scanner(t).Tree(os.DirFS(root), files, samples)
	require.NoError(t, err)
	for _, f := range found {
		t.Error(f)
	}
}
