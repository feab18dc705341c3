package iam_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

func parse(t testing.TB, kind iam.Kind, name, document string) *iam.Policy {
	t.Helper()
	p, err := iam.Parse(kind, name, []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

const tenStatements = `{"Version":"2012-10-17","Statement":[
{"Sid":"S0","Effect":"Allow","Action":["sqs:ChangeMessageVisibility","sqs:DeleteMessage","sqs:GetQueueAttributes","sqs:GetQueueUrl","sqs:ReceiveMessage","sqs:SendMessage"],"Resource":"arn:aws:sqs:us-east-1:111122223333:fintrack-transactions"},
{"Sid":"S1","Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"arn:aws:kms:us-east-1:111122223333:key/sqs","Condition":{"StringEquals":{"kms:ViaService":"sqs.us-east-1.amazonaws.com"}}},
{"Sid":"S2","Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::fintrack-reports","Condition":{"StringLike":{"s3:prefix":"reports/*"}}},
{"Sid":"S3","Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::fintrack-reports/reports/*"},
{"Sid":"S4","Effect":"Allow","Action":"s3:PutObject","Resource":"arn:aws:s3:::fintrack-reports/reports/*","Condition":{"StringEquals":{"s3:x-amz-server-side-encryption":"aws:kms","s3:x-amz-server-side-encryption-aws-kms-key-id":"arn:aws:kms:us-east-1:111122223333:key/s3"}}},
{"Sid":"S5","Effect":"Allow","Action":["dynamodb:BatchGetItem","dynamodb:GetItem","dynamodb:Query","dynamodb:PutItem"],"Resource":"arn:aws:dynamodb:us-east-1:111122223333:table/fintrack-reconciliations"},
{"Sid":"S6","Effect":"Allow","Action":["secretsmanager:DescribeSecret","secretsmanager:GetSecretValue"],"Resource":["arn:aws:secretsmanager:us-east-1:111122223333:secret:fintrack/production/rds-*","arn:aws:secretsmanager:us-east-1:111122223333:secret:fintrack/production/redis-*"]},
{"Sid":"S7","Effect":"Allow","Action":"elasticache:Connect","Resource":"arn:aws:elasticache:us-east-1:111122223333:user:reconciliation"},
{"Sid":"S8","Effect":"Allow","Action":"rds-db:connect","Resource":"arn:aws:rds-db:us-east-1:111122223333:dbuser:cluster-ABC/fintrack_app"},
{"Sid":"S9","Effect":"Deny","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}`

func writeReport() *iam.Request {
	return &iam.Request{
		Action: "s3:PutObject", Resource: "arn:aws:s3:::fintrack-reports/reports/2026/a.csv",
		Principal: iam.RoleSession("arn:aws:iam::111122223333:role/reconciliation-service", "pod"),
		Context: iam.NewContext(map[string][]string{
			"aws:SecureTransport":                            {"true"},
			"s3:x-amz-server-side-encryption":                {"aws:kms"},
			"s3:x-amz-server-side-encryption-aws-kms-key-id": {"arn:aws:kms:us-east-1:111122223333:key/s3"},
		}),
	}
}

func BenchmarkEvaluateRoleOfTenStatements(b *testing.B) {
	p := &iam.Policies{Identity: []*iam.Policy{parse(b, iam.IdentityPolicy, "ten", tenStatements)}}
	allowed, refused := writeReport(), writeReport()
	refused.Context.Set("s3:x-amz-server-side-encryption")
	for name, r := range map[string]*iam.Request{"allowed": allowed, "refused": refused} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				iam.Evaluate(r, p)
			}
		})
	}
}

func TestEvaluateAllocatesNothing(t *testing.T) {
	p := &iam.Policies{Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, "ten", tenStatements)}}
	r := writeReport()
	if got := iam.Evaluate(r, p); got.Decision != iam.Allowed || got.Statement.Sid != "S4" {
		t.Fatalf("got %s, want allowed by S4", got.Reason())
	}
	if n := testing.AllocsPerRun(100, func() { iam.Evaluate(r, p) }); n != 0 {
		t.Errorf("one evaluation allocates %v times, want 0", n)
	}
}

func TestADenialNamesWhatNearlyAllowedIt(t *testing.T) {
	p := &iam.Policies{Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, "ten", tenStatements)}}
	r := writeReport()
	r.Context.Set("s3:x-amz-server-side-encryption", "AES256")
	want := "not allowed by identity policies: identity policy ten, statement 4 (S4) would allow it if StringEquals s3:x-amz-server-side-encryption = aws:kms"
	if got := iam.Evaluate(r, p).Reason(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
