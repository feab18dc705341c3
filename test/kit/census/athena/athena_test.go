package athena_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/athena"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestAthena(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), athena.NewFromConfig(cfg)
			in := &athena.CreateWorkGroupInput{Name: &name}
			for k, v := range tags {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			must(c.CreateWorkGroup(ctx, in))
			must(c.CreateNamedQuery(ctx, &athena.CreateNamedQueryInput{
				Name: aws.String(name + "-rejected"), Database: aws.String("flow_logs"), QueryString: aws.String("SELECT 1"), WorkGroup: aws.String("primary"),
			}))
		},
		Types:    []string{"aws_athena_workgroup", "aws_athena_named_query"},
		Untagged: []string{"aws_athena_named_query"},
	})
}
