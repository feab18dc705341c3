package recovery_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/layers"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/stretchr/testify/require"
)

// Bounds of the layers, as data: a layer comes after those that it needs.
var (
	layerWait = 15 * time.Minute // until the layer that is to be killed is at work
	layersRun = 30 * time.Minute // until a whole run has ended
)

// storm is the layers' suite, compiled, and one emulator for all its runs.
type storm struct {
	*setting
	program string
}

// TestLayersThatAreKilledLeaveNothing kills a run while it applies each layer, and
// once while it destroys one; what it made, with its states or without them, is gone
// after the janitor. The run after that is as good as any.
func TestLayersThatAreKilledLeaveNothing(t *testing.T) {
	platform, err := layers.Load(os.DirFS(filepath.Join(tools.root, "terraform")))
	require.NoError(t, err)
	order, err := platform.Order()
	require.NoError(t, err)
	require.Len(t, order, 6)
	s := storm{setting: begin(t), program: filepath.Join(t.TempDir(), "layers.test")}
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-o", s.program, "./test/layers")
	build.Dir, build.Stderr = tools.root, os.Stderr
	require.NoError(t, build.Run())

	for _, layer := range order {
		t.Run("while "+layer+" is applied", func(t *testing.T) {
			v, e := s.killed(t, layer, func(string) bool { return true })
			if layer == "data" {
				s.loseStates(t, e)
			}
			s.cleaned(t, e)
			require.NotContains(t, v.out.String(), "FAIL", "it failed before it was killed")
		})
	}
	t.Run("while data is destroyed", func(t *testing.T) {
		replanned := regexp.MustCompile(`(?m)^\s*data\s+replan\s.*ok$`)
		_, e := s.killed(t, "data", replanned.MatchString)
		s.cleaned(t, e)
	})
	t.Run("and the next run is green", func(t *testing.T) {
		v := s.startSuite(t, s.program, "TestLayers", filepath.Join("test", "layers"), "LAYER=platform")
		select {
		case err := <-v.done:
			require.NoError(t, err, v.out.String())
		case <-time.After(layersRun):
			t.Fatalf("still running after %s\n%s", layersRun, v.out)
		}
		entries, err := s.run.Ledger.Environments.List()
		require.NoError(t, err)
		require.Empty(t, entries)
	})
}

// killed starts a run of a layer and kills it while Terraform changes that layer,
// once what the run has said so far lets it.
func (s storm) killed(t *testing.T, layer string, ripe func(said string) bool) (*victim, ledger.Entry) {
	t.Helper()
	v := s.startSuite(t, s.program, "TestLayers", filepath.Join("test", "layers"), "LAYER="+layer)
	for end := time.Now().Add(layerWait); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		select {
		case err := <-v.done:
			t.Fatalf("the run ended before it could be killed: %v\n%s", err, v.out)
		default:
		}
		entries, err := s.run.Ledger.Environments.List()
		require.NoError(t, err)
		if len(entries) != 1 || !ripe(v.out.String()) || !s.changing(t, entries[0], layer) {
			continue
		}
		time.Sleep(time.Second) // into the change, not to its edge
		require.NoError(t, syscall.Kill(v.cmd.Process.Pid, syscall.SIGKILL))
		require.Error(t, <-v.done)
		return v, entries[0]
	}
	t.Fatalf("%s was not changed within %s\n%s", layer, layerWait, v.out)
	return nil, ledger.Entry{}
}

// changing says whether somebody holds the lock of a layer's state to change it.
func (s storm) changing(t *testing.T, e ledger.Entry, layer string) bool {
	t.Helper()
	if e.StateBucket == "" {
		return false
	}
	locks, err := deploy.Locks(t.Context(), s.states(t, e), e.StateBucket)
	if err != nil {
		return false // the bucket is not made yet, or a lock went while it was read
	}
	for _, l := range locks {
		if strings.HasPrefix(l.Key, layer+"/") && l.Operation == "OperationTypeApply" {
			return true
		}
	}
	return false
}

func (s storm) states(t *testing.T, e ledger.Entry) *s3.Client {
	t.Helper()
	cfg, err := sandbox.EmulatedConfig(t.Context(), s.emulator.Endpoint, e.Account, e.Region)
	require.NoError(t, err)
	return sandbox.S3(cfg, e)
}

// loseStates removes every state with all its versions, as a bucket that is lost.
func (s storm) loseStates(t *testing.T, e ledger.Entry) {
	t.Helper()
	client := s.states(t, e)
	lost := 0
	pages := s3.NewListObjectVersionsPaginator(client, &s3.ListObjectVersionsInput{Bucket: &e.StateBucket})
	for pages.HasMorePages() {
		page, err := pages.NextPage(context.WithoutCancel(t.Context()))
		require.NoError(t, err)
		for _, v := range page.Versions {
			_, err := client.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &e.StateBucket, Key: v.Key, VersionId: v.VersionId})
			require.NoError(t, err)
			lost++
		}
	}
	require.NotZero(t, lost)
}
