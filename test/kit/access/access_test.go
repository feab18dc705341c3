package access_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/iam"
)

const account = "111122223333"

func catalogue(t testing.TB) *iam.Catalogue {
	t.Helper()
	c, err := iam.KnownActions()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// facts are those of an environment that there is not.
func facts() access.Facts {
	arn := func(rest string) string { return "arn:aws:" + rest }
	key := func(use string) string { return arn("kms:us-east-1:" + account + ":key/" + use) }
	return access.Facts{
		Account: account, Region: "us-east-1", Partition: "aws", Issuer: "oidc.eks.us-east-1.amazonaws.com/id/EXAMPLE",
		Named: map[string]string{"name": "fintrack", "environment": "prod", "long_name": "production", "dr_region": "us-west-2", "domain": "fintrack.io", "github_role_prefix": ""},
		Outputs: map[string]map[string]any{
			"networking":    {"vpc_id": "vpc-1"},
			"observability": {"log_group_names": map[string]any{"auth-service": "/fintrack/services/auth-service", "reporting-service": "/fintrack/services/reporting-service"}},
			"security": {
				"kms_key_arns": map[string]any{
					"s3": key("s3"), "sqs": key("sqs"), "dynamodb": key("dynamodb"), "secrets-manager": key("secrets"), "ebs": key("ebs"),
				},
				"dr_kms_key_arns": map[string]any{"s3": arn("kms:us-west-2:" + account + ":key/s3")},
				"frontend_bucket": "fintrack-frontend-prod-origin",
			},
			"data": {
				"rds_resource_id": "db-ABC", "elasticache_replication_group_arn": arn("elasticache:us-east-1:" + account + ":replicationgroup:fintrack"),
				"elasticache_user_arns": map[string]any{
					"reconciliation": arn("elasticache:us-east-1:" + account + ":user:reconciliation"), "auth": arn("elasticache:us-east-1:" + account + ":user:auth"),
					"worker": arn("elasticache:us-east-1:" + account + ":user:worker"),
				},
				"secret_arns": map[string]any{
					"rds": arn("secretsmanager:us-east-1:" + account + ":secret:fintrack/production/rds-AbCdEf"), "sqs": arn("secretsmanager:us-east-1:" + account + ":secret:fintrack/production/sqs-AbCdEf"),
					"redis": arn("secretsmanager:us-east-1:" + account + ":secret:fintrack/production/redis-AbCdEf"),
				},
				"bucket_arns":            map[string]any{"reports": arn("s3:::fintrack-reports-prod"), "audit": arn("s3:::fintrack-audit-prod"), "evidence": arn("s3:::fintrack-evidence-prod")},
				"bucket_names":           map[string]any{"reports": "fintrack-reports-prod", "audit": "fintrack-audit-prod", "evidence": "fintrack-evidence-prod"},
				"transactions_queue_arn": arn("sqs:us-east-1:" + account + ":fintrack-transactions"),
				"dynamodb_table_arns": map[string]any{
					"reconciliations": arn("dynamodb:us-east-1:" + account + ":table/fintrack-reconciliations"), "anomalies": arn("dynamodb:us-east-1:" + account + ":table/fintrack-anomalies"),
					"idempotency": arn("dynamodb:us-east-1:" + account + ":table/fintrack-idempotency"),
				},
			},
			"compute": {
				"ecr_repository_arns": map[string]any{"auth-service": arn("ecr:us-east-1:" + account + ":repository/auth-service"), "reporting-service": arn("ecr:us-east-1:" + account + ":repository/reporting-service")},
				"cluster_arn":         arn("eks:us-east-1:" + account + ":cluster/fintrack"), "cluster_name": "fintrack", "cluster_security_group_id": "sg-1",
				"karpenter": map[string]any{"queue_name": "fintrack-karpenter", "node_role_name": "fintrack-karpenter-node", "instance_profile_name": "fintrack-karpenter-node"},
			},
			"platform": {"loki_bucket": "fintrack-loki-prod", "zone_id": "Z1", "web_acl_arns": map[string]any{"regional": arn("wafv2:us-east-1:" + account + ":regional/webacl/fintrack-api/1")}},
		},
	}
}

func intent(t testing.TB) *access.Intent {
	t.Helper()
	const file = "../../../policies/intent/access.yaml"
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	in, err := access.Parse("policies/intent/access.yaml", text, catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	return in
}

// deployed is an account in which every role is exactly as declared.
func deployed(t testing.TB, declared []access.Declared) *iam.Account {
	t.Helper()
	a := &iam.Account{ID: account, Delegates: true}
	for _, d := range declared {
		i := &iam.Identity{ARN: d.ARN, Trust: d.Trust}
		if d.Policy != nil {
			i.Policies = append(i.Policies, d.Policy)
		}
		if d.Boundary != "" {
			i.Boundary = parse(t, iam.BoundaryPolicy, d.Boundary, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}`)
		}
		for _, name := range d.AWSPolicies {
			i.Policies = append(i.Policies, parse(t, iam.IdentityPolicy, name, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"ec2:DescribeTags","Resource":"*"}}`))
		}
		a.Identities = append(a.Identities, i)
	}
	return a
}

func parse(t testing.TB, kind iam.Kind, name, document string) *iam.Policy {
	t.Helper()
	p, err := iam.Parse(kind, name, []byte(document))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// all are the findings of a whole account.
func all(t testing.TB, in *access.Intent, declared []access.Declared, a *iam.Account) []access.Finding {
	t.Helper()
	out := access.Unknowns(declared, a)
	for _, d := range declared {
		i, err := a.Find(d.ARN)
		if err != nil {
			continue
		}
		out = append(out, access.Compare(d, i, a, catalogue(t), access.Base())...)
		out = append(out, access.CompareTrust(d, i, a, facts(), in.Outsiders)...)
		out = append(out, access.Escalations(d, i, a, declared, in.Borne)...)
	}
	return out
}

func resolve(t testing.TB) (*access.Intent, []access.Declared) {
	t.Helper()
	in := intent(t)
	declared, err := in.Resolve(facts())
	if err != nil {
		t.Fatal(err)
	}
	return in, declared
}

func TestAnAccountThatIsAsDeclaredHasNoFindings(t *testing.T) {
	in, declared := resolve(t)
	for _, f := range all(t, in, declared, deployed(t, declared)) {
		t.Error(f)
	}
	if len(declared) < 30 {
		t.Errorf("%d roles: want every role of the platform", len(declared))
	}
}

// Each case changes one thing of an account that is as declared.
func TestEveryDifferenceIsFound(t *testing.T) {
	grants := func(action, resource, condition string) func(*testing.T, *iam.Account, *iam.Identity) {
		return func(t *testing.T, _ *iam.Account, i *iam.Identity) {
			i.Policies = append(i.Policies, parse(t, iam.IdentityPolicy, "by-hand", `{"Version":"2012-10-17","Statement":{"Sid":"Extra","Effect":"Allow","Action":"`+action+`","Resource":"`+resource+`"`+condition+`}}`))
		}
	}
	trust := func(statement string) func(*testing.T, *iam.Account, *iam.Identity) {
		return func(t *testing.T, _ *iam.Account, i *iam.Identity) {
			i.Trust = parse(t, iam.TrustPolicy, "trust", `{"Version":"2012-10-17","Statement":[`+statement+`]}`)
		}
	}
	f := facts()
	web := func(condition string) string {
		return `{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + access.Provider(f, f.Issuer) + `"},"Condition":` + condition + `}`
	}
	const sub = "system:serviceaccount:fintrack:reconciliation-service"
	for _, c := range []struct {
		name, role string
		change     func(*testing.T, *iam.Account, *iam.Identity)
		kind       access.Kind
		says       string
	}{
		{"another action", "reconciliation-service", grants("sqs:PurgeQueue", "arn:aws:sqs:us-east-1:"+account+":fintrack-transactions", ""), access.Extra, "statement 0 (Extra) allows it: the action is not declared"},
		{"another action by a wildcard", "reconciliation-service", grants("dynamodb:Delete*", "*", ""), access.Extra, "dynamodb:DeleteItem on *"},
		{"everything", "auth-service", grants("*", "*", ""), access.Extra, "iam:CreateUser on *"},
		{"a declared action on another resource", "reporting-service", grants("s3:GetObject", "arn:aws:s3:::fintrack-audit-prod/*", ""), access.Extra, "it is declared on"},
		{"a declared action on a wider resource", "reporting-service", grants("s3:GetObject", "arn:aws:s3:::fintrack-reports-prod/*", ""), access.Extra, "s3:GetObject on arn:aws:s3:::fintrack-reports-prod/*"},
		{"a declared action without its condition", "reconciliation-service", grants("s3:PutObject", "arn:aws:s3:::fintrack-reports-prod/reports/*", ""), access.Extra, "it is declared under StringEquals s3:x-amz-server-side-encryption"},
		{"a declared action under a looser condition", "reconciliation-service", grants("kms:Decrypt", "arn:aws:kms:us-east-1:"+account+":key/s3", `,"Condition":{"StringLike":{"kms:ViaService":"*"}}`), access.Extra, "it is declared under StringEquals kms:ViaService"},
		{"the database as another user", "reconciliation-service", grants("rds-db:connect", "arn:aws:rds-db:us-east-1:"+account+":dbuser:db-ABC/*", ""), access.Extra, "rds-db:connect"},
		{"an action that AWS does not know", "auth-service", grants("s3:GetObjekt", "*", ""), access.Extra, "AWS knows no such action"},
		{"all but something", "auth-service", func(t *testing.T, _ *iam.Account, i *iam.Identity) {
			i.Policies = append(i.Policies, parse(t, iam.IdentityPolicy, "by-hand", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","NotAction":"iam:*","Resource":"*"}}`))
		}, access.Extra, "s3:GetObject on *"},
		{"a permission that is gone", "reporting-service", func(_ *testing.T, _ *iam.Account, i *iam.Identity) { i.Policies = nil }, access.Missing, "rds-db:connect"},
		{"a permission that the boundary ends", "reporting-service", func(t *testing.T, _ *iam.Account, i *iam.Identity) {
			i.Boundary = parse(t, iam.BoundaryPolicy, i.Boundary.Name, `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["s3:*","kms:*","dynamodb:*","secretsmanager:*"],"Resource":"*"}}`)
		}, access.Missing, "not allowed by the permissions boundary"},
		{"a permission that a bucket's policy ends", "reporting-service", func(t *testing.T, a *iam.Account, _ *iam.Identity) {
			a.Attached = append(a.Attached, iam.Attached{Resource: "arn:aws:s3:::fintrack-reports-prod", Policy: parse(t, iam.ResourcePolicy, "reports bucket", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"*"}}`)})
		}, access.Missing, "explicitly denied by resource policy reports bucket"},
		{"a deny that is gone", "rotation", func(t *testing.T, _ *iam.Account, i *iam.Identity) {
			i.Policies = []*iam.Policy{without(t, i.Policies[0], "RotateSecretsDeny00")}
		}, access.Extra, "lambda:sourcefunctionarn"},
		{"no boundary", "auth-service", func(_ *testing.T, _ *iam.Account, i *iam.Identity) { i.Boundary = nil }, access.Unbounded, `its boundary is ""`},
		{"a policy of AWS that is not declared", "auth-service", func(t *testing.T, _ *iam.Account, i *iam.Identity) {
			i.Policies = append(i.Policies, parse(t, iam.IdentityPolicy, "arn:aws:iam::aws:policy/ReadOnlyAccess", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:Get*","Resource":"*"}}`))
		}, access.Foreign, "ReadOnlyAccess is attached and not declared"},
		{"a policy of AWS that is gone", "node", func(_ *testing.T, _ *iam.Account, i *iam.Identity) { i.Policies = i.Policies[:1] }, access.Foreign, "is declared and not attached"},
		{"any account of the namespace", "reconciliation-service", trust(web(`{"StringLike":{"` + f.Issuer + `:sub":"system:serviceaccount:fintrack:*"},"StringEquals":{"` + f.Issuer + `:aud":"sts.amazonaws.com"}}`)), access.Open, "another account of its namespace can take it"},
		{"any namespace", "reconciliation-service", trust(web(`{"StringLike":{"` + f.Issuer + `:sub":"system:serviceaccount:*:reconciliation-service"},"StringEquals":{"` + f.Issuer + `:aud":"sts.amazonaws.com"}}`)), access.Open, "in another namespace can take it"},
		{"any audience", "reconciliation-service", trust(web(`{"StringEquals":{"` + f.Issuer + `:sub":"` + sub + `"}}`)), access.Open, "by a token without an audience can take it"},
		{"an audience if there is one", "reconciliation-service", trust(web(`{"StringEquals":{"` + f.Issuer + `:sub":"` + sub + `"},"StringEqualsIfExists":{"` + f.Issuer + `:aud":"sts.amazonaws.com"}}`)), access.Open, "by a token without an audience can take it"},
		{"the nodes as well", "reconciliation-service", trust(web(`{"StringEquals":{"`+f.Issuer+`:sub":"`+sub+`","`+f.Issuer+`:aud":"sts.amazonaws.com"}}`) + `,{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::` + account + `:role/fintrack-node"},"Action":"sts:AssumeRole"}`), access.Open, "role fintrack-node can take it"},
		{"another account as well", "reconciliation-service", trust(web(`{"StringEquals":{"`+f.Issuer+`:sub":"`+sub+`","`+f.Issuer+`:aud":"sts.amazonaws.com"}}`) + `,{"Effect":"Allow","Principal":{"AWS":"444455556666"},"Action":"sts:AssumeRole"}`), access.Open, "trusts AWS 444455556666, which is not declared"},
		{"another service account instead", "reconciliation-service", trust(web(`{"StringEquals":{"` + f.Issuer + `:sub":"` + sub + `2","` + f.Issuer + `:aud":"sts.amazonaws.com"}}`)), access.Shut, "its service account cannot take it"},
		{"any branch", "github-actions-ci", trust(`{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + access.Provider(f, access.GitHubIssuer) + `"},"Condition":{"StringEquals":{"` + access.GitHubIssuer + `:aud":"sts.amazonaws.com"},"StringLike":{"` + access.GitHubIssuer + `:sub":"repo:fintrack/*"}}}`), access.Open, "a pull request can take it"},
		{"any organization", "github-actions-ci", trust(`{"Effect":"Allow","Action":"sts:AssumeRoleWithWebIdentity","Principal":{"Federated":"` + access.Provider(f, access.GitHubIssuer) + `"},"Condition":{"StringEquals":{"` + access.GitHubIssuer + `:aud":"sts.amazonaws.com"},"StringLike":{"` + access.GitHubIssuer + `:sub":"repo:*:ref:refs/heads/main"}}}`), access.Open, "a fork can take it"},
		{"a service for any account", "backup", trust(`{"Effect":"Allow","Action":"sts:AssumeRole","Principal":{"Service":"backup.amazonaws.com"}}`), access.Open, "another aws:SourceAccount can take it"},
		{"a role that nobody knows", "auth-service", func(t *testing.T, a *iam.Account, i *iam.Identity) {
			a.Identities = append(a.Identities, &iam.Identity{ARN: i.ARN + "-2", Trust: i.Trust})
		}, access.Unknown, "fintrack-auth-service-2"},
		{"a role that is gone", "auth-service", func(_ *testing.T, a *iam.Account, i *iam.Identity) {
			a.Identities = slices.DeleteFunc(a.Identities, func(o *iam.Identity) bool { return o == i })
		}, access.Absent, "fintrack-auth-service"},
		{"a way to its own policy", "auth-service", grants("iam:PutRolePolicy", "*", ""), access.Escalating, "write an inline policy for itself"},
		{"another role to pass", "karpenter", grants("iam:PassRole", "*", ""), access.Escalating, "gains arn:aws:iam::" + account + ":role/fintrack-node"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in, declared := resolve(t)
			a := deployed(t, declared)
			n := slices.IndexFunc(declared, func(d access.Declared) bool { return d.Name == c.role })
			i, err := a.Find(declared[n].ARN)
			if err != nil {
				t.Fatal(err)
			}
			c.change(t, a, i)
			found := all(t, in, declared, a)
			var words []string
			for _, f := range found {
				if f.Kind == c.kind && strings.Contains(f.String(), c.says) {
					return
				}
				words = append(words, f.String())
			}
			t.Errorf("want %s that says %q; got %d findings:\n%s", c.kind, c.says, len(found), strings.Join(words[:min(12, len(words))], "\n"))
		})
	}
}

// without is a policy less one statement.
func without(t *testing.T, p *iam.Policy, sid string) *iam.Policy {
	t.Helper()
	out := *p
	out.Statements = slices.DeleteFunc(slices.Clone(p.Statements), func(s iam.Statement) bool { return s.Sid == sid })
	if len(out.Statements) == len(p.Statements) {
		t.Fatalf("%s has no statement %s", p.Name, sid)
	}
	return &out
}

func TestUnencryptedPutsAreRefused(t *testing.T) {
	_, declared := resolve(t)
	a := deployed(t, declared)
	a.Attached = append(a.Attached, iam.Attached{Resource: "arn:aws:s3:::fintrack-reports-prod", Policy: parse(t, iam.ResourcePolicy, "reports", `{"Version":"2012-10-17","Statement":{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*","Condition":{"Bool":{"aws:SecureTransport":"false"}}}}`)})
	n := slices.IndexFunc(declared, func(d access.Declared) bool { return d.Name == "reporting-service" })
	list := access.Unencrypted(declared[n], account, access.Base())
	if len(list) != 6 {
		t.Fatalf("got %d refusals, want 6", len(list))
	}
	i, err := a.Find(declared[n].ARN)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range list {
		if got := a.Can(i, r.Request); got.Decision == iam.Allowed {
			t.Errorf("%s: %s", r.What, got.Reason())
		}
	}
}

func TestARoleIsDeclaredWhereItsEnvironmentsSay(t *testing.T) {
	in := intent(t)
	for environment, want := range map[string]bool{"prod": true, "staging": true, "dev": false} {
		f := facts()
		f.Named["environment"] = environment
		declared, err := in.Resolve(f)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.ContainsFunc(declared, func(d access.Declared) bool { return d.Name == "chat" }); got != want {
			t.Errorf("chat in %s: got %t, want %t", environment, got, want)
		}
	}
}

func TestABadIntentSaysWhere(t *testing.T) {
	const permissions = "permissions:\n  read:\n    says: Reads\n    allow:\n      - actions: [s3:GetObject]\n        resources: ['*']\n"
	const roles = "roles:\n  a:\n    role: a\n    layer: x\n    taken-by: {service: ec2.amazonaws.com}\n    may: [read]\n"
	for _, c := range []struct{ name, text, want string }{
		{"a risk without what is gained", permissions + roles + "borne:\n  - {role: a, way: x, why: y}\n", "the role that is gained"},
		{"an unknown action", strings.Replace(permissions, "s3:GetObject", "s3:GetObjects", 1) + roles, `f.yaml:5: permission read: unknown action "s3:GetObjects"; did you mean s3:GetObject or`},
		{"an unknown field", permissions + strings.Replace(roles, "layer:", "layr:", 1), "field layr not found"},
		{"an unknown permission", permissions + strings.Replace(roles, "[read]", "[read, write]", 1), `unknown permission "write"; known are read`},
		{"a permission that nobody has", permissions + strings.Replace(roles, "may: [read]", "aws-policies: [X]", 1), "permission read: no role has it"},
		{"a role that nobody takes", permissions + strings.Replace(roles, "{service: ec2.amazonaws.com}", "{}", 1), "f.yaml:8: role a: taken-by wants one of"},
		{"a service account without a namespace", permissions + strings.Replace(roles, "service: ec2.amazonaws.com", "service-account: reports", 1), "want namespace/name"},
		{"a role without a layer", permissions + strings.Replace(roles, "    layer: x\n", "", 1), "the layer that makes it"},
		{"an unknown environment", permissions + strings.Replace(roles, "layer: x", "layer: x\n    environments: [prd]", 1), `unknown environment "prd"; known are dev, prod, staging`},
		{"a cluster account without a namespace", permissions + roles + "cluster:\n  sa:\n    says: x\n    may: [{verbs: [get], resources: [pods]}]\n", `cluster account "sa": want namespace/name`},
		{"a cluster account that may nothing", permissions + roles + "cluster:\n  a/b:\n    says: x\n", "f.yaml:14: cluster account a/b: want what it does in words"},
		{"an unknown verb of the cluster", permissions + roles + "cluster:\n  a/b:\n    says: x\n    may: [{verbs: [read], resources: [pods]}]\n", `unknown verb "read"; known are get, list`},
		{"a kind in the place of a resource", permissions + roles + "cluster:\n  a/b:\n    says: x\n    may: [{verbs: [get], resources: [Pod]}]\n", `resource "Pod": want plural.group`},
		{"everything that may be written", permissions + roles + "cluster:\n  a/b:\n    says: x\n    may: [{verbs: [get, update], resources: ['*']}]\n", "all resources may be read, not written"},
		{"a risk without a reason", permissions + roles + "borne:\n  - {role: a, way: x, to: a}\n", "why it is borne"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := access.Parse("f.yaml", []byte(c.text), catalogue(t))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v; want it to say %q", err, c.want)
			}
		})
	}
	in, err := access.Parse("f.yaml", []byte(strings.Replace(permissions, "'*'", "'${data.nothing}'", 1)+roles), catalogue(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := in.Resolve(facts()); err == nil || !strings.Contains(err.Error(), "layer data has no output nothing; it has bucket_arns") {
		t.Errorf("a name that stands for nothing: got %v", err)
	}
}
