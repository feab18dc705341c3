// Package eks_test proves the module eks: what the cluster promises, read from the
// AWS API of an applied example, and what it refuses.
package eks_test

import (
	"context"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/eks"
	_ "github.com/fintrack/platform/test/kit/census/ec2"
	_ "github.com/fintrack/platform/test/kit/census/eks"
	_ "github.com/fintrack/platform/test/kit/census/events"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	_ "github.com/fintrack/platform/test/kit/census/sqs"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

const cluster = "module.eks.aws_eks_cluster.this"

func TestMain(m *testing.M) { deploy.Main(m) }

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{Module: "eks", Verify: verify})
}

// outputs are the module's outputs as the example passes them on.
type outputs struct {
	Name          string `json:"cluster_name"`
	ARN           string `json:"cluster_arn"`
	SecurityGroup string `json:"cluster_security_group_id"`
	Issuer        string `json:"oidc_issuer"`
	Provider      string `json:"oidc_provider_arn"`
	NodeRole      string `json:"node_role_arn"`
	NodeGroup     string `json:"system_node_group_name"`
	Log           string `json:"log_group_name"`
	NetworkRole   string `json:"vpc_cni_role_arn"`
	VolumeRole    string `json:"ebs_csi_role_arn"`
	Karpenter     struct {
		Controller string `json:"controller_role_arn"`
		NodeRole   string `json:"node_role_arn"`
		NodeName   string `json:"node_role_name"`
		Profile    string `json:"instance_profile_name"`
		Queue      string `json:"queue_name"`
		QueueARN   string `json:"queue_arn"`
	} `json:"karpenter"`
}

// issuer is the issuer as condition keys begin with it.
func (o outputs) issuer() string { return strings.TrimPrefix(o.Issuer, "https://") }

// platform is the applied cluster and what asks for it.
type platform struct {
	*deploy.Deployment
	api  *eks.Client
	out  outputs
	keys map[string]string
}

func promise(id, title, subject string, controls ...string) check.Check {
	return check.Check{ID: "eks." + id, Title: title, Subject: subject, Controls: controls}
}

func verify(ctx context.Context, d *deploy.Deployment) {
	p := platform{Deployment: d, api: eks.NewFromConfig(d.AWS)}
	d.OutputAs("eks", &p.out)
	d.OutputAs("kms_key_arns", &p.keys)
	p.controlPlane(ctx)
	p.log(ctx)
	p.access(ctx)
	p.provider(ctx)
	p.nodes(ctx)
	p.template(ctx)
	p.addons(ctx)
	p.volumeKey(ctx)
	p.karpenterController(ctx)
	p.karpenterNodes(ctx)
	p.queue(ctx)
	p.rules(ctx)
	for _, c := range []struct{ id, title, why string }{
		{"nodes-join", "System nodes join, and Karpenter's do when pods wait", "the emulator starts no instance"},
		{"network-policies-hold", "A connection that no NetworkPolicy allows is dropped", "the emulator runs no pod; what is proven here is that the plugin is told to enforce them"},
		{"tokens-judged", "A role is given to its own service account alone", "the emulator evaluates no trust policy; what is proven here is the exact policy"},
	} {
		d.Checks.NotProven(promise(c.id, c.title, cluster, "CC6.1", "CC6.6"), "aws", c.why)
	}
}
