// Package lambda lists and deletes what AWS Lambda holds.
package lambda

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(
		census.Lister{
			Service: "lambda", Types: []string{"aws_lambda_event_source_mapping"}, Regional: true, Order: census.Actors, List: census.With(lambda.NewFromConfig, listMappings),
		},
		census.Lister{
			Service: "lambda", Types: []string{"aws_lambda_function"}, Regional: true, List: census.With(lambda.NewFromConfig, listFunctions),
			Parts: []census.Part{
				{Type: "aws_lambda_permission", Of: "aws_lambda_function", Why: "a statement of its function's policy"},
				{Type: "aws_lambda_alias", Of: "aws_lambda_function", Why: "an alias is an entry of its function"},
				{Type: "aws_lambda_function_url", Of: "aws_lambda_function", Why: "a setting of its function"},
				{Type: "aws_lambda_function_event_invoke_config", Of: "aws_lambda_function", Why: "a setting of its function"},
				{Type: "aws_lambda_provisioned_concurrency_config", Of: "aws_lambda_function", Why: "a setting of its function"},
			},
		},
		census.Lister{
			Service: "lambda", Types: []string{"aws_lambda_layer_version"}, Regional: true, Order: census.Workloads + 10, List: census.With(lambda.NewFromConfig, listLayers),
			Parts: []census.Part{
				{Type: "aws_lambda_layer_version_permission", Of: "aws_lambda_layer_version", Why: "a statement of its layer version's policy"},
			},
		},
	)
}

// tagged makes the ReadTags of a resource.
func tagged(c *lambda.Client, arn *string) func(context.Context) (map[string]string, error) {
	return func(ctx context.Context) (map[string]string, error) {
		out, err := c.ListTags(ctx, &lambda.ListTagsInput{Resource: arn})
		if err != nil {
			return nil, err
		}
		return out.Tags, nil
	}
}

func listFunctions(ctx context.Context, c *lambda.Client) ([]census.Resource, error) {
	return census.Each(ctx, lambda.NewListFunctionsPaginator(c, &lambda.ListFunctionsInput{}),
		func(p *lambda.ListFunctionsOutput) []types.FunctionConfiguration { return p.Functions },
		func(f types.FunctionConfiguration) census.Resource {
			return census.Resource{
				ID: aws.ToString(f.FunctionName), Name: aws.ToString(f.FunctionName), ARN: aws.ToString(f.FunctionArn), ReadTags: tagged(c, f.FunctionArn),
				Delete: census.Deleter(c.DeleteFunction, &lambda.DeleteFunctionInput{FunctionName: f.FunctionName}),
			}
		})
}

// listMappings names a mapping for its function.
func listMappings(ctx context.Context, c *lambda.Client) ([]census.Resource, error) {
	return census.Each(ctx, lambda.NewListEventSourceMappingsPaginator(c, &lambda.ListEventSourceMappingsInput{}),
		func(p *lambda.ListEventSourceMappingsOutput) []types.EventSourceMappingConfiguration {
			return p.EventSourceMappings
		},
		func(m types.EventSourceMappingConfiguration) census.Resource {
			_, function, _ := strings.Cut(aws.ToString(m.FunctionArn), ":function:")
			r := census.Resource{
				ID: aws.ToString(m.UUID), Name: function, ARN: aws.ToString(m.EventSourceMappingArn),
				Leaving: aws.ToString(m.State) == "Deleting",
				Delete:  census.Deleter(c.DeleteEventSourceMapping, &lambda.DeleteEventSourceMappingInput{UUID: m.UUID}),
			}
			if m.EventSourceMappingArn != nil {
				r.ReadTags = tagged(c, m.EventSourceMappingArn)
			}
			return r
		})
}

// listLayers lists every version of every layer; Lambda has no tags for them.
func listLayers(ctx context.Context, c *lambda.Client) ([]census.Resource, error) {
	layers, err := census.Collect(ctx, lambda.NewListLayersPaginator(c, &lambda.ListLayersInput{}),
		func(p *lambda.ListLayersOutput) []types.LayersListItem { return p.Layers })
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, l := range layers {
		versions, err := census.Each(ctx, lambda.NewListLayerVersionsPaginator(c, &lambda.ListLayerVersionsInput{LayerName: l.LayerName}),
			func(p *lambda.ListLayerVersionsOutput) []types.LayerVersionsListItem { return p.LayerVersions },
			func(v types.LayerVersionsListItem) census.Resource {
				return census.Resource{
					ID: aws.ToString(v.LayerVersionArn), Name: aws.ToString(l.LayerName), ARN: aws.ToString(v.LayerVersionArn),
					Delete: census.Deleter(c.DeleteLayerVersion, &lambda.DeleteLayerVersionInput{LayerName: l.LayerName, VersionNumber: aws.Int64(v.Version)}),
				}
			})
		if err != nil && !census.Gone(err) {
			return rs, fmt.Errorf("list the versions of layer %s: %w", aws.ToString(l.LayerName), err)
		}
		rs = append(rs, versions...)
	}
	return rs, nil
}
