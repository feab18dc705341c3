package ecr_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/ecr"
)

func TestMain(m *testing.M) { censustest.Main(m) }

const manifest = `{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.v2+json","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":7,"digest":"sha256:aaaa"},"layers":[]}`

func TestECR(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			must, c := censustest.Must(t), ecr.NewFromConfig(cfg)
			in := &ecr.CreateRepositoryInput{RepositoryName: aws.String(name + "/auth-service")}
			for k, v := range tags {
				in.Tags = append(in.Tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
			}
			must(c.CreateRepository(ctx, in))
			must(c.PutImage(ctx, &ecr.PutImageInput{RepositoryName: in.RepositoryName, ImageTag: aws.String("main-1"), ImageManifest: aws.String(manifest)}))
			must(c.CreatePullThroughCacheRule(ctx, &ecr.CreatePullThroughCacheRuleInput{EcrRepositoryPrefix: &name, UpstreamRegistryUrl: aws.String("public.ecr.aws")}))
		},
		Types:    []string{"aws_ecr_repository", "aws_ecr_pull_through_cache_rule"},
		Untagged: []string{"aws_ecr_pull_through_cache_rule"},
		MakeOnce: func(t testing.TB, ctx context.Context, cfg aws.Config, _ string, _ map[string]string) {
			must, c := censustest.Must(t), ecr.NewFromConfig(cfg)
			must(c.PutReplicationConfiguration(ctx, &ecr.PutReplicationConfigurationInput{ReplicationConfiguration: &types.ReplicationConfiguration{
				Rules: []types.ReplicationRule{{Destinations: []types.ReplicationDestination{{Region: aws.String("eu-west-1"), RegistryId: aws.String("123456789012")}}}},
			}}))
			must(c.PutRegistryPolicy(ctx, &ecr.PutRegistryPolicyInput{PolicyText: aws.String(
				`{"Version":"2012-10-17","Statement":[{"Sid":"r","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":["ecr:ReplicateImage"],"Resource":["arn:aws:ecr:us-east-1:123456789012:repository/*"]}]}`)}))
			must(c.PutRegistryScanningConfiguration(ctx, &ecr.PutRegistryScanningConfigurationInput{ScanType: types.ScanTypeEnhanced, Rules: []types.RegistryScanningRule{
				{ScanFrequency: types.ScanFrequencyContinuousScan, RepositoryFilters: []types.ScanningRepositoryFilter{{Filter: aws.String("*"), FilterType: types.ScanningRepositoryFilterTypeWildcard}}},
			}}))
		},
		OnceTypes: []string{"aws_ecr_replication_configuration", "aws_ecr_registry_policy", "aws_ecr_registry_scanning_configuration"},
	})
}
