package accessanalyzer_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/accessanalyzer"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestAccessAnalyzer(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			censustest.Do(t, ctx, accessanalyzer.NewFromConfig(cfg).CreateAnalyzer, &accessanalyzer.CreateAnalyzerInput{AnalyzerName: &name, Type: types.TypeAccount, Tags: tags})
		},
		Types: []string{"aws_accessanalyzer_analyzer"},
	})
}
