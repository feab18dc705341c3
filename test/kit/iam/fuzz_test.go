package iam_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fintrack/platform/test/kit/iam"
)

// seeds are documents from which the fuzzers begin.
func seeds(f *testing.F) []string {
	f.Helper()
	b, err := os.ReadFile("testdata/conditions.txt")
	if err != nil {
		f.Fatal(err)
	}
	return []string{
		everything, tenStatements, podTrust, githubTrust, serviceTrust, "{", "", "%7B%7D", string(b[:400]),
		`{"Version":"2012-10-17","Statement":[{"Effect":"Deny","NotAction":"s3:*","NotResource":"arn:aws:s3:::a/${aws:username, 'x'}","Condition":{"ForAnyValue:StringLikeIfExists":{"a:b":["x*","?"]},"Null":{"c:d":"true"}}}]}`,
		`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotPrincipal":{"AWS":["111122223333","arn:aws:iam::111122223333:user/alice"]},"Action":"*","Resource":"*","Condition":{"DateLessThan":{"aws:CurrentTime":"2026"},"IpAddress":{"aws:SourceIp":"::/0"},"BinaryEquals":{"e:f":"QQ=="}}}]}`,
	}
}

var kinds = []iam.Kind{
	iam.IdentityPolicy, iam.BoundaryPolicy, iam.SessionPolicy, iam.ResourcePolicy, iam.TrustPolicy, iam.KeyPolicy,
	iam.ServiceControlPolicy, iam.ResourceControlPolicy, iam.EndpointPolicy,
}

// fuzzed is a request of what the fuzzer gives.
func fuzzed(action, resource, key, value string) *iam.Request {
	r := &iam.Request{Action: action, Resource: resource, Principal: alice()}
	r.Context.Set(key, value, value+"2")
	r.Context.Set("aws:SourceIp", value)
	return r
}

func FuzzParse(f *testing.F) {
	for i, s := range seeds(f) {
		f.Add(byte(i), s, "s3:GetObject", "arn:aws:s3:::a/b", "a:b", "x")
	}
	f.Fuzz(func(t *testing.T, kind byte, document, action, resource, key, value string) {
		k := kinds[int(kind)%len(kinds)]
		p, err := iam.Parse(k, "p", []byte(document))
		if err != nil {
			if !strings.Contains(err.Error(), k.String()) {
				t.Errorf("the error does not name the policy: %v", err)
			}
			return
		}
		all := []*iam.Policy{p}
		for _, who := range []iam.Principal{alice(), iam.RoleSession(role, "pod"), iam.RootOf(other), iam.ServiceNamed("s3.amazonaws.com"), iam.WebIdentityOf(provider), {}} {
			r := fuzzed(action, resource, key, value)
			r.Principal = who
			for _, set := range []*iam.Policies{{Identity: all}, {Resource: all}, {Identity: all, Boundary: p, Session: all}, {ServiceControl: [][]*iam.Policy{all}, Endpoint: all}} {
				got := iam.Evaluate(r, set)
				_ = got.Reason()
				if iam.Allows(r, set) != (got.Decision == iam.Allowed) {
					t.Error("Allows and Evaluate answer differently")
				}
			}
		}
	})
}

// FuzzDenyStaysDeny adds policies to a request's and looks at which way the decision
// goes: what only narrows never allows, and a Deny that is added never allows.
func FuzzDenyStaysDeny(f *testing.F) {
	all := seeds(f)
	for i, s := range all {
		f.Add(s, all[(i+1)%len(all)], "s3:GetObject", "arn:aws:s3:::a/b", "a:b", "x")
	}
	f.Fuzz(func(t *testing.T, first, second, action, resource, key, value string) {
		a, err := iam.Parse(iam.IdentityPolicy, "a", []byte(first))
		if err != nil {
			return
		}
		b, err := iam.Parse(iam.IdentityPolicy, "b", []byte(second))
		if err != nil {
			return
		}
		r := fuzzed(action, resource, key, value)
		alone := iam.Evaluate(r, &iam.Policies{Identity: []*iam.Policy{a}})
		both := iam.Evaluate(r, &iam.Policies{Identity: []*iam.Policy{a, b}})
		swapped := iam.Evaluate(r, &iam.Policies{Identity: []*iam.Policy{b, a}})
		if both.Decision != swapped.Decision {
			t.Errorf("the order of policies changes %s into %s", both.Reason(), swapped.Reason())
		}
		if alone.Decision == iam.ExplicitlyDenied && both.Decision != iam.ExplicitlyDenied {
			t.Errorf("another policy lifts an explicit deny: %s, then %s", alone.Reason(), both.Reason())
		}
		if alone.Decision == iam.Allowed && both.Decision == iam.ImplicitlyDenied {
			t.Errorf("another policy takes an allow away without a deny: %s", both.Reason())
		}
		for i := range b.Statements {
			if b.Statements[i].Deny {
				continue
			}
			if alone.Decision == iam.Allowed && both.Decision != iam.Allowed && onlyAllows(b) {
				t.Errorf("an allow takes an allow away: %s", both.Reason())
			}
		}
		for name, narrowed := range map[string]*iam.Policies{
			"a boundary":               {Identity: []*iam.Policy{a}, Boundary: b},
			"a session policy":         {Identity: []*iam.Policy{a}, Session: []*iam.Policy{b}},
			"a service control policy": {Identity: []*iam.Policy{a}, ServiceControl: [][]*iam.Policy{{b}}},
			"an endpoint's policy":     {Identity: []*iam.Policy{a}, Endpoint: []*iam.Policy{b}},
		} {
			if got := iam.Evaluate(r, narrowed); got.Decision == iam.Allowed && alone.Decision != iam.Allowed {
				t.Errorf("%s allows what was denied: %s, then %s", name, alone.Reason(), got.Reason())
			}
		}
	})
}

func onlyAllows(p *iam.Policy) bool {
	for i := range p.Statements {
		if p.Statements[i].Deny {
			return false
		}
	}
	return true
}

// FuzzStringLike holds the matching of wildcards against regular expressions.
func FuzzStringLike(f *testing.F) {
	for _, s := range [][2]string{{"a*b?c", "axxbyc"}, {"**", ""}, {"*a*a*b", "aaaaab"}, {"?", "é"}, {"reports/*", "reports/x"}} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, pattern, value string) {
		if !utf8.ValidString(pattern) || !utf8.ValidString(value) || strings.Contains(pattern, "$") || strings.ContainsAny(pattern+value, "\u0000\u0001\u0002\u0003\u0004\u0005") || value == "" {
			return
		}
		for _, r := range pattern + value {
			if r < ' ' || r > '~' { // a question mark is one byte here, and one rune there
				return
			}
		}
		expression := "(?s)^" + strings.NewReplacer(`\*`, ".*", `\?`, ".").Replace(regexp.QuoteMeta(pattern)) + "$"
		quoted, err := json.Marshal(pattern)
		if err != nil {
			t.Fatal(err)
		}
		p, err := iam.Parse(iam.IdentityPolicy, "p", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringLike":{"a:b":`+string(quoted)+`}}}}`))
		if err != nil {
			t.Fatal(err)
		}
		request := &iam.Request{Action: "svc:Do", Resource: "*", Principal: alice()}
		request.Context.Set("a:b", value)
		if got, want := iam.Allows(request, &iam.Policies{Identity: []*iam.Policy{p}}), regexp.MustCompile(expression).MatchString(value); got != want {
			t.Errorf("%q like %q: got %t, want %t", value, pattern, got, want)
		}
	})
}
