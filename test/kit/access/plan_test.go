package access_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/access"
	tfjson "github.com/hashicorp/terraform-json"
)

type object = map[string]any

// change is one resource of a plan.
func change(address, kind string, before, after, unknown object) object {
	module, name := "", address
	if at := strings.LastIndex(address, "."+kind+"."); at >= 0 {
		module, name = address[:at], address[at+1:]
	}
	name, _, _ = strings.Cut(strings.TrimPrefix(name, kind+"."), "[")
	actions := []string{"update"}
	switch {
	case before == nil:
		actions = []string{"create"}
	case after == nil:
		actions = []string{"delete"}
	}
	return object{"address": address, "module_address": module, "mode": "managed", "type": kind, "name": name,
		"change": object{"actions": actions, "before": before, "after": after, "after_unknown": unknown}}
}

// read puts resources into a plan as terraform show -json prints it.
func read(t *testing.T, changes ...object) *tfjson.Plan {
	t.Helper()
	text, err := json.Marshal(object{
		"format_version": "1.2", "terraform_version": "1.11.4", "resource_changes": changes,
		"configuration": object{"root_module": object{"module_calls": object{"irsa": object{"module": object{"resources": []object{{
			"address": "aws_iam_role_policy_attachment.this", "mode": "managed", "type": "aws_iam_role_policy_attachment", "name": "this",
			"expressions": object{"policy_arn": object{"references": []string{"aws_iam_policy.this[0].arn", "aws_iam_policy.this[0]", "aws_iam_policy.this"}},
				"role": object{"references": []string{"aws_iam_role.this.name", "aws_iam_role.this"}}},
		}}}}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	plan := new(tfjson.Plan)
	if err := plan.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return plan
}

const (
	roleAt   = `module.irsa["loki.v2"].aws_iam_role.this`
	policyAt = `module.irsa["loki.v2"].aws_iam_policy.this[0]`
	boundTo  = `module.irsa["loki.v2"].aws_iam_role_policy_attachment.this`
	grantAll = `{"Version":"2012-10-17","Statement":{"Sid":"All","Effect":"Allow","Action":"s3:*","Resource":"*"}}`
)

// loki is the one role of the small intent that the plans below are held against.
func loki(t *testing.T) (*access.Intent, access.Facts, object, string) {
	t.Helper()
	in, f := intent(t), facts()
	in.Roles = map[string]access.Role{"loki": in.Roles["loki"]}
	declared, err := in.Resolve(f)
	if err != nil {
		t.Fatal(err)
	}
	trust := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + access.Provider(f, f.Issuer) + `"},
		"Condition":{"StringEquals":{"` + f.Issuer + `:sub":"system:serviceaccount:monitoring:loki","` + f.Issuer + `:aud":"sts.amazonaws.com"}}}}`
	role := object{"name": "fintrack-loki", "arn": declared[0].ARN, "assume_role_policy": trust, "permissions_boundary": declared[0].Boundary}
	bucket := "arn:aws:s3:::" + f.Outputs["platform"]["loki_bucket"].(string)
	document := `{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:ListBucket","Resource":"` + bucket + `"},
		{"Effect":"Allow","Action":["s3:DeleteObject","s3:GetObject","s3:PutObject"],"Resource":"` + bucket + `/*"},
		{"Effect":"Allow","Action":["kms:Decrypt","kms:GenerateDataKey"],"Resource":"arn:aws:kms:us-east-1:` + account + `:key/s3","Condition":{"StringEquals":{"kms:ViaService":"s3.us-east-1.amazonaws.com"}}}]}`
	return in, f, role, document
}

// with is a copy of an object with other values; nil removes one.
func with(o object, pairs ...any) object {
	out := object{}
	for k, v := range o {
		out[k] = v
	}
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == nil {
			delete(out, pairs[i].(string))
			continue
		}
		out[pairs[i].(string)] = pairs[i+1]
	}
	return out
}

func TestAPlanIsHeldAgainstTheIntent(t *testing.T) {
	in, f, role, document := loki(t)
	arn := "arn:aws:iam::" + account + ":policy/fintrack-loki"
	policy := func(document string) object { return object{"name": "fintrack-loki", "arn": arn, "policy": document} }
	held := object{"role": "fintrack-loki", "policy_arn": arn}
	stays := func(address, kind string, values object) object {
		return change(address, kind, values, values, object{})
	}
	anyAccount := strings.Replace(role["assume_role_policy"].(string), "system:serviceaccount:monitoring:loki", "system:serviceaccount:monitoring:*", 1)
	anyAccount = strings.Replace(anyAccount, "StringEquals", "StringLike", 1)
	for _, c := range []struct {
		name    string
		changes []object
		found   []string // each in a finding; nil: none
		later   []string // each in a line; nil: none
		gains   []string // each in a line of Changes; nil: none
	}{
		{"a plan that changes nothing", []object{stays(roleAt, "aws_iam_role", role), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held)}, nil, nil, nil},
		{"a policy that is widened",
			[]object{stays(roleAt, "aws_iam_role", role), change(policyAt, "aws_iam_policy", policy(document), policy(grantAll), object{}), stays(boundTo, "aws_iam_role_policy_attachment", held)},
			[]string{"extra: loki: s3:DeleteBucket on *", "missing: loki: kms:Decrypt"}, nil, []string{"+ fintrack-loki: s3:* *", "- fintrack-loki: kms:Decrypt"}},
		{"a policy that becomes known by the apply",
			[]object{stays(roleAt, "aws_iam_role", role), change(policyAt, "aws_iam_policy", policy(document), with(policy(document), "policy", nil), object{"policy": true}), stays(boundTo, "aws_iam_role_policy_attachment", held)},
			nil, []string{"fintrack-loki: policy fintrack-loki is known after the apply"}, []string{"- fintrack-loki: s3:ListBucket"}},
		{"a trust policy for any account of the namespace",
			[]object{change(roleAt, "aws_iam_role", role, with(role, "assume_role_policy", anyAccount), object{}), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held)},
			[]string{"another account of its namespace can take it"}, nil, []string{"+ fintrack-loki: is taken by"}},
		{"a boundary that goes",
			[]object{change(roleAt, "aws_iam_role", role, with(role, "permissions_boundary", nil), object{}), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held)},
			[]string{`its boundary is ""`}, nil, []string{"+ fintrack-loki: no boundary", "- fintrack-loki: boundary arn:aws:iam"}},
		{"a new role, whose policy has no ARN yet",
			[]object{change(roleAt, "aws_iam_role", nil, with(role, "arn", nil), object{"arn": true}), change(policyAt, "aws_iam_policy", nil, with(policy(document), "arn", nil), object{"arn": true}),
				change(boundTo, "aws_iam_role_policy_attachment", nil, object{"role": "fintrack-loki"}, object{"policy_arn": true})},
			nil, nil, []string{"+ fintrack-loki: a new role", "+ fintrack-loki: s3:ListBucket"}},
		{"a new role, whose policy has no ARN yet and is too wide",
			[]object{change(roleAt, "aws_iam_role", nil, with(role, "arn", nil), object{"arn": true}), change(policyAt, "aws_iam_policy", nil, with(policy(grantAll), "arn", nil), object{"arn": true}),
				change(boundTo, "aws_iam_role_policy_attachment", nil, object{"role": "fintrack-loki"}, object{"policy_arn": true})},
			[]string{"extra: loki: s3:DeleteBucket on *"}, nil, []string{"+ fintrack-loki: s3:* *"}},
		{"an inline policy beside the declared one",
			[]object{stays(roleAt, "aws_iam_role", role), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held),
				change("aws_iam_role_policy.more", "aws_iam_role_policy", nil, object{"role": "fintrack-loki", "name": "more", "policy": grantAll}, object{})},
			[]string{"extra: loki: s3:DeleteBucket on *"}, nil, []string{"+ fintrack-loki: s3:* *"}},
		{"an inline policy that the role itself holds",
			[]object{change(roleAt, "aws_iam_role", role, with(role, "inline_policy", []any{object{"name": "more", "policy": grantAll}}), object{}), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held)},
			[]string{"extra: loki: s3:DeleteBucket on *"}, nil, []string{"+ fintrack-loki: s3:* *"}},
		{"an inline policy that goes, and that the role still lists",
			[]object{stays(roleAt, "aws_iam_role", with(role, "inline_policy", []any{object{"name": "more", "policy": grantAll}})), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held),
				change("aws_iam_role_policy.more", "aws_iam_role_policy", object{"role": "fintrack-loki", "name": "more", "policy": grantAll}, nil, object{})},
			nil, nil, []string{"- fintrack-loki: s3:* *"}},
		{"a policy of AWS that is not declared",
			[]object{stays(roleAt, "aws_iam_role", role), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held),
				change("aws_iam_role_policy_attachment.more", "aws_iam_role_policy_attachment", nil, object{"role": "fintrack-loki", "policy_arn": "arn:aws:iam::aws:policy/AdministratorAccess"}, object{})},
			[]string{"AdministratorAccess is attached and not declared"}, nil, []string{"+ fintrack-loki: AWS's policy arn:aws:iam::aws:policy/AdministratorAccess"}},
		{"a role that no intent knows",
			[]object{stays(roleAt, "aws_iam_role", role), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held),
				change("aws_iam_role.back", "aws_iam_role", nil, with(role, "name", "back-door", "arn", nil), object{"arn": true})},
			[]string{"back-door"}, nil, []string{"+ back-door: a new role"}},
		{"a policy for a role that the plan does not make",
			[]object{stays(roleAt, "aws_iam_role", role), stays(policyAt, "aws_iam_policy", policy(document)), stays(boundTo, "aws_iam_role_policy_attachment", held),
				change("aws_iam_role_policy.other", "aws_iam_role_policy", nil, object{"role": "elsewhere", "name": "more", "policy": grantAll}, object{})},
			[]string{"elsewhere"}, []string{"elsewhere: the plan gives it a policy and does not make it"}, []string{"+ elsewhere: s3:* *"}},
		{"a role that goes",
			[]object{change(roleAt, "aws_iam_role", role, nil, nil), change(policyAt, "aws_iam_policy", policy(document), nil, nil), change(boundTo, "aws_iam_role_policy_attachment", held, nil, nil)},
			[]string{"declared, and not in the account"}, nil, []string{"- fintrack-loki: the role is gone"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := access.FromPlan(read(t, c.changes...), account)
			if err != nil {
				t.Fatal(err)
			}
			findings, later := p.Judge(in, f, catalogue(t), "platform")
			var found []string
			for _, f := range findings {
				found = append(found, f.String())
			}
			says(t, "findings", found, c.found)
			says(t, "what is known later", later, c.later)
			says(t, "changes", p.Changes(), c.gains)
		})
	}
}

// says holds lines against what must be in them: each in one; none of them: no line.
func says(t *testing.T, what string, lines, want []string) {
	t.Helper()
	if want == nil && len(lines) > 0 {
		t.Errorf("%s: want none, got\n%s", what, strings.Join(lines[:min(8, len(lines))], "\n"))
	}
	for _, w := range want {
		if !strings.Contains(strings.Join(lines, "\n"), w) {
			t.Errorf("%s: want %q in\n%s", what, w, strings.Join(lines[:min(8, len(lines))], "\n"))
		}
	}
}

func TestARoleWhoseNameIsNotKnownYetIsNotCalledUnknown(t *testing.T) {
	in, f, role, _ := loki(t)
	in.Roles["loki"] = access.Role{Role: "${platform.made_later}", Layer: "platform", TakenBy: in.Roles["loki"].TakenBy, May: in.Roles["loki"].May}
	p, err := access.FromPlan(read(t, change(roleAt, "aws_iam_role", nil, with(role, "arn", nil), object{"arn": true})), account)
	if err != nil {
		t.Fatal(err)
	}
	found, later := p.Judge(in, f, catalogue(t), "platform")
	if len(found) != 0 || !strings.Contains(strings.Join(later, "\n"), "fintrack-loki: whether it is declared is known after the apply") {
		t.Errorf("got %v, later %v", found, later)
	}
}

func TestADocumentInAPlanThatIsNoPolicyIsNamed(t *testing.T) {
	for address, c := range map[string]object{
		"aws_iam_policy.x":      change("aws_iam_policy.x", "aws_iam_policy", nil, object{"name": "x", "policy": "{"}, object{}),
		"aws_iam_role.x":        change("aws_iam_role.x", "aws_iam_role", nil, object{"name": "x", "assume_role_policy": `{"Statement":[]}`}, object{}),
		"aws_iam_role_policy.x": change("aws_iam_role_policy.x", "aws_iam_role_policy", nil, object{"name": "x", "role": "r", "policy": "no"}, object{}),
	} {
		if _, err := access.FromPlan(read(t, c), account); err == nil || !strings.HasPrefix(err.Error(), address+": ") {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

func TestFactsComeFromAPlan(t *testing.T) {
	plan := new(tfjson.Plan)
	err := plan.UnmarshalJSON([]byte(`{"format_version":"1.2","variables":{"region":{"value":"us-east-1"},"name":{"value":"fintrack"},"environment":{"value":"prod"},"tags":{"value":{"a":"b"}}},
		"output_changes":{"loki_bucket":{"actions":["no-op"],"before":"b","after":"b"},"zone_id":{"actions":["create"],"before":null,"after_unknown":true}},
		"prior_state":{"format_version":"1.0","values":{"root_module":{"resources":[
			{"address":"data.terraform_remote_state.compute","mode":"data","type":"terraform_remote_state","name":"compute","values":{"outputs":{"oidc_issuer":"https://oidc.example/id/1"}}}],
			"child_modules":[{"address":"module.x","resources":[{"address":"module.x.data.aws_caller_identity.current","mode":"data","type":"aws_caller_identity","name":"current","values":{"account_id":"111122223333"}}]}]}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	f, err := access.PlanFacts(plan, "platform")
	if err != nil {
		t.Fatal(err)
	}
	if f.Account != "111122223333" || f.Region != "us-east-1" || f.Issuer != "oidc.example/id/1" || f.Named["long_name"] != "production" || f.Outputs["platform"]["loki_bucket"] != "b" || f.Outputs["platform"]["zone_id"] != nil {
		t.Errorf("got %+v", f)
	}
	plan.Variables, plan.PriorState = nil, nil
	if _, err := access.PlanFacts(plan, "platform"); err == nil || !strings.Contains(err.Error(), "aws_caller_identity") || !strings.Contains(err.Error(), "region") {
		t.Errorf("a plan without either: got %v", err)
	}
}
