package securityhub_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/securityhub"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestSecurityHub(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		MakeOnce: func(t testing.TB, ctx context.Context, cfg aws.Config, _ string, _ map[string]string) {
			censustest.Do(t, ctx, securityhub.NewFromConfig(cfg).EnableSecurityHub, &securityhub.EnableSecurityHubInput{})
		},
		OnceTypes: []string{"aws_securityhub_account"},
	})
}
