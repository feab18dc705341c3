package gitops_test

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/gitops/argocd"
	"github.com/stretchr/testify/require"
)

// goal is the platform's own for a merge to be in production.
const goal = 4 * time.Minute

// The service that is released beside what other commits change.
const (
	other       = "notification-service"
	otherValues = "gitops/services/" + other + "/values-prod.yaml"
)

// release is a commit of the image updater that nobody tells Argo CD of.
type release struct {
	service, from, image string
	before               []string // what the Application was compared with last
	merged               time.Time
	// How long after the commit Argo CD had found it, had applied it, and all pods were
	// ready and of the new image; 0 until then.
	found, applied, healthy time.Duration
	seen                    string
}

// merged commits a tag as the image updater does, and leaves Argo CD to find it by itself
// while it is told of other commits.
func (p *proof) merged() {
	p.t.Helper()
	from := fmt.Sprint(container(p.one("apps", "Deployment", other))["image"])
	repository, tag, _ := strings.Cut(from, ":")
	r := &release{service: other, from: from, image: repository + ":main-999999"}
	all, err := p.statuses(p.t.Context())
	require.NoError(p.t, err)
	r.before = all[other].Revisions
	require.NotEmpty(p.t, r.before, "%s was never compared", other)
	require.NoError(p.t, p.repository.Replace(otherValues, "tag: "+tag, "tag: main-999999"))
	_, err = p.repository.Commit(p.t.Context(), "argocd-image-updater", "build: automatic update of "+other)
	require.NoError(p.t, err)
	r.merged = time.Now()
	p.release = r
}

// look takes the time of each stage that a release has come to. Every revision that is
// another than before has the commit in it.
func (r *release) look(p *proof, all map[string]argocd.Status) {
	if r == nil || r.healthy > 0 {
		return
	}
	s, since, want := all[r.service], time.Since(r.merged), p.least()[r.service]
	fresh := !slices.Equal(s.Revisions, r.before)
	if fresh && r.found == 0 {
		r.found = since
	}
	if fresh && r.applied == 0 && s.Sync == "Synced" {
		r.applied = since
	}
	new, ready := p.pods(r.image)[r.service], p.pods("")[r.service]
	if fresh && s.Good() && new == want && ready == want {
		r.healthy = since
	}
	r.seen = fmt.Sprintf("%d of %d pods are of the new image, %d in all; %s", new, want, ready, s)
}

// released waits for what merged has begun.
func (p *proof) released() {
	c := p.check("released", "A commit of the image updater is found, applied and rolled out without a hand", "gitops/apps", "CC8.1", "A1.1")
	r := p.release
	err := p.until("the release is rolled out", func(map[string]argocd.Status) []string {
		if r.healthy > 0 {
			return nil
		}
		return []string{r.seen}
	})
	p.release = nil
	want := p.least()[r.service]
	expected := fmt.Sprintf("%d ready pods of %s and none of %s; the goal from merge to healthy is %s, which is observed and not judged", want, r.image, r.from, goal)
	if err != nil {
		p.checks.Err(c, expected, err)
		return
	}
	of, ready := p.pods(r.image)[r.service], p.pods("")[r.service]
	second := func(d time.Duration) time.Duration { return d.Round(100 * time.Millisecond) }
	p.checks.That(c, of == want && ready == want, expected, fmt.Sprintf("%d ready pods, %d of them of the new image; %s from merge to healthy: found after %s (Argo CD asks Git every %s to %s), applied %s later, healthy %s later",
		ready, of, second(r.healthy), second(r.found), p.settings.Reconciliation, p.settings.Reconciliation+p.settings.Jitter, second(r.applied-r.found), second(r.healthy-r.applied)))
}
