package secretsmanager_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/fintrack/platform/test/kit/deploy"
)

const drRegion = "us-west-2"

func TestReplica(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module: "secrets-manager", Example: "replica",
		Regions: []string{drRegion},
		Vars:    map[string]any{"dr_region": drRegion, "recovery_window_in_days": 0},
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			secrets{d: d, client: secretsmanager.NewFromConfig(d.AWS)}.replica(ctx)
		},
	})
}

// replica writes a value here and reads it in the other Region.
func (m secrets) replica(ctx context.Context) {
	c := m.check("replica-under-its-own-key", "The copy lies in the disaster recovery Region, under the key of that Region", `aws_secretsmanager_secret.this["partner"]`, "A1.2", "C1.1")
	s, err := m.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: m.name("partner")})
	if err != nil {
		m.d.Checks.Err(c, drRegion, err)
	} else {
		var got [][]string
		for _, r := range s.ReplicationStatus {
			got = append(got, []string{aws.ToString(r.Region), aws.ToString(r.KmsKeyId)})
		}
		m.d.Checks.Equal(c, [][]string{{drRegion, m.d.Output("dr_kms_key_arn")}}, got)
	}

	c = m.check("replica-has-the-value", "A value that is written here can be read there", `aws_secretsmanager_secret.this["partner"]`, "A1.2", "A1.3")
	value := fmt.Sprintf("written by the test of %s", m.d.Name)
	if _, err := m.client.PutSecretValue(ctx, &secretsmanager.PutSecretValueInput{SecretId: m.name("partner"), SecretString: aws.String(value)}); err != nil {
		m.d.Checks.Err(c, value, err)
		return
	}
	there := secretsmanager.NewFromConfig(m.d.AWS, func(o *secretsmanager.Options) { o.Region = drRegion })
	got, err := there.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: m.name("partner")})
	if err != nil {
		m.d.Checks.Err(c, value, err)
		return
	}
	m.d.Checks.Equal(c, value, aws.ToString(got.SecretString))
}
