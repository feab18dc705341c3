package guardduty_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/guardduty"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/guardduty"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestGuardDuty(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, _ string, tags map[string]string) {
			censustest.Do(t, ctx, guardduty.NewFromConfig(cfg).CreateDetector, &guardduty.CreateDetectorInput{Enable: aws.Bool(true), Tags: tags})
		},
		Types:    []string{"aws_guardduty_detector"},
		Nameless: []string{"aws_guardduty_detector"},
	})
}
