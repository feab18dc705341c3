package iam_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

const (
	account = "111122223333"
	other   = "444455556666"
)

// row is a line of a table of testdata.
type row struct {
	source, name string
	fields       []string
	want         bool
}

// table reads a file of testdata. Each row stands below the page of AWS's
// documentation that it is taken from.
func table(t *testing.T, file string, fields int) []row {
	t.Helper()
	b, err := os.ReadFile("testdata/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	source, seen := "", map[string]bool{}
	for n, line := range strings.Split(string(b), "\n") {
		if page, ok := strings.CutPrefix(line, "## "); ok {
			source = page
			continue
		}
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		f := strings.Split(line, " | ")
		if len(f) != fields+2 || f[fields+1] != "true" && f[fields+1] != "false" || source == "" || seen[f[0]] {
			t.Fatalf("%s:%d: want a new sentence, %d fields and true or false below a source: %s", file, n+1, fields, line)
		}
		seen[f[0]] = true
		rows = append(rows, row{source, f[0], f[1 : fields+1], f[fields+1] == "true"})
	}
	return rows
}

// list is a field of several values.
func list(field string) []string {
	if field == "<absent>" {
		return nil
	}
	values := strings.Split(field, " ++ ")
	for i, v := range values {
		if v == "<empty>" {
			values[i] = ""
		}
	}
	return values
}

func text(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(b)
}

func alice() iam.Principal {
	p := iam.UserWith("arn:aws:iam::" + account + ":user/alice")
	p.Tags = map[string]string{"team": "blue", "wild": "*"}
	return p
}

func TestConditions(t *testing.T) {
	for _, r := range table(t, "conditions.txt", 3) {
		t.Run(r.name, func(t *testing.T) {
			document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{%s:{"svc:Key":%s}}}}`,
				text(r.fields[0]), text(list(r.fields[1])))
			request := &iam.Request{Action: "svc:Do", Resource: "*", Principal: alice()}
			request.Context.Set("SVC:key", list(r.fields[2])...)
			judge(t, r, request, &iam.Policies{Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, "p", document)}})
		})
	}
}

func TestResources(t *testing.T) {
	for _, r := range table(t, "resources.txt", 2) {
		t.Run(r.name, func(t *testing.T) {
			for element, want := range map[string]bool{"Resource": r.want, "NotResource": !r.want && !strings.Contains(r.name, "without a value")} {
				document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*",%q:%s}}`, element, text(list(r.fields[0])))
				r.want = want
				judge(t, r, &iam.Request{Action: "svc:Do", Resource: r.fields[1], Principal: alice(), ResourceAccount: account},
					&iam.Policies{Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, element, document)}})
			}
		})
	}
}

func TestActions(t *testing.T) {
	for _, r := range table(t, "actions.txt", 2) {
		t.Run(r.name, func(t *testing.T) {
			for element, want := range map[string]bool{"Action": r.want, "NotAction": !r.want} {
				document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow",%q:%s,"Resource":"*"}}`, element, text(list(r.fields[0])))
				r.want = want
				judge(t, r, &iam.Request{Action: r.fields[1], Resource: "*", Principal: alice()},
					&iam.Policies{Identity: []*iam.Policy{parse(t, iam.IdentityPolicy, element, document)}})
			}
		})
	}
}

// caller reads a caller of the table of principals.
func caller(t *testing.T, words string) iam.Principal {
	t.Helper()
	home := account
	if rest, ok := strings.CutPrefix(words, "other "); ok {
		words, home = rest, other
	}
	kind, rest, _ := strings.Cut(words, " ")
	switch kind {
	case "user":
		return iam.UserWith("arn:aws:iam::" + home + ":user/" + rest)
	case "root":
		return iam.RootOf(home)
	case "role":
		return iam.RoleSession("arn:aws:iam::"+home+":role/"+rest, "pod")
	case "federated":
		return iam.Federated("arn:aws:iam::"+home+":user/alice", "phone")
	case "service":
		return iam.ServiceNamed(rest)
	case "web":
		return iam.WebIdentityOf(strings.TrimPrefix(rest, "identity "))
	case "anonymous":
		return iam.Principal{}
	}
	t.Fatalf("unknown caller %q", words)
	return iam.Principal{}
}

func TestPrincipals(t *testing.T) {
	for _, r := range table(t, "principals.txt", 2) {
		t.Run(r.name, func(t *testing.T) {
			document := fmt.Sprintf(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":%s,"Action":"*","Resource":"*"}}`, r.fields[0])
			p := &iam.Policies{Resource: []*iam.Policy{parse(t, iam.ResourcePolicy, "bucket", document)}}
			who := caller(t, r.fields[1])
			if who.Account == other {
				p.Identity = []*iam.Policy{parse(t, iam.IdentityPolicy, "home", everything)}
			}
			// The root user of an account may do anything in it: here the resource must allow.
			if who.Type == iam.Root {
				p.Resource[0] = parse(t, iam.KeyPolicy, "key", document)
			}
			judge(t, r, &iam.Request{Action: "svc:Do", Resource: "arn:aws:svc:us-east-1:" + account + ":thing/a", Principal: who}, p)
		})
	}
}

const everything = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`

func judge(t *testing.T, r row, request *iam.Request, p *iam.Policies) {
	t.Helper()
	got := iam.Evaluate(request, p)
	if (got.Decision == iam.Allowed) != r.want {
		t.Errorf("%s: got %s (%s); want allowed to be %t (%s)", r.name, got.Decision, got.Reason(), r.want, r.source)
	}
	if iam.Allows(request, p) != (got.Decision == iam.Allowed) {
		t.Errorf("%s: Allows and Evaluate answer differently", r.name)
	}
}
