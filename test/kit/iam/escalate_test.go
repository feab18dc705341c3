package iam_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

func trusts(service string) string {
	return `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"` + service + `"},"Action":"sts:AssumeRole"}}`
}

// escalating is an account with a role under test, an administrator that a service may
// take, and a user.
func escalating(t *testing.T, service, condition string, actions ...string) (*iam.Account, *iam.Identity) {
	t.Helper()
	from := &iam.Identity{ARN: role, Trust: parse(t, iam.TrustPolicy, "t", podTrust)}
	from.Policies = []*iam.Policy{parse(t, iam.IdentityPolicy, "arn:aws:iam::"+account+":policy/own", fmt.Sprintf(
		`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":%s,"Resource":"*"%s}}`, text(actions), condition))}
	return &iam.Account{ID: account, Identities: []*iam.Identity{
		from,
		{ARN: "arn:aws:iam::" + account + ":role/admin", Trust: parse(t, iam.TrustPolicy, "t", trusts(service)), Policies: []*iam.Policy{parse(t, iam.IdentityPolicy, "a", everything)}},
		{ARN: user},
	}}, from
}

func TestEscalations(t *testing.T) {
	for _, c := range []struct {
		name, service, condition string
		actions                  []string
		want                     string // a part of the path; "" for none
	}{
		{"reading is none", "ec2.amazonaws.com", "", []string{"s3:GetObject", "iam:ListRoles", "iam:GetRole"}, ""},
		{"passing a role to a function", "lambda.amazonaws.com", "", []string{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}, "iam:PassRole on arn:aws:iam::" + account + ":role/admin"},
		{"passing a role that functions cannot take is none", "ec2.amazonaws.com", "", []string{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}, ""},
		{"passing a role without anything to pass it to is none", "lambda.amazonaws.com", "", []string{"iam:PassRole"}, ""},
		{"making a function without passing a role is none", "lambda.amazonaws.com", "", []string{"lambda:CreateFunction", "lambda:InvokeFunction"}, ""},
		{"passing a role to another service alone is none", "lambda.amazonaws.com", `,"Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`, []string{"iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"}, ""},
		{"passing a role to an instance", "ec2.amazonaws.com", `,"Condition":{"StringEquals":{"iam:PassedToService":"ec2.amazonaws.com"}}`, []string{"iam:PassRole", "ec2:RunInstances"}, "ec2:RunInstances"},
		{"passing a role to a task", "ecs-tasks.amazonaws.com", "", []string{"iam:PassRole", "ecs:RegisterTaskDefinition", "ecs:RunTask"}, "ecs:RunTask"},
		{"passing a role to a Glue job", "glue.amazonaws.com", "", []string{"iam:PassRole", "glue:CreateJob", "glue:StartJobRun"}, "glue:CreateJob"},
		{"passing a role to a stack", "cloudformation.amazonaws.com", "", []string{"iam:PassRole", "cloudformation:CreateStack"}, "cloudformation:CreateStack"},
		{"a new version of its policy", "ec2.amazonaws.com", "", []string{"iam:CreatePolicyVersion"}, "iam:CreatePolicyVersion on arn:aws:iam::" + account + ":policy/own"},
		{"an older version of its policy", "ec2.amazonaws.com", "", []string{"iam:SetDefaultPolicyVersion"}, "iam:SetDefaultPolicyVersion"},
		{"attaching a policy to itself", "ec2.amazonaws.com", "", []string{"iam:AttachRolePolicy"}, "iam:AttachRolePolicy on " + role},
		{"an inline policy for itself", "ec2.amazonaws.com", "", []string{"iam:PutRolePolicy"}, "iam:PutRolePolicy on " + role},
		{"changing another role's trust", "ec2.amazonaws.com", "", []string{"iam:UpdateAssumeRolePolicy"}, "gains arn:aws:iam::" + account + ":role/admin"},
		{"joining a group", "ec2.amazonaws.com", "", []string{"iam:AddUserToGroup"}, "iam:AddUserToGroup"},
		{"a key of a user", "ec2.amazonaws.com", "", []string{"iam:CreateAccessKey"}, "gains " + user},
		{"a password of a user", "ec2.amazonaws.com", "", []string{"iam:CreateLoginProfile"}, "gains " + user},
		{"removing its boundary", "ec2.amazonaws.com", "", []string{"iam:DeleteRolePermissionsBoundary"}, "remove its boundary"},
		{"changing a function's code", "ec2.amazonaws.com", "", []string{"lambda:UpdateFunctionCode"}, "lambda:UpdateFunctionCode"},
		{"a command on an instance", "ec2.amazonaws.com", "", []string{"ssm:SendCommand"}, "ssm:SendCommand"},
		{"a shell on an instance", "ec2.amazonaws.com", "", []string{"ssm:StartSession"}, "ssm:StartSession"},
		{"rewriting a key's policy", "ec2.amazonaws.com", "", []string{"kms:PutKeyPolicy"}, "kms:PutKeyPolicy"},
		{"a grant that AWS alone may ask for is none", "ec2.amazonaws.com", `,"Condition":{"Bool":{"kms:GrantIsForAWSResource":"true"}}`, []string{"kms:CreateGrant"}, ""},
		{"every action of IAM", "ec2.amazonaws.com", "", []string{"iam:*"}, "iam:PutRolePolicy"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, from := escalating(t, c.service, c.condition, c.actions...)
			var all []string
			for _, p := range a.Escalations(from) {
				all = append(all, p.String())
			}
			got := strings.Join(all, "\n")
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestTheBoundaryEndsAnEscalation(t *testing.T) {
	a, from := escalating(t, "ec2.amazonaws.com", "", "iam:PutRolePolicy", "iam:PassRole", "ec2:RunInstances")
	from.Boundary = parse(t, iam.BoundaryPolicy, "b", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:*","ec2:*"],"Resource":"*"}}`)
	if got := a.Escalations(from); len(got) != 0 {
		t.Errorf("got %v, want none within the boundary", got)
	}
}

func TestRolesTakenOneFromAnother(t *testing.T) {
	named := func(name string, identity, trusted string) *iam.Identity {
		return &iam.Identity{
			ARN: "arn:aws:iam::" + account + ":role/" + name, Policies: []*iam.Policy{parse(t, iam.IdentityPolicy, name, identity)},
			Trust: parse(t, iam.TrustPolicy, name, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"`+trusted+`"},"Action":"sts:AssumeRole"}}`),
		}
	}
	assume := `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sts:AssumeRole","Resource":"*"}}`
	first := named("first", assume, other)
	a := &iam.Account{ID: account, Identities: []*iam.Identity{first, named("second", assume, first.ARN), named("third", everything, account), named("far", everything, other)}}
	var got []string
	for _, p := range a.Escalations(first) {
		got = append(got, fmt.Sprint(len(p.Steps), " ", p.To))
	}
	want := fmt.Sprintf("[1 arn:aws:iam::%s:role/second 1 arn:aws:iam::%s:role/third]", account, account)
	if fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
	first.Policies = nil
	got = nil
	for _, p := range a.Escalations(first) {
		got = append(got, fmt.Sprint(len(p.Steps), " ", p.To))
	}
	want = fmt.Sprintf("[1 arn:aws:iam::%s:role/second 2 arn:aws:iam::%s:role/third]", account, account)
	if fmt.Sprint(got) != want {
		t.Errorf("without a policy of its own: got %v, want the chain %s", got, want)
	}
}
