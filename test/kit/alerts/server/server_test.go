package server_test

import (
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts/server"
)

const roleVariable = "FINTRACK_TEST_SERVER"

// TestMain is a server itself when the tests start this program again.
func TestMain(m *testing.M) {
	address := os.Getenv(roleVariable)
	if address == "" {
		os.Exit(m.Run())
	}
	if address == "ends" {
		fmt.Println("no such configuration")
		os.Exit(3)
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, syscall.SIGTERM)
	go func() {
		<-end
		fmt.Println("in order")
		os.Exit(0)
	}()
	_ = http.ListenAndServe(address, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/ready" {
			http.NotFound(w, r)
		}
	}))
}

// failing stands for a test that a server fails.
type failing struct {
	testing.TB
	failed bool
	ends   []func()
}

func (f *failing) Helper()               {}
func (f *failing) Errorf(string, ...any) { f.failed = true }
func (f *failing) FailNow()              { f.failed = true; runtime.Goexit() }
func (f *failing) Failed() bool          { return f.failed }
func (f *failing) Logf(string, ...any)   {}
func (f *failing) Cleanup(end func())    { f.ends = append(f.ends, end) }
func fails(t *testing.T, do func(testing.TB)) {
	t.Helper()
	f := &failing{TB: t}
	done := make(chan struct{})
	go func() {
		defer close(done)
		do(f)
	}()
	<-done
	for _, end := range f.ends {
		end()
	}
	require.True(t, f.failed)
}

func TestAServerIsReadyStopsInOrderAndIsHeard(t *testing.T) {
	address := server.FreePort(t)
	t.Setenv(roleVariable, address)
	p := server.Start(t, os.Args[0])
	p.Ready(t, "http://"+address+"/ready", time.Minute)
	p.Stop(t, time.Minute)
	require.Equal(t, "in order\n", p.Said())
	_, err := http.Get("http://" + address + "/ready")
	require.Error(t, err)
	p.Kill() // of what has ended is no error
}

func TestAServerThatDoesNotComeUpFailsTheTest(t *testing.T) {
	t.Setenv(roleVariable, "ends")
	fails(t, func(tb testing.TB) { server.Start(tb, os.Args[0]).Ready(tb, "http://127.0.0.1:1/ready", time.Minute) })
	address := server.FreePort(t)
	t.Setenv(roleVariable, address)
	fails(t, func(tb testing.TB) {
		server.Start(tb, os.Args[0]).Ready(tb, "http://"+address+"/other", 300*time.Millisecond)
	})
	fails(t, func(tb testing.TB) { server.Start(tb, "/no/such/program") })
	fails(t, func(tb testing.TB) { server.Program(tb, "FINTRACK_NO_SUCH_PROGRAM") })
}
