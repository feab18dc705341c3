// Package ecr lists and deletes what Amazon ECR holds.
package ecr

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	census.Register(
		lister("aws_ecr_pull_through_cache_rule", census.Actors, listCacheRules),
		lister("aws_ecr_replication_configuration", census.Actors, listReplication),
		lister("aws_ecr_registry_policy", census.Workloads, listRegistryPolicy),
		lister("aws_ecr_registry_scanning_configuration", census.Workloads, listScanning),
		lister("aws_ecr_repository", census.Workloads, listRepositories,
			census.Part{Type: "aws_ecr_repository_policy", Why: "an attribute of its repository"},
			census.Part{Type: "aws_ecr_lifecycle_policy", Why: "an attribute of its repository"}),
	)
}

func lister(typ string, order int, list func(context.Context, *ecr.Client) ([]census.Resource, error), parts ...census.Part) census.Lister {
	for i := range parts {
		parts[i].Of = typ
	}
	return census.Lister{Service: "ecr", Types: []string{typ}, Regional: true, Order: order, List: census.With(ecr.NewFromConfig, list), Parts: parts}
}

func listRepositories(ctx context.Context, c *ecr.Client) ([]census.Resource, error) {
	return census.Each(ctx, ecr.NewDescribeRepositoriesPaginator(c, &ecr.DescribeRepositoriesInput{}),
		func(p *ecr.DescribeRepositoriesOutput) []types.Repository { return p.Repositories },
		func(r types.Repository) census.Resource {
			return census.Resource{
				ID: aws.ToString(r.RepositoryName), Name: aws.ToString(r.RepositoryName), ARN: aws.ToString(r.RepositoryArn),
				ReadTags: func(ctx context.Context) (map[string]string, error) {
					out, err := c.ListTagsForResource(ctx, &ecr.ListTagsForResourceInput{ResourceArn: r.RepositoryArn})
					if err != nil {
						return nil, err
					}
					return census.Tags(out.Tags, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
				},
				Delete: census.Deleter(c.DeleteRepository, &ecr.DeleteRepositoryInput{RepositoryName: r.RepositoryName, Force: true}),
			}
		})
}

// listCacheRules lists what ECR has no tags for; a rule is named by the prefix of
// the repositories that it fills.
func listCacheRules(ctx context.Context, c *ecr.Client) ([]census.Resource, error) {
	return census.Each(ctx, ecr.NewDescribePullThroughCacheRulesPaginator(c, &ecr.DescribePullThroughCacheRulesInput{}),
		func(p *ecr.DescribePullThroughCacheRulesOutput) []types.PullThroughCacheRule {
			return p.PullThroughCacheRules
		},
		func(r types.PullThroughCacheRule) census.Resource {
			return census.Resource{
				ID: aws.ToString(r.EcrRepositoryPrefix), Name: aws.ToString(r.EcrRepositoryPrefix),
				Delete: census.Deleter(c.DeletePullThroughCacheRule, &ecr.DeletePullThroughCacheRuleInput{EcrRepositoryPrefix: r.EcrRepositoryPrefix}),
			}
		})
}

// The three below are settings of the whole registry, without a name and tags: in
// a shared account they never belong to a run.

func listReplication(ctx context.Context, c *ecr.Client) ([]census.Resource, error) {
	out, err := c.DescribeRegistry(ctx, &ecr.DescribeRegistryInput{})
	if err != nil || out.ReplicationConfiguration == nil || len(out.ReplicationConfiguration.Rules) == 0 {
		return nil, err
	}
	none := &types.ReplicationConfiguration{Rules: []types.ReplicationRule{}}
	return []census.Resource{{
		ID: "registry", Delete: census.Deleter(c.PutReplicationConfiguration, &ecr.PutReplicationConfigurationInput{ReplicationConfiguration: none}),
	}}, nil
}

func listRegistryPolicy(ctx context.Context, c *ecr.Client) ([]census.Resource, error) {
	_, err := c.GetRegistryPolicy(ctx, &ecr.GetRegistryPolicyInput{})
	if census.Gone(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []census.Resource{{ID: "registry", Delete: census.Deleter(c.DeleteRegistryPolicy, &ecr.DeleteRegistryPolicyInput{})}}, nil
}

// listScanning counts scanning when it is not what every registry begins with:
// basic, without rules ("Scanning configuration for Amazon ECR").
func listScanning(ctx context.Context, c *ecr.Client) ([]census.Resource, error) {
	out, err := c.GetRegistryScanningConfiguration(ctx, &ecr.GetRegistryScanningConfigurationInput{})
	if err != nil || out.ScanningConfiguration == nil {
		return nil, err
	}
	if s := out.ScanningConfiguration; s.ScanType != types.ScanTypeEnhanced && len(s.Rules) == 0 {
		return nil, nil
	}
	basic := &ecr.PutRegistryScanningConfigurationInput{ScanType: types.ScanTypeBasic, Rules: []types.RegistryScanningRule{}}
	return []census.Resource{{ID: "registry", Delete: census.Deleter(c.PutRegistryScanningConfiguration, basic)}}, nil
}
