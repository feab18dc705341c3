package ecr_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

const drRegion = "us-west-2"

func TestReplication(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "ecr", Example: "replication", Regions: []string{drRegion}, Verify: verifyReplication})
}

func verifyReplication(ctx context.Context, d *deploy.Deployment) {
	name := d.Name + "/auth-service"
	source := registry{Deployment: d, api: ecr.NewFromConfig(d.AWS), id: "ecr"}
	c := check.Check{ID: "ecr.replication.rule", Title: "Every image of the repositories goes to the other region of this account", Subject: "module.ecr.aws_ecr_replication_configuration.this[0]", Controls: []string{"A1.2", "A1.3"}}
	got, err := source.api.DescribeRegistry(ctx, &ecr.DescribeRegistryInput{})
	switch {
	case err != nil:
		d.Checks.Err(c, drRegion, err)
	case got.ReplicationConfiguration == nil:
		d.Checks.That(c, false, drRegion, "no replication")
	default:
		var rules [][]string
		for _, r := range got.ReplicationConfiguration.Rules {
			var line []string
			for _, x := range r.Destinations {
				line = append(line, aws.ToString(x.Region)+" of "+aws.ToString(x.RegistryId))
			}
			for _, f := range r.RepositoryFilters {
				line = append(line, string(f.FilterType)+" "+aws.ToString(f.Filter))
			}
			rules = append(rules, line)
		}
		d.Checks.Equal(c, [][]string{{drRegion + " of " + d.Sandbox.Account, "PREFIX_MATCH " + name}}, rules)
	}
	there := d.AWS.Copy()
	there.Region = drRegion
	copies := registry{Deployment: d, api: ecr.NewFromConfig(there), key: d.Output("dr_kms_key_arn"), id: "ecr.dr"}
	copies.repository(ctx, name)
	copies.lifecycle(ctx, name)
	d.Checks.NotProven(check.Check{ID: "ecr.replication.image-arrives", Title: "An image that is pushed here appears there", Subject: c.Subject, Controls: []string{"A1.2", "A1.3"}}, "aws", "the emulator keeps the replication rule and copies no image")
}
