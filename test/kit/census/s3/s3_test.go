package s3_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/fintrack/platform/test/kit/census"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/s3"
)

func TestMain(m *testing.M) { censustest.Main(m) }

func client(cfg aws.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

func TestS3(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make:  makeBucket,
		Types: []string{"aws_s3_bucket"},
	})
}

// makeBucket makes a versioned bucket with Object Lock that holds an object under
// governance, one under a legal hold, an older version and a delete marker.
func makeBucket(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
	must, c := censustest.Must(t), client(cfg)
	must(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(true)}))
	var ts []types.Tag
	for k, v := range tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	if len(ts) > 0 {
		must(c.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: &types.Tagging{TagSet: ts}}))
	}
	put := func(key string) *string {
		return censustest.Do(t, ctx, c.PutObject, &s3.PutObjectInput{Bucket: &name, Key: &key, Body: strings.NewReader("x")}).VersionId
	}
	put("twice")
	put("twice")
	put("deleted")
	must(c.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &name, Key: aws.String("deleted")}))
	must(c.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{
		Bucket: &name, Key: aws.String("governed"), VersionId: put("governed"),
		Retention: &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeGovernance, RetainUntilDate: aws.Time(time.Now().AddDate(1, 0, 0))},
	}))
	must(c.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
		Bucket: &name, Key: aws.String("held"), VersionId: put("held"), LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn},
	}))
}

func TestABucketUnderComplianceIsLeftWithTheReason(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	must, c, name := censustest.Must(t), client(cfg), censustest.Unique("ft-")
	must(c.CreateBucket(ctx, &s3.CreateBucketInput{Bucket: &name, ObjectLockEnabledForBucket: aws.Bool(true)}))
	must(c.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &name, Key: aws.String("evidence.json"), Body: strings.NewReader("x"), ChecksumAlgorithm: types.ChecksumAlgorithmSha256,
		ObjectLockMode: types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: aws.Time(time.Now().AddDate(1, 0, 0)),
	}))
	deleted, left, err := census.Sweep(ctx, cfg, census.Scope{Regions: []string{censustest.Region}, Prefix: name})
	if err != nil || len(deleted) > 0 || len(left) != 1 {
		t.Fatalf("deleted:\n%s\nleft:\n%s\nerror: %v", censustest.Lines(deleted), censustest.Lines(left), err)
	}
	if p := left[0].Problem; p == nil || !strings.Contains(p.Error(), "evidence.json") {
		t.Errorf("the reason is %v, want one that names evidence.json", p)
	}
}

func TestBucketsInOtherRegionsAreFoundAndRemoved(t *testing.T) {
	ctx, cfg := censustest.Context(t), censustest.Account(t)
	name := censustest.Unique("ft-")
	far := cfg.Copy()
	far.Region = "eu-west-1"
	censustest.Do(t, ctx, client(far).CreateBucket, &s3.CreateBucketInput{
		Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"},
	})
	deleted, left, err := census.Sweep(ctx, cfg, census.Scope{Regions: []string{censustest.Region}, Own: true})
	if err != nil || len(deleted) != 1 || len(left) > 0 {
		t.Fatalf("deleted:\n%s\nleft:\n%s\nerror: %v", censustest.Lines(deleted), censustest.Lines(left), err)
	}
	if deleted[0].Region != "eu-west-1" {
		t.Errorf("its region is %s", deleted[0].Region)
	}
}
