package secretsmanager_test

import (
	"context"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	_ "github.com/fintrack/platform/test/kit/census/iam"
	_ "github.com/fintrack/platform/test/kit/census/kms"
	_ "github.com/fintrack/platform/test/kit/census/lambda"
	_ "github.com/fintrack/platform/test/kit/census/logs"
	_ "github.com/fintrack/platform/test/kit/census/secretsmanager"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
)

func TestMain(m *testing.M) { deploy.Main(m) }

const (
	role          = "reporting"
	firstPassword = "the-password-before-any-rotation"
	drReader      = "arn:aws:iam::210987654321:role/fintrack-dr-reader"
)

// variables are those that the example wants beside what it is always given.
func variables() map[string]any {
	return map[string]any{
		"password": firstPassword, "dr_reader_role_arn": drReader,
		// A real account has no database at the end of the example's host name.
		"rotate_immediately": os.Getenv("ENV") != "aws",
	}
}

func TestModule(t *testing.T) {
	deploy.Module(t, deploy.Spec{
		Module:  "secrets-manager",
		Vars:    variables(),
		Prepare: prepare,
		Verify: func(ctx context.Context, d *deploy.Deployment) {
			m := secrets{d: d, client: secretsmanager.NewFromConfig(d.AWS)}
			m.encrypted(ctx)
			m.policies(ctx)
			m.stateless(ctx)
			m.schedule(ctx)
			m.function(ctx)
			m.permissions(ctx)
			m.rotation(ctx)
		},
		Residue: func(ctx context.Context, d *deploy.Deployment) {
			secrets{d: d, client: secretsmanager.NewFromConfig(d.AWS)}.recoverable(ctx)
		},
	})
}

// TestFunction runs the rotation function's own tests.
func TestFunction(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "python3", "-m", "unittest", "discover", "-t", ".", "-s", "tests")
	cmd.Dir = filepath.Join("..", "..", "..", "modules", "secrets-manager", "lambda")
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	if err != nil || strings.Contains(string(out), "Ran 0 tests") {
		t.Fatalf("tests of the rotation function: %v\n%s", err, out)
	}
}

type secrets struct {
	d      *deploy.Deployment
	client *secretsmanager.Client
}

func (m secrets) check(id, title, resource string, controls ...string) check.Check {
	return check.Check{ID: "secrets-manager." + id, Title: title, Subject: "module.secrets_manager." + resource, Controls: controls}
}

// name is the full name of a secret of the example.
func (m secrets) name(key string) *string {
	m.d.T.Helper()
	names := map[string]string{}
	m.d.OutputAs("secret_names", &names)
	return aws.String(names[key])
}

func (m secrets) encrypted(ctx context.Context) {
	for _, key := range []string{"rds", "queue"} {
		c := m.check("encrypted-"+key, "The secret "+key+" is encrypted with the customer key", `aws_secretsmanager_secret.this["`+key+`"]`, "CC6.1", "C1.1")
		s, err := m.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: m.name(key)})
		if err != nil {
			m.d.Checks.Err(c, "the customer key", err)
			continue
		}
		m.d.Checks.Equal(c, m.d.Output("kms_key_arn"), aws.ToString(s.KmsKeyId))
	}
}

// stateless proves that the first password was handed in and left no trace on the way.
func (m secrets) stateless(ctx context.Context) {
	c := m.check("not-in-state", "Neither Terraform's state nor its plan holds the password", `aws_secretsmanager_secret_version.initial["rds"]`, "CC6.1", "C1.1")
	for _, file := range []string{"terraform.tfstate", "tfplan"} {
		b, err := os.ReadFile(filepath.Join(m.d.Dir, file))
		if err != nil {
			m.d.Checks.Err(c, "no password", err)
			return
		}
		if strings.Contains(string(b), firstPassword) {
			m.d.Checks.That(c, false, "no password", "it is in "+file)
			return
		}
	}
	versions, err := m.client.ListSecretVersionIds(ctx, &secretsmanager.ListSecretVersionIdsInput{SecretId: m.name("rds"), IncludeDeprecated: aws.Bool(true)})
	if err != nil {
		m.d.Checks.Err(c, "a first version", err)
		return
	}
	for _, v := range versions.Versions {
		got, err := m.client.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: m.name("rds"), VersionId: v.VersionId})
		if err == nil && strings.Contains(aws.ToString(got.SecretString), firstPassword) {
			m.d.Checks.That(c, true, "the secret has it, the state and the plan do not", "the secret has it, the state and the plan do not")
			return
		}
	}
	m.d.Checks.That(c, false, "the secret has it, the state and the plan do not", "no version of the secret has it")
}

// recoverable proves, after the destroy, that a deleted secret can still be restored,
// and then deletes it for good.
func (m secrets) recoverable(ctx context.Context) {
	c := m.check("recoverable", "A destroyed secret can be restored for 30 days", `aws_secretsmanager_secret.this["rds"]`, "A1.2", "CC6.1")
	s, err := m.client.DescribeSecret(ctx, &secretsmanager.DescribeSecretInput{SecretId: m.name("rds")})
	if err != nil {
		m.d.Checks.Err(c, "deleted in 30 days", err)
	} else {
		days := math.Round(time.Until(aws.ToTime(s.DeletedDate)).Hours() / 24)
		m.d.Checks.Equal(c, 30.0, days)
	}
	for _, key := range []string{"rds", "queue"} {
		if _, err := m.client.DeleteSecret(ctx, &secretsmanager.DeleteSecretInput{SecretId: m.name(key), ForceDeleteWithoutRecovery: aws.Bool(true)}); err != nil {
			m.d.T.Errorf("delete the secret %s for good: %v", key, err)
		}
	}
}
