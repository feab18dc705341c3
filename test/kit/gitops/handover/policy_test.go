package handover_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/stretchr/testify/require"
)

const key = "arn:aws:kms:us-east-1:123456789012:key/00000000-0000-4000-8000-000000000001"

func given(t *testing.T) handover.Given {
	t.Helper()
	g, err := handover.For(root, "prod", "123456789012")
	require.NoError(t, err)
	g.Outputs["security"] = map[string]any{"kms_key_arns": map[string]any{"secrets-manager": key}}
	return g
}

func TestThePolicyIsTheOneThatTerraformWrites(t *testing.T) {
	got, err := handover.Policy(root+"/terraform/platform", given(t), "external_secrets")
	require.NoError(t, err)
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[
		{"Sid":"ReadSecretsOfTheEnvironment","Effect":"Allow","Action":["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue","secretsmanager:ListSecretVersionIds"],
		 "Resource":["arn:aws:secretsmanager:us-east-1:123456789012:secret:fintrack/production/*"]},
		{"Sid":"DecryptThroughSecretsManager","Effect":"Allow","Action":["kms:Decrypt"],"Resource":["`+key+`"],
		 "Condition":{"StringEquals":{"kms:ViaService":["secretsmanager.us-east-1.amazonaws.com"]}}}]}`, got)
	_, err = handover.Policy(root+"/terraform/platform", given(t), "nobody")
	require.ErrorContains(t, err, "there is no data aws_iam_policy_document.nobody")
}

func TestAPolicyIsReadWholeOrNotAtAll(t *testing.T) {
	for name, c := range map[string]struct{ text, says string }{
		"an exception":              {"statement {\n not_actions = [\"s3:*\"]\n}", "a statement with not_actions is not read here"},
		"a principal":               {"statement {\n principals {\n type = \"*\"\n}\n}", "a statement with a block principals is not read here"},
		"another document's":        {"dynamic \"statement\" {\n for_each = []\n}", "want statements alone"},
		"half a condition":          {"statement {\n condition {\n test = \"Bool\"\n values = [\"true\"]\n}\n}", "the condition has no variable"},
		"a name that nothing gives": {"statement {\n resources = [aws_s3_bucket.none.arn]\n}", "aws_s3_bucket"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			require.NoError(t, os.CopyFS(dir, os.DirFS(root+"/terraform/platform")))
			require.NoError(t, os.WriteFile(filepath.Join(dir, "added.tf"), []byte("data \"aws_iam_policy_document\" \"added\" {\n"+c.text+"\n}\n"), 0o644))
			_, err := handover.Policy(dir, given(t), "added")
			require.ErrorContains(t, err, c.says)
		})
	}
}

func TestTheTrustIsTheOneThatTheModuleWrites(t *testing.T) {
	got, err := handover.Trust(root+"/modules/iam-irsa", "https://issuer/id/1", "arn:aws:iam::123456789012:oidc-provider/issuer/id/1", "external-secrets", "external-secrets-sa")
	require.NoError(t, err)
	require.JSONEq(t, `{"Version":"2012-10-17","Statement":[{"Sid":"ServiceAccounts","Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity",
		"Principal":{"Federated":"arn:aws:iam::123456789012:oidc-provider/issuer/id/1"},
		"Condition":{"StringEquals":{"issuer/id/1:sub":"system:serviceaccount:external-secrets:external-secrets-sa","issuer/id/1:aud":"sts.amazonaws.com"}}}]}`, got)
}
