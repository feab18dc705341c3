package pipelines_test

import (
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fintrack/platform/test/kit/pipelines"
	"github.com/stretchr/testify/require"
)

const security = `locals {
  issuer = "token.actions.githubusercontent.com"
  long   = { dev = "development", prod = "production" }[var.environment]
  pipelines = {
    ci     = { name = "github-actions-ci", operator = "StringLike", subject = "repo:${var.github.organization}/*:ref:refs/heads/main" }
    deploy = { name = "github-actions-deploy", operator = "StringEquals", subject = "repo:${var.github.organization}/app:environment:${local.long}" }
  }
}
variable "environment" {}
variable "github" {
  type    = object({ organization = optional(string, "fintrack") })
  default = {}
}
data "aws_iam_policy_document" "trust" {
  for_each = local.pipelines
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.github.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
    condition {
      test     = each.value.operator
      variable = "${local.issuer}:sub"
      values   = [each.value.subject]
    }
  }
}
resource "aws_iam_role" "pipeline" {
  for_each           = local.pipelines
  name               = each.value.name
  assume_role_policy = data.aws_iam_policy_document.trust[each.key].json
}
`

func tree(text string) fstest.MapFS {
	return fstest.MapFS{"terraform/security/main.tf": {Data: []byte(text)}}
}

func refused(t *testing.T, text, role string, rightful pipelines.Claims, shared bool) (who []string) {
	t.Helper()
	trusts, err := pipelines.TrustPolicies(tree(text), "prod")
	require.NoError(t, err)
	require.Contains(t, trusts, role)
	ok, why := pipelines.Admits(pipelines.Account, trusts[role], rightful)
	require.True(t, ok, why)
	for _, a := range pipelines.Others(rightful, shared) {
		if ok, _ := pipelines.Admits(pipelines.Account, trusts[role], a.Claims); ok {
			who = append(who, a.Who)
		}
	}
	return who
}

var (
	mainPush = pipelines.Claims{Repository: "fintrack/backend", Ref: "refs/heads/main", Audience: "sts.amazonaws.com"}
	deploy   = pipelines.Claims{Repository: "fintrack/app", Environment: "production", Ref: "refs/heads/main", Audience: "sts.amazonaws.com"}
)

func TestATrustPolicyAdmitsTheRightfulAlone(t *testing.T) {
	t.Parallel()
	require.Empty(t, refused(t, security, "github-actions-ci", mainPush, true))
	require.Empty(t, refused(t, security, "github-actions-deploy", deploy, false))
	require.Equal(t, []string{"another repository"}, refused(t, security, "github-actions-ci", mainPush, false))
}

func TestAWideTrustPolicyIsFoundOut(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		old, new string
		want     []string
	}{
		"any organization":      {"repo:${var.github.organization}/*:ref:refs/heads/main", "repo:*:ref:refs/heads/main", []string{"a fork", "an organization that begins alike"}},
		"an open end of a name": {"repo:${var.github.organization}/*:ref:refs/heads/main", "repo:${var.github.organization}*:ref:refs/heads/main", []string{"an organization that begins alike"}},
		"any branch":            {"/*:ref:refs/heads/main", "/*:ref:refs/heads/*", []string{"another branch", "a branch that ends alike"}},
		"anything":              {"/*:ref:refs/heads/main", "/*", []string{"another branch", "a branch that ends alike", "a tag named main", "a pull request", "another environment"}},
		"any audience": {`    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
`, "", []string{"another audience"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Contains(t, security, c.old)
			require.Equal(t, c.want, refused(t, strings.Replace(security, c.old, c.new, 1), "github-actions-ci", mainPush, true))
		})
	}
}

func TestAnythingOfAPolicyThatIsNotReadIsAnError(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ old, new, want string }{
		"an unknown block":     {"    principals {", "    not_principals {", "block not_principals"},
		"an unknown attribute": {"    actions = [", "    not_actions = [", "attribute not_actions"},
		"a cycle":              {`issuer = "token.actions.githubusercontent.com"`, `issuer = local.issuer`, "refers to itself"},
		"no role":              {`resource "aws_iam_role"`, `resource "aws_iam_other"`, "gives GitHub no role"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := pipelines.TrustPolicies(tree(strings.Replace(security, c.old, c.new, 1)), "prod")
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestTheRolesOfThePlatformAreRead(t *testing.T) {
	t.Parallel()
	trusts, err := pipelines.TrustPolicies(os.DirFS("../../.."), "prod")
	require.NoError(t, err)
	for _, role := range []string{"github-actions-ci", "github-actions-migration", "github-actions-frontend"} {
		require.Contains(t, trusts, role)
	}
}

func TestTheIntentOfPipelines(t *testing.T) {
	t.Parallel()
	in, err := pipelines.ReadIntent("p.yaml", []byte("organization: o\nrepositories: {a.yml: r}\nshared: [x]\n"))
	require.NoError(t, err)
	c, err := in.Rightful(pipelines.Assumption{File: ".github/workflows/a.yml", Environment: "production"})
	require.NoError(t, err)
	require.Equal(t, "repo:o/r:environment:production", c.Subject())
	require.True(t, in.IsShared("x"))
	_, err = in.Rightful(pipelines.Assumption{File: ".github/workflows/b.yml", Line: 4})
	require.ErrorContains(t, err, "b.yml:4: policies/intent/pipelines.yaml does not say")
	_, err = pipelines.ReadIntent("p.yaml", []byte("organisation: o\n"))
	require.ErrorContains(t, err, "organisation")
}
