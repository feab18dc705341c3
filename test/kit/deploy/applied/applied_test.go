// Package applied_test proves the runner of layers on three small ones: what it
// applies and in which order, what it refuses, and that nothing stays.
package applied_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	_ "github.com/fintrack/platform/test/kit/census/dynamodb"
	_ "github.com/fintrack/platform/test/kit/census/s3"
	_ "github.com/fintrack/platform/test/kit/census/sns"
	_ "github.com/fintrack/platform/test/kit/census/sqs"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/stretchr/testify/require"
)

// lockWait is how long a Terraform may take to lock its state.
const lockWait = 2 * time.Minute

func TestMain(m *testing.M) {
	wd, err := os.Getwd()
	if err != nil {
		panic(err)
	}
	os.Setenv("FINTRACK_SOURCE", wd+"/testdata/platform")
	deploy.Main(m)
}

func one(id string) check.Check {
	return check.Check{ID: "applied." + id, Title: "A check of the runner's own test", Controls: []string{"CC8.1"}, Subject: "testdata"}
}

// small are the layers of testdata, with checks that read what was applied.
func small() []deploy.Layer {
	return []deploy.Layer{
		{Name: "base", Verify: func(ctx context.Context, d *deploy.Deployment) {
			d.Checks.Equal(one("base"), "60", d.Output("seconds"))
		}},
		{Name: "app", Verify: func(ctx context.Context, d *deploy.Deployment) {
			url := d.Output("queue_url")
			a, err := sqs.NewFromConfig(d.AWS).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: &url, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll}})
			if err != nil {
				d.Checks.Err(one("app"), "a queue", err)
				return
			}
			d.Checks.Equal(one("app"), []string{"7200", "60"}, []string{a.Attributes["MessageRetentionPeriod"], a.Attributes["VisibilityTimeout"]})
		}},
		{Name: "apart", Regions: []string{"us-west-2"}, Verify: func(ctx context.Context, d *deploy.Deployment) {
			there := dynamodb.NewFromConfig(d.AWS, func(o *dynamodb.Options) { o.Region = "us-west-2" })
			t, err := there.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(d.Name + "-apart")})
			if err != nil {
				d.Checks.Err(one("apart"), "a table", err)
				return
			}
			d.Checks.Equal(one("apart"), true, aws.ToBool(t.Table.DeletionProtectionEnabled))
		}},
	}
}

// TestStack is also what the cases below run as a process of its own.
func TestStack(t *testing.T) {
	switch os.Getenv("APPLIED_CASE") {
	case "":
		deploy.ApplyStack(t, deploy.StackSpec{Suite: "small", Environment: "small", Layers: small(), Verify: whole})
	case "only app":
		deploy.ApplyStack(t, deploy.StackSpec{Suite: "small", Environment: "small", Layers: small(), Only: []string{"app"}})
	case "unknown key":
		deploy.ApplyStack(t, deploy.StackSpec{Suite: "small", Environment: "odd", Layers: small()})
	case "no environment":
		deploy.ApplyStack(t, deploy.StackSpec{Suite: "small", Environment: "large", Layers: small()})
	case "broken":
		deploy.ApplyStack(t, deploy.StackSpec{Suite: "small", Environment: "broken", Layers: small()})
	case "without checks":
		deploy.ApplyStack(t, deploy.StackSpec{Suite: "small", Environment: "small", Layers: small()[:1]})
	}
}

func whole(ctx context.Context, s *deploy.Stack) {
	t := s.T
	require.Equal(t, []string{"apart", "base", "app"}, s.Order)
	locks(ctx, t, s)
	changes(ctx, t, s)
	recorded(t, s)
	state, err := s.State(ctx, "app")
	require.NoError(t, err)
	require.Contains(t, string(state), `"message_retention_seconds": 7200`)
}

// recorded: evidence is told of every resource, of what Terraform marks as sensitive,
// that of a change as well, and of a suite that has neither.
func recorded(t testing.TB, s *deploy.Stack) {
	run := s.Sandbox.Run
	of := func(name string) deployed.Suite { return deployed.Suite{Run: run.ID, Name: name} }
	got, missing, err := deployed.Read(run.Paths.Deployed(), []deployed.Suite{of("small"), of("base"), of("app"), of("apart")})
	require.NoError(t, err)
	require.Empty(t, missing)
	require.Equal(t, deployed.Facts{
		Sensitive: []string{"planted-code-60", "planted-code-90", "planted-user"},
		Resources: []deployed.Resource{{Address: "aws_sqs_queue.this", Declared: "terraform/base:aws_sqs_queue.this"}},
		Values:    "small",
	}, got[of("base")])
	require.Empty(t, got[of("app")].Sensitive)
	require.Equal(t, "terraform/app:aws_sqs_queue.this", got[of("app")].Resources[0].Declared)
	require.Empty(t, got[of("small")])
}

// changes: a change that others do not read stays where it was made; one that they
// read is told of each.
func changes(ctx context.Context, t testing.TB, s *deploy.Stack) {
	own, err := s.Change(ctx, "base", map[string]any{"tags": map[string]string{"Probe": "1", "fintrack:run": s.Sandbox.Tags["fintrack:run"]}})
	require.NoError(t, err)
	require.NotEmpty(t, own)
	downstream, err := s.Drift(ctx)
	require.NoError(t, err)
	require.Empty(t, downstream)
	_, err = s.Change(ctx, "base", map[string]any{"seconds": 90})
	require.NoError(t, err)
	downstream, err = s.Drift(ctx)
	require.NoError(t, err)
	require.NotEmpty(t, downstream)
	for _, line := range downstream {
		require.True(t, strings.HasPrefix(line, "app: "), line)
	}
}

// locks: while one person's apply waits for an answer, another's fails and says
// whom to ask; a lock that a killed one left is cleared, a living one's is not.
func locks(ctx context.Context, t testing.TB, s *deploy.Stack) {
	first := s.Command("base", "apply", "-input=true", "-var", "seconds=61")
	in, err := first.StdinPipe()
	require.NoError(t, err)
	defer in.Close()
	first.Stdout, first.Stderr = io.Discard, io.Discard
	first.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // its provider is killed with it
	require.NoError(t, first.Start())
	client := sandbox.S3(s.Sandbox.AWS, s.Sandbox.Entry())
	var held []deploy.Lock
	for end := time.Now().Add(lockWait); len(held) == 0; time.Sleep(100 * time.Millisecond) {
		require.True(t, time.Now().Before(end), "the first apply locked nothing")
		held, err = deploy.Locks(ctx, client, s.Bucket)
		require.NoError(t, err)
	}
	require.Equal(t, "base/terraform.tfstate.tflock", held[0].Key)
	err = s.Plan(ctx, "base")
	require.ErrorContains(t, err, "Error acquiring the state lock")
	require.ErrorContains(t, err, held[0].Who)
	require.ErrorContains(t, err, held[0].ID)

	require.NoError(t, syscall.Kill(-first.Process.Pid, syscall.SIGKILL))
	require.Error(t, first.Wait())
	held, err = deploy.Locks(ctx, client, s.Bucket)
	require.NoError(t, err)
	require.Len(t, held, 1, "a killed apply leaves its lock")

	another := s.Sandbox.Entry()
	other := exec.Command("sleep", "60")
	require.NoError(t, other.Start())
	defer func() { _ = other.Process.Kill(); _ = other.Wait() }()
	another.Owner = ledger.Of(other.Process.Pid)
	_, err = deploy.ClearLocks(ctx, client, another)
	require.ErrorIs(t, err, deploy.ErrLocked)
	require.ErrorContains(t, err, held[0].Who)
	cleared, err := deploy.ClearLocks(ctx, client, s.Sandbox.Entry())
	require.NoError(t, err)
	require.Equal(t, held, cleared)
	require.NoError(t, s.Plan(ctx, "base"))
}

// TestRefusals runs what must fail in processes of their own.
func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		code int
		says []string
	}{
		"only app":       {0, []string{"app", "base", "nothing-left"}},
		"unknown key":    {2, []string{`environments/odd/app.tfvars:1: layer app has no variable "retentoin"; it has name, region, retention, state_bucket, state_region, tags, topic`}},
		"no environment": {2, []string{`no environment "large": there are broken, odd, small`}},
		"broken":         {1, []string{"apply of app: terraform apply: Error: creating SNS Topic Subscription", "pass small.nothing-left"}},
		"without checks": {2, []string{"has no checks: add them to test/layers"}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStack$")
			cmd.Env = append(os.Environ(), "APPLIED_CASE="+name)
			out, err := cmd.CombinedOutput()
			require.Equal(t, c.code, cmd.ProcessState.ExitCode(), "%v\n%s", err, out)
			for _, s := range c.says {
				require.Contains(t, strings.Join(strings.Fields(string(out)), " "), s, string(out))
			}
			if name == "only app" {
				require.NotContains(t, string(out), "apart", "what app does not need is not applied")
			}
		})
	}
}
