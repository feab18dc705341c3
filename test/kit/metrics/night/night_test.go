package night_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/metrics/night"
	"github.com/stretchr/testify/require"
)

// script gives each step the exit codes of its attempts; a step that is run more
// often than that is an error.
func script(t *testing.T, exits map[string][]int, journals map[string][]string) night.Runner {
	return func(_ context.Context, step string, attempt int) (int, []string, error) {
		if attempt > len(exits[step]) {
			return 0, nil, fmt.Errorf("attempt %d of %s was not expected", attempt, step)
		}
		var js []string
		if len(journals[step]) >= attempt {
			js = []string{journals[step][attempt-1]}
		}
		return exits[step][attempt-1], js, nil
	}
}

func journal(t *testing.T, results ...check.Result) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "r.jsonl")
	var b bytes.Buffer
	for _, r := range results {
		require.NoError(t, json.NewEncoder(&b).Encode(r))
	}
	require.NoError(t, os.WriteFile(name, b.Bytes(), 0o644))
	return name
}

func result(id string, v check.Verdict) check.Result {
	return check.Result{Check: check.Check{ID: id}, Verdict: v, Suite: "s", Time: time.Unix(1, 0)}
}

func TestEveryStepRunsWhateverFails(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	steps, err := night.Run(context.Background(), []string{"a", "b", "c"}, script(t, map[string][]int{"a": {1, 1}, "b": {2}, "c": {0}}, nil), &said)
	require.NoError(t, err)
	require.Len(t, steps, 3)
	require.Equal(t, 2, night.Worst(steps))
	require.Contains(t, said.String(), "==> a, once more to learn whether it is flaky")
	require.NotContains(t, said.String(), "==> b, once more")
}

func TestAFlakyStepIsSaidToBeAndDoesNotPass(t *testing.T) {
	t.Parallel()
	one := journal(t, result("s.x", check.Fail), result("s.y", check.Pass))
	two := journal(t, result("s.x", check.Pass), result("s.y", check.Pass))
	steps, err := night.Run(context.Background(), []string{"a", "b"}, script(t, map[string][]int{"a": {1, 0}, "b": {1, 0}}, map[string][]string{"a": {one, two}}), &bytes.Buffer{})
	require.NoError(t, err)
	require.Equal(t, 1, night.Worst(steps))
	require.True(t, steps[0].Flaky())
	flaky, err := night.Flaky(steps)
	require.NoError(t, err)
	require.Equal(t, []evidence.Flaky{
		{Step: "a", Check: "s.x", Outcomes: []string{"fail", "pass"}},
		{Step: "b", Outcomes: []string{"exit code 1", "exit code 0"}},
	}, flaky)
	results, err := night.Results(steps)
	require.NoError(t, err)
	require.Equal(t, check.Count{Pass: 1, Fail: 1}, check.Tally(results), "the first outcome stands")
}

func TestAStepThatFailsTwiceIsNotFlaky(t *testing.T) {
	t.Parallel()
	same := journal(t, result("s.x", check.Fail))
	steps, err := night.Run(context.Background(), []string{"a"}, script(t, map[string][]int{"a": {1, 1}}, map[string][]string{"a": {same, same}}), &bytes.Buffer{})
	require.NoError(t, err)
	require.False(t, steps[0].Flaky())
	flaky, err := night.Flaky(steps)
	require.NoError(t, err)
	require.Empty(t, flaky)
}

func TestAStepThatCannotBeRunFailsAndTheOthersRun(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	steps, err := night.Run(context.Background(), []string{"a", "b"}, func(_ context.Context, step string, _ int) (int, []string, error) {
		if step == "a" {
			return 0, nil, errors.New("no such script")
		}
		return 0, nil, nil
	}, &said)
	require.NoError(t, err)
	require.Len(t, steps, 2)
	require.Len(t, steps[0].Attempts, 1, "a second attempt would not help")
	require.Equal(t, 2, night.Worst(steps))
	require.Contains(t, said.String(), "a could not be run: no such script")
}

func TestAnInterruptedRunSaysHowFarItCame(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	steps, err := night.Run(ctx, []string{"a", "b", "c"}, func(_ context.Context, step string, _ int) (int, []string, error) {
		if step == "b" {
			cancel()
			return 1, nil, nil
		}
		return 0, nil, nil
	}, &bytes.Buffer{})
	require.ErrorIs(t, err, context.Canceled)
	require.Len(t, steps, 2)
	require.True(t, steps[1].Failed())
	require.Len(t, steps[1].Attempts, 1, "what was broken off is not tried again")
}

func TestChecksOfOneEnvironmentAreNotComparedWithThoseOfAnother(t *testing.T) {
	t.Parallel()
	at := func(run string, minute int64, v check.Verdict) check.Result {
		r := result("s.x", v)
		r.Run, r.Time = run, time.Unix(minute*60, 0)
		return r
	}
	one := journal(t, at("dev-1", 1, check.Fail), at("prod-1", 2, check.Pass))
	two := journal(t, at("dev-2", 11, check.Fail), at("prod-2", 12, check.Pass))
	steps, err := night.Run(context.Background(), []string{"a"}, script(t, map[string][]int{"a": {1, 1}}, map[string][]string{"a": {one, two}}), &bytes.Buffer{})
	require.NoError(t, err)
	flaky, err := night.Flaky(steps)
	require.NoError(t, err)
	require.Empty(t, flaky, "each failed, or passed, both times")
	runs, err := night.Runs(steps)
	require.NoError(t, err)
	require.Equal(t, map[string]string{"dev-1": "a", "prod-1": "a"}, runs)
}

func TestWhatCensusesFoundIsCounted(t *testing.T) {
	t.Parallel()
	left := result("rds.nothing-left", check.Fail)
	left.Observed = "aws_db_instance a\n          aws_kms_key b"
	require.Equal(t, 2, night.Leaked([]check.Result{left, result("s3.nothing-left", check.Pass), result("rds.other", check.Fail)}))
}

func TestThePartsOfARunHaveEveryStepOnce(t *testing.T) {
	t.Parallel()
	steps := []string{"lint", "test-kit", "test-modules", "test-gitops", "test-recovery"}
	count := map[string]int{}
	for k := 1; k <= 3; k++ {
		got, err := night.Share(steps, []string{"test-modules"}, fmt.Sprintf("%d/3", k))
		require.NoError(t, err)
		for _, s := range got {
			count[s]++
		}
	}
	require.Equal(t, map[string]int{"lint": 1, "test-kit": 1, "test-modules": 3, "test-gitops": 1, "test-recovery": 1}, count)
	whole, err := night.Share(steps, nil, "")
	require.NoError(t, err)
	require.Equal(t, steps, whole)
	_, err = night.Share(steps, nil, "4/3")
	require.ErrorContains(t, err, "SHARD=4/3")
}

func TestOnlyWhatAStepWroteIsItsOwn(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write := func(name string) { require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o644)) }
	write("old.jsonl")
	before, err := night.Journals(dir)
	require.NoError(t, err)
	write("new.jsonl")
	write("new.stages.json")
	require.NoError(t, os.Mkdir(filepath.Join(dir, "x.jsonl"), 0o755))
	after, err := night.Journals(dir)
	require.NoError(t, err)
	require.Equal(t, []string{filepath.Join(dir, "new.jsonl")}, night.New(before, after))
	none, err := night.Journals(filepath.Join(dir, "absent"))
	require.NoError(t, err)
	require.Empty(t, none)
}
