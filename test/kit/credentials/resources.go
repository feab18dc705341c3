package credentials

import (
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
)

// longLived are kinds of resources that are credentials without an end, or people
// who can have such.
var longLived = []string{
	"aws_iam_access_key", "aws_iam_service_specific_credential", "aws_iam_signing_certificate", "aws_iam_user",
	"aws_iam_user_login_profile", "aws_iam_user_ssh_key", "aws_key_pair", "aws_lightsail_key_pair", "tls_private_key",
}

// passwords are attributes that hold a password where they are set, by kind.
var passwords = map[string][]string{
	"aws_db_instance":                   {"password"},
	"aws_rds_cluster":                   {"master_password"},
	"aws_elasticache_replication_group": {"auth_token"},
	"aws_elasticache_user":              {"passwords"},
	"aws_secretsmanager_secret_version": {"secret_string", "secret_binary"},
}

// Resources judges what a plan would leave behind: kinds of resources that are
// long-lived credentials, and passwords that would lie in the state.
func Resources(place string, values *tfjson.StateValues) []Finding {
	if values == nil || values.RootModule == nil {
		return nil
	}
	return inModule(place, values.RootModule)
}

func inModule(place string, m *tfjson.StateModule) (out []Finding) {
	for _, r := range m.Resources {
		if slices.Contains(longLived, r.Type) && r.Mode == tfjson.ManagedResourceMode {
			out = append(out, Finding{Place: place, Rule: "long-lived-resource", What: r.Address + " is a credential without an end"})
		}
		for _, name := range passwords[r.Type] {
			if set(r.AttributeValues[name]) {
				out = append(out, Finding{Place: place, Rule: "password-in-state", What: r.Address + " has its " + name + " in the state"})
			}
		}
	}
	for _, child := range m.ChildModules {
		out = append(out, inModule(place, child)...)
	}
	return out
}

// set says whether an attribute holds something.
func set(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	}
	return true
}
