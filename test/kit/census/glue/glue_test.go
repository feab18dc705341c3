package glue_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/glue"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func TestGlue(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		// Athena wants underscores in the names of databases.
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), glue.NewFromConfig(cfg)
			name = strings.ReplaceAll(name, "-", "_") + "_flow_logs"
			must(c.CreateDatabase(ctx, &glue.CreateDatabaseInput{DatabaseInput: &types.DatabaseInput{Name: &name}, Tags: tags}))
			must(c.CreateTable(ctx, &glue.CreateTableInput{DatabaseName: &name, TableInput: &types.TableInput{Name: aws.String("vpc")}}))
		},
		Types: []string{"aws_glue_catalog_database"},
	})
}
