package s3_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/policydoc"
)

const drRegion = "us-west-2"

func TestReplication(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module: "s3", Example: "replication",
		Regions: []string{drRegion},
		Vars:    map[string]any{"dr_region": drRegion},
		Unlock:  map[string]any{"force_destroy": true},
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			r := replication{
				bucket: bucket{d: d, client: client(d, d.Region), name: d.Output("bucket"), module: "module.s3"},
				copies: bucket{d: d, client: client(d, drRegion), name: d.Output("dr_bucket"), module: "module.dr"},
			}
			r.rule(ctx)
			r.trust(ctx)
			r.permissions(ctx)
			r.object(ctx)
		},
	})
}

// replication is a bucket and the bucket of its copies.
type replication struct{ bucket, copies bucket }

func (r replication) rule(ctx context.Context) {
	d := r.bucket.d
	c := r.bucket.check("replicates", "Everything is copied to the DR bucket under the DR key within 15 minutes, deletes included", "aws_s3_bucket_replication_configuration.this[0]", "A1.2", "A1.3")
	got, err := r.bucket.client.GetBucketReplication(ctx, &s3.GetBucketReplicationInput{Bucket: aws.String(r.bucket.name)})
	if err != nil {
		d.Checks.Err(c, "one rule", err)
	} else {
		minutes := aws.Int32(15)
		d.Checks.Equal(c, &types.ReplicationConfiguration{
			Role: aws.String(d.Output("replication_role_arn")),
			Rules: []types.ReplicationRule{{
				ID: aws.String("disaster-recovery"), Priority: aws.Int32(0), Status: types.ReplicationRuleStatusEnabled,
				Filter:                    &types.ReplicationRuleFilter{Prefix: aws.String("")},
				DeleteMarkerReplication:   &types.DeleteMarkerReplication{Status: types.DeleteMarkerReplicationStatusEnabled},
				SourceSelectionCriteria:   &types.SourceSelectionCriteria{SseKmsEncryptedObjects: &types.SseKmsEncryptedObjects{Status: types.SseKmsEncryptedObjectsStatusEnabled}},
				ExistingObjectReplication: nil,
				Destination: &types.Destination{
					Bucket: aws.String(r.copies.arn()), StorageClass: types.StorageClassStandardIa,
					EncryptionConfiguration: &types.EncryptionConfiguration{ReplicaKmsKeyID: aws.String(d.Output("dr_kms_key_arn"))},
					ReplicationTime:         &types.ReplicationTime{Status: types.ReplicationTimeStatusEnabled, Time: &types.ReplicationTimeValue{Minutes: minutes}},
					Metrics:                 &types.Metrics{Status: types.MetricsStatusEnabled, EventThreshold: &types.ReplicationTimeValue{Minutes: minutes}},
				},
			}},
		}, got.ReplicationConfiguration)
	}

	c = r.copies.check("copies-in-another-region", "The copies lie in the disaster recovery Region", "aws_s3_bucket.this", "A1.2", "A1.3")
	at, err := r.copies.client.GetBucketLocation(ctx, &s3.GetBucketLocationInput{Bucket: aws.String(r.copies.name)})
	if err != nil {
		d.Checks.Err(c, drRegion, err)
		return
	}
	d.Checks.Equal(c, drRegion, string(at.LocationConstraint))
}

func (r replication) role() string {
	_, name, _ := strings.Cut(r.bucket.d.Output("replication_role_arn"), "role/")
	return name
}

func (r replication) trust(ctx context.Context) {
	d := r.bucket.d
	c := r.bucket.check("replication-role-for-this-bucket", "Only S3, and only for this bucket of this account, takes the replication role", "aws_iam_role.replication[0]", "CC6.1", "CC6.3")
	role, err := iam.NewFromConfig(d.AWS).GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(r.role())})
	if err != nil {
		d.Checks.Err(c, "S3 alone", err)
		return
	}
	got, err := policydoc.BySid(*role.Role.AssumeRolePolicyDocument)
	if err != nil {
		d.Checks.Err(c, "S3 alone", err)
		return
	}
	d.Checks.Equal(c, map[string]map[string]any{"": {
		"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": map[string]any{"Service": "s3.amazonaws.com"},
		"Condition": map[string]any{
			"StringEquals": map[string]any{"aws:SourceAccount": d.Sandbox.Account},
			"ArnEquals":    map[string]any{"aws:SourceArn": r.bucket.arn()},
		},
	}}, got)
}

func (r replication) permissions(ctx context.Context) {
	d := r.bucket.d
	c := r.bucket.check("replication-role-least-privilege", "The replication role reads this bucket, writes the other, and uses each key only through S3", "aws_iam_role_policy.replication[0]", "CC6.1", "CC6.3")
	p, err := iam.NewFromConfig(d.AWS).GetRolePolicy(ctx, &iam.GetRolePolicyInput{RoleName: aws.String(r.role()), PolicyName: aws.String("replicate")})
	if err != nil {
		d.Checks.Err(c, "five statements", err)
		return
	}
	got, err := policydoc.BySid(*p.PolicyDocument)
	if err != nil {
		d.Checks.Err(c, "five statements", err)
		return
	}
	source, target := r.bucket.arn(), r.copies.arn()
	through := func(region, arn string) map[string]any {
		return map[string]any{
			"StringEquals": map[string]any{"kms:ViaService": "s3." + region + ".amazonaws.com"},
			"StringLike":   map[string]any{"kms:EncryptionContext:aws:s3:arn": []any{arn, arn + "/*"}},
		}
	}
	d.Checks.Equal(c, map[string]map[string]any{
		"ReadConfiguration": {"Sid": "ReadConfiguration", "Effect": "Allow", "Action": []any{"s3:GetReplicationConfiguration", "s3:ListBucket"}, "Resource": source},
		"ReadVersions": {"Sid": "ReadVersions", "Effect": "Allow", "Resource": source + "/*", "Action": []any{
			"s3:GetObjectLegalHold", "s3:GetObjectRetention", "s3:GetObjectVersionAcl", "s3:GetObjectVersionForReplication", "s3:GetObjectVersionTagging",
		}},
		"WriteReplicas":  {"Sid": "WriteReplicas", "Effect": "Allow", "Action": []any{"s3:ReplicateDelete", "s3:ReplicateObject", "s3:ReplicateTags"}, "Resource": target + "/*"},
		"DecryptSource":  {"Sid": "DecryptSource", "Effect": "Allow", "Action": "kms:Decrypt", "Resource": d.Output("kms_key_arn"), "Condition": through(d.Region, source)},
		"EncryptReplica": {"Sid": "EncryptReplica", "Effect": "Allow", "Action": []any{"kms:Encrypt", "kms:GenerateDataKey"}, "Resource": d.Output("dr_kms_key_arn"), "Condition": through(drRegion, target)},
	}, got)
}

// copyBound is how long an object may take to appear in the other Region; replication
// time control promises 15 minutes.
const copyBound = 15 * time.Minute

// object puts an object and waits for its copy.
func (r replication) object(ctx context.Context) {
	d := r.bucket.d
	c := r.bucket.check("object-arrives", "An object that is put here appears there, under the key of that Region", "aws_s3_bucket_replication_configuration.this[0]", "A1.2", "A1.3")
	key := aws.String("ledger/entry")
	if _, err := r.bucket.client.PutObject(ctx, &s3.PutObjectInput{Bucket: aws.String(r.bucket.name), Key: key, Body: strings.NewReader("entry")}); err != nil {
		d.Checks.Err(c, "a copy", err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, copyBound)
	defer cancel()
	waiter := s3.NewObjectExistsWaiter(r.copies.client, func(o *s3.ObjectExistsWaiterOptions) { o.MinDelay, o.MaxDelay = time.Second, 10*time.Second })
	head := &s3.HeadObjectInput{Bucket: aws.String(r.copies.name), Key: key}
	if err := waiter.Wait(ctx, head, copyBound); err != nil {
		d.Checks.Err(c, "a copy", err)
		return
	}
	got, err := r.copies.client.HeadObject(ctx, head)
	if err != nil {
		d.Checks.Err(c, "a copy", err)
		return
	}
	d.Checks.Equal(c, []any{"REPLICA", d.Output("dr_kms_key_arn"), "STANDARD_IA"}, []any{string(got.ReplicationStatus), aws.ToString(got.SSEKMSKeyId), string(got.StorageClass)})
}
