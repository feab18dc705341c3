package iam_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

// "IAM JSON policy elements reference", "Grammar of the IAM JSON policy language",
// "IAM policy validation".
func TestAnInvalidPolicyNamesStatementAndField(t *testing.T) {
	in := func(statement string) string {
		return "{\"Version\":\"2012-10-17\",\"Statement\":[\n" + everything[len(`{"Version":"2012-10-17","Statement":`):len(everything)-1] + ",\n" + statement + "]}"
	}
	for _, c := range []struct {
		name     string
		kind     iam.Kind
		document string
		want     []string
	}{
		{"not JSON", iam.IdentityPolicy, `{"Version":`, []string{`"p"`, "line 1", "ends too early"}},
		{"something after the document", iam.IdentityPolicy, everything + " x", []string{"line 1"}},
		{"a list instead of a policy", iam.IdentityPolicy, `[]`, []string{"want an object"}},
		{"no statement", iam.IdentityPolicy, `{"Version":"2012-10-17"}`, []string{"no Statement"}},
		{"an empty list of statements", iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":[]}`, []string{"Statement (line 1)"}},
		{"a version that is none", iam.IdentityPolicy, `{"Version":"2012-10-18","Statement":[]}`, []string{"Version (line 1)", "2012-10-17"}},
		{"an unknown element of the policy", iam.IdentityPolicy, `{"Version":"2012-10-17","Statments":[]}`, []string{`"Statments"`, "did you mean Statement?"}},
		{"a name that is there twice", iam.IdentityPolicy, `{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}`, []string{`"Version" is there twice`}},
		{"an unknown element of a statement", iam.IdentityPolicy, in(`{"Effect":"Allow","Actions":"*","Resource":"*"}`), []string{"Statement[1] (line 3)", `"Actions"`, "did you mean Action?"}},
		{"an element in lower case", iam.IdentityPolicy, in(`{"effect":"Allow","Action":"*","Resource":"*"}`), []string{"Statement[1]", "did you mean Effect?"}},
		{"no effect", iam.IdentityPolicy, in(`{"Sid":"A","Action":"*","Resource":"*"}`), []string{"Statement[1] (Sid A, line 3)", "no Effect"}},
		{"an effect that is none", iam.IdentityPolicy, in(`{"Effect":"allow","Action":"*","Resource":"*"}`), []string{"Effect", `"allow"`}},
		{"no action", iam.IdentityPolicy, in(`{"Effect":"Allow","Resource":"*"}`), []string{"neither Action nor NotAction"}},
		{"action and its opposite", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","NotAction":"*","Resource":"*"}`), []string{"exclude each other"}},
		{"an empty list of actions", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":[],"Resource":"*"}`), []string{"Action: want at least one"}},
		{"an action without a service", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":["s3:GetObject","GetObject"],"Resource":"*"}`), []string{"Action[1]", `"GetObject"`, "service:Name"}},
		{"an action with a space", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"s3:Get Object","Resource":"*"}`), []string{"Action[0]"}},
		{"an action that is a number", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":7,"Resource":"*"}`), []string{"Action: want a string, found a number"}},
		{"no resource", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*"}`), []string{"neither Resource nor NotResource"}},
		{"a resource that is no ARN", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"my-bucket"}`), []string{"Resource[0]", `"my-bucket"`}},
		{"a resource of too few parts", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:bucket"}`), []string{"Resource[0]"}},
		{"a variable without an end", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username"}`), []string{"Resource[0]", "has no end"}},
		{"a default without quotes", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${aws:username, x}"}`), []string{"single quotes"}},
		{"a variable without a name", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/${}"}`), []string{"want ${key}"}},
		{"a control character", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"arn:aws:s3:::b/\u0002"}`), []string{"control character"}},
		{"a principal in an identity policy", iam.IdentityPolicy, in(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`), []string{"Principal", "identity policy has none"}},
		{"a principal in a boundary", iam.BoundaryPolicy, in(`{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}`), []string{"permissions boundary has none"}},
		{"no principal in a bucket's policy", iam.ResourcePolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*"}`), []string{"neither Principal nor NotPrincipal"}},
		{"a resource in a trust policy", iam.TrustPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole","Resource":"*"}}`, []string{"Resource", "trust policy has none"}},
		{"a principal that is no star", iam.ResourcePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":"me","Action":"*","Resource":"*"}}`, []string{"Principal", `"me"`}},
		{"an unknown kind of principal", iam.ResourcePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Aws":"*"},"Action":"*","Resource":"*"}}`, []string{"did you mean AWS?"}},
		{"a principal with a wildcard", iam.ResourcePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:role/*"},"Action":"*","Resource":"*"}}`, []string{"Principal.AWS[0]", "wildcard"}},
		{"a principal that is an ARN of something else", iam.ResourcePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::111122223333:policy/x"},"Action":"*","Resource":"*"}}`, []string{"Principal.AWS[0]"}},
		{"a principal that is an account of eleven digits", iam.ResourcePolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"11112222333"},"Action":"*","Resource":"*"}}`, []string{"Principal.AWS[0]", "account id"}},
		{"a service without its domain", iam.TrustPolicy, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"ec2"},"Action":"sts:AssumeRole"}}`, []string{"Principal.Service[0]", "ec2.amazonaws.com"}},
		{"an unknown operator", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringEqual":{"a:b":"c"}}}`), []string{"Condition.StringEqual", "did you mean StringEquals?"}},
		{"an unknown operator with a set prefix", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForAnyValue:StringLikes":{"a:b":"c"}}}`), []string{"did you mean ForAnyValue:StringLike?"}},
		{"an unknown set prefix", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ForSomeValues:StringLike":{"a:b":"c"}}}`), []string{"Condition.ForSomeValues:StringLike"}},
		{"Null with IfExists", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NullIfExists":{"a:b":"true"}}}`), []string{"the operator Null takes no IfExists"}},
		{"a condition that is no object", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":"x"}`), []string{"Condition: want an object"}},
		{"an operator that is no object", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":"x"}}`), []string{"Condition.Bool"}},
		{"a condition without values", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":[]}}}`), []string{"Condition.Bool.a:b", "at least one"}},
		{"a number that is none", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"NumericEquals":{"a:b":"ten"}}}`), []string{"Condition.NumericEquals.a:b", `"ten" is no number`}},
		{"a date that is none", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"DateEquals":{"a:b":"31.1.2026"}}}`), []string{"is no date"}},
		{"a bool that is none", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"a:b":"yes"}}}`), []string{"neither true nor false"}},
		{"a network that is none", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"a:b":["10.0.0.0/8","10.0.0.0/40"]}}}`), []string{"[1]", "CIDR"}},
		{"base64 that is none", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"BinaryEquals":{"a:b":"?"}}}`), []string{"not base64"}},
		{"an ARN that is none", iam.IdentityPolicy, in(`{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"ArnLike":{"a:b":"bucket"}}}`), []string{"is no ARN"}},
		{"a Sid with a space", iam.IdentityPolicy, in(`{"Sid":"a b","Effect":"Allow","Action":"*","Resource":"*"}`), []string{"Sid", "letters and digits"}},
		{"a Sid that is there twice", iam.IdentityPolicy, in(`{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"},{"Sid":"A","Effect":"Allow","Action":"*","Resource":"*"}`), []string{"Statement[2]", "Statement[1] has this Sid already"}},
		{"a document that is too long", iam.IdentityPolicy, strings.Repeat(" ", 200<<10), []string{"bytes"}},
		{"a document nested too deep", iam.IdentityPolicy, strings.Repeat("[", 100), []string{"nested deeper"}},
		{"a URL encoding that is none", iam.IdentityPolicy, "%7B%ZZ", []string{"URL encoding"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := iam.Parse(c.kind, "p", []byte(c.document))
			if err == nil {
				t.Fatalf("got %v, want an error", p)
			}
			for _, want := range append(c.want, c.kind.String()) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q; want it to say %q", err, want)
				}
			}
		})
	}
}

func TestDocumentedForms(t *testing.T) {
	for name, c := range map[string]struct {
		kind     iam.Kind
		document string
	}{
		"one statement instead of a list":          {iam.IdentityPolicy, everything},
		"a list of statements":                     {iam.IdentityPolicy, tenStatements},
		"URL encoded, as IAM returns it":           {iam.IdentityPolicy, url.PathEscape(everything)},
		"an Id":                                    {iam.ResourcePolicy, `{"Id":"x","Version":"2008-10-17","Statement":[{"Sid":"a b","Effect":"Deny","Principal":{"AWS":["*"]},"Action":["s3:*"],"Resource":["*"]}]}`},
		"values that are bools and numbers":        {iam.IdentityPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"Bool":{"aws:MultiFactorAuthPresent":true},"NumericLessThan":{"aws:MultiFactorAuthAge":3600}}}]}`},
		"a resource's policy without Resource":     {iam.ResourcePolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"ecr:BatchGetImage"}]}`},
		"an endpoint's policy without a principal": {iam.EndpointPolicy, everything},
		"a resource control policy":                {iam.ResourceControlPolicy, `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"*","Resource":"*"}]}`},
		"a trust policy":                           {iam.TrustPolicy, podTrust},
	} {
		t.Run(name, func(t *testing.T) { parse(t, c.kind, "p", c.document) })
	}
}
