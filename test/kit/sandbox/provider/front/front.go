// Package front stands between Terraform and provider processes that outlive its
// commands. Terraform attaches to one address; the front hands each of its requests on
// unread and unchanged, but for two things:
//
//   - A command asks for the schemas of all types before anything else, and spends
//     seconds of processor time on 1500 of them to use a dozen. The front asks the
//     provider once, and answers with the schemas of the types that are wanted. A type
//     that is not among them is an error of Terraform's, never a silence.
//   - A process has one configuration. Each configuration of the provider (its region,
//     its keys, its tags) gets a process of its own, so that aliases land where they
//     say.
package front

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
)

// Backend is a provider process.
type Backend interface {
	// Socket is the path that it listens on.
	Socket() string
	Alive() bool
}

// Config are the processes behind a front.
type Config struct {
	// First runs already. More starts another, for a configuration while the others
	// are in use.
	First Backend
	More  func(context.Context) (Backend, error)
	// Cache holds the schemas; all fronts before one program may share it.
	Cache *Cache
}

// Front is one address for Terraform.
type Front struct {
	config Config
	folder string
	server *grpc.Server
	types  atomic.Pointer[func() map[string]bool]

	mu       sync.Mutex
	backends []*backend
}

// Start listens on a socket of its own, until Close.
func Start(c Config) (*Front, error) {
	folder, err := os.MkdirTemp("", "front")
	if err != nil {
		return nil, fmt.Errorf("listen for Terraform: %w", err)
	}
	f := &Front{config: c, folder: folder}
	listener, err := net.Listen("unix", f.Socket())
	if err != nil {
		return nil, errors.Join(fmt.Errorf("listen for Terraform: %w", err), os.RemoveAll(folder))
	}
	b, err := connect(c.First)
	if err != nil {
		return nil, errors.Join(err, listener.Close(), os.RemoveAll(folder))
	}
	f.backends = []*backend{b}
	f.server = grpc.NewServer(grpc.ForceServerCodec(unread{}), grpc.UnknownServiceHandler(f.handle),
		grpc.StatsHandler(connections{f}), grpc.MaxRecvMsgSize(largest))
	go f.server.Serve(listener) //nolint:errcheck // it ends with Close
	return f, nil
}

// Socket is the path that Terraform attaches to.
func (f *Front) Socket() string { return filepath.Join(f.folder, "socket") }

// Show chooses the types whose schemas are answered from now on: types is asked
// whenever a command asks for schemas, and nil from it, or in its place, stands for
// every type.
func (f *Front) Show(types func() map[string]bool) {
	if types == nil {
		f.types.Store(nil)
		return
	}
	f.types.Store(&types)
}

// Backends are the processes, in the order of their start.
func (f *Front) Backends() []Backend {
	f.mu.Lock()
	defer f.mu.Unlock()
	var out []Backend
	for _, b := range f.backends {
		out = append(out, b.process)
	}
	return out
}

// Drop forgets a process, which is to be stopped.
func (f *Front) Drop(process Backend) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i, b := range f.backends {
		if b.process == process {
			_ = b.conn.Close() // nobody waits for it
			f.backends = append(f.backends[:i], f.backends[i+1:]...)
			return
		}
	}
}

// Close ends every connection. The processes are their owner's to stop.
func (f *Front) Close() error {
	f.server.Stop()
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.backends {
		_ = b.conn.Close()
	}
	return os.RemoveAll(f.folder)
}
