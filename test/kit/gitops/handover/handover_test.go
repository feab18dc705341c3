package handover_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/stretchr/testify/require"
)

const root = "../../../.."

func TestTerraformsOwnExpressionIsEvaluated(t *testing.T) {
	g, err := handover.For(root, "staging", "222222222222")
	require.NoError(t, err)
	h, err := handover.Evaluate(filepath.Join(root, "terraform", "platform"), g)
	require.NoError(t, err)
	require.Equal(t, "staging", h.Values["environment"])
	require.Equal(t, "api.staging.fintrack.io", h.Values["ingress"].(map[string]any)["host"])
	require.Equal(t, "fintrack/staging", h.Values["secrets"].(map[string]any)["path"])
	require.Equal(t, "arn:aws:iam::222222222222:role/fintrack-auth-service", h.Accounts["fintrack/auth-service"])
	require.Equal(t, "arn:aws:iam::222222222222:role/fintrack-prometheus", h.Accounts["monitoring/cloudwatch-exporter"])
	require.Len(t, h.Services, 6)
}

func TestEveryEnvironmentIsRead(t *testing.T) {
	names, err := handover.Environments(root)
	require.NoError(t, err)
	require.Equal(t, []string{"dev", "prod", "staging"}, names)
	for _, name := range names {
		_, err := handover.For(root, name, "1")
		require.NoError(t, err)
	}
	_, err = handover.For(root, "qa", "1")
	require.ErrorContains(t, err, "platform.tfvars")
}

func TestSecretsHaveTheirProperties(t *testing.T) {
	s, err := handover.Secrets(filepath.Join(root, "terraform", "data"))
	require.NoError(t, err)
	require.Equal(t, []string{"dbname", "engine", "host", "password", "port", "username"}, s["rds"])
	require.Equal(t, []string{"transactions-queue-url"}, s["sqs"])
	require.Contains(t, s, "grafana")
	require.Empty(t, s["grafana"])
}

func TestALayerThatHandsNothingOverIsRefused(t *testing.T) {
	dir := t.TempDir()
	_, err := handover.Evaluate(dir, handover.Given{})
	require.ErrorContains(t, err, "no .tf file")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tf"), []byte("locals {\n  services = {}\n}\n"), 0o644))
	_, err = handover.Evaluate(dir, handover.Given{})
	require.ErrorContains(t, err, "there is no local addons")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "a.tf"), []byte("locals {\n  services = {\n"), 0o644))
	_, err = handover.Evaluate(dir, handover.Given{})
	require.ErrorContains(t, err, "a.tf:")
}
