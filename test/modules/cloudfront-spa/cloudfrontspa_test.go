// Package cloudfrontspa_test proves the module cloudfront-spa: what the distribution
// does, who reads its bucket and where its logs go, read from the APIs of AWS.
package cloudfrontspa_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudfront"
	"github.com/aws/aws-sdk-go-v2/service/cloudfront/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	_ "github.com/fintrack/platform/test/kit/census/acm"
	_ "github.com/fintrack/platform/test/kit/census/cloudfront"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	_ "github.com/fintrack/platform/test/kit/census/s3"
	_ "github.com/fintrack/platform/test/kit/census/wafv2"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

func TestMain(m *testing.M) { deploy.Main(m) }

// Files and logs fill the buckets, and the default refuses to delete those.
var unlock = map[string]any{"force_destroy": true}

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module: "cloudfront-spa", Unlock: unlock,
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			s, ok := read(ctx, d)
			if !ok {
				return
			}
			s.origin(ctx)
			s.behaviours()
			s.routing("spa-routing", "A path without a file opens the application; a refused request does not", 404)
			s.viewers()
			s.tags(ctx)
			s.headers(ctx)
			s.bucketSettings(ctx)
			s.bucketPolicy(ctx)
			s.readers(ctx)
			s.encrypted(ctx)
			s.key(ctx)
			s.logging(ctx)
			s.atTheEdge()
		},
	})
}

// TestWithoutKey applies the example with what it otherwise leaves out: no key of the
// account's own, and the page for refusals too.
func TestWithoutKey(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module: "cloudfront-spa", Suite: "cloudfront-spa-without-key", Unlock: unlock,
		Vars: map[string]any{"customer_key": false, "spa_error_codes": []int{403, 404}},
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			s, ok := read(ctx, d)
			if !ok {
				return
			}
			s.routing("spa-routing-of-refusals", "Where it is asked for, a refused request opens the application too", 403, 404)
			s.encryptedByDefault(ctx)
		},
	})
}

// spa is the distribution under test and the bucket behind it.
type spa struct {
	d      *deploy.Deployment
	client *cloudfront.Client
	s3     *s3.Client
	config *types.DistributionConfig
}

func read(ctx context.Context, d *deploy.Deployment) (spa, bool) {
	s := spa{d: d, client: cloudfront.NewFromConfig(d.AWS), s3: s3.NewFromConfig(d.AWS, func(o *s3.Options) { o.UsePathStyle = d.Sandbox.PathStyle() })}
	c := s.check("deployed", "The distribution is on, and deployed to every edge location", distribution, "A1.1")
	id := d.Output("distribution_id")
	got, err := s.client.GetDistribution(ctx, &cloudfront.GetDistributionInput{Id: &id})
	if err != nil {
		d.Checks.Err(c, "Deployed", err)
		return s, false
	}
	s.config = got.Distribution.DistributionConfig
	d.Checks.Equal(c, []any{"Deployed", true}, []any{*got.Distribution.Status, *s.config.Enabled})
	return s, true
}

const distribution = "aws_cloudfront_distribution.this"

func (s spa) check(id, title, resource string, controls ...string) check.Check {
	return check.Check{ID: "cloudfront-spa." + id, Title: title, Subject: "module.cloudfront_spa." + resource, Controls: controls}
}

// atTheEdge names what only an edge location shows: the emulator keeps a distribution's
// configuration and serves nothing.
func (s spa) atTheEdge() {
	const why = "the emulator has no edge locations; what is proven here is the configuration that they are given"
	for _, c := range []check.Check{
		s.check("edge-reads-the-bucket", "The distribution reads the bucket, and its key opens for it", "aws_s3_bucket_policy.origin", "CC6.1"),
		s.check("edge-opens-paths", "A viewer who asks for a path of the application gets the application", distribution, "A1.1"),
		s.check("edge-sends-headers", "A viewer gets the security headers", `aws_cloudfront_response_headers_policy.this["documents"]`, "CC6.6"),
		s.check("edge-refuses-old-tls", "A viewer with TLS 1.1 gets no connection", distribution, "CC6.7"),
		s.check("edge-asks-the-firewall", "A request that the firewall blocks does not reach the bucket", distribution, "CC6.6"),
		s.check("edge-logs", "A request appears in the log bucket", "aws_cloudwatch_log_delivery.this", "CC7.2"),
	} {
		s.d.Checks.NotProven(c, "aws", why)
	}
}
