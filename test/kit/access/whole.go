package access

import (
	"fmt"
	"slices"

	"github.com/fintrack/platform/test/kit/iam"
)

// Unknowns are the roles of an account that no intent knows, but for those that AWS
// makes for itself, and those that are declared and not there.
func Unknowns(declared []Declared, account *iam.Account) []Finding {
	var out []Finding
	for _, i := range account.Identities {
		if i.Principal().ServiceLinked || slices.ContainsFunc(declared, func(d Declared) bool { return d.ARN == i.ARN }) {
			continue
		}
		out = append(out, Finding{Kind: Unknown, Role: i.Name(), Detail: "the account has it, and policies/intent/access.yaml does not: " + i.ARN})
	}
	for _, d := range declared {
		if _, err := account.Find(d.ARN); err != nil {
			out = append(out, Finding{Kind: Absent, Role: d.Name, Detail: "declared, and not in the account: " + d.ARN})
		}
	}
	return out
}

// Escalations are the ways by which a role could gain more, but for those that the
// intent bears. What AWS's own policies let a role do that only a service can take is
// AWS's to answer for.
func Escalations(d Declared, got *iam.Identity, account *iam.Account, declared []Declared, borne []Borne) []Finding {
	arns := map[string]string{}
	for _, other := range declared {
		arns[other.Name] = other.ARN
	}
	var out []Finding
	for _, p := range account.Escalations(got) {
		known := slices.ContainsFunc(borne, func(b Borne) bool { return b.Role == d.Name && b.Way == p.Way && arns[b.To] == p.To })
		aws := d.Role.TakenBy.Service != "" && !slices.ContainsFunc(p.Steps, func(s iam.Step) bool { return !ofAWS(s.Statement.Policy) })
		if !known && !aws {
			out = append(out, Finding{Kind: Escalating, Role: d.Name, Detail: p.String()})
		}
	}
	return out
}

// Refusal is a request that a role must not be able to make.
type Refusal struct {
	What    string
	Request iam.Request
}

// Unencrypted are the puts that a role which may write encrypted objects must not be
// able to make: without encryption, under another key, over plain HTTP, elsewhere.
func Unencrypted(d Declared, account string, base iam.Context) []Refusal {
	const encryption, key = "s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"
	if d.Policy == nil {
		return nil
	}
	var out []Refusal
	for i := range d.Policy.Statements {
		s := &d.Policy.Statements[i]
		bound := slices.ContainsFunc(s.Conditions, func(c iam.Condition) bool { return c.Key == encryption })
		if s.Deny || !bound || !s.MatchesAction("s3:PutObject") {
			continue
		}
		for _, resource := range s.Resources {
			right := contexts(s, base)[0]
			add := func(what, on string, change func(*iam.Context)) {
				context := right.Clone()
				change(&context)
				out = append(out, Refusal{what, iam.Request{Action: "s3:PutObject", Resource: on, Context: context, ResourceAccount: account}})
			}
			on := concrete(resource)
			add("a put without encryption", on, func(c *iam.Context) { c.Set(encryption); c.Set(key) })
			add("a put under a key of S3", on, func(c *iam.Context) { c.Set(encryption, "AES256"); c.Set(key) })
			add("a put under the key that AWS manages", on, func(c *iam.Context) { c.Set(key) })
			add("a put under another key", on, func(c *iam.Context) { c.Set(key, "arn:aws:kms:us-east-1:"+account+":key/another") })
			add("a put over plain HTTP", on, func(c *iam.Context) { c.Set("aws:SecureTransport", "false") })
			add("a put with another prefix", fmt.Sprintf("%s/elsewhere/probe", bucketOf(resource)), func(*iam.Context) {})
		}
	}
	return out
}

// bucketOf is the bucket of an object's ARN.
func bucketOf(arn string) string {
	for i := range len(arn) {
		if arn[i] == '/' {
			return arn[:i]
		}
	}
	return arn
}

// Base are the keys that every request of the platform carries.
func Base() iam.Context {
	return iam.NewContext(map[string][]string{"aws:SecureTransport": {"true"}, "s3:TlsVersion": {"1.3"}})
}
