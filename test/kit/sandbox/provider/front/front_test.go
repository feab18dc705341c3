package front_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/provider/front"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// provider is a process that notes what it is asked. Every message is a string.
type provider struct {
	name   string
	socket string
	dead   atomic.Bool

	mu    sync.Mutex
	asked []string
}

func (p *provider) Socket() string { return p.socket }
func (p *provider) Alive() bool    { return !p.dead.Load() }

func (p *provider) heard() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.asked...)
}

func text(s string) *wrapperspb.BytesValue { return wrapperspb.Bytes([]byte(s)) }

// start serves a provider until the test ends.
func start(t *testing.T, name string) *provider {
	t.Helper()
	p := &provider{name: name, socket: filepath.Join(t.TempDir(), "p")}
	listener, err := net.Listen("unix", p.socket)
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		method, _ := grpc.MethodFromServerStream(stream)
		in := text("")
		if err := stream.RecvMsg(in); err != nil {
			return err
		}
		p.mu.Lock()
		p.asked = append(p.asked, strings.TrimPrefix(method, "/tfplugin5.Provider/")+" "+string(in.Value))
		p.mu.Unlock()
		if string(in.Value) == "refuse" {
			return status.Error(codes.FailedPrecondition, "no")
		}
		return stream.SendMsg(text(name))
	}))
	go server.Serve(listener) //nolint:errcheck // it ends with the test
	t.Cleanup(server.Stop)
	return p
}

// farm is a front and all that was started behind it.
type farm struct {
	*front.Front
	mu  sync.Mutex
	all []*provider
}

func before(t *testing.T) *farm {
	t.Helper()
	f := &farm{all: []*provider{start(t, "first")}}
	var err error
	f.Front, err = front.Start(front.Config{First: f.all[0], Cache: &front.Cache{}, More: func(context.Context) (front.Backend, error) {
		f.mu.Lock()
		defer f.mu.Unlock()
		if len(f.all) == 4 {
			return nil, errors.New("no room for a fifth")
		}
		p := start(t, fmt.Sprintf("number %d", len(f.all)+1))
		f.all = append(f.all, p)
		return p, nil
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, f.Close()) })
	return f
}

// terraform is one connection, as Terraform opens for each configuration.
func (f *farm) terraform(t *testing.T) *grpc.ClientConn {
	t.Helper()
	c, err := grpc.NewClient("unix:"+f.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { _ = c.Close() })
	return c
}

func ask(t *testing.T, c *grpc.ClientConn, method, request string) (string, error) {
	t.Helper()
	out := text("")
	err := c.Invoke(t.Context(), "/tfplugin5.Provider/"+method, text(request), out)
	return string(out.Value), err
}

func says(t *testing.T, c *grpc.ClientConn, method, request string) string {
	t.Helper()
	out, err := ask(t, c, method, request)
	require.NoError(t, err)
	return out
}

func TestEachConfigurationHasAProcessOfItsOwn(t *testing.T) {
	f := before(t)
	here, there, hereAgain := f.terraform(t), f.terraform(t), f.terraform(t)
	require.Equal(t, "first", says(t, here, "Configure", "here"))
	require.Equal(t, "number 2", says(t, there, "Configure", "there"))
	require.Equal(t, "first", says(t, hereAgain, "Configure", "here"), "the same configuration, the same process")
	require.Equal(t, "first", says(t, here, "ReadResource", "a"))
	require.Equal(t, "number 2", says(t, there, "ReadResource", "b"))
	require.Equal(t, "first", says(t, hereAgain, "ReadResource", "c"))
	require.Equal(t, []string{"Configure here", "ReadResource a", "ReadResource c"}, f.all[0].heard(), "it is configured once while somebody works with it")
	require.Equal(t, []string{"Configure there", "ReadResource b"}, f.all[1].heard())
}

func TestAProcessThatNobodyWorksWithIsConfiguredAnew(t *testing.T) {
	f := before(t)
	here := f.terraform(t)
	says(t, here, "Configure", "here")
	require.NoError(t, here.Close())
	require.Eventually(t, func() bool {
		c := f.terraform(t)
		defer c.Close()
		return says(t, c, "Configure", "there") == "first"
	}, 10*time.Second, 10*time.Millisecond, "its connection has ended")
	c := f.terraform(t)
	require.Eventually(t, func() bool { return says(t, c, "Configure", "here") == "first" }, 10*time.Second, 10*time.Millisecond)
	var count int
	for _, line := range f.all[0].heard() {
		if line == "Configure here" {
			count++
		}
	}
	require.GreaterOrEqual(t, count, 2, "nothing of an earlier configuration is taken for the new one")
}

func TestWhatNeedsNoConfigurationIsAnsweredByAnyProcess(t *testing.T) {
	f := before(t)
	require.Equal(t, "first", says(t, f.terraform(t), "ValidateResourceTypeConfig", "x"))
	f.all[0].dead.Store(true)
	require.Equal(t, "number 2", says(t, f.terraform(t), "ValidateResourceTypeConfig", "x"), "a process that has ended answers nobody")
	require.Equal(t, "number 2", says(t, f.terraform(t), "Configure", "here"))
}

func TestAnErrorIsTerraformsToSee(t *testing.T) {
	f := before(t)
	_, err := ask(t, f.terraform(t), "Configure", "refuse")
	require.Equal(t, codes.FailedPrecondition, status.Code(err))
	f.all[0].dead.Store(true)
	for i := range 3 {
		says(t, f.terraform(t), "Configure", fmt.Sprint(i))
	}
	_, err = ask(t, f.terraform(t), "Configure", "one more")
	require.ErrorContains(t, err, "no room for a fifth")
}

func TestAProcessThatIsDroppedIsAskedNoMore(t *testing.T) {
	f := before(t)
	says(t, f.terraform(t), "Configure", "here")
	says(t, f.terraform(t), "Configure", "there")
	require.Len(t, f.Backends(), 2)
	f.Drop(f.all[1])
	require.Len(t, f.Backends(), 1)
	require.Equal(t, "number 3", says(t, f.terraform(t), "Configure", "there"))
}

func TestConfigurationsAtTheSameTimeAreNotMixedUp(t *testing.T) {
	f := before(t)
	var group sync.WaitGroup
	for i := range 40 {
		group.Go(func() {
			configuration := fmt.Sprint(i % 4)
			c := f.terraform(t)
			configured, err := ask(t, c, "Configure", configuration)
			if err != nil {
				t.Error(err)
				return
			}
			for range 5 {
				if got, err := ask(t, c, "ReadResource", configuration); err != nil || got != configured {
					t.Errorf("configured by %s, read by %s: %v", configured, got, err)
				}
			}
		})
	}
	group.Wait()
	for _, p := range f.all {
		read := map[string]bool{}
		for _, line := range p.heard() {
			if rest, ok := strings.CutPrefix(line, "ReadResource "); ok {
				read[rest] = true
			}
		}
		require.LessOrEqual(t, len(read), 1, "%s was asked under %v at the same time", p.name, read)
	}
}
