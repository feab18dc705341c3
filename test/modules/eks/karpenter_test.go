package eks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/fintrack/platform/test/kit/policydoc"
)

const controllerPolicy = "module.eks.aws_iam_policy.karpenter"

// karpenterController reads what Karpenter may do.
func (p platform) karpenterController(ctx context.Context) {
	arn := "arn:aws:iam::" + p.Sandbox.Account + ":policy/" + p.Name + "-karpenter"
	p.holds(ctx, "karpenter-trust", "Karpenter's service account alone has its role, with one policy", "module.eks.module.karpenter_role.aws_iam_role.this", p.out.Karpenter.Controller, p.token("karpenter", "karpenter"), arn)
	bounded := promise("karpenter-bounded", "Karpenter changes nothing but what carries this cluster's tag, or what it asks for with it", controllerPolicy, "CC6.1", "CC6.3")
	identities := promise("karpenter-identities", "Karpenter passes one role, to EC2 alone, and writes nothing into IAM", controllerPolicy, "CC6.1", "CC6.3")
	named := promise("karpenter-reads", "Karpenter reads its queue, its cluster, public image ids, prices, and EC2 of its region", controllerPolicy, "CC6.3")
	got, err := p.document(ctx, arn)
	if err != nil {
		p.Checks.Err(bounded, "a policy", err)
		p.Checks.Err(identities, "a policy", err)
		p.Checks.Err(named, "a policy", err)
		return
	}
	var loose []string
	iamStatements, reads := map[string]policydoc.Statement{}, map[string]any{}
	for id, s := range got {
		actions := texts(s["Action"])
		switch {
		case slices.ContainsFunc(actions, func(a string) bool { return strings.HasPrefix(a, "iam:") }):
			iamStatements[id] = s
		case slices.ContainsFunc(actions, changes):
			if why := p.unbounded(s); why != "" {
				loose = append(loose, id+": "+why)
			}
		default:
			reads[id] = []any{s["Resource"], s["Condition"]}
		}
	}
	slices.Sort(loose)
	p.Checks.That(bounded, len(loose) == 0 && len(got) > 8, "every change bound to the cluster's tag", fmt.Sprintf("%d statements; not bound: %v", len(got), loose))
	p.Checks.Equal(identities, map[string]policydoc.Statement{
		"PassNodeRole": {"Sid": "PassNodeRole", "Effect": "Allow", "Action": "iam:PassRole", "Resource": p.out.Karpenter.NodeRole,
			"Condition": map[string]any{"StringEquals": map[string]any{"iam:PassedToService": "ec2.amazonaws.com"}}},
		"ReadNodeProfile": {"Sid": "ReadNodeProfile", "Effect": "Allow", "Action": "iam:GetInstanceProfile", "Resource": "arn:aws:iam::" + p.Sandbox.Account + ":instance-profile/" + p.out.Karpenter.Profile},
		"ListProfiles":    {"Sid": "ListProfiles", "Effect": "Allow", "Action": "iam:ListInstanceProfiles", "Resource": "*"},
	}, iamStatements)
	p.Checks.Equal(named, map[string]any{
		"ReadRegion":    []any{"*", map[string]any{"StringEquals": map[string]any{"aws:RequestedRegion": p.Region}}},
		"ReadImageIds":  []any{"arn:aws:ssm:" + p.Region + "::parameter/aws/service/*", nil},
		"ReadPrices":    []any{"*", nil},
		"FindApiServer": []any{p.out.ARN, nil},
	}, reads)
}

// changes reports whether an action does more than read.
func changes(action string) bool {
	_, verb, _ := strings.Cut(action, ":")
	return !strings.HasPrefix(verb, "Describe") && !strings.HasPrefix(verb, "Get") && !strings.HasPrefix(verb, "List") || strings.Contains(verb, "*")
}

func texts(v any) []string {
	if s, ok := v.(string); ok {
		return []string{s}
	}
	var out []string
	list, _ := v.([]any)
	for _, e := range list {
		out = append(out, fmt.Sprint(e))
	}
	return out
}

// launchable are the kinds of resources that a launch only names.
var launchable = []string{"image", "snapshot", "security-group", "subnet", "capacity-reservation"}

// unbounded says why a statement that changes something could reach beyond this
// cluster, or nothing.
func (p platform) unbounded(s policydoc.Statement) string {
	for _, a := range texts(s["Action"]) {
		if strings.Contains(a, "*") {
			return "the action " + a
		}
	}
	if s["Resource"] == p.out.Karpenter.QueueARN {
		return ""
	}
	text, _ := json.Marshal(s["Condition"])
	for _, kind := range []string{"ResourceTag", "RequestTag"} {
		equals, _ := s["Condition"].(map[string]any)
		exact, _ := equals["StringEquals"].(map[string]any)
		if exact["aws:"+kind+"/kubernetes.io/cluster/"+p.Name] == "owned" {
			return ""
		}
	}
	for _, r := range texts(s["Resource"]) {
		if !slices.ContainsFunc(launchable, func(kind string) bool { return strings.HasSuffix(r, ":"+kind+"/*") }) {
			return fmt.Sprintf("%s under the condition %s", r, text)
		}
	}
	for _, a := range texts(s["Action"]) {
		if a != "ec2:RunInstances" && a != "ec2:CreateFleet" {
			return a + " without a tag"
		}
	}
	return ""
}

// karpenterNodes reads the role of the nodes that Karpenter makes.
func (p platform) karpenterNodes(ctx context.Context) {
	p.holds(ctx, "karpenter-node-role", "Karpenter's nodes may join and pull images, and nothing else", "module.eks.aws_iam_role.karpenter_node", p.out.Karpenter.NodeRole,
		service("Instances", "ec2.amazonaws.com"), managed+"AmazonEKSWorkerNodePolicy", managed+"AmazonEC2ContainerRegistryPullOnly")
	c := promise("karpenter-node-profile", "The instance profile gives that role", "module.eks.aws_iam_instance_profile.karpenter_node", "CC6.3")
	got, err := iam.NewFromConfig(p.AWS).GetInstanceProfile(ctx, &iam.GetInstanceProfileInput{InstanceProfileName: &p.out.Karpenter.Profile})
	if err != nil {
		p.Checks.Err(c, p.out.Karpenter.NodeRole, err)
		return
	}
	var roles []string
	for _, r := range got.InstanceProfile.Roles {
		roles = append(roles, aws.ToString(r.Arn))
	}
	p.Checks.Equal(c, []string{p.out.Karpenter.NodeRole}, roles)
}

func (p platform) ruleARN(kind string) string {
	return "arn:aws:events:" + p.Region + ":" + p.Sandbox.Account + ":rule/" + p.Name + "-karpenter-" + kind
}

// queue reads who may send and that nothing lies in the clear.
func (p platform) queue(ctx context.Context) {
	encrypted := promise("interruption-queue", "Word of interruptions is encrypted, and thrown away after 5 minutes", "module.eks.aws_sqs_queue.interruption", "CC6.1")
	closed := promise("interruption-senders", "The four rules alone send to the queue, and over TLS alone", "module.eks.aws_sqs_queue_policy.interruption", "CC6.1", "CC6.7")
	api := sqs.NewFromConfig(p.AWS)
	url, err := api.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: &p.out.Karpenter.Queue})
	if err != nil {
		p.Checks.Err(encrypted, "a queue", err)
		p.Checks.Err(closed, "two statements", err)
		return
	}
	got, err := api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: url.QueueUrl, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
	if err != nil {
		p.Checks.Err(encrypted, "a queue", err)
		p.Checks.Err(closed, "two statements", err)
		return
	}
	p.Checks.Equal(encrypted, []string{"true", "300"}, []string{got.Attributes["SqsManagedSseEnabled"], got.Attributes["MessageRetentionPeriod"]})
	policy, err := policydoc.BySid(got.Attributes["Policy"])
	if err != nil {
		p.Checks.Err(closed, "two statements", err)
		return
	}
	var rules []any
	for _, kind := range []string{"health", "rebalance", "spot", "state"} {
		rules = append(rules, p.ruleARN(kind))
	}
	p.Checks.Equal(closed, map[string]policydoc.Statement{
		"Rules": {"Sid": "Rules", "Effect": "Allow", "Principal": map[string]any{"Service": "events.amazonaws.com"}, "Action": "sqs:SendMessage", "Resource": p.out.Karpenter.QueueARN,
			"Condition": map[string]any{"ArnEquals": map[string]any{"aws:SourceArn": rules}}},
		"DenyInsecureTransport": {"Sid": "DenyInsecureTransport", "Effect": "Deny", "Principal": "*", "Action": "sqs:*", "Resource": p.out.Karpenter.QueueARN,
			"Condition": map[string]any{"Bool": map[string]any{"aws:SecureTransport": "false"}}},
	}, policy)
}

// rules reads which events go to the queue.
func (p platform) rules(ctx context.Context) {
	api := eventbridge.NewFromConfig(p.AWS)
	for kind, want := range map[string][2]string{
		"health":    {"aws.health", "AWS Health Event"},
		"spot":      {"aws.ec2", "EC2 Spot Instance Interruption Warning"},
		"rebalance": {"aws.ec2", "EC2 Instance Rebalance Recommendation"},
		"state":     {"aws.ec2", "EC2 Instance State-change Notification"},
	} {
		c := promise("interruption-"+kind, "The event \""+want[1]+"\" goes to Karpenter's queue", fmt.Sprintf("module.eks.aws_cloudwatch_event_rule.interruption[%q]", kind), "A1.1", "A1.2")
		name := aws.String(p.Name + "-karpenter-" + kind)
		rule, err := api.DescribeRule(ctx, &eventbridge.DescribeRuleInput{Name: name})
		if err != nil {
			p.Checks.Err(c, "a rule", err)
			continue
		}
		targets, err := api.ListTargetsByRule(ctx, &eventbridge.ListTargetsByRuleInput{Rule: name})
		if err != nil {
			p.Checks.Err(c, "a target", err)
			continue
		}
		var pattern map[string][]string
		if err := json.Unmarshal([]byte(aws.ToString(rule.EventPattern)), &pattern); err != nil {
			p.Checks.Err(c, "an event pattern", err)
			continue
		}
		var to []string
		for _, t := range targets.Targets {
			to = append(to, aws.ToString(t.Arn))
		}
		p.Checks.Equal(c, []any{"ENABLED", map[string][]string{"source": {want[0]}, "detail-type": {want[1]}}, []string{p.out.Karpenter.QueueARN}},
			[]any{string(rule.State), pattern, to})
	}
}
