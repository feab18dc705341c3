package secretsmanager_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// policies reads the whole policy of each secret: a statement too many fails as well.
func (m secrets) policies(ctx context.Context) {
	reader := map[string]any{"ArnEquals": map[string]any{"aws:PrincipalArn": drReader}}
	want := map[string]map[string]any{
		"DenyInsecureTransport": {
			"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}},
		},
		"DenyOtherAccounts": {
			"Sid": "DenyOtherAccounts", "Effect": "Deny", "Principal": "*", "Action": "secretsmanager:*", "Resource": "*",
			"Condition": map[string]any{
				"StringNotEquals": map[string]any{"aws:PrincipalAccount": m.d.Sandbox.Account},
				"ArnNotEquals":    map[string]any{"aws:PrincipalArn": drReader},
				"BoolIfExists":    map[string]any{"aws:PrincipalIsAWSService": "false"},
			},
		},
		"DenyWritesOfDrReaders": {
			"Sid": "DenyWritesOfDrReaders", "Effect": "Deny", "Principal": "*", "Resource": "*", "Condition": reader,
			"NotAction": []any{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"},
		},
		"AllowDrDescribe": {
			"Sid": "AllowDrDescribe", "Effect": "Allow", "Principal": map[string]any{"AWS": drReader},
			"Action": "secretsmanager:DescribeSecret", "Resource": "*",
		},
		"AllowDrReadCurrent": {
			"Sid": "AllowDrReadCurrent", "Effect": "Allow", "Principal": map[string]any{"AWS": drReader},
			"Action": "secretsmanager:GetSecretValue", "Resource": "*",
			"Condition": map[string]any{"StringEquals": map[string]any{"secretsmanager:VersionStage": "AWSCURRENT"}},
		},
	}
	titles := []struct{ id, statement, title string }{
		{"denies-plain-http", "DenyInsecureTransport", "Requests without TLS are denied, whoever sends them"},
		{"denies-other-accounts", "DenyOtherAccounts", "Every other account is denied, but for the disaster recovery reader"},
		{"dr-reader-writes-nothing", "DenyWritesOfDrReaders", "The disaster recovery reader is denied everything but reading"},
		{"dr-reader-describes", "AllowDrDescribe", "The disaster recovery reader may describe the secret"},
		{"dr-reader-reads-current", "AllowDrReadCurrent", "The disaster recovery reader may read the current value, and no older one"},
	}
	for _, key := range []string{"rds", "queue"} {
		resource := `aws_secretsmanager_secret_policy.this["` + key + `"]`
		got := map[string]map[string]any{}
		p, err := m.client.GetResourcePolicy(ctx, &secretsmanager.GetResourcePolicyInput{SecretId: m.name(key)})
		if err == nil {
			got, err = policydoc.BySid(*p.ResourcePolicy)
		}
		for _, s := range titles {
			c := m.check(s.id+"-"+key, s.title+" ("+key+")", resource, "CC6.1", "CC6.3", "CC6.7")
			if err != nil {
				m.d.Checks.Err(c, s.statement, err)
				continue
			}
			m.d.Checks.Equal(c, want[s.statement], got[s.statement])
			delete(got, s.statement)
		}
		m.d.Checks.Equal(m.check("nothing-else-in-policy-"+key, "The policy says nothing else ("+key+")", resource, "CC6.1", "CC6.3"), map[string]map[string]any{}, got)
	}
}
