package s3control_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	"github.com/aws/aws-sdk-go-v2/service/s3control/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"
	listers "github.com/fintrack/platform/test/kit/census/s3control"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func account(t testing.TB, ctx context.Context, cfg aws.Config) *string {
	return censustest.Do(t, ctx, sts.NewFromConfig(cfg).GetCallerIdentity, &sts.GetCallerIdentityInput{}).Account
}

func TestS3Control(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, _ map[string]string) {
			buckets := s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
			censustest.Do(t, ctx, buckets.CreateBucket, &s3.CreateBucketInput{Bucket: &name})
			censustest.Do(t, ctx, listers.New(cfg).CreateAccessPoint, &s3control.CreateAccessPointInput{AccountId: account(t, ctx, cfg), Name: &name, Bucket: &name})
		},
		Types:    []string{"aws_s3_access_point"},
		Untagged: []string{"aws_s3_access_point"},
		MakeOnce: func(t testing.TB, ctx context.Context, cfg aws.Config, _ string, _ map[string]string) {
			censustest.Do(t, ctx, listers.New(cfg).PutPublicAccessBlock, &s3control.PutPublicAccessBlockInput{
				AccountId: account(t, ctx, cfg), PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{BlockPublicAcls: aws.Bool(true)},
			})
		},
		OnceTypes: []string{"aws_s3_account_public_access_block"},
	})
}
