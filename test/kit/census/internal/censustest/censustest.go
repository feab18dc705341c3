// Package censustest proves a service's listers on the emulator: what the SDK
// made there is listed with name and tags, what belongs to others is left alone,
// and a sweep removes the rest.
package censustest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Region is where the fixtures are made.
const Region = "us-east-1"

// bound bounds one test, the start of the emulator apart.
const bound = 3 * time.Minute

var endpoint string

// Main starts one emulator for the tests of a package.
func Main(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "census")
	if err != nil {
		return refuse(err)
	}
	defer os.RemoveAll(dir)
	paths, err := sandbox.FindPaths()
	if err != nil {
		return refuse(err)
	}
	l, err := ledger.Open(filepath.Join(dir, "ledger"))
	if err != nil {
		return refuse(err)
	}
	e, err := sandbox.StartEmulator(context.Background(), paths, l)
	if err != nil {
		return refuse(err)
	}
	endpoint = e.Endpoint
	code := m.Run()
	if err := e.Stop(l); err != nil {
		return refuse(err)
	}
	return code
}

func refuse(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 2
}

// Account returns settings that act in a new account of the emulator.
func Account(t testing.TB) aws.Config {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := sandbox.EmulatedConfig(Context(t), endpoint, fmt.Sprint(n.Int64()+100_000_000_000), Region)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

// Context returns a context for one test.
func Context(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), bound)
	t.Cleanup(cancel)
	return ctx
}

// Unique returns a name that starts with prefix and that nothing else has: the
// names of buckets are shared by all accounts.
func Unique(prefix string) string {
	b := make([]byte, 3)
	rand.Read(b)
	return prefix + hex.EncodeToString(b)
}

// Do makes a call that must succeed and returns its answer.
func Do[O, I, R any](t testing.TB, ctx context.Context, call func(context.Context, I, ...func(*O)) (R, error), in I) R {
	t.Helper()
	out, err := call(ctx, in)
	if err != nil {
		t.Fatalf("%T: %v", in, err)
	}
	return out
}

// Must returns a function that takes the result of a call and fails the test
// when it is an error.
func Must(t testing.TB) func(out any, err error) {
	return func(out any, err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("%T: %v", out, err)
		}
	}
}
