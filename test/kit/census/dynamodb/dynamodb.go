// Package dynamodb lists and deletes the tables of Amazon DynamoDB.
package dynamodb

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(census.Lister{
		Service: "dynamodb", Types: []string{"aws_dynamodb_table"}, Regional: true, List: census.With(dynamodb.NewFromConfig, list),
		Parts: []census.Part{
			{Type: "aws_dynamodb_table_item", Of: "aws_dynamodb_table", Why: "an item is in its table"},
			{Type: "aws_dynamodb_table_replica", Of: "aws_dynamodb_table", Why: "listed as the table of its own region"},
			{Type: "aws_dynamodb_resource_policy", Of: "aws_dynamodb_table", Why: "an attribute of its table"},
			{Type: "aws_dynamodb_contributor_insights", Of: "aws_dynamodb_table", Why: "a setting of its table"},
			{Type: "aws_dynamodb_kinesis_streaming_destination", Of: "aws_dynamodb_table", Why: "a setting of its table"},
		},
	})
}

func list(ctx context.Context, c *dynamodb.Client) ([]census.Resource, error) {
	names, err := census.Collect(ctx, dynamodb.NewListTablesPaginator(c, &dynamodb.ListTablesInput{}),
		func(p *dynamodb.ListTablesOutput) []string { return p.TableNames })
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, name := range names {
		out, err := c.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
		if census.Gone(err) {
			continue
		}
		if err != nil {
			return rs, fmt.Errorf("describe table %s: %w", name, err)
		}
		t := out.Table
		rs = append(rs, census.Resource{
			ID: name, Name: name, ARN: aws.ToString(t.TableArn), Leaving: t.TableStatus == types.TableStatusDeleting,
			ReadTags: func(ctx context.Context) (map[string]string, error) { return tags(ctx, c, t.TableArn) },
			Delete:   func(ctx context.Context) error { return deleteTable(ctx, c, t) },
		})
	}
	return rs, nil
}

func tags(ctx context.Context, c *dynamodb.Client, arn *string) (map[string]string, error) {
	ts, err := census.Follow(func(token *string) ([]types.Tag, *string, error) {
		out, err := c.ListTagsOfResource(ctx, &dynamodb.ListTagsOfResourceInput{ResourceArn: arn, NextToken: token})
		if err != nil {
			return nil, nil, err
		}
		return out.Tags, out.NextToken, nil
	})
	if err != nil {
		return nil, err
	}
	return census.Tags(ts, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
}

func deleteTable(ctx context.Context, c *dynamodb.Client, t *types.TableDescription) error {
	if aws.ToBool(t.DeletionProtectionEnabled) {
		_, err := c.UpdateTable(ctx, &dynamodb.UpdateTableInput{TableName: t.TableName, DeletionProtectionEnabled: aws.Bool(false)})
		if err != nil {
			return fmt.Errorf("lift the deletion protection: %w", err)
		}
	}
	_, err := c.DeleteTable(ctx, &dynamodb.DeleteTableInput{TableName: t.TableName})
	return err
}
