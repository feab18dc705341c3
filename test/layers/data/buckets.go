package data

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func (l layer) buckets(ctx context.Context) {
	var names map[string]string
	l.d.OutputAs("bucket_names", &names)
	var environment string
	l.d.Variable("environment", &environment)
	want := map[string]string{}
	for _, short := range []string{"reports", "audit", "evidence"} {
		want[short] = l.d.Name + "-" + short + "-" + environment
	}
	l.d.Checks.Equal(l.check("buckets", "The buckets of the platform are there: reports, audit, evidence", "module.bucket", "CC8.1"), want, names)
	for short, name := range names {
		l.bucket(ctx, short, name)
	}
	l.evidence(ctx, names["evidence"])
}

func (l layer) s3(region string) *s3.Client {
	return s3.NewFromConfig(l.d.AWS, func(o *s3.Options) { o.Region, o.UsePathStyle = region, l.d.Sandbox.PathStyle() })
}

func (l layer) bucket(ctx context.Context, short, name string) {
	here, there := l.s3(l.d.Region), l.s3(DRRegion)
	subject := `module.bucket["` + short + `"]`
	c := l.check("bucket-key."+short, "The bucket is encrypted with the layer security's key, and so is its copy with the one of its Region", subject, "CC6.1", "C1.1")
	l.d.Checks.Equal(c, []any{l.keys["s3"], l.copies["s3"]}, []any{key(ctx, here, name), key(ctx, there, name+"-copy")})

	c = l.check("bucket-replicated."+short, "Every new object is copied to the bucket in the other Region, under the key there", subject, "A1.2")
	r, err := here.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: &name})
	if err != nil {
		l.d.Checks.Err(c, "replication", err)
		return
	}
	var got []any
	for _, rule := range r.ReplicationConfiguration.Rules {
		d := rule.Destination
		got = append(got, rule.Status, aws.ToString(d.Bucket), aws.ToString(d.EncryptionConfiguration.ReplicaKmsKeyID))
	}
	l.d.Checks.Equal(c, []any{types.ReplicationRuleStatusEnabled, "arn:aws:s3:::" + name + "-copy", l.copies["s3"]}, got)

	c = l.check("bucket-copy-region."+short, "The copy is in the other Region", `module.bucket_copy["`+short+`"]`, "A1.2")
	where, err := there.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String(name + "-copy")})
	if err != nil {
		l.d.Checks.Err(c, DRRegion, err)
		return
	}
	l.d.Checks.Equal(c, types.BucketLocationConstraint(DRRegion), where.LocationConstraint)

	c = l.check("bucket-access-logged."+short, "Every access is logged to the layer security's bucket for that", subject, "CC7.2")
	logs, err := here.GetBucketLogging(ctx, &s3.GetBucketLoggingInput{Bucket: &name})
	if err != nil || logs.LoggingEnabled == nil {
		l.d.Checks.Err(c, "logging", err)
		return
	}
	l.d.Checks.Equal(c, l.d.Stack.Deployment("security").Output("access_log_bucket"), aws.ToString(logs.LoggingEnabled.TargetBucket))
}

// key is the key under which a bucket encrypts, or why it cannot be told.
func key(ctx context.Context, client *s3.Client, bucket string) string {
	e, err := client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &bucket})
	if err != nil {
		return err.Error()
	}
	for _, r := range e.ServerSideEncryptionConfiguration.Rules {
		return aws.ToString(r.ApplyServerSideEncryptionByDefault.KMSMasterKeyID)
	}
	return "none"
}

func (l layer) evidence(ctx context.Context, name string) {
	c := l.check("evidence-locked", "Nobody can delete evidence before its time, here or in the copy", `module.bucket["evidence"]`, "CC7.2", "CC8.1", "C1.2")
	var days int32
	l.d.Variable("evidence_retention_days", &days)
	var got []any
	for region, bucket := range map[string]string{l.d.Region: name, DRRegion: name + "-copy"} {
		o, err := l.s3(region).GetObjectLockConfiguration(ctx, &s3.GetObjectLockConfigurationInput{Bucket: &bucket})
		if err != nil || o.ObjectLockConfiguration.Rule == nil {
			l.d.Checks.Err(c, "a lock on "+bucket, err)
			return
		}
		r := o.ObjectLockConfiguration.Rule.DefaultRetention
		got = append(got, r.Mode, aws.ToInt32(r.Days))
	}
	l.d.Checks.Equal(c, []any{types.ObjectLockRetentionModeCompliance, days, types.ObjectLockRetentionModeCompliance, days}, got)
}
