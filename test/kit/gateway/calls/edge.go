package calls

import (
	"encoding/xml"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// balanced are the operations of Elastic Load Balancing by the parameter whose ARN
// is their resource.
var balanced = map[string][]string{
	"AddListenerCertificates": {"ListenerArn"}, "CreateListener": {"LoadBalancerArn"}, "CreateRule": {"ListenerArn"},
	"DeleteListener": {"ListenerArn"}, "DeleteLoadBalancer": {"LoadBalancerArn"}, "DeleteRule": {"RuleArn"},
	"DeleteTargetGroup": {"TargetGroupArn"}, "DeregisterTargets": {"TargetGroupArn"}, "ModifyListener": {"ListenerArn"},
	"ModifyListenerAttributes": {"ListenerArn"}, "ModifyLoadBalancerAttributes": {"LoadBalancerArn"}, "ModifyRule": {"RuleArn"},
	"ModifyTargetGroup": {"TargetGroupArn"}, "ModifyTargetGroupAttributes": {"TargetGroupArn"}, "RegisterTargets": {"TargetGroupArn"},
	"RemoveListenerCertificates": {"ListenerArn"}, "SetSecurityGroups": {"LoadBalancerArn"}, "SetSubnets": {"LoadBalancerArn"},
	"AddTags": {"ResourceArns.member."}, "RemoveTags": {"ResourceArns.member."},
}

// balancing is Elastic Load Balancing, version 2.
func balancing(in *Input) (Call, error) {
	c, v, err := in.form("elasticloadbalancing", Query)
	if err != nil {
		return c, err
	}
	if strings.HasPrefix(c.Operation, "Describe") {
		return *c.need("*", nil), nil
	}
	tags := tagged(pairs(v, "Tags.member.", ".Key", ".Value"))
	var arns []string
	switch c.Operation {
	case "CreateLoadBalancer":
		kind := map[string]string{"": "app", "application": "app", "network": "net", "gateway": "gwy"}[v.Get("Type")]
		if v.Get("Name") == "" || kind == "" {
			return c.missing("load balancer")
		}
		arns = []string{in.arn("elasticloadbalancing", "loadbalancer/"+kind+"/"+v.Get("Name")+"/*")}
	case "CreateTargetGroup":
		if v.Get("Name") == "" {
			return c.missing("target group")
		}
		arns = []string{in.arn("elasticloadbalancing", "targetgroup/"+v.Get("Name")+"/*")}
	default:
		for _, parameter := range balanced[c.Operation] {
			arns = append(arns, startingWith(v, parameter)...)
		}
		if balanced[c.Operation] == nil {
			return c.unknown()
		}
	}
	for _, arn := range arns {
		if !isARN(arn, "elasticloadbalancing") {
			return c.missing("resource")
		}
		c.need(arn, tags)
	}
	if strings.HasPrefix(c.Operation, "Create") && len(tags) > 0 {
		for _, arn := range in.balancedNew(c.Operation, arns) {
			ctx := tagged(pairs(v, "Tags.member.", ".Key", ".Value"))
			ctx["elasticloadbalancing:CreateAction"] = []string{c.Operation}
			c.also("elasticloadbalancing:AddTags", arn, ctx)
		}
	}
	return c, nil
}

// balancedNew are the ARNs of what the operation makes and tags.
func (in *Input) balancedNew(operation string, of []string) []string {
	var out []string
	for _, arn := range of {
		switch operation {
		case "CreateListener":
			arn = strings.Replace(arn, ":loadbalancer/", ":listener/", 1) + "/*"
		case "CreateRule":
			arn = strings.Replace(arn, ":listener/", ":listener-rule/", 1) + "/*"
		}
		out = append(out, arn)
	}
	return out
}

// startingWith are the values of the parameter, or of a list's members in order.
func startingWith(v url.Values, parameter string) []string {
	if !strings.HasSuffix(parameter, ".") {
		if v.Get(parameter) == "" {
			return nil
		}
		return []string{v.Get(parameter)}
	}
	var names, out []string
	for k := range v {
		if strings.HasPrefix(k, parameter) {
			names = append(names, k)
		}
	}
	slices.Sort(names)
	for _, n := range names {
		out = append(out, v.Get(n))
	}
	return out
}

type recordChange struct {
	Action string `xml:"Action"`
	Name   string `xml:"ResourceRecordSet>Name"`
	Type   string `xml:"ResourceRecordSet>Type"`
}

// route53 is REST under /2013-04-01.
func route53(in *Input) (Call, error) {
	c := Call{Service: "route53", Protocol: RESTXML}
	r := in.Request
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	c.Operation = r.Method + " " + r.URL.Path
	if len(parts) < 2 || parts[0] != "2013-04-01" {
		return c.unknown()
	}
	parts = parts[1:]
	zone := func(id string) string { return "arn:aws:route53:::hostedzone/" + id }
	switch {
	case r.Method == "GET" && len(parts) == 1 && parts[0] == "hostedzone":
		c.Operation = "ListHostedZones"
		return *c.need("*", nil), nil
	case r.Method == "GET" && len(parts) == 1 && parts[0] == "hostedzonesbyname":
		c.Operation = "ListHostedZonesByName"
		return *c.need("*", nil), nil
	case r.Method == "GET" && len(parts) == 2 && parts[0] == "hostedzone":
		c.Operation = "GetHostedZone"
		return *c.need(zone(parts[1]), nil), nil
	case r.Method == "GET" && len(parts) == 3 && parts[0] == "hostedzone" && parts[2] == "rrset":
		c.Operation = "ListResourceRecordSets"
		return *c.need(zone(parts[1]), nil), nil
	case r.Method == "GET" && len(parts) == 2 && parts[0] == "change":
		c.Operation = "GetChange"
		return *c.need("arn:aws:route53:::change/"+parts[1], nil), nil
	case r.Method == "POST" && len(parts) == 3 && parts[0] == "hostedzone" && parts[2] == "rrset":
		c.Operation = "ChangeResourceRecordSets"
		ctx, err := recordKeys(in.Body)
		if err != nil {
			return c, err
		}
		return *c.need(zone(parts[1]), ctx), nil
	}
	return c.unknown()
}

// recordKeys are the condition keys of a change of records ("Using IAM policy
// conditions for fine-grained access control", Route 53).
func recordKeys(body []byte) (map[string][]string, error) {
	var batch struct {
		Changes []recordChange `xml:"ChangeBatch>Changes>Change"`
	}
	if err := xml.Unmarshal(body, &batch); err != nil || len(batch.Changes) == 0 {
		return nil, fmt.Errorf("%w: route53:ChangeResourceRecordSets with a body that names no changes", ErrUnknown)
	}
	ctx := map[string][]string{}
	add := func(key, value string) {
		if !slices.Contains(ctx[key], value) {
			ctx[key] = append(ctx[key], value)
		}
	}
	for _, x := range batch.Changes {
		if x.Action == "" || x.Name == "" || x.Type == "" {
			return nil, fmt.Errorf("%w: route53:ChangeResourceRecordSets with a change that lacks Action, Name or Type", ErrUnknown)
		}
		add("route53:ChangeResourceRecordSetsActions", x.Action)
		add("route53:ChangeResourceRecordSetsRecordTypes", x.Type)
		add("route53:ChangeResourceRecordSetsNormalizedRecordNames", normalized(x.Name))
	}
	return ctx, nil
}

// normalized is a record's name in lower case, without a final dot, with other
// characters than letters, digits, hyphen, underscore and dot as \ and three octal
// digits.
func normalized(name string) string {
	var b strings.Builder
	for _, c := range []byte(strings.TrimSuffix(strings.ToLower(name), ".")) {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_', c == '.', c == '\\':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, `\%03o`, c)
		}
	}
	return b.String()
}
