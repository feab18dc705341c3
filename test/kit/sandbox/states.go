package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// MakeStateBucket makes the bucket that holds the Terraform states of layers, as
// the platform's own is: versioned, encrypted, closed to the public.
func (s *Sandbox) MakeStateBucket(ctx context.Context, name string) error {
	client := s.s3()
	in := &s3.CreateBucketInput{Bucket: &name}
	if s.Region != "us-east-1" { // which S3 takes for no constraint, and refuses as one
		in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: types.BucketLocationConstraint(s.Region)}
	}
	if _, err := client.CreateBucket(ctx, in); err != nil {
		return fmt.Errorf("make the bucket of the states: %w", err)
	}
	_, versioned := client.PutBucketVersioning(ctx, &s3.PutBucketVersioningInput{
		Bucket: &name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
	})
	_, closed := client.PutPublicAccessBlock(ctx, &s3.PutPublicAccessBlockInput{
		Bucket: &name, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{
			BlockPublicAcls: aws.Bool(true), BlockPublicPolicy: aws.Bool(true), IgnorePublicAcls: aws.Bool(true), RestrictPublicBuckets: aws.Bool(true),
		},
	})
	var tags []types.Tag
	for k, v := range s.Tags {
		tags = append(tags, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	_, tagged := client.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &name, Tagging: &types.Tagging{TagSet: tags}})
	if err := errors.Join(versioned, closed, tagged); err != nil {
		return fmt.Errorf("set up the bucket of the states: %w", err)
	}
	return nil
}

// RemoveStateBucket removes the bucket with every version of every state in it.
// Nothing happens when there is none.
func (s *Sandbox) RemoveStateBucket(ctx context.Context, name string) error {
	client := s.s3()
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &name})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		var gone *types.NoSuchBucket
		if errors.As(err, &gone) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("list the states: %w", err)
		}
		var all []types.ObjectIdentifier
		for _, v := range page.Versions {
			all = append(all, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range page.DeleteMarkers {
			all = append(all, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if len(all) == 0 {
			continue
		}
		out, err := client.DeleteObjects(ctx, &s3.DeleteObjectsInput{Bucket: &name, Delete: &types.Delete{Objects: all, Quiet: aws.Bool(true)}})
		if err != nil {
			return fmt.Errorf("remove the states: %w", err)
		}
		for _, e := range out.Errors {
			return fmt.Errorf("remove the state %s: %s", aws.ToString(e.Key), aws.ToString(e.Message))
		}
	}
	if _, err := client.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &name}); err != nil {
		return fmt.Errorf("remove the bucket of the states: %w", err)
	}
	return nil
}

// State reads one state.
func (s *Sandbox) State(ctx context.Context, bucket, key string) ([]byte, error) {
	out, err := s.s3().GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		return nil, fmt.Errorf("read the state %s: %w", key, err)
	}
	defer out.Body.Close()
	return io.ReadAll(out.Body)
}

func (s *Sandbox) s3() *s3.Client { return S3(s.AWS, s.Entry()) }

// S3 returns a client for the states of an environment, of which cfg reaches the
// account.
func S3(cfg aws.Config, e ledger.Entry) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = Environment(e.Environment).EmulatesAWS() })
}
