package iam_test

import (
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

func TestPatternsThatContainOthers(t *testing.T) {
	for _, c := range []struct {
		name, wider, narrower string
		want                  bool
	}{
		{"a star contains all", "*", "arn:aws:s3:::b/*", true},
		{"a pattern contains itself", "arn:aws:s3:::b/*", "arn:aws:s3:::b/*", true},
		{"objects contain those below a prefix", "arn:aws:s3:::b/*", "arn:aws:s3:::b/reports/*", true},
		{"those below a prefix do not contain all", "arn:aws:s3:::b/reports/*", "arn:aws:s3:::b/*", false},
		{"a bucket contains no star", "arn:aws:s3:::b", "arn:aws:s3:::*", false},
		{"one thing contains not all", "arn:aws:s3:::b/k", "*", false},
		{"any Region contains one", "arn:aws:ec2:*:111122223333:vpc/*", "arn:aws:ec2:us-east-1:111122223333:vpc/v", true},
		{"one Region does not contain any", "arn:aws:ec2:us-east-1:111122223333:vpc/*", "arn:aws:ec2:*:111122223333:vpc/*", false},
		{"any account contains any account", "arn:aws:ec2:us-east-1:*:vpc/*", "arn:aws:ec2:us-east-1:*:vpc/*", true},
		{"a question mark contains no star", "arn:aws:s3:::b/?", "arn:aws:s3:::b/*", false},
		{"a variable contains itself alone", "arn:aws:s3:::b/${aws:username}", "arn:aws:s3:::b/alice", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := iam.ContainsResource(c.wider, c.narrower); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
}

// FuzzContainsResource: what a contained pattern matches, the wider one matches too.
func FuzzContainsResource(f *testing.F) {
	f.Add("arn:aws:s3:::b/*", "arn:aws:s3:::b/reports/*", "arn:aws:s3:::b/reports/x")
	f.Add("arn:aws:*:x:y:z", "arn:aws:a*:x:y:z", "arn:aws:ab:x:y:z")
	f.Fuzz(func(t *testing.T, wider, narrower, value string) {
		if !iam.ContainsResource(wider, narrower) {
			return
		}
		one := func(pattern string) (bool, bool) {
			if strings.ContainsAny(pattern, `"\`) {
				return false, false
			}
			p, err := iam.Parse(iam.IdentityPolicy, "p", []byte(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":`+text(pattern)+`}}`))
			if err != nil {
				return false, false
			}
			return iam.Allows(&iam.Request{Action: "a:b", Resource: value, Principal: alice(), ResourceAccount: account}, &iam.Policies{Identity: []*iam.Policy{p}}), true
		}
		inner, ok := one(narrower)
		if outer, valid := one(wider); ok && valid && inner && !outer {
			t.Errorf("%q is said to contain %q, but %q is in the second alone", wider, narrower, value)
		}
	})
}

func TestConditionsThatImplyOthers(t *testing.T) {
	condition := func(operator, values string) *iam.Condition {
		p := parse(t, iam.IdentityPolicy, "p", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"`+operator+`":{"a:b":`+values+`}}}}`)
		return &p.Statements[0].Conditions[0]
	}
	for _, c := range []struct {
		name, operator, first, second string
		want                          bool
	}{
		{"the same", "StringEquals", `["x"]`, `["x"]`, true},
		{"fewer values imply more", "StringEquals", `["x"]`, `["x","y"]`, true},
		{"more values do not imply fewer", "StringEquals", `["x","y"]`, `["x"]`, false},
		{"more values of a negated one imply fewer", "StringNotEquals", `["x","y"]`, `["x"]`, true},
		{"fewer values of a negated one do not imply more", "StringNotEquals", `["x"]`, `["x","y"]`, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := condition(c.operator, c.first).Implies(condition(c.operator, c.second)); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
		})
	}
	if condition("StringEquals", `"x"`).Implies(condition("StringLike", `"x"`)) {
		t.Error("another operator is not implied")
	}
}
