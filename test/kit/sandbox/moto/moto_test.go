// Package moto_test proves the emulator: its mends work, each of them is still
// needed, and it starts as fast as moto itself.
package moto_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const (
	version    = "5.2.1"
	suiteLimit = 10 * time.Minute
	startLimit = time.Minute
	// extraStart is what the mends may add to moto's own start, as processor
	// time: that does not depend on what else the machine does.
	extraStart = 500 * time.Millisecond
)

// result is a line of tests/run.py.
type result struct {
	Test    string         `json:"test"`
	Proves  []string       `json:"proves"`
	Outcome string         `json:"outcome"`
	Detail  string         `json:"detail"`
	Summary map[string]int `json:"summary"`
}

func TestEveryMendWorks(t *testing.T) {
	t.Parallel()
	results := run(t, "FINTRACK_MOTO_STOCK=")
	mends := map[string]bool{}
	for _, r := range results {
		if r.Outcome != "pass" {
			t.Errorf("%s: %s\n%s", r.Test, r.Outcome, r.Detail)
		}
		for _, m := range r.Proves {
			mends[m] = true
		}
	}
	t.Logf("%d tests of %d mends", len(results), len(mends))
}

func TestEveryMendIsNeededOnStockMoto(t *testing.T) {
	t.Parallel()
	proving := 0
	for _, r := range run(t, "FINTRACK_MOTO_STOCK=1") {
		if len(r.Proves) == 0 {
			continue // of the mends' own machinery
		}
		proving++
		if r.Outcome == "pass" {
			t.Errorf("%s passes on stock moto: it does not prove %s", r.Test, strings.Join(r.Proves, ", "))
		}
	}
	if proving == 0 {
		t.Error("no test says which mend it proves")
	}
	t.Logf("%d tests fail on stock moto, as they must", proving)
}

func TestMendsDoNotSlowTheStart(t *testing.T) {
	python := findPython(t)
	stock, mended := start(t, python, "1"), start(t, python, "")
	t.Logf("processor time until the first answer and its end: stock %s, mended %s", stock, mended)
	if mended > stock+extraStart {
		t.Errorf("the mends add %s to the start, which is more than %s", mended-stock, extraStart)
	}
}

// dependOnSources looks at every source, which makes them part of what go test's
// cache knows a result by; it does not see what Python reads.
func dependOnSources(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, e os.DirEntry, err error) error {
		if err == nil && e.Name() == "__pycache__" {
			return filepath.SkipDir
		}
		if err == nil {
			_, err = os.Stat(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// run runs the Python tests and returns what came of each.
func run(t *testing.T, setting string) []result {
	t.Helper()
	dependOnSources(t)
	ctx, cancel := context.WithTimeout(t.Context(), suiteLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, findPython(t), filepath.Join("tests", "run.py"))
	cmd.Env = append(os.Environ(), setting, "PYTHONDONTWRITEBYTECODE=1", "AWS_CA_BUNDLE=")
	cmd.WaitDelay = 10 * time.Second
	var said, complained bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &complained
	err := cmd.Run()
	if failed := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failed) {
		t.Fatalf("run the tests of the mends: %v", err)
	}
	var results []result
	lines := bufio.NewScanner(&said)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r result
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatalf("tests/run.py printed something else than results: %q", lines.Text())
		}
		if r.Summary != nil {
			return results
		}
		results = append(results, r)
	}
	t.Fatalf("tests/run.py ended without a summary (%v) after %d tests:\n%s", err, len(results), complained.String())
	return nil
}

// start serves moto until its first answer, and returns the processor time of it.
func start(t *testing.T, python, stock string) time.Duration {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(python, "-m", "fintrack_moto", "-p", fmt.Sprint(port))
	cmd.Env = append(os.Environ(), "FINTRACK_MOTO_STOCK="+stock, "PYTHONDONTWRITEBYTECODE=1")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("start the emulator: %v", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	stop := func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	}
	deadline := time.Now().Add(startLimit)
	for !answers(t.Context(), port) {
		select {
		case err := <-ended:
			t.Fatalf("the emulator ended at once (%v):\n%s", err, said.String())
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			stop()
			t.Fatalf("the emulator did not answer within %s", startLimit)
		}
	}
	stop()
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
}

func answers(ctx context.Context, port int) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprintf("http://127.0.0.1:%d/moto-api/config", port), nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	return res.Body.Close() == nil && res.StatusCode < http.StatusMultipleChoices
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("find a free port: %v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// findPython returns a Python that has the moto which the mends are for: the one
// that FINTRACK_PYTHON names, that of the cache, or the python3 on PATH.
func findPython(t *testing.T) string {
	t.Helper()
	if named := os.Getenv("FINTRACK_PYTHON"); named != "" {
		if found := motoOf(t, named); found != version {
			t.Fatalf("FINTRACK_PYTHON=%s has moto %s, not %s: run scripts/bootstrap moto", named, found, version)
		}
		return named
	}
	cache := os.Getenv("FINTRACK_CACHE")
	if cache == "" {
		cache = filepath.Join("..", "..", "..", "..", ".cache")
	}
	for _, candidate := range []string{filepath.Join(cache, "venv", "bin", "python"), "python3"} {
		path, err := exec.LookPath(candidate)
		if err != nil {
			continue
		}
		if motoOf(t, path) == version {
			// A relative path would be looked for in the folder of the tests.
			if path, err = filepath.Abs(path); err == nil {
				return path
			}
		}
	}
	t.Fatalf("no Python with moto %s and its server was found: run scripts/bootstrap moto", version)
	return ""
}

// motoOf returns the release of moto that a Python has, or "none".
func motoOf(t *testing.T, python string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, python, "-c", "import moto, moto.server; print(moto.__version__)").Output()
	if err != nil {
		return "none"
	}
	return strings.TrimSpace(string(out))
}
