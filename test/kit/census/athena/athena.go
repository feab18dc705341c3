// Package athena lists and deletes what Amazon Athena holds.
package athena

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/athena"
	"github.com/aws/aws-sdk-go-v2/service/athena/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/fintrack/platform/test/kit/census"
)

// primary is the workgroup that is in every account and cannot be deleted.
const primary = "primary"

func init() {
	const group = "aws_athena_workgroup"
	census.Register(
		census.Lister{Service: "athena", Types: []string{"aws_athena_named_query"}, Regional: true, List: census.With(athena.NewFromConfig, listQueries)},
		census.Lister{
			Service: "athena", Types: []string{group}, Regional: true, Order: census.Workloads + 10, List: listGroups,
			Parts: []census.Part{
				{Type: "aws_athena_prepared_statement", Of: group, Why: "a statement is an entry of its workgroup"},
			},
		},
	)
}

func groups(ctx context.Context, c *athena.Client) ([]types.WorkGroupSummary, error) {
	return census.Collect(ctx, athena.NewListWorkGroupsPaginator(c, &athena.ListWorkGroupsInput{}),
		func(p *athena.ListWorkGroupsOutput) []types.WorkGroupSummary { return p.WorkGroups })
}

func listGroups(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	c := athena.NewFromConfig(cfg)
	all, err := groups(ctx, c)
	return census.Map(all, func(g types.WorkGroupSummary) census.Resource {
		if aws.ToString(g.Name) == primary {
			return census.Resource{}
		}
		return census.Resource{
			ID: aws.ToString(g.Name), Name: aws.ToString(g.Name),
			ReadTags: func(ctx context.Context) (map[string]string, error) { return tags(ctx, cfg, c, aws.ToString(g.Name)) },
			Delete:   census.Deleter(c.DeleteWorkGroup, &athena.DeleteWorkGroupInput{WorkGroup: g.Name, RecursiveDeleteOption: aws.Bool(true)}),
		}
	}), err
}

// tags asks by the ARN, which is made of the name: Athena does not answer it.
func tags(ctx context.Context, cfg aws.Config, c *athena.Client, group string) (map[string]string, error) {
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	arn := fmt.Sprintf("arn:%s:athena:%s:%s:workgroup/%s", census.Partition(cfg.Region), cfg.Region, aws.ToString(who.Account), group)
	ts, err := census.Collect(ctx, athena.NewListTagsForResourcePaginator(c, &athena.ListTagsForResourceInput{ResourceARN: &arn}),
		func(p *athena.ListTagsForResourceOutput) []types.Tag { return p.Tags })
	// An emulator says of a workgroup without tags that it does not exist.
	if census.Emulated(cfg) && census.HasCode(err, "InvalidRequestException") {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	return census.Tags(ts, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
}

// listQueries names a query for its workgroup and itself. Athena has no tags for
// queries.
func listQueries(ctx context.Context, c *athena.Client) ([]census.Resource, error) {
	all, err := groups(ctx, c)
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, g := range all {
		ids, err := census.Collect(ctx, athena.NewListNamedQueriesPaginator(c, &athena.ListNamedQueriesInput{WorkGroup: g.Name}),
			func(p *athena.ListNamedQueriesOutput) []string { return p.NamedQueryIds })
		if err != nil {
			return rs, fmt.Errorf("list the queries of workgroup %s: %w", aws.ToString(g.Name), err)
		}
		for _, id := range ids {
			out, err := c.GetNamedQuery(ctx, &athena.GetNamedQueryInput{NamedQueryId: &id})
			if err != nil {
				return rs, fmt.Errorf("read query %s: %w", id, err)
			}
			rs = append(rs, census.Resource{
				ID: id, Name: aws.ToString(g.Name) + "/" + aws.ToString(out.NamedQuery.Name),
				Delete: census.Deleter(c.DeleteNamedQuery, &athena.DeleteNamedQueryInput{NamedQueryId: &id}),
			})
		}
	}
	return rs, nil
}
