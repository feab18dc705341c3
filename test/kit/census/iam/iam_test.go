package iam_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"
	"github.com/fintrack/platform/test/kit/census/internal/censustest"

	_ "github.com/fintrack/platform/test/kit/census/iam"
)

func TestMain(m *testing.M) { censustest.Main(m) }

const (
	trust  = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`
	access = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::example"}]}`
)

func TestIAM(t *testing.T) {
	censustest.Prove(t, censustest.Fixture{
		Make: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, tags map[string]string) {
			m := maker{t, ctx, iam.NewFromConfig(cfg), name, tagList(tags)}
			policy := m.policy()
			m.role(policy)
			m.user(policy)
			censustest.Do(t, ctx, m.c.CreateOpenIDConnectProvider, &iam.CreateOpenIDConnectProviderInput{
				Url: aws.String("https://oidc.example.com/" + name), ClientIDList: []string{"sts.amazonaws.com"}, Tags: m.tags,
				ThumbprintList: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"},
			})
		},
		Types: []string{
			"aws_iam_role", "aws_iam_instance_profile", "aws_iam_policy", "aws_iam_user", "aws_iam_group", "aws_iam_openid_connect_provider",
		},
		Untagged: []string{"aws_iam_group"},
		MakeOnce: func(t testing.TB, ctx context.Context, cfg aws.Config, name string, _ map[string]string) {
			must, c := censustest.Must(t), iam.NewFromConfig(cfg)
			must(c.CreateAccountAlias(ctx, &iam.CreateAccountAliasInput{AccountAlias: &name}))
			must(c.UpdateAccountPasswordPolicy(ctx, &iam.UpdateAccountPasswordPolicyInput{MinimumPasswordLength: aws.Int32(16)}))
			must(c.CreateServiceLinkedRole(ctx, &iam.CreateServiceLinkedRoleInput{AWSServiceName: aws.String("spot.amazonaws.com")}))
		},
		OnceTypes: []string{"aws_iam_account_alias", "aws_iam_account_password_policy", "aws_iam_service_linked_role"},
	})
}

func tagList(tags map[string]string) (ts []types.Tag) {
	for k, v := range tags {
		ts = append(ts, types.Tag{Key: aws.String(k), Value: aws.String(v)})
	}
	return ts
}

type maker struct {
	t    testing.TB
	ctx  context.Context
	c    *iam.Client
	name string
	tags []types.Tag
}

// policy has an older version, which must go first.
func (m maker) policy() *string {
	p := censustest.Do(m.t, m.ctx, m.c.CreatePolicy, &iam.CreatePolicyInput{PolicyName: &m.name, PolicyDocument: aws.String(access), Tags: m.tags})
	censustest.Do(m.t, m.ctx, m.c.CreatePolicyVersion, &iam.CreatePolicyVersionInput{PolicyArn: p.Policy.Arn, PolicyDocument: aws.String(access), SetAsDefault: true})
	return p.Policy.Arn
}

// role has everything that keeps a role from being deleted, and the policy as its
// boundary, which keeps the policy from it.
func (m maker) role(policy *string) {
	must := censustest.Must(m.t)
	must(m.c.CreateRole(m.ctx, &iam.CreateRoleInput{RoleName: &m.name, AssumeRolePolicyDocument: aws.String(trust), PermissionsBoundary: policy, Tags: m.tags}))
	must(m.c.AttachRolePolicy(m.ctx, &iam.AttachRolePolicyInput{RoleName: &m.name, PolicyArn: policy}))
	must(m.c.PutRolePolicy(m.ctx, &iam.PutRolePolicyInput{RoleName: &m.name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(access)}))
	must(m.c.CreateInstanceProfile(m.ctx, &iam.CreateInstanceProfileInput{InstanceProfileName: &m.name, Tags: m.tags}))
	must(m.c.AddRoleToInstanceProfile(m.ctx, &iam.AddRoleToInstanceProfileInput{InstanceProfileName: &m.name, RoleName: &m.name}))
}

// user has everything that keeps a user from being deleted.
func (m maker) user(policy *string) {
	must := censustest.Must(m.t)
	must(m.c.CreateUser(m.ctx, &iam.CreateUserInput{UserName: &m.name, Tags: m.tags}))
	must(m.c.CreateAccessKey(m.ctx, &iam.CreateAccessKeyInput{UserName: &m.name}))
	must(m.c.CreateLoginProfile(m.ctx, &iam.CreateLoginProfileInput{UserName: &m.name, Password: aws.String("a-Long-Passw0rd")}))
	must(m.c.AttachUserPolicy(m.ctx, &iam.AttachUserPolicyInput{UserName: &m.name, PolicyArn: policy}))
	must(m.c.PutUserPolicy(m.ctx, &iam.PutUserPolicyInput{UserName: &m.name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(access)}))
	must(m.c.CreateGroup(m.ctx, &iam.CreateGroupInput{GroupName: &m.name}))
	must(m.c.AttachGroupPolicy(m.ctx, &iam.AttachGroupPolicyInput{GroupName: &m.name, PolicyArn: policy}))
	must(m.c.PutGroupPolicy(m.ctx, &iam.PutGroupPolicyInput{GroupName: &m.name, PolicyName: aws.String("inline"), PolicyDocument: aws.String(access)}))
	must(m.c.AddUserToGroup(m.ctx, &iam.AddUserToGroupInput{UserName: &m.name, GroupName: &m.name}))
}
