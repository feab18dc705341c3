package cluster

import (
	"context"

	"github.com/fintrack/platform/test/kit/sandbox"
)

// StartProgram starts a cluster of which path is the one program, on the ports
// that choose returns (API server, etcd's clients, etcd's peers); nil chooses free
// ones.
func StartProgram(ctx context.Context, r *sandbox.Run, path string, choose func() (int, int, int, error), opts ...Option) (*Cluster, error) {
	return startWith(ctx, r, programs{all: path}, chooser(choose), opts...)
}

// StartApart is StartProgram with a program for each component.
func StartApart(ctx context.Context, r *sandbox.Run, dir string, opts ...Option) (*Cluster, error) {
	p, err := programsIn(dir)
	if err != nil {
		return nil, err
	}
	return startWith(ctx, r, p, freePorts, opts...)
}

func chooser(choose func() (int, int, int, error)) func() (ports, error) {
	if choose == nil {
		return freePorts
	}
	return func() (p ports, err error) {
		p.api, p.etcd, p.peer, err = choose()
		return p, err
	}
}
