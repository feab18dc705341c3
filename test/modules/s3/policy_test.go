package s3_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fintrack/platform/test/kit/policydoc"
)

func (b bucket) policy(ctx context.Context) (map[string]map[string]any, error) {
	p, err := b.client.GetBucketPolicy(ctx, &s3.GetBucketPolicyInput{Bucket: aws.String(b.name)})
	if err != nil {
		return nil, err
	}
	return policydoc.BySid(*p.Policy)
}

// denials reads the statements against plain HTTP. No environment here can send a
// request without TLS that reaches S3, so what is proven is the exact statement.
func (b bucket) denials(ctx context.Context) {
	policy, err := b.policy(ctx)
	for id, condition := range map[string]map[string]any{
		"DenyInsecureTransport": {"Bool": map[string]any{"aws:SecureTransport": "false"}},
		"DenyOldTls":            {"NumericLessThan": map[string]any{"s3:TlsVersion": "1.2"}},
	} {
		c := b.check(map[string]string{"DenyInsecureTransport": "denies-plain-http", "DenyOldTls": "denies-old-tls"}[id],
			map[string]string{"DenyInsecureTransport": "Requests without TLS are denied, whoever sends them", "DenyOldTls": "TLS below 1.2 is denied"}[id],
			"aws_s3_bucket_policy.this", "CC6.7")
		if err != nil {
			b.d.Checks.Err(c, id, err)
			continue
		}
		b.d.Checks.Equal(c, map[string]any{
			"Sid": id, "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Condition": condition,
			"Resource": []any{b.arn(), b.arn() + "/*"},
		}, policy[id])
	}
}

// receivesOnlyFrom proves that nobody but S3 itself, for these buckets, may write logs.
func (b bucket) receivesOnlyFrom(ctx context.Context, sources ...string) {
	c := b.check("logs-from-named-buckets-alone", "Only S3, and only for the named buckets of this account, delivers access logs", "aws_s3_bucket_policy.this", "CC6.1", "CC7.2")
	policy, err := b.policy(ctx)
	if err != nil {
		b.d.Checks.Err(c, "AllowServerAccessLogs", err)
		return
	}
	arns := make([]any, len(sources))
	for i, s := range sources {
		arns[i] = "arn:aws:s3:::" + s
	}
	allowed := map[string]map[string]any{}
	for id, s := range policy {
		if s["Effect"] == "Allow" {
			allowed[id] = s
		}
	}
	b.d.Checks.Equal(c, map[string]map[string]any{"AllowServerAccessLogs": {
		"Sid": "AllowServerAccessLogs", "Effect": "Allow", "Action": "s3:PutObject", "Resource": b.arn() + "/s3/*",
		"Principal": map[string]any{"Service": "logging.s3.amazonaws.com"},
		"Condition": map[string]any{
			"ArnEquals":    map[string]any{"aws:SourceArn": policydoc.Normal(arns)},
			"StringEquals": map[string]any{"aws:SourceAccount": b.d.Sandbox.Account},
		},
	}}, allowed)

	c = b.check("logs-encrypted", "Access logs are encrypted by the one way in which S3 delivers them", "aws_s3_bucket_server_side_encryption_configuration.this", "CC6.1")
	e, err := b.client.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: aws.String(b.name)})
	if err != nil {
		b.d.Checks.Err(c, "AES256", err)
		return
	}
	b.d.Checks.Equal(c, "AES256", string(e.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm))
}
