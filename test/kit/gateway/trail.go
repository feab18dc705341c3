package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"sync"

	"github.com/fintrack/platform/test/kit/iam"
)

// trail writes the decisions, each in one line.
type trail struct {
	mu  sync.Mutex
	out io.Writer
	err error
}

func (t *trail) add(r iam.Record) {
	if t.out == nil {
		return
	}
	b, err := json.Marshal(r)
	t.mu.Lock()
	defer t.mu.Unlock()
	if err == nil {
		_, err = t.out.Write(append(b, '\n'))
	}
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("%w: %w", errTrail, err)
	}
}

func (t *trail) failure() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}
