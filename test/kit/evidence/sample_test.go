package evidence_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

var began = time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)

// controls is a file of controls in which every criterion wants the checks of the
// suite demo; CC6.1 wants every table to be checked.
func controls() string {
	var b strings.Builder
	b.WriteString("criteria:\n")
	for _, id := range check.Controls {
		fmt.Fprintf(&b, "  - id: %s\n    title: About %s\n    means: What it asks.\n    checks: [demo.*]\n    cannot-show: [What people do.]\n", id, id)
		if id == "CC6.1" {
			b.WriteString("    populations:\n      - what: tables\n        resources: [aws_dynamodb_table]\n")
		}
	}
	return b.String()
}

var tables = []evidence.Resource{{Folder: "terraform/demo", Type: "aws_dynamodb_table", Name: "this", File: "terraform/demo/main.tf", Line: 3}}

// result is a passed check of the suite demo that bears on everything.
func result(id string, at time.Time) check.Result {
	return check.Result{
		Check:    check.Check{ID: id, Title: "It holds", Controls: check.Controls, Subject: `aws_dynamodb_table.this["a"]`, Next: "Mend it"},
		Verdict:  check.Pass,
		Expected: "true", Observed: "true", Environment: "emulated", Run: "r1", Suite: "demo", Time: at, Duration: time.Second,
	}
}

func inputs() evidence.Inputs {
	return evidence.Inputs{
		Commit: commit, Controls: []byte(controls()), Resources: tables,
		Results: []check.Result{result("demo.one", began), result("demo.two", began.Add(time.Minute))},
		Trees:   []evidence.Tree{{Name: "modules/demo", DirHash: strings.Repeat("ab", 32)}},
		Tools:   []evidence.Tool{{Name: "terraform", Version: "1.11.4", SHA256: strings.Repeat("cd", 32)}},
	}
}

var keys = sync.OnceValues(func() (evidence.Signer, []byte) {
	private, public, err := evidence.GenerateKey()
	if err != nil {
		panic(err)
	}
	s, err := evidence.ReadSigner("key.pem", private)
	if err != nil {
		panic(err)
	}
	return s, public
})

// build makes a bundle that must come about.
func build(t *testing.T, in evidence.Inputs) evidence.Files {
	t.Helper()
	signer, _ := keys()
	files, _, err := evidence.Build(context.Background(), in, signer)
	require.NoError(t, err)
	return files
}

func expect(t testing.TB) evidence.Expect {
	t.Helper()
	_, public := keys()
	k, err := evidence.ReadPublic("pub.pem", public)
	require.NoError(t, err)
	return evidence.Expect{Key: k}
}

func verify(t *testing.T, files evidence.Files, want evidence.Expect) []string {
	t.Helper()
	var out []string
	for _, f := range evidence.Verify(context.Background(), files, want) {
		out = append(out, f.String())
	}
	return out
}

func changed(files evidence.Files, name string, text []byte) evidence.Files {
	files = maps.Clone(files)
	files[name] = text
	return files
}

func opened(t *testing.T, files evidence.Files) *evidence.Bundle {
	t.Helper()
	b, err := evidence.Open(files)
	require.NoError(t, err)
	return b
}
