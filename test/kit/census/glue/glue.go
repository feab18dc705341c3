// Package glue lists and deletes the databases of the AWS Glue Data Catalog.
package glue

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/glue"
	"github.com/aws/aws-sdk-go-v2/service/glue/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const database = "aws_glue_catalog_database"
	census.Register(census.Lister{
		Service: "glue", Types: []string{database}, Regional: true, List: list,
		Parts: []census.Part{
			{Type: "aws_glue_catalog_table", Of: database, Why: "a database is deleted with its tables"},
			{Type: "aws_glue_partition", Of: database, Why: "a partition is an entry of its table"},
			{Type: "aws_glue_partition_index", Of: database, Why: "an index is an entry of its table"},
			{Type: "aws_athena_database", Of: database, Why: "Athena makes its databases in the Glue catalog"},
		},
	})
}

func list(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := glue.NewFromConfig(cfg)
	return census.Each(ctx, glue.NewGetDatabasesPaginator(c, &glue.GetDatabasesInput{}),
		func(p *glue.GetDatabasesOutput) []types.Database { return p.DatabaseList },
		func(d types.Database) census.Resource {
			arn := fmt.Sprintf("arn:%s:glue:%s:%s:database/%s", census.Partition(cfg.Region), cfg.Region, aws.ToString(d.CatalogId), aws.ToString(d.Name))
			return census.Resource{
				ID: aws.ToString(d.Name), Name: aws.ToString(d.Name), ARN: arn,
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.GetTags(ctx, &glue.GetTagsInput{ResourceArn: &arn})
					if err != nil {
						return nil, err
					}
					if out.Tags == nil {
						return map[string]string{}, nil
					}
					return out.Tags, nil
				},
				Delete: census.Deleter(c.DeleteDatabase, &glue.DeleteDatabaseInput{Name: d.Name}),
			}
		})
}
