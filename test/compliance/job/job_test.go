// Package job_test asks a real API server, by a dry run, whether it takes the Job that
// spreads the nightly run over a cluster.
package job_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox/cluster"
	"github.com/fintrack/platform/test/kit/suite"
	"github.com/stretchr/testify/require"
	batch "k8s.io/api/batch/v1"
	"sigs.k8s.io/yaml"
)

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "compliance", "emulated")) }

func promise(id, title string) check.Check {
	return check.Check{ID: "compliance." + id, Title: title, Subject: "test/compliance/job/nightly.yaml", Controls: []string{"CC8.1"}, Next: "mend the manifest"}
}

func job(t *testing.T) batch.Job {
	t.Helper()
	text, err := os.ReadFile("nightly.yaml")
	require.NoError(t, err)
	var j batch.Job
	require.NoError(t, yaml.UnmarshalStrict(text, &j))
	return j
}

func TestTheApiServerTakesTheJob(t *testing.T) {
	checks, j := suite.Checks(t, "compliance"), job(t)
	c := cluster.New(t.Context(), t, suite.Current().Run)
	namespace := map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
		"name": j.Namespace, "labels": map[string]string{"pod-security.kubernetes.io/enforce": "restricted"}}}
	require.NoError(t, c.Do(t.Context(), "POST", "/api/v1/namespaces", namespace, nil))
	path := "/apis/batch/v1/namespaces/" + j.Namespace + "/jobs?dryRun=All&fieldValidation=Strict"
	err := c.Do(t.Context(), "POST", path, j, nil)
	checks.That(promise("job-taken", "An API server takes the Job by a dry run"), err == nil, "taken", fmt.Sprint(err))

	// The pod that the Job would make, in a namespace that enforces the restricted
	// pod security standard: the Job itself is taken even where its pods are not.
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "nightly-0", "namespace": j.Namespace}, "spec": j.Spec.Template.Spec}
	err = c.Do(t.Context(), "POST", "/api/v1/namespaces/"+j.Namespace+"/pods?dryRun=All", pod, nil)
	checks.That(promise("job-pods-restricted", "Its pods keep the restricted pod security standard"), err == nil, "taken", fmt.Sprint(err))

	wrong := j.DeepCopy()
	*wrong.Spec.Completions = 0
	wrong.Spec.CompletionMode = new(batch.CompletionMode)
	*wrong.Spec.CompletionMode = "Sometimes"
	var refused *cluster.StatusError
	err = c.Do(t.Context(), "POST", path, wrong, nil)
	checks.That(promise("job-refused", "A Job with an unknown completion mode is refused: the dry run judges"), errors.As(err, &refused), "refused", fmt.Sprint(err))
}

func TestEveryPartOfTheRunIsInTheJobOnce(t *testing.T) {
	checks, j := suite.Checks(t, "compliance"), job(t)
	require.Len(t, j.Spec.Template.Spec.Containers, 1)
	script := j.Spec.Template.Spec.Containers[0].Args[0]
	line := ""
	for _, l := range strings.Split(script, "\n") {
		if strings.Contains(l, "SHARD=") {
			line, _, _ = strings.Cut(l, " scripts/nightly")
		}
	}
	var parts []string
	for i := range *j.Spec.Completions {
		cmd := exec.Command("bash", "-euc", line+` bash -c 'echo "$SHARD"'`)
		cmd.Env = append(os.Environ(), fmt.Sprintf("JOB_COMPLETION_INDEX=%d", i))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		parts = append(parts, strings.TrimSpace(string(out)))
	}
	checks.That(promise("job-parts", "The Job's pods are the parts 1 to n of n, each once, and none is retried unseen"),
		strings.Join(parts, " ") == "1/4 2/4 3/4 4/4" && *j.Spec.BackoffLimit == 0 && *j.Spec.CompletionMode == batch.IndexedCompletion,
		"1/4 2/4 3/4 4/4, no retries", fmt.Sprint(parts, ", backoffLimit ", *j.Spec.BackoffLimit))
}
