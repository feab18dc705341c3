package s3_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
)

// puts proves the denials of the policy by requests that must fail, and the way in by
// requests that must not.
func (b bucket) puts(ctx context.Context, key string) {
	foreign := strings.Replace(key, "key/", "key/00000000-", 1)
	customer := []byte("0123456789abcdef0123456789abcdef")
	sum := md5.Sum(customer)
	for _, p := range []struct {
		id, title string
		allowed   bool
		set       func(*s3.PutObjectInput)
	}{
		{"put-by-default", "A put without encryption headers is stored under the customer key", true, func(*s3.PutObjectInput) {}},
		{"put-with-the-key", "A put that names the customer key is accepted", true, func(in *s3.PutObjectInput) {
			in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, aws.String(key)
		}},
		{"denies-wrong-key", "A put under another key is denied", false, func(in *s3.PutObjectInput) {
			in.ServerSideEncryption, in.SSEKMSKeyId = types.ServerSideEncryptionAwsKms, aws.String(foreign)
		}},
		{"denies-managed-key", "A put under the AWS managed key is denied", false, func(in *s3.PutObjectInput) {
			in.ServerSideEncryption = types.ServerSideEncryptionAwsKms
		}},
		{"denies-sse-s3", "A put under S3's own key is denied", false, func(in *s3.PutObjectInput) {
			in.ServerSideEncryption = types.ServerSideEncryptionAes256
		}},
		{"denies-sse-c", "A put under a key that the writer keeps is denied", false, func(in *s3.PutObjectInput) {
			in.SSECustomerAlgorithm = aws.String("AES256")
			in.SSECustomerKey = aws.String(base64.StdEncoding.EncodeToString(customer))
			in.SSECustomerKeyMD5 = aws.String(base64.StdEncoding.EncodeToString(sum[:]))
		}},
	} {
		c := b.check(p.id, p.title, "aws_s3_bucket_policy.this", "CC6.1", "C1.1")
		in := &s3.PutObjectInput{Bucket: aws.String(b.name), Key: aws.String("reports/" + p.id), Body: strings.NewReader("report")}
		p.set(in)
		_, err := b.client.PutObject(ctx, in)
		if !p.allowed {
			b.d.Checks.That(c, code(err) == "AccessDenied", "AccessDenied", outcome(err))
			continue
		}
		if err != nil {
			b.d.Checks.Err(c, "the object is stored", err)
			continue
		}
		h, err := b.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: in.Bucket, Key: in.Key})
		if err != nil {
			b.d.Checks.Err(c, key, err)
			continue
		}
		b.d.Checks.Equal(c, []any{"aws:kms", key, true}, []any{string(h.ServerSideEncryption), aws.ToString(h.SSEKMSKeyId), aws.ToBool(h.BucketKeyEnabled)})
	}
}

// versions proves by two puts that an overwritten object can still be read.
func (b bucket) versions(ctx context.Context) {
	c := b.check("overwritten-objects-can-be-read", "An overwritten object can still be read by its version", "aws_s3_bucket_versioning.this", "A1.2")
	key := aws.String("reports/twice")
	var first *string
	for i := range 2 {
		p, err := b.client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(b.name), Key: key, Body: strings.NewReader(fmt.Sprint(i))})
		if err != nil {
			b.d.Checks.Err(c, "0", err)
			return
		}
		if i == 0 {
			first = p.VersionId
		}
	}
	got, err := b.client.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(b.name), Key: key, VersionId: first})
	if err != nil {
		b.d.Checks.Err(c, "0", err)
		return
	}
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	if err != nil {
		b.d.Checks.Err(c, "0", err)
		return
	}
	b.d.Checks.Equal(c, "0", string(text))
}

// retention is long enough to be seen and short enough to be waited for.
const retention = 5 * time.Second

// lock proves the default retention by its configuration, and that a retained version
// can be neither deleted nor released by real requests on an object of its own, whose
// retention ends while the test is running.
func (b bucket) lock(ctx context.Context) {
	c := b.check("lock-compliance", "Every object of the evidence bucket is retained for a year in compliance mode", "aws_s3_bucket_object_lock_configuration.this[0]", "CC7.3", "C1.2")
	l, err := b.client.GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: aws.String(b.name)})
	if err != nil {
		b.d.Checks.Err(c, "COMPLIANCE, 365 days", err)
	} else if l.ObjectLockConfiguration.Rule == nil {
		b.d.Checks.That(c, false, "COMPLIANCE, 365 days", "no default retention")
	} else {
		kept := l.ObjectLockConfiguration.Rule.DefaultRetention
		b.d.Checks.Equal(c, []any{"Enabled", "COMPLIANCE", int32(365)}, []any{string(l.ObjectLockConfiguration.ObjectLockEnabled), string(kept.Mode), aws.ToInt32(kept.Days)})
	}

	c = b.check("lock-holds", "A retained version cannot be deleted, nor its retention shortened", "aws_s3_bucket_object_lock_configuration.this[0]", "CC7.3", "C1.2")
	until := time.Now().Add(retention).Truncate(time.Second)
	put, err := b.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: aws.String(b.name), Key: aws.String("bundle"), Body: bytes.NewReader([]byte("evidence")),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32, // S3 takes no retained object without a checksum
		ObjectLockMode:    types.ObjectLockModeCompliance, ObjectLockRetainUntilDate: aws.Time(until),
	})
	if err != nil {
		b.d.Checks.Err(c, "a retained object", err)
		return
	}
	version := &s3.DeleteObjectInput{Bucket: aws.String(b.name), Key: aws.String("bundle"), VersionId: put.VersionId, BypassGovernanceRetention: aws.Bool(true)}
	_, deleted := b.client.DeleteObject(ctx, version)
	_, shortened := b.client.PutObjectRetention(ctx, &s3.PutObjectRetentionInput{
		Bucket: aws.String(b.name), Key: aws.String("bundle"), VersionId: put.VersionId, BypassGovernanceRetention: aws.Bool(true),
		ChecksumAlgorithm: types.ChecksumAlgorithmCrc32,
		Retention:         &types.ObjectLockRetention{Mode: types.ObjectLockRetentionModeCompliance, RetainUntilDate: aws.Time(until.Add(-retention))},
	})
	early := time.Now().Before(until)
	b.d.Checks.Equal(c, []any{"AccessDenied", "AccessDenied", true}, []any{code(deleted), code(shortened), early})

	c = b.check("lock-ends", "A version can be deleted once its retention is over", "aws_s3_bucket_object_lock_configuration.this[0]", "C1.2")
	select {
	case <-ctx.Done():
	case <-time.After(time.Until(until) + time.Second):
	}
	_, err = b.client.DeleteObject(ctx, version)
	b.d.Checks.That(c, err == nil, "deleted", outcome(err))
}

// code is the error code of an AWS answer, "" for none.
func code(err error) string {
	var api smithy.APIError
	if errors.As(err, &api) {
		return api.ErrorCode()
	}
	return ""
}

func outcome(err error) string {
	if err == nil {
		return "accepted"
	}
	return err.Error()
}
