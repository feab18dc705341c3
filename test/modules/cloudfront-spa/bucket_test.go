package cloudfrontspa_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func (s spa) bucket() *string { return aws.String(s.d.Output("bucket")) }

func (s spa) bucketSettings(ctx context.Context) {
	checks := s.d.Checks

	c := s.check("bucket-not-public", "Public access to the bucket is blocked in all four ways", "aws_s3_bucket_public_access_block.origin", "CC6.1", "CC6.6")
	if p, err := s.s3.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: s.bucket()}); err != nil {
		checks.Err(c, "all four", err)
	} else {
		on := aws.Bool(true)
		checks.Equal(c, types.PublicAccessBlockConfiguration{BlockPublicAcls: on, BlockPublicPolicy: on, IgnorePublicAcls: on, RestrictPublicBuckets: on}, *p.PublicAccessBlockConfiguration)
	}

	c = s.check("bucket-without-acls", "ACLs are off: the policy alone says who reads", "aws_s3_bucket_ownership_controls.origin", "CC6.1", "CC6.3")
	if o, err := s.s3.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: s.bucket()}); err != nil {
		checks.Err(c, "BucketOwnerEnforced", err)
	} else {
		checks.Equal(c, []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}, o.OwnershipControls.Rules)
	}

	c = s.check("releases-kept", "Every version of a file is kept, so that a release can be taken back", "aws_s3_bucket_versioning.origin", "A1.2", "CC8.1")
	if v, err := s.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: s.bucket()}); err != nil {
		checks.Err(c, "Enabled", err)
	} else {
		checks.Equal(c, types.BucketVersioningStatusEnabled, v.Status)
	}

	c = s.check("old-releases-expire", "Replaced files go after 90 days, abandoned uploads after one", "aws_s3_bucket_lifecycle_configuration.origin", "C1.2", "A1.1")
	l, err := s.s3.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: s.bucket()})
	if err != nil || len(l.Rules) != 1 {
		checks.Err(c, "one rule", errors.Join(err, fmt.Errorf("the rules: %v", l)))
		return
	}
	r := l.Rules[0]
	everything := r.Filter == nil || aws.ToString(r.Filter.Prefix) == "" && r.Filter.And == nil && r.Filter.Tag == nil
	r.Filter = nil
	checks.Equal(c, []any{true, types.LifecycleRule{
		ID: aws.String("old-releases"), Status: types.ExpirationStatusEnabled,
		AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(1)},
		NoncurrentVersionExpiration:    &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(90)},
	}}, []any{everything, r})
}

// bucketPolicy reads the whole policy: a statement too many fails as well.
func (s spa) bucketPolicy(ctx context.Context) {
	const resource = "aws_s3_bucket_policy.origin"
	arn, service := "arn:aws:s3:::"+*s.bucket(), map[string]any{"Service": "cloudfront.amazonaws.com"}
	source := map[string]any{"aws:SourceArn": s.d.Output("distribution_arn")}
	got := map[string]policydoc.Statement{}
	p, err := s.s3.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: s.bucket()})
	if err == nil {
		got, err = policydoc.BySid(aws.ToString(p.Policy))
	}
	for _, w := range []struct {
		id, title string
		statement policydoc.Statement
	}{
		{"bucket-read-by-the-distribution", "CloudFront may read files, for this distribution alone", policydoc.Statement{
			"Sid": "AllowDistributionRead", "Effect": "Allow", "Principal": service, "Action": "s3:GetObject", "Resource": arn + "/*",
			"Condition": map[string]any{"StringEquals": source},
		}},
		{"bucket-tells-absence", "CloudFront, for this distribution alone, learns that a file is not there", policydoc.Statement{
			"Sid": "AllowDistributionKnowAbsence", "Effect": "Allow", "Principal": service, "Action": "s3:ListBucket", "Resource": arn,
			"Condition": map[string]any{"StringEquals": source},
		}},
		{"bucket-denies-other-readers", "Every other reader is denied, whatever its own policies say", policydoc.Statement{
			"Sid": "DenyOtherReaders", "Effect": "Deny", "Principal": "*", "Action": []any{"s3:GetObject", "s3:GetObjectVersion"}, "Resource": arn + "/*",
			"Condition": map[string]any{"StringNotEquals": source},
		}},
		{"bucket-denies-plain-http", "Requests without TLS are denied, whoever sends them", policydoc.Statement{
			"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": []any{arn, arn + "/*"},
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		}},
	} {
		c, sid := s.check(w.id, w.title, resource, "CC6.1", "CC6.3", "CC6.7"), w.statement["Sid"].(string)
		if err != nil {
			s.d.Checks.Err(c, sid, err)
			continue
		}
		s.d.Checks.Equal(c, w.statement, got[sid])
		delete(got, sid)
	}
	s.d.Checks.Equal(s.check("bucket-policy-says-no-more", "The policy says nothing else", resource, "CC6.1", "CC6.3"), map[string]policydoc.Statement{}, got)
}

// readers proves by requests that whoever releases can write a file and not even the
// account's administrator, who runs this, can read it past the distribution.
func (s spa) readers(ctx context.Context) {
	const resource, key = "aws_s3_bucket_policy.origin", "index.html"
	c := s.check("release-uploads", "A release can be uploaded", resource, "CC8.1")
	if _, err := s.s3.PutObject(ctx, &s3.PutObjectInput{Bucket: s.bucket(), Key: aws.String(key), Body: strings.NewReader("<!doctype html>")}); err != nil {
		s.d.Checks.Err(c, "the file is stored", err)
		return
	}
	list, err := s.s3.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: s.bucket()})
	if err != nil {
		s.d.Checks.Err(c, "the file is listed", err)
		return
	}
	keys := []string{}
	for _, o := range list.Contents {
		keys = append(keys, aws.ToString(o.Key))
	}
	s.d.Checks.Equal(c, []string{key}, keys)

	c = s.check("administrators-cannot-read", "Past the distribution, not even an administrator reads a file", resource, "CC6.1", "CC6.3")
	_, err = s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: s.bucket(), Key: aws.String(key)})
	var api smithy.APIError
	s.d.Checks.That(c, errors.As(err, &api) && api.ErrorCode() == "AccessDenied", "AccessDenied", fmt.Sprint(err))
}

func (s spa) encryption(ctx context.Context) ([]types.ServerSideEncryptionRule, error) {
	e, err := s.s3.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: s.bucket()})
	if err != nil {
		return nil, err
	}
	return e.ServerSideEncryptionConfiguration.Rules, nil
}

func (s spa) encrypted(ctx context.Context) {
	c := s.check("bucket-encrypted", "The files lie under the customer key, by way of a bucket key", "aws_s3_bucket_server_side_encryption_configuration.origin", "CC6.1", "C1.1")
	got, err := s.encryption(ctx)
	if err != nil {
		s.d.Checks.Err(c, "aws:kms", err)
		return
	}
	s.d.Checks.Equal(c, []types.ServerSideEncryptionRule{{
		ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{
			SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String(s.d.Output("kms_key_arn")),
		},
		BucketKeyEnabled: aws.Bool(true),
	}}, got)
}

func (s spa) encryptedByDefault(ctx context.Context) {
	c := s.check("bucket-encrypted-without-key", "Without a customer key the files lie under S3's own", "aws_s3_bucket_server_side_encryption_configuration.origin", "CC6.1")
	got, err := s.encryption(ctx)
	if err != nil {
		s.d.Checks.Err(c, "AES256", err)
		return
	}
	s.d.Checks.Equal(c, []types.ServerSideEncryptionRule{{
		ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: types.ServerSideEncryptionAes256},
		BucketKeyEnabled:                   aws.Bool(false),
	}}, got)
}

// key proves that the policy which the module gives out has become the key's, and that
// it lets CloudFront decrypt and no more, for this distribution alone.
func (s spa) key(ctx context.Context) {
	c := s.check("key-opens-for-the-distribution", "The key lets CloudFront decrypt, and nothing else, for this distribution alone", "data.aws_iam_policy_document.key", "CC6.1", "CC6.3", "C1.1")
	p, err := kms.NewFromConfig(s.d.AWS).GetKeyPolicy(ctx, &kms.GetKeyPolicyInput{KeyId: aws.String(s.d.Output("kms_key_arn")), PolicyName: aws.String("default")})
	if err != nil {
		s.d.Checks.Err(c, "AllowDistributionDecrypt", err)
		return
	}
	got, err := policydoc.BySid(aws.ToString(p.Policy))
	if err != nil {
		s.d.Checks.Err(c, "AllowDistributionDecrypt", err)
		return
	}
	// What remains is the example's own, which lets the account look after its key.
	maps.DeleteFunc(got, func(sid string, _ policydoc.Statement) bool { return sid == "Account" })
	s.d.Checks.Equal(c, map[string]policydoc.Statement{"AllowDistributionDecrypt": {
		"Sid": "AllowDistributionDecrypt", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": "*",
		"Principal": map[string]any{"Service": "cloudfront.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceArn": s.d.Output("distribution_arn")}},
	}}, got)
}
