package census_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/census"
)

// emulator are settings that lead nowhere near AWS.
var emulator = aws.Config{BaseEndpoint: aws.String("http://127.0.0.1:1")}

// own is the scope of an account that belongs to the run.
var own = census.Scope{Regions: []string{"us-east-1"}, Own: true}

// world is a fake account: things by "type/id", which only go when what they wait
// for is gone.
type world struct {
	mu     sync.Mutex
	things map[string]thing
	// order of successful deletions
	deleted []string
}

type thing struct {
	after   []string // goes only after these
	stuck   error    // never goes
	looks   int      // stays listed as leaving for so many looks after its deletion
	spawns  string   // appears once when this is deleted
	leaving bool
	name    string
	tags    map[string]string
}

// lister lists the world's things of one type.
func (w *world) lister(typ string, order int) census.Lister {
	return census.Lister{Service: "fake", Types: []string{typ}, Regional: true, Order: order, List: func(context.Context, aws.Config) ([]census.Resource, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		var rs []census.Resource
		for key, th := range w.things {
			id, ok := cutType(key, typ)
			if !ok {
				continue
			}
			if th.leaving {
				if th.looks--; th.looks <= 0 {
					w.gone(key)
					continue
				}
				w.things[key] = th
			}
			rs = append(rs, census.Resource{ID: id, Name: th.name, Tags: th.tags, Leaving: th.leaving, Delete: func(context.Context) error { return w.remove(key) }})
		}
		return rs, nil
	}}
}

func cutType(key, typ string) (id string, ok bool) {
	if len(key) <= len(typ)+1 || key[:len(typ)+1] != typ+"/" {
		return "", false
	}
	return key[len(typ)+1:], true
}

func (w *world) gone(key string) {
	w.deleted = append(w.deleted, key)
	if s := w.things[key].spawns; s != "" {
		w.things[s] = thing{}
	}
	delete(w.things, key)
}

func (w *world) remove(key string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	th := w.things[key]
	if th.stuck != nil {
		return th.stuck
	}
	for _, k := range th.after {
		if _, there := w.things[k]; there {
			return errors.New("DependencyViolation: " + k + " uses it")
		}
	}
	if th.looks > 0 {
		th.leaving = true
		w.things[key] = th
		return nil
	}
	w.gone(key)
	return nil
}

// before reports whether a was deleted before b.
func (w *world) before(a, b string) bool {
	i, j := slices.Index(w.deleted, a), slices.Index(w.deleted, b)
	return i >= 0 && j >= 0 && i < j
}

func use(t *testing.T, listers ...census.Lister) {
	t.Helper()
	t.Cleanup(census.Replace(listers...))
}

func keys(rs []census.Resource) []string { return census.SetOf(rs...).Keys() }

func equal(t *testing.T, what string, want, got []string) {
	t.Helper()
	if !slices.Equal(want, got) {
		t.Errorf("%s: want %q, got %q", what, want, got)
	}
}
