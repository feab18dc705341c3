package front

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
)

// largest is the size in bytes of the largest message: all schemas of the provider
// take some tens of millions.
const largest = 1 << 30

// backend is one process and the configuration that it has.
type backend struct {
	process Backend
	conn    *grpc.ClientConn

	// configuration is the request that configured it, users how many connections of
	// Terraform work with it. Both are the front's to lock.
	configuration string
	users         int

	configuring sync.Mutex
	answer      []byte // to that request; nil before it was asked
}

func connect(process Backend) (*backend, error) {
	conn, err := grpc.NewClient("unix:"+process.Socket(), grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(unread{}), grpc.MaxCallRecvMsgSize(largest)))
	if err != nil {
		return nil, fmt.Errorf("reach the provider at %s: %w", process.Socket(), err)
	}
	return &backend{process: process, conn: conn}, nil
}

// ask hands a request on.
func (b *backend) ask(ctx context.Context, method string, request []byte) ([]byte, error) {
	in, out := frame{request}, frame{}
	if err := b.conn.Invoke(ctx, method, &in, &out); err != nil {
		return nil, err // its status is Terraform's to see
	}
	return out.bytes, nil
}

// configure hands a configuration on, unless others work with the process under the
// same one already: then theirs is the answer.
func (b *backend) configure(ctx context.Context, method string, request []byte) ([]byte, error) {
	b.configuring.Lock()
	defer b.configuring.Unlock()
	if b.answer != nil {
		return b.answer, nil
	}
	answer, err := b.ask(ctx, method, request)
	if err == nil {
		b.answer = append([]byte{}, answer...)
	}
	return answer, err
}

// any is a process for what needs no configuration.
func (f *Front) any(ctx context.Context) (*backend, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, b := range f.backends {
		if b.process.Alive() {
			return b, nil
		}
	}
	return f.more(ctx)
}

// claim gives a connection the process of its configuration: one that has it already,
// else one that nobody works with, else a new one.
func (f *Front) claim(ctx context.Context, c *connection, configuration string) (*backend, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leave(c)
	alive := func(b *backend) bool { return b.process.Alive() }
	i := slices.IndexFunc(f.backends, func(b *backend) bool { return alive(b) && b.configuration == configuration })
	if i < 0 {
		i = slices.IndexFunc(f.backends, func(b *backend) bool { return alive(b) && b.users == 0 })
	}
	var b *backend
	if i >= 0 {
		b = f.backends[i]
	} else {
		var err error
		if b, err = f.more(ctx); err != nil {
			return nil, err
		}
	}
	if b.users == 0 { // it is configured anew, as by a Terraform that starts its own
		b.configuration = configuration
		b.configuring.Lock() // an answer may still come to somebody who has gone
		b.answer = nil
		b.configuring.Unlock()
	}
	b.users++
	c.backend.Store(b)
	return b, nil
}

// more starts another process; the caller holds the lock.
func (f *Front) more(ctx context.Context) (*backend, error) {
	process, err := f.config.More(ctx)
	if err != nil {
		return nil, err
	}
	b, err := connect(process)
	if err == nil {
		f.backends = append(f.backends, b)
	}
	return b, err
}

// leave takes a connection from the process it works with; the caller holds the lock.
func (f *Front) leave(c *connection) {
	if b := c.backend.Swap(nil); b != nil {
		b.users--
	}
}
