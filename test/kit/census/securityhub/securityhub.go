// Package securityhub lists and disables AWS Security Hub.
package securityhub

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/fintrack/platform/test/kit/census"
)

func init() {
	const hub = "aws_securityhub_account"
	l := census.Lister{Service: "securityhub", Types: []string{hub}, Regional: true, Order: census.Actors, List: census.With(securityhub.NewFromConfig, list)}
	for typ, why := range map[string]string{
		"aws_securityhub_standards_subscription": "a standard is enabled in its hub",
		"aws_securityhub_standards_control":      "a setting of a standard",
		"aws_securityhub_product_subscription":   "a product is enabled in its hub",
		"aws_securityhub_action_target":          "an action is an entry of its hub",
		"aws_securityhub_insight":                "an insight is an entry of its hub",
		"aws_securityhub_finding_aggregator":     "a setting of its hub",
	} {
		l.Parts = append(l.Parts, census.Part{Type: typ, Of: hub, Why: why})
	}
	census.Register(l)
}

// list lists what an account has one of in a region. The provider gives it neither
// name nor tags: in a shared account it never belongs to a run.
func list(ctx context.Context, c *securityhub.Client) ([]census.Resource, error) {
	out, err := c.DescribeHub(ctx, &securityhub.DescribeHubInput{})
	// Where Security Hub is not enabled, its calls answer that there is no access.
	if census.HasCode(err, "InvalidAccessException", "ResourceNotFoundException") {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []census.Resource{{
		ID: "hub", ARN: aws.ToString(out.HubArn), Delete: census.Deleter(c.DisableSecurityHub, &securityhub.DisableSecurityHubInput{}),
	}}, nil
}
