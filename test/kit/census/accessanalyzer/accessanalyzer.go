// Package accessanalyzer lists and deletes the analyzers of IAM Access Analyzer.
package accessanalyzer

import (
	"context"
	"maps"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer"
	"github.com/aws/aws-sdk-go-v2/service/accessanalyzer/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const analyzer = "aws_accessanalyzer_analyzer"
	census.Register(census.Lister{
		Service: "accessanalyzer", Types: []string{analyzer}, Regional: true, Order: census.Actors, List: census.With(accessanalyzer.NewFromConfig, list),
		Parts: []census.Part{
			{Type: "aws_accessanalyzer_archive_rule", Of: analyzer, Why: "a rule is an entry of its analyzer"},
		},
	})
}

func list(ctx context.Context, c *accessanalyzer.Client) ([]census.Resource, error) {
	return census.Each(ctx, accessanalyzer.NewListAnalyzersPaginator(c, &accessanalyzer.ListAnalyzersInput{}),
		func(p *accessanalyzer.ListAnalyzersOutput) []types.AnalyzerSummary { return p.Analyzers },
		func(a types.AnalyzerSummary) census.Resource {
			tags := map[string]string{}
			maps.Copy(tags, a.Tags)
			return census.Resource{
				ID: aws.ToString(a.Name), Name: aws.ToString(a.Name), ARN: aws.ToString(a.Arn), Tags: tags,
				Delete: census.Deleter(c.DeleteAnalyzer, &accessanalyzer.DeleteAnalyzerInput{AnalyzerName: a.Name}),
			}
		})
}
