package access

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/iam"
)

// exampleAccount is the account of examples: AWS keeps it for its documentation.
const exampleAccount = "111122223333"

// Example are facts with which an intent can be read without a platform: plain ones as
// in prod, and for each output that it names a value that says which output it is.
func Example(in *Intent) Facts {
	f := Facts{
		Account: exampleAccount, Region: "us-east-1", Partition: "aws", Issuer: "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE",
		Named: map[string]string{
			"name": "fintrack", "environment": "prod", "long_name": "production", "dr_region": "us-west-2", "domain": "fintrack.io", "github_role_prefix": "",
		},
		Outputs: map[string]map[string]any{},
	}
	for _, name := range in.named() {
		layer, rest, ok := strings.Cut(name, ".")
		if !ok {
			continue
		}
		if f.Outputs[layer] == nil {
			f.Outputs[layer] = map[string]any{}
		}
		output, key, deep := strings.Cut(rest, ".")
		if !deep {
			f.Outputs[layer][output] = example(output, "")
			continue
		}
		table, ok := f.Outputs[layer][output].(map[string]any)
		if !ok {
			table = map[string]any{}
			f.Outputs[layer][output] = table
		}
		if key == "*" {
			key = "each"
		}
		table[key] = example(output, key)
	}
	return f
}

// kinds are what the names of outputs tell of their ARNs.
var kinds = []struct{ in, arn string }{
	{"dr_kms_key", "kms:us-west-2:" + exampleAccount + ":key/%s"}, {"kms_key", "kms:us-east-1:" + exampleAccount + ":key/%s"},
	{"bucket_arn", "s3:::fintrack-%s-prod"}, {"secret", "secretsmanager:us-east-1:" + exampleAccount + ":secret:fintrack/production/%s-AbCdEf"},
	{"dynamodb_table", "dynamodb:us-east-1:" + exampleAccount + ":table/fintrack-%s"}, {"queue_arn", "sqs:us-east-1:" + exampleAccount + ":fintrack-transactions%s"},
	{"ecr_repository", "ecr:us-east-1:" + exampleAccount + ":repository/%s"}, {"replication_group", "elasticache:us-east-1:" + exampleAccount + ":replicationgroup:fintrack%s"},
	{"elasticache_user", "elasticache:us-east-1:" + exampleAccount + ":user:%s"}, {"cluster_arn", "eks:us-east-1:" + exampleAccount + ":cluster/fintrack%s"},
	{"web_acl", "wafv2:us-east-1:" + exampleAccount + ":%s/webacl/fintrack-api/1"},
}

func example(output, key string) string {
	for _, k := range kinds {
		if strings.Contains(output, k.in) {
			return "arn:aws:" + fmt.Sprintf(k.arn, key)
		}
	}
	switch {
	case output == "cluster_name":
		return "fintrack"
	case key == "node_role_name" || key == "instance_profile_name":
		return "fintrack-karpenter-node"
	case output == "log_group_names":
		return "/fintrack/services/" + key
	case output == "bucket_names":
		return "fintrack-" + key + "-prod"
	}
	return strings.Trim("example-"+strings.ReplaceAll(output, "_", "-")+"-"+strings.ReplaceAll(key, "_", "-"), "-")
}

var reference = regexp.MustCompile(`\$\{([^}]+)\}`)

// named lists the names that an intent uses, sorted.
func (in *Intent) named() []string {
	var texts []string
	add := func(c Condition) {
		for _, byKey := range c {
			for key, values := range byKey {
				texts = append(append(texts, key), values...)
			}
		}
	}
	for _, v := range in.Names {
		texts = append(texts, v)
	}
	for _, p := range in.Permissions {
		for _, g := range slices.Concat(p.Allow, p.Deny) {
			texts = append(texts, g.Resources...)
			add(g.When)
		}
	}
	for _, r := range in.Roles {
		texts = append(texts, r.Role, r.TakenBy.GitHub)
		add(r.TakenBy.When)
	}
	var out []string
	for _, text := range texts {
		for _, m := range reference.FindAllStringSubmatch(text, -1) {
			out = append(out, m[1])
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Account is an account in which every role is exactly as declared. AWS's own policies
// and the boundary are left out.
func Account(declared []Declared) *iam.Account {
	a := &iam.Account{ID: exampleAccount, Delegates: true}
	for _, d := range declared {
		i := &iam.Identity{ARN: d.ARN, Trust: d.Trust}
		if d.Policy != nil {
			i.Policies = []*iam.Policy{d.Policy}
		}
		a.Identities = append(a.Identities, i)
	}
	return a
}
