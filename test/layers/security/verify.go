// Package security holds what the layer security promises beyond its modules: who
// the pipelines' roles trust and what they may do, what watches the account, and
// what holds for everybody in it.
package security

import (
	"context"
	"maps"
	"slices"

	_ "github.com/fintrack/platform/test/kit/census/accessanalyzer" // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/cloudtrail"     // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/configservice"  // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/ec2"            // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/guardduty"      // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/iam"            // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/kms"            // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/s3"             // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/securityhub"    // lists what is left
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

// DRRegion is where the layer keeps the keys of copies.
const DRRegion = "us-west-2"

// services are the six services of the platform.
var services = []string{"reconciliation-service", "reporting-service", "notification-service", "auth-service", "transaction-worker", "ml-anomaly-detector"}

// Layer is the layer for the runner.
func Layer() deploy.Layer {
	return deploy.Layer{
		Name: "security", Regions: []string{DRRegion}, Verify: verify,
		Vars: map[string]any{"dr_region": DRRegion},
		Prepare: func(_ context.Context, d *deploy.Deployment) (map[string]any, error) {
			return map[string]any{"github_role_prefix": d.Name + "-", "repository_prefix": d.Name + "/"}, nil
		},
	}
}

type layer struct{ d *deploy.Deployment }

func verify(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	l.keys()
	l.pipelines(ctx)
	l.boundary(ctx)
	l.trail(ctx)
	l.recorder(ctx)
	l.detection(ctx)
	l.account(ctx)
}

func (l layer) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "security." + id, Title: title, Subject: subject, Controls: controls}
}

// longName is the environment's name in the secrets' paths and on GitHub.
func (l layer) longName() string {
	var environment string
	l.d.Variable("environment", &environment)
	return map[string]string{"dev": "development", "staging": "staging", "prod": "production"}[environment]
}

// keys: what a key does is proven with the module; here, that there is one for each
// use of the platform.
func (l layer) keys() {
	var here, there map[string]string
	l.d.OutputAs("kms_key_arns", &here)
	l.d.OutputAs("dr_kms_key_arns", &there)
	l.d.Checks.Equal(l.check("keys", "There is a key of its own for every use of the platform, and in the other Region for every kind of copy", "module.kms", "CC6.1", "C1.1", "A1.2"),
		[][]string{
			{"backup", "cloudtrail", "dynamodb", "ebs", "ecr", "eks", "elasticache", "logs", "rds", "s3", "secrets-manager", "sns", "sqs"},
			{"backup", "s3", "secrets-manager"},
		}, [][]string{slices.Sorted(maps.Keys(here)), slices.Sorted(maps.Keys(there))})
}
