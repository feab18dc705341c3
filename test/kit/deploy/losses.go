package deploy

import (
	"encoding/json"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// stateful are the types whose replacement or deletion loses what cannot be made
// again, and what is lost by it.
var stateful = map[string]string{
	"aws_backup_vault":                  "recovery points",
	"aws_cloudfront_distribution":       "the domain name that clients use",
	"aws_cloudwatch_log_group":          "logs",
	"aws_db_instance":                   "data",
	"aws_dynamodb_table":                "data",
	"aws_ecr_repository":                "images",
	"aws_eip":                           "an address that clients have on their lists",
	"aws_eks_cluster":                   "everything that runs in it",
	"aws_elasticache_replication_group": "data",
	"aws_elasticache_user":              "a name that services log in with",
	"aws_iam_openid_connect_provider":   "the trust of every role that names it",
	"aws_iam_role":                      "the trust of every policy that names it: IAM keeps its unique id",
	"aws_kms_key":                       "everything that is encrypted under it",
	"aws_kms_replica_key":               "everything that is encrypted under it",
	"aws_s3_bucket":                     "objects",
	"aws_secretsmanager_secret":         "the secret",
	"aws_sns_topic":                     "subscriptions",
	"aws_sqs_queue":                     "messages",
	"aws_subnet":                        "every interface in it",
	"aws_vpc":                           "everything in it",
	"aws_wafv2_web_acl":                 "the association of what it protects",
}

// Losses lists the stateful resources that a plan replaces or deletes, and the
// attributes that force it.
func Losses(plan *tfjson.Plan) []string {
	var out []string
	for _, rc := range plan.ResourceChanges {
		lost, ok := stateful[rc.Type]
		if !ok || rc.Mode != tfjson.ManagedResourceMode || rc.Change == nil {
			continue
		}
		switch {
		case rc.Change.Actions.Replace():
			out = append(out, fmt.Sprintf("%s is replaced, and with it goes: %s (forced by %s)", rc.Address, lost, paths(rc.Change.ReplacePaths)))
		case rc.Change.Actions.Delete():
			out = append(out, fmt.Sprintf("%s is deleted, and with it goes: %s", rc.Address, lost))
		}
	}
	return out
}

// paths writes attribute paths as Terraform does: rule[0].days.
func paths(list []any) string {
	var out []string
	for _, p := range list {
		steps, ok := p.([]any)
		if !ok {
			b, _ := json.Marshal(p)
			out = append(out, string(b))
			continue
		}
		var text strings.Builder
		for i, s := range steps {
			switch s := s.(type) {
			case string:
				if i > 0 {
					text.WriteByte('.')
				}
				text.WriteString(s)
			default:
				fmt.Fprintf(&text, "[%v]", s)
			}
		}
		out = append(out, text.String())
	}
	if len(out) == 0 {
		return "what the plan does not name"
	}
	return strings.Join(out, ", ")
}
