package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/iam"
)

// example resolves the intent as the command line does.
func example(t *testing.T, change func(*access.Intent)) []access.Declared {
	t.Helper()
	in := intent(t)
	if change != nil {
		change(in)
	}
	declared, err := in.Resolve(access.Example(in))
	if err != nil {
		t.Fatal(err)
	}
	return declared
}

func TestDiffSaysWhatARoleGainsAndLoses(t *testing.T) {
	before := example(t, nil)
	if got := access.Diff(before, example(t, nil)); len(got) != 0 {
		t.Errorf("the same intent: got %v", got)
	}
	after := example(t, func(in *access.Intent) {
		r := in.Roles["auth-service"]
		r.May = append(slices.DeleteFunc(slices.Clone(r.May), func(p string) bool { return p == "cache-as-auth" }), "read-secret-sqs")
		r.TakenBy.ServiceAccount = "fintrack/auth"
		in.Roles["auth-service"] = r
		delete(in.Roles, "chat")
	})
	got := strings.Join(access.Diff(before, after), "\n")
	for _, want := range []string{
		"+ auth-service: secretsmanager:GetSecretValue arn:aws:secretsmanager:us-east-1:111122223333:secret:fintrack/production/sqs-AbCdEf",
		"- auth-service: elasticache:Connect",
		"- auth-service: is taken by sts:AssumeRoleWithWebIdentity",
		"system:serviceaccount:fintrack:auth",
		"- chat: the role is gone",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("want %q in\n%s", want, got)
		}
	}
	if strings.Contains(got, "reporting-service") {
		t.Errorf("a role that did not change is named:\n%s", got)
	}
}

func TestUnusedListsWhatNoRecordShows(t *testing.T) {
	declared := example(t, nil)
	record := func(action string, allowed bool) iam.Record {
		return iam.Record{Time: time.Unix(0, 0), Principal: "x", Role: "arn:aws:iam::999988887777:role/throwaway-cert-manager", Action: action, Resource: "*", Allowed: allowed}
	}
	of := func(records ...iam.Record) (out []string) {
		for _, line := range access.Unused(declared, records) {
			if strings.HasPrefix(line, "cert-manager: ") {
				out = append(out, strings.Fields(line)[1])
			}
		}
		return out
	}
	for _, c := range []struct {
		name string
		got  []string
		want string
	}{
		{"nothing used", of(), "route53:ChangeResourceRecordSets route53:GetChange route53:ListResourceRecordSets"},
		{"one used", of(record("route53:GetChange", true)), "route53:ChangeResourceRecordSets route53:ListResourceRecordSets"},
		{"a request that was refused is no use", of(record("route53:GetChange", false)), "route53:ChangeResourceRecordSets route53:GetChange route53:ListResourceRecordSets"},
	} {
		if strings.Join(c.got, " ") != c.want {
			t.Errorf("%s: got %v, want %s", c.name, c.got, c.want)
		}
	}
}
