// Package signing_test signs a bundle by the program, with a key of the KMS of the
// emulator, and verifies it with the public key that KMS hands out.
package signing_test

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "compliance", "emulated")) }

func promise(id, title string) check.Check {
	return check.Check{ID: "compliance." + id, Title: title, Subject: "test/cmd/evidence", Controls: []string{"CC8.1"}, Next: "see test/kit/evidence/kms.go"}
}

// emulator makes keys, and calls the program, at the emulator of the run.
type emulator struct {
	t   *testing.T
	kms *kms.Client
	dir string
}

func begin(t *testing.T) *emulator {
	t.Helper()
	answers, err := suite.Current().Run.Emulator(t.Context())
	require.NoError(t, err)
	e := &emulator{t: t, dir: t.TempDir()}
	for k, v := range map[string]string{
		"AWS_ENDPOINT_URL": answers.Endpoint, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CA_BUNDLE": "",
	} {
		t.Setenv(k, v)
	}
	cfg, err := config.LoadDefaultConfig(t.Context())
	require.NoError(t, err)
	e.kms = kms.NewFromConfig(cfg)
	return e
}

func (e *emulator) key(spec types.KeySpec, usage types.KeyUsageType) string {
	e.t.Helper()
	out, err := e.kms.CreateKey(e.t.Context(), &kms.CreateKeyInput{KeySpec: spec, KeyUsage: usage})
	require.NoError(e.t, err)
	return aws.ToString(out.KeyMetadata.Arn)
}

// run calls fintrack evidence and returns what it printed and its exit code.
func (e *emulator) run(args ...string) (string, int) {
	e.t.Helper()
	cmd := exec.Command(filepath.Join(suite.Current().Paths.Root, "scripts", "fintrack"), append([]string{"evidence"}, args...)...)
	out, err := cmd.CombinedOutput()
	if exit, ok := err.(*exec.ExitError); ok {
		return string(out), exit.ExitCode()
	}
	require.NoError(e.t, err)
	return string(out), 0
}

// journal is enough results for a statement of more than 4096 bytes, which KMS does not
// take as a message.
func (e *emulator) journal() string {
	e.t.Helper()
	var text []byte
	for i := range 400 {
		line, err := json.Marshal(check.Result{
			Check:   check.Check{ID: fmt.Sprintf("demo.promise-%d", i), Title: "It holds", Controls: []string{"CC8.1"}, Subject: "it"},
			Verdict: check.Pass, Expected: "true", Observed: "true", Environment: "emulated", Suite: "demo", Time: time.Now(),
		})
		require.NoError(e.t, err)
		text = append(append(text, line...), '\n')
	}
	name := filepath.Join(e.dir, "results.jsonl")
	require.NoError(e.t, os.WriteFile(name, text, 0o644))
	return name
}

// build makes a bundle of one part, which is not judged for what it lacks.
func (e *emulator) build(key, to string) (string, int) {
	e.t.Helper()
	return e.run("build", e.journal(), "--kms", key, "-o", filepath.Join(e.dir, to), "--shard", "1/1", "--allow-modified")
}

func (e *emulator) public(key, to string) string {
	e.t.Helper()
	out, code := e.run("public", key)
	require.Zero(e.t, code, out)
	name := filepath.Join(e.dir, to)
	require.NoError(e.t, os.WriteFile(name, []byte(out), 0o644))
	return name
}

func TestABundleIsSignedByKMS(t *testing.T) {
	checks, e := suite.Checks(t, "compliance"), begin(t)
	key := e.key(types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify)
	_, err := e.kms.CreateAlias(t.Context(), &kms.CreateAliasInput{AliasName: aws.String("alias/evidence"), TargetKeyId: &key})
	require.NoError(t, err)

	made, code := e.build("alias/evidence", "bundle")
	require.Zero(t, code, made)
	statement, err := os.ReadFile(filepath.Join(e.dir, "bundle", "statement.dsse.json"))
	require.NoError(t, err)
	require.Greater(t, len(statement), 4096)
	said, code := e.run("verify", filepath.Join(e.dir, "bundle"), "--key", e.public(key, "kms.pub"), "--allow-modified")
	checks.That(promise("kms-signs", "A bundle that KMS signed verifies with the public key that KMS hands out (ECC_NIST_P256)"),
		code == 0 && strings.Contains(said, "verified: signature"), "verified", said)

	other := e.public(e.key(types.KeySpecEccNistP256, types.KeyUsageTypeSignVerify), "other.pub")
	said, code = e.run("verify", filepath.Join(e.dir, "bundle"), "--key", other, "--allow-modified")
	checks.That(promise("kms-other-key", "It does not verify with another key of KMS"),
		code == 1 && strings.Contains(said, "is signed by the key"), "exit code 1, the key named", fmt.Sprintf("exit code %d: %s", code, said))

	require.NoError(t, os.WriteFile(filepath.Join(e.dir, "bundle", "checks.jsonl"), []byte("{}\n"), 0o644))
	said, code = e.run("verify", filepath.Join(e.dir, "bundle"), "--key", filepath.Join(e.dir, "kms.pub"), "--allow-modified")
	checks.That(promise("kms-changed", "A file that was changed after KMS signed is named"),
		code == 1 && strings.Contains(said, "checks.jsonl: was changed"), "exit code 1, the file named", fmt.Sprintf("exit code %d: %s", code, said))
}

func TestAKeyThatCannotSignEvidenceIsRefused(t *testing.T) {
	checks, e := suite.Checks(t, "compliance"), begin(t)
	cases := []struct{ id, title, key, want string }{
		{"kms-rsa", "A key of another kind is refused, and what is wanted is said", e.key(types.KeySpecRsa2048, types.KeyUsageTypeSignVerify), "is RSA_2048 for SIGN_VERIFY: want ECC_NIST_P256"},
		{"kms-unknown", "A key that is not there is refused by its name", "alias/nothing", "public key of the KMS key alias/nothing"},
	}
	for _, c := range cases {
		said, code := e.build(c.key, c.id)
		_, err := os.Stat(filepath.Join(e.dir, c.id))
		checks.That(promise(c.id, c.title), code == 2 && strings.Contains(said, c.want) && os.IsNotExist(err),
			"exit code 2, no bundle: "+c.want, fmt.Sprintf("exit code %d: %s", code, said))
	}
	checks.NotProven(promise("kms-ed25519", "KMS signs by Ed25519, too (ECC_NIST_EDWARDS25519, pre-hashed)"),
		"aws", "the emulator has no such key")
}
