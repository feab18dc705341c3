// Package s3 lists and deletes the buckets of Amazon S3, with what is in them.
package s3

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/fintrack/platform/test/kit/census"
)

const setting = "a setting of its bucket"

func init() {
	l := census.Lister{Service: "s3", Types: []string{"aws_s3_bucket"}, List: list, Parts: []census.Part{
		{Type: "aws_s3_object", Of: "aws_s3_bucket", Why: "an object is in its bucket"},
		{Type: "aws_s3_object_copy", Of: "aws_s3_bucket", Why: "an object is in its bucket"},
	}}
	for _, s := range []string{
		"accelerate_configuration", "acl", "analytics_configuration", "cors_configuration", "intelligent_tiering_configuration", "inventory",
		"lifecycle_configuration", "logging", "metric", "notification", "object_lock_configuration", "ownership_controls", "policy",
		"public_access_block", "replication_configuration", "request_payment_configuration", "server_side_encryption_configuration",
		"versioning", "website_configuration",
	} {
		l.Parts = append(l.Parts, census.Part{Type: "aws_s3_bucket_" + s, Of: "aws_s3_bucket", Why: setting})
	}
	census.Register(l)
}

// client returns a client in the region of a bucket. An emulator has no wildcard
// name for buckets.
func client(cfg aws.Config, region string) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = census.Emulated(cfg)
		if region != "" {
			o.Region = region
		}
	})
}

func list(ctx context.Context, cfg aws.Config) ([]census.Resource, error) {
	global := client(cfg, "")
	buckets, err := census.Collect(ctx, s3.NewListBucketsPaginator(global, &s3.ListBucketsInput{MaxBuckets: aws.Int32(1000)}),
		func(p *s3.ListBucketsOutput) []types.Bucket { return p.Buckets })
	if err != nil {
		return nil, err
	}
	var rs []census.Resource
	for _, b := range buckets {
		name := aws.ToString(b.Name)
		region, err := region(ctx, global, b)
		if census.Gone(err) {
			continue
		}
		if err != nil {
			return rs, fmt.Errorf("read the region of bucket %s: %w", name, err)
		}
		c := client(cfg, region)
		rs = append(rs, census.Resource{
			ID: name, Name: name, ARN: aws.ToString(b.BucketArn), Region: region,
			ReadTags: func(ctx context.Context) (map[string]string, error) { return tags(ctx, c, name) },
			Delete:   func(ctx context.Context) error { return deleteBucket(ctx, c, name) },
		})
	}
	return rs, nil
}

// region returns the region of a bucket, which an emulator does not list. The
// location of the oldest region is empty, and of the oldest European one "EU"
// ("GetBucketLocation").
func region(ctx context.Context, c *s3.Client, b types.Bucket) (string, error) {
	if b.BucketRegion != nil {
		return *b.BucketRegion, nil
	}
	out, err := c.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: b.Name})
	switch {
	case err != nil:
		return "", err
	case out.LocationConstraint == "":
		return "us-east-1", nil
	case out.LocationConstraint == types.BucketLocationConstraintEu:
		return "eu-west-1", nil
	}
	return string(out.LocationConstraint), nil
}

func tags(ctx context.Context, c *s3.Client, bucket string) (map[string]string, error) {
	out, err := c.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &bucket})
	if census.HasCode(err, "NoSuchTagSet") {
		return map[string]string{}, nil
	}
	if err != nil {
		return nil, err
	}
	return census.Tags(out.TagSet, func(t types.Tag) (k, v *string) { return t.Key, t.Value }), nil
}

// deleteBucket empties the bucket and deletes it. When its policy denies that,
// the policy goes first.
func deleteBucket(ctx context.Context, c *s3.Client, bucket string) error {
	err := empty(ctx, c, bucket)
	if err == nil {
		_, err = c.DeleteBucket(ctx, &s3.DeleteBucketInput{Bucket: &bucket})
	}
	if census.HasCode(err, "BucketNotEmpty") {
		return fmt.Errorf("%w: %s", err, remaining(ctx, c, bucket))
	}
	if !census.HasCode(err, "AccessDenied") {
		return err
	}
	if _, e := c.DeleteBucketPolicy(ctx, &s3.DeleteBucketPolicyInput{Bucket: &bucket}); e != nil {
		return errors.Join(err, fmt.Errorf("take away the bucket policy: %w", e))
	}
	return fmt.Errorf("before its policy was taken away: %w", err)
}

// remaining names an object that is still in the bucket, because it is retained
// or because something goes on writing.
func remaining(ctx context.Context, c *s3.Client, bucket string) string {
	out, err := c.ListObjectVersions(ctx, &s3.ListObjectVersionsInput{Bucket: &bucket, MaxKeys: aws.Int32(1)})
	switch {
	case err != nil:
		return err.Error()
	case len(out.Versions) > 0:
		return "it holds " + aws.ToString(out.Versions[0].Key)
	}
	return "it holds what is being written now"
}

// empty deletes every version and delete marker ("Emptying a bucket"), retention
// in governance mode and legal holds included. Retention in compliance mode ends
// by itself alone ("Locking objects with Object Lock").
func empty(ctx context.Context, c *s3.Client, bucket string) error {
	lock, err := c.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
	locked := err == nil && lock.ObjectLockConfiguration != nil
	pages := s3.NewListObjectVersionsPaginator(c, &s3.ListObjectVersionsInput{Bucket: &bucket})
	for pages.HasMorePages() {
		p, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		var ids []types.ObjectIdentifier
		for _, v := range p.Versions {
			ids = append(ids, types.ObjectIdentifier{Key: v.Key, VersionId: v.VersionId})
		}
		for _, m := range p.DeleteMarkers {
			ids = append(ids, types.ObjectIdentifier{Key: m.Key, VersionId: m.VersionId})
		}
		if err := deleteObjects(ctx, c, bucket, ids, locked); err != nil {
			return err
		}
	}
	return nil
}

func deleteObjects(ctx context.Context, c *s3.Client, bucket string, ids []types.ObjectIdentifier, locked bool) error {
	if len(ids) == 0 {
		return nil
	}
	in := &s3.DeleteObjectsInput{Bucket: &bucket, Delete: &types.Delete{Objects: ids, Quiet: aws.Bool(true)}}
	if locked {
		in.BypassGovernanceRetention = aws.Bool(true)
	}
	out, err := c.DeleteObjects(ctx, in)
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range out.Errors {
		err := fmt.Errorf("delete %s: %s: %s", aws.ToString(e.Key), aws.ToString(e.Code), aws.ToString(e.Message))
		if locked {
			err = release(ctx, c, bucket, aws.ToString(e.Key), ids)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// release lifts the legal hold of an object's versions and deletes them one by
// one. An error of DeleteObjects need not name the version, and a delete without
// one would only add a marker.
func release(ctx context.Context, c *s3.Client, bucket, key string, ids []types.ObjectIdentifier) error {
	for _, id := range ids {
		if aws.ToString(id.Key) != key {
			continue
		}
		in := &s3.DeleteObjectInput{Bucket: &bucket, Key: id.Key, VersionId: id.VersionId, BypassGovernanceRetention: aws.Bool(true)}
		if _, err := c.DeleteObject(ctx, in); err == nil {
			continue
		}
		_, err := c.PutObjectLegalHold(ctx, &s3.PutObjectLegalHoldInput{
			Bucket: &bucket, Key: id.Key, VersionId: id.VersionId, LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOff},
		})
		if err == nil {
			_, err = c.DeleteObject(ctx, in)
		}
		if err != nil {
			return fmt.Errorf("delete %s, version %s: %w", key, aws.ToString(id.VersionId), err)
		}
	}
	return nil
}
