package rds_test

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/policydoc"
)

// verifyTrust reads who may assume the monitoring role.
func verifyTrust(ctx context.Context, d *deploy.Deployment, api *iam.Client, name string) {
	c := promise("monitoring-trust", "Only RDS monitoring of this account assumes the monitoring role", monitoringRole, "CC6.1", "CC6.3")
	role, err := api.GetRole(ctx, &iam.GetRoleInput{RoleName: aws.String(name)})
	if err != nil {
		d.Checks.Err(c, "a trust policy", err)
		return
	}
	trust, err := policydoc.Read(aws.ToString(role.Role.AssumeRolePolicyDocument))
	if err != nil {
		d.Checks.Err(c, "a trust policy", err)
		return
	}
	d.Checks.Equal(c, []policydoc.Statement{{
		"Sid": "EnhancedMonitoring", "Effect": "Allow", "Action": "sts:AssumeRole",
		"Principal": map[string]any{"Service": "monitoring.rds.amazonaws.com"},
		"Condition": map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": d.Sandbox.Account}},
	}}, trust)
}
