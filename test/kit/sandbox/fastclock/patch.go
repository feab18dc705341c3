package fastclock

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/bits"
	"strings"
)

// ErrShape is returned for a program that does not look as expected; the error
// that wraps it says which expectation failed. Nothing is written then.
var ErrShape = errors.New("the program has not the expected shape")

// ErrFactor is returned for a factor that is not a power of two from 2 to 1024.
var ErrFactor = errors.New("the factor must be a power of two from 2 to 1024")

// Report says what was changed in a program.
type Report struct {
	// Factor is what durations are divided by.
	Factor int
	// Functions are those whose argument is divided.
	Functions []Redirected
}

// Redirected is one function that jumps through a cave.
type Redirected struct {
	// Name is the function's, Behind that of the function whose padding is the cave.
	Name, Behind string
	// Entry and Cave are their addresses in memory.
	Entry, Cave uint64
}

func (r *Report) String() string {
	parts := make([]string, len(r.Functions))
	for i, f := range r.Functions {
		parts[i] = fmt.Sprintf("%s (%#x) by way of %#x behind %s", f.Name, f.Entry, f.Cave, f.Behind)
	}
	return fmt.Sprintf("waits divided by %d: %s", r.Factor, strings.Join(parts, ", "))
}

// slowed are the functions whose first argument is divided; the package comment
// says why these.
var slowed = []string{"time.Sleep", "time.NewTimer"}

// edit replaces bytes of the program's file at an offset.
type edit struct {
	at    int64
	bytes []byte
}

// Patch returns a copy of the program raw, a statically linked Go program for
// Linux on amd64, whose sleeps and timers take the factor'th part of their time,
// and what was changed. The factor is a power of two from 2 to 1024. The errors
// are ErrFactor and ErrShape; raw is never changed.
func Patch(raw []byte, factor int) ([]byte, *Report, error) {
	edits, report, err := plan(bytes.NewReader(raw), int64(len(raw)), factor)
	if err != nil {
		return nil, nil, err
	}
	out := bytes.Clone(raw)
	for _, e := range edits {
		copy(out[e.at:], e.bytes)
	}
	return out, report, nil
}

// plan returns the edits that Patch makes. It reads the function table and the
// few places of the code that matter, so that a program of 700 MB need not be
// held in memory.
func plan(r io.ReaderAt, size int64, factor int) ([]edit, *Report, error) {
	if factor < 2 || factor > 1024 || bits.OnesCount(uint(factor)) != 1 {
		return nil, nil, fmt.Errorf("factor %d: %w", factor, ErrFactor)
	}
	p, err := open(r, size)
	if err != nil {
		return nil, nil, err
	}
	functions, err := p.table.find(slowed)
	if err != nil {
		return nil, nil, err
	}
	caves, err := p.caves(len(functions))
	if err != nil {
		return nil, nil, err
	}
	report := &Report{Factor: factor}
	var edits []edit
	for i, f := range functions {
		e, err := p.redirect(f, caves[i].at, bits.TrailingZeros(uint(factor)))
		if err != nil {
			return nil, nil, err
		}
		edits = append(edits, e...)
		report.Functions = append(report.Functions, Redirected{Name: f.name, Behind: caves[i].behind, Entry: f.entry, Cave: caves[i].at})
	}
	return edits, report, nil
}

func shape(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrShape, fmt.Sprintf(format, args...))
}
