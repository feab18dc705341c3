package platform

import (
	"encoding/json"

	"sigs.k8s.io/yaml"
)

// argocd compares what Argo CD is told with what is there.
func (l layer) argocd() {
	c := l.check("argocd-values", "Argo CD is told what is there: roles, images, ingress, secrets' path, queue, nodes", "output.argocd_values", "CC8.1")
	var got map[string]any
	if err := yaml.Unmarshal([]byte(l.d.Output("argocd_values")), &got); err != nil {
		l.d.Checks.Err(c, "YAML", err)
		return
	}
	var roles, acls, certificates map[string]string
	l.d.OutputAs("irsa_role_arns", &roles)
	l.d.OutputAs("web_acl_arns", &acls)
	l.d.OutputAs("certificate_arns", &certificates)
	var public []string
	l.d.Stack.Deployment("networking").OutputAs("public_subnet_ids", &public)
	var karpenter struct {
		Role    string `json:"node_role_name"`
		Profile string `json:"instance_profile_name"`
		Queue   string `json:"queue_name"`
	}
	l.d.Stack.Deployment("compute").OutputAs("karpenter", &karpenter)
	var days int
	l.d.Variable("loki_retention_days", &days)
	accounts := map[string]any{}
	for account, arn := range roles {
		accounts[account] = map[string]any{"roleArn": arn}
	}
	want := map[string]any{
		"environment":     l.environment,
		"aws":             map[string]any{"accountId": l.d.Sandbox.Account, "region": l.d.Region},
		"cluster":         map[string]any{"name": l.of("compute", "cluster_name"), "endpoint": l.of("compute", "cluster_endpoint")},
		"domain":          l.domain,
		"images":          map[string]any{"repositories": l.table("compute", "ecr_repository_urls")},
		"serviceAccounts": accounts,
		"ingress":         map[string]any{"host": "api." + l.domain, "certificateArn": certificates["api"], "webAclArn": acls["regional"], "subnetIds": public},
		"secrets":         map[string]any{"path": l.d.Name + "/" + l.longName()},
		"queues":          map[string]any{"transactions": map[string]any{"name": l.of("data", "transactions_queue_name"), "url": l.of("data", "transactions_queue_url")}},
		"loki":            map[string]any{"bucket": l.d.Output("loki_bucket"), "retentionDays": days},
		"certificates":    map[string]any{"hostedZoneId": l.d.Output("zone_id")},
		"karpenter":       map[string]any{"interruptionQueue": karpenter.Queue, "nodeRoleName": karpenter.Role, "instanceProfile": karpenter.Profile},
	}
	l.d.Checks.Equal(c, text(want), text(got))
}

// text is a value as JSON, whose keys have one order.
func text(v any) string {
	b, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
