package cloudtrail_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/cloudtrail"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func makeTrail(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
	buckets := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
	censustest.Do(t, ctx, buckets.CreateBucket, &s3.CreateBucketInput{Bucket: &name})
	in := &cloudtrail.CreateTrailInput{Name: &name, S3BucketName: &name, IsMultiRegionTrail: aws.Bool(true)}
	for k, v := range tags {
		in.TagsList = append(in.TagsList, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	censustest.Do(t, ctx, cloudtrail.NewFromConfig(cfg).CreateTrail, in)
}

func TestCloudTrail(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{Make: makeTrail, Types: []string{"aws_cloudtrail"}})
}

func TestATrailOfAllRegionsIsCountedOnce(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	makeTrail(t, ctx, cfg, censustest.Unique("ft-"), nil)
	found, err := census.Take(ctx, cfg, census.Scope{Regions: []string{censustest.Region, "eu-west-1"}, Own: true})
	if err != nil || found.Len() != 1 {
		t.Errorf("found %v, error %v", found.Keys(), err)
	}
}
