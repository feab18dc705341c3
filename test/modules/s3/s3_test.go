package s3_test

import (
	"context"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/s3"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module: "s3",
		// The buckets fill up with access logs, and the default refuses to delete those.
		Unlock: map[string]any{"force_destroy": true},
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			b := bucket{d: d, client: client(d, d.Region), name: d.Output("bucket"), module: "module.s3"}
			b.settings(ctx)
			b.denials(ctx)
			b.puts(ctx, d.Output("kms_key_arn"))
			b.versions(ctx)
			b.lifecycle(ctx)
			b.accessLogs(ctx, d.Output("access_log_bucket"))
			logs := bucket{d: d, client: b.client, name: d.Output("access_log_bucket"), module: "module.access_logs"}
			logs.receivesOnlyFrom(ctx, b.name, d.Output("evidence_bucket"))
			evidence := bucket{d: d, client: b.client, name: d.Output("evidence_bucket"), module: "module.evidence"}
			evidence.lock(ctx)
		},
	})
}

func client(d *deploy.Deployment, region string) *s3.Client {
	return s3.NewFromConfig(d.AWS, func(o *s3.Options) {
		o.UsePathStyle = d.Sandbox.PathStyle()
		o.Region = region
	})
}

// bucket is one bucket under test; module is the call that made it.
type bucket struct {
	d            *deploy.Deployment
	client       *s3.Client
	name, module string
}

// check names a promise of the bucket, read from one resource of the module.
func (b bucket) check(id, title, resource string, controls ...string) check.Check {
	return check.Check{ID: "s3." + id, Title: title, Subject: b.module + "." + resource, Controls: controls}
}

func (b bucket) arn() string { return "arn:aws:s3:::" + b.name }

func (b bucket) settings(ctx context.Context) {
	name, checks := aws.String(b.name), b.d.Checks

	c := b.check("versioning", "Every version is kept", "aws_s3_bucket_versioning.this", "A1.2", "C1.1")
	if v, err := b.client.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: name}); err != nil {
		checks.Err(c, "Enabled", err)
	} else {
		checks.Equal(c, "Enabled", string(v.Status))
	}

	c = b.check("encrypted", "Objects are encrypted with the customer key, by way of a bucket key", "aws_s3_bucket_server_side_encryption_configuration.this", "CC6.1", "C1.1")
	if e, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: name}); err != nil {
		checks.Err(c, "aws:kms", err)
	} else {
		checks.Equal(c, []types.ServerSideEncryptionRule{{
			ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{
				SSEAlgorithm: types.ServerSideEncryptionAwsKms, KMSMasterKeyID: aws.String(b.d.Output("kms_key_arn")),
			},
			BucketKeyEnabled: aws.Bool(true),
		}}, e.ServerSideEncryptionConfiguration.Rules)
	}

	c = b.check("public-access-blocked", "Public access is blocked in all four ways", "aws_s3_bucket_public_access_block.this", "CC6.1", "CC6.6")
	if p, err := b.client.GetPublicAccessBlock(ctx, &s3.GetPublicAccessBlockInput{Bucket: name}); err != nil {
		checks.Err(c, "all four", err)
	} else {
		on := aws.Bool(true)
		checks.Equal(c, types.PublicAccessBlockConfiguration{BlockPublicAcls: on, BlockPublicPolicy: on, IgnorePublicAcls: on, RestrictPublicBuckets: on}, *p.PublicAccessBlockConfiguration)
	}

	c = b.check("owner-enforced", "The bucket's owner owns every object, and ACLs are off", "aws_s3_bucket_ownership_controls.this", "CC6.1", "CC6.3")
	if o, err := b.client.GetBucketOwnershipControls(ctx, &s3.GetBucketOwnershipControlsInput{Bucket: name}); err != nil {
		checks.Err(c, "BucketOwnerEnforced", err)
	} else {
		checks.Equal(c, []types.OwnershipControlsRule{{ObjectOwnership: types.ObjectOwnershipBucketOwnerEnforced}}, o.OwnershipControls.Rules)
	}

	c = b.check("tagged", "The bucket carries the tags that it was given", "aws_s3_bucket.this", "CC6.1")
	if t, err := b.client.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: name}); err != nil {
		checks.Err(c, "the run's tags", err)
	} else {
		missing := b.d.Sandbox.Tags
		for k, v := range missing {
			if !slices.ContainsFunc(t.TagSet, func(tag types.Tag) bool { return *tag.Key == k && *tag.Value == v }) {
				checks.That(c, false, "tag "+k+"="+v, "not among the bucket's tags")
				return
			}
		}
		checks.That(c, len(missing) > 0, "the tags of the run", "all of them")
	}
}

func (b bucket) lifecycle(ctx context.Context) {
	c := b.check("old-versions-expire", "Old versions, markers of nothing and abandoned uploads are cleared away", "aws_s3_bucket_lifecycle_configuration.this", "C1.2", "A1.1")
	moves := b.check("objects-age", "Objects move to cheaper storage as they age and are deleted after seven years", "aws_s3_bucket_lifecycle_configuration.this", "C1.2", "A1.1")
	l, err := b.client.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: aws.String(b.name)})
	if err != nil {
		b.d.Checks.Err(c, "rule baseline", err)
		b.d.Checks.Err(moves, "rule age", err)
		return
	}
	b.d.Checks.Equal(c, types.LifecycleRule{
		ID: aws.String("baseline"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{},
		AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: aws.Int32(7)},
		NoncurrentVersionExpiration:    &types.NoncurrentVersionExpiration{NoncurrentDays: aws.Int32(90)},
		Expiration:                     &types.LifecycleExpiration{ExpiredObjectDeleteMarker: aws.Bool(true)},
	}, rule(l.Rules, "baseline"))
	b.d.Checks.Equal(moves, types.LifecycleRule{
		ID: aws.String("age"), Status: types.ExpirationStatusEnabled, Filter: &types.LifecycleRuleFilter{Prefix: aws.String("reports/")},
		Transitions: []types.Transition{
			{Days: aws.Int32(30), StorageClass: types.TransitionStorageClassStandardIa},
			{Days: aws.Int32(90), StorageClass: types.TransitionStorageClassGlacierIr},
		},
		Expiration: &types.LifecycleExpiration{Days: aws.Int32(2557)},
	}, rule(l.Rules, "age"))
}

func rule(rules []types.LifecycleRule, id string) types.LifecycleRule {
	if i := slices.IndexFunc(rules, func(r types.LifecycleRule) bool { return aws.ToString(r.ID) == id }); i >= 0 {
		r := rules[i]
		if r.Filter != nil && aws.ToString(r.Filter.Prefix) == "" {
			r.Filter = &types.LifecycleRuleFilter{} // both mean every object
		}
		return r
	}
	return types.LifecycleRule{}
}

func (b bucket) accessLogs(ctx context.Context, target string) {
	c := b.check("access-logged", "Every request is logged, in keys partitioned by day", "aws_s3_bucket_logging.this[0]", "CC7.2", "CC7.3")
	l, err := b.client.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: aws.String(b.name)})
	if err != nil {
		b.d.Checks.Err(c, target, err)
		return
	}
	b.d.Checks.Equal(c, &types.LoggingEnabled{
		TargetBucket: aws.String(target), TargetPrefix: aws.String("s3/" + b.name + "/"),
		TargetObjectKeyFormat: &types.TargetObjectKeyFormat{PartitionedPrefix: &types.PartitionedPrefix{PartitionDateSource: types.PartitionDateSourceEventTime}},
	}, l.LoggingEnabled)
}
