// Package alerts_test proves the alert rules, the routing, the dashboards and
// the log pipeline of gitops/addons, over simulated days.
package alerts_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts"
	"github.com/fintrack/platform/test/kit/check"
)

const (
	repository = "../.."
	addOn      = repository + "/gitops/addons/prometheus-stack"
)

// suite is what all tests here share: the book, its runs, the journal of checks.
type suite struct {
	book    *alerts.Book
	routing *alerts.Routing
	sim     *alerts.Simulator
	runs    []*alerts.Run
}

var once = sync.OnceValues(func() (*suite, error) {
	book, err := alerts.Load(os.DirFS(addOn))
	if err != nil {
		return nil, err
	}
	s := &suite{book: book, routing: book.Routing, sim: alerts.NewSimulator()}
	s.runs, err = book.RunAll(context.Background(), s.sim)
	return s, err
})

func shared(t testing.TB) *suite {
	t.Helper()
	s, err := once()
	require.NoError(t, err, "read %s", addOn)
	return s
}

var (
	journalMu sync.Mutex
	journal   *os.File
)

// checks returns a set that writes to the journal of the run, where there is one.
func checks(t testing.TB, suite string) *check.Set {
	t.Helper()
	journalMu.Lock()
	defer journalMu.Unlock()
	run := os.Getenv("FINTRACK_RUN")
	if path := os.Getenv("FINTRACK_ALERTS_JOURNAL"); path != "" && journal == nil {
		f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		journal = f
	}
	labels := check.Labels{Environment: "emulated", Run: run, Suite: suite}
	if journal == nil {
		return check.NewSet(t, labels, nil)
	}
	return check.NewSet(t, labels, journal)
}

// problems records a check that passes when the list is empty.
func problems(c *check.Set, id, title, subject, next string, controls []string, list []string) {
	observed := "none"
	if len(list) > 0 {
		observed = fmt.Sprintf("%d:", len(list))
		for i, p := range list {
			if i == 20 {
				observed += fmt.Sprintf("\n  and %d more", len(list)-i)
				break
			}
			observed += "\n  " + p
		}
	}
	c.That(check.Check{ID: id, Title: title, Controls: controls, Subject: subject, Next: next}, len(list) == 0, "no problem", observed)
}

// report adds to what scripts/test-alerts prints at its end; by hand it goes to the
// test's log.
func report(t *testing.T, text string) {
	t.Helper()
	path := os.Getenv("FINTRACK_ALERTS_REPORT")
	if path == "" {
		t.Log("\n" + text)
		return
	}
	journalMu.Lock()
	defer journalMu.Unlock()
	f, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	require.NoError(t, err)
	_, err = f.WriteString(text + "\n")
	require.NoError(t, errors.Join(err, f.Close()))
}

var monitoring = []string{"CC7.2", "CC7.3", "A1.1"}
