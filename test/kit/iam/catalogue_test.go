package iam_test

import (
	"slices"
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

func catalogue(t testing.TB) *iam.Catalogue {
	t.Helper()
	c, err := iam.KnownActions()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestTheCatalogueKnowsEveryServiceOfThePlatform(t *testing.T) {
	c := catalogue(t)
	if c.Source == "" || c.Version == "" || len(c.Date) != len("2026-10-27") {
		t.Errorf("source %q, version %q, date %q: want all three", c.Source, c.Version, c.Date)
	}
	if len(c.Actions) < 20000 || len(c.Types) < 2000 {
		t.Errorf("%d actions, %d resource types: want the whole catalogue", len(c.Actions), len(c.Types))
	}
	for _, name := range []string{
		"acm:ListCertificates", "cloudfront:CreateInvalidation", "cloudwatch:GetMetricData", "dynamodb:GetItem", "ec2:RunInstances",
		"ecr:GetAuthorizationToken", "eks:DescribeCluster", "elasticache:Connect", "elasticloadbalancing:CreateListener", "iam:PassRole",
		"kms:Decrypt", "logs:PutLogEvents", "pricing:GetProducts", "rds-db:connect", "route53:ChangeResourceRecordSets", "s3:PutObject",
		"secretsmanager:GetSecretValue", "sns:Publish", "sqs:SendMessage", "ssm:GetParameter", "sts:AssumeRoleWithWebIdentity",
		"tag:GetResources", "wafv2:AssociateWebACL",
	} {
		if _, ok := c.Action(name); !ok {
			t.Errorf("%s is missing", name)
		}
	}
}

func TestAnActionNamesItsResourcesAndKeys(t *testing.T) {
	a, ok := catalogue(t).Action("S3:putobject")
	if !ok || a.Name != "s3:PutObject" || a.Level != iam.Write || a.Service() != "s3" {
		t.Fatalf("got %+v", a)
	}
	if !slices.Contains(a.Keys, "s3:x-amz-server-side-encryption") {
		t.Errorf("the key of the encryption is not among %v", a.Keys)
	}
	i := slices.IndexFunc(a.Resources, func(u iam.ResourceUse) bool { return u.Type.Name == "object" })
	if i < 0 {
		t.Fatal("an object is none of its resources")
	}
	if got := a.Resources[i].Type.In("aws", "us-east-1", account); got != "arn:aws:s3:::*/*" {
		t.Errorf("an object is %q", got)
	}
	connect, _ := catalogue(t).Action("rds-db:connect")
	if got := connect.Resources[0]; !got.Required || got.Type.Pattern() != "arn:*:rds-db:*:*:dbuser:*/*" {
		t.Errorf("a database user is %+v", got.Type)
	}
}

func TestAWrongActionHasNearOnes(t *testing.T) {
	for wrong, want := range map[string]string{
		"s3:GetObjects": "s3:GetObject", "sqs:SendMessages": "sqs:SendMessage", "kms:Decrpyt": "kms:Decrypt", "secretmanager:GetSecretValue": "secretsmanager:GetSecretValue",
	} {
		if got := catalogue(t).Nearest(wrong); len(got) == 0 || got[0] != want {
			t.Errorf("nearest to %s: got %v, want %s first", wrong, got, want)
		}
	}
	if got := catalogue(t).Nearest("zzzzzzzzzzzzzz:q"); len(got) != 0 {
		t.Errorf("nearest to nothing: got %v", got)
	}
}

func TestWhatCanListsEveryActionOfThePolicies(t *testing.T) {
	i := &iam.Identity{ARN: role, Policies: []*iam.Policy{parse(t, iam.IdentityPolicy, "ten", tenStatements)}}
	got := map[string]string{}
	for _, p := range i.WhatCan(catalogue(t)) {
		got[p.Action.Name] = p.Statement.Sid
	}
	if len(got) != 19 || got["s3:PutObject"] != "S4" || got["rds-db:connect"] != "S8" {
		t.Errorf("got %d actions: %v", len(got), got)
	}
	i.Boundary = parse(t, iam.BoundaryPolicy, "b", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:*","sqs:*"],"Resource":"*"},{"Effect":"Deny","Action":"s3:PutObject","Resource":"*"}]}`)
	got = map[string]string{}
	for _, p := range i.WhatCan(catalogue(t)) {
		got[p.Action.Name] = p.Statement.Sid
	}
	if len(got) != 8 || got["s3:PutObject"] != "" {
		t.Errorf("within the boundary: got %d actions: %v", len(got), got)
	}
}

func TestWhoCan(t *testing.T) {
	reads := func(name, resource, condition string) *iam.Identity {
		return &iam.Identity{ARN: "arn:aws:iam::" + account + ":role/" + name, Policies: []*iam.Policy{parse(t, iam.IdentityPolicy, name,
			`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:GetObject","Resource":"`+resource+`"`+condition+`}}`)}}
	}
	a := &iam.Account{ID: account, Identities: []*iam.Identity{
		reads("reads", "arn:aws:s3:::b/*", ""), reads("elsewhere", "arn:aws:s3:::c/*", ""),
		reads("sometimes", "arn:aws:s3:::b/*", `,"Condition":{"Bool":{"aws:SecureTransport":"true"}}`),
	}}
	got := map[string]bool{}
	for _, answer := range a.WhoCan("s3:GetObject", "arn:aws:s3:::b/k", iam.Context{}) {
		got[answer.Identity.Name()] = answer.Result.Decision == iam.Allowed
	}
	if len(got) != 2 || !got["reads"] || got["sometimes"] {
		t.Errorf("got %v, want reads, and sometimes as possible", got)
	}
	if _, err := a.Find("read"); err == nil || err.Error() != `unknown role or user "read"; did you mean reads?` {
		t.Errorf("got %v", err)
	}
}

func BenchmarkWhatCanOverTheWholeCatalogue(b *testing.B) {
	c := catalogue(b)
	i := &iam.Identity{ARN: role, Policies: []*iam.Policy{parse(b, iam.IdentityPolicy, "ten", tenStatements)},
		Boundary: parse(b, iam.BoundaryPolicy, "b", everything)}
	for b.Loop() {
		i.WhatCan(c)
	}
}
