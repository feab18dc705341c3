// Package platform holds what the layer platform promises: for every pod of the
// platform its own role with exactly its permissions, the firewalls, the
// single-page application, the domain, and what Argo CD is told.
package platform

import (
	"context"

	_ "github.com/fintrack/platform/test/kit/census/acm"        // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/cloudfront" // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/iam"        // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/logs"       // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/route53"    // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/s3"         // lists what is left
	_ "github.com/fintrack/platform/test/kit/census/wafv2"      // lists what is left
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

// Layer is the layer for the runner.
func Layer() deploy.Layer {
	return deploy.Layer{Name: "platform", Verify: verify}
}

// layer reads one applied layer.
type layer struct {
	d *deploy.Deployment
	// keys are the ARNs of the keys, by use.
	keys map[string]string
	// environment is its name, domain its DNS domain.
	environment, domain string
}

func verify(ctx context.Context, d *deploy.Deployment) {
	l := layer{d: d}
	d.Stack.Deployment("security").OutputAs("kms_key_arns", &l.keys)
	d.Variable("environment", &l.environment)
	d.Variable("domain", &l.domain)
	l.roles(ctx)
	l.firewalls(ctx)
	l.frontend(ctx)
	l.certificates(ctx)
	l.zone(ctx)
	l.loki(ctx)
	l.argocd()
}

func (l layer) check(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "platform." + id, Title: title, Subject: subject, Controls: controls}
}

// of is a text output of another layer.
func (l layer) of(other, output string) string { return l.d.Stack.Deployment(other).Output(output) }

// table is an output of another layer that is a map of texts.
func (l layer) table(other, output string) (out map[string]string) {
	l.d.Stack.Deployment(other).OutputAs(output, &out)
	return out
}

// arn is one of this account and Region.
func (l layer) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + l.d.Region + ":" + l.d.Sandbox.Account + ":" + rest
}

// longName is the environment's name in the paths of secrets.
func (l layer) longName() string {
	return map[string]string{"dev": "development", "staging": "staging", "prod": "production"}[l.environment]
}
