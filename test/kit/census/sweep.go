package census

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Pace bounds how a sweep waits for AWS. Between two looks it waits First, then
// twice as long each time, Most at most. It gives up on an order of resources
// after Patience without progress while none of them is leaving, and on all of
// them after Stall.
type Pace struct{ First, Most, Patience, Stall time.Duration }

// Paces of the two kinds of environment. An emulator deletes at once, or refuses
// for a reason that time does not change. AWS needs minutes: the interfaces of a
// function in a VPC stay up to twenty ("Giving Lambda functions access to
// resources in an Amazon VPC"), a distribution takes as long to be disabled.
var (
	EmulatedPace = Pace{First: 20 * time.Millisecond, Most: time.Second, Patience: 60 * time.Millisecond, Stall: 500 * time.Millisecond}
	AWSPace      = Pace{First: 2 * time.Second, Most: 20 * time.Second, Patience: 90 * time.Second, Stall: 25 * time.Minute}
)

// Sweep deletes what a census finds in the scope: one order after the other, each
// by repeated passes, since what refers to a resource keeps it from being
// deleted; then all of it again, until nothing is left or nothing moves.
//
// It returns what it has deleted, and what is left with the reason in Problem.
// The error says that a census failed, in which case there may be more, or that
// ctx ended.
func Sweep(ctx context.Context, cfg aws.Config, s Scope) (deleted, left []Resource, err error) {
	if err := s.check(cfg); err != nil {
		return nil, nil, err
	}
	w := &sweep{cfg: cfg, scope: s, pace: AWSPace, seen: map[string]Resource{}, problems: map[string]error{}, accepted: map[string]bool{}}
	if Emulated(cfg) {
		w.pace = EmulatedPace
	}
	return w.run(ctx)
}

type sweep struct {
	cfg   aws.Config
	scope Scope
	pace  Pace

	mu       sync.Mutex
	seen     map[string]Resource // everything ever found
	problems map[string]error    // the last error of each
	accepted map[string]bool     // those whose deletion was accepted
}

// run repeats rounds over all orders until one finds nothing, or none has made
// progress for as long as the pace allows.
func (w *sweep) run(ctx context.Context) (deleted, left []Resource, err error) {
	qs := questions(Listers(), w.scope.Regions)
	wait, moved, gone := w.pace.First, time.Now(), 0
	for {
		found, err := take(ctx, w.cfg, w.scope, qs)
		w.note(found)
		if found.Len() == 0 || ctx.Err() != nil {
			return w.result(ctx, found, err)
		}
		before := len(w.accepted)
		for _, order := range orders(qs) {
			w.drain(ctx, order, found)
		}
		last := gone
		if gone = len(w.seen) - found.Len(); len(w.accepted) > before || gone > last {
			wait, moved = w.pace.First, time.Now()
			continue
		}
		if time.Since(moved) > w.pace.Stall {
			found, err = take(ctx, w.cfg, w.scope, qs)
			w.note(found)
			return w.result(ctx, found, err)
		}
		wait = w.pause(ctx, wait)
	}
}

// orders groups the questions by the order of their listers.
func orders(qs []question) [][]question {
	byOrder := map[int][]question{}
	for _, q := range qs {
		byOrder[q.Order] = append(byOrder[q.Order], q)
	}
	var groups [][]question
	for _, order := range slices.Sorted(maps.Keys(byOrder)) {
		groups = append(groups, byOrder[order])
	}
	return groups
}

// drain deletes the found resources of one order and looks again, until they are
// gone or stuck. Only the listers that had found something are asked again.
func (w *sweep) drain(ctx context.Context, order []question, found Set) {
	wait, moved, last := w.pace.First, time.Now(), 0
	for {
		rs, busy := of(order, found)
		if len(rs) == 0 || ctx.Err() != nil {
			return
		}
		fewer := len(rs) < last
		last = len(rs)
		before, leaving := len(w.accepted), false
		for _, r := range rs {
			leaving = leaving || r.Leaving
		}
		each(slices.DeleteFunc(rs, func(r Resource) bool { return r.Leaving }), func(r Resource) { w.remove(ctx, r) })
		if len(w.accepted) > before || fewer {
			wait, moved = w.pace.First, time.Now()
		} else {
			if limit := w.pace.Patience; !leaving && time.Since(moved) > limit || time.Since(moved) > w.pace.Stall {
				return
			}
			wait = w.pause(ctx, wait)
		}
		// An error here shows again in the census that ends the round.
		found, _ = take(ctx, w.cfg, w.scope, busy)
		w.note(found)
	}
}

// of picks the resources that the questions had found, and those questions.
func of(order []question, found Set) (rs []Resource, busy []question) {
	for _, r := range found.byKey {
		if slices.ContainsFunc(order, func(q question) bool { return q.finds(r) }) {
			rs = append(rs, r)
		}
	}
	for _, q := range order {
		if slices.ContainsFunc(rs, q.finds) {
			busy = append(busy, q)
		}
	}
	return rs, busy
}

// finds reports whether the question can have found the resource.
func (q question) finds(r Resource) bool {
	return slices.Contains(q.Types, r.Type) && (!q.Regional || r.Region == q.region)
}

// remove calls the resource's Delete and keeps what came of it.
func (w *sweep) remove(ctx context.Context, r Resource) {
	err := r.Delete(ctx)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil || Gone(err) {
		w.accepted[r.Key()] = true
		delete(w.problems, r.Key())
		return
	}
	w.problems[r.Key()] = err
}

func (w *sweep) note(found Set) {
	maps.Copy(w.seen, found.byKey)
}

func (w *sweep) pause(ctx context.Context, wait time.Duration) time.Duration {
	select {
	case <-ctx.Done():
	case <-time.After(wait):
	}
	return min(2*wait, w.pace.Most)
}

// result splits what was seen into what is gone and what is left. When the last
// census was not complete, a resource that it did not show is gone only if its
// deletion was accepted.
func (w *sweep) result(ctx context.Context, last Set, err error) (deleted, left []Resource, _ error) {
	complete := err == nil
	for _, r := range SetOf(slices.Collect(maps.Values(w.seen))...).Resources() {
		now, there := last.byKey[r.Key()]
		switch {
		case there:
			r = now
			if r.Problem = w.problems[r.Key()]; r.Problem == nil && !r.Leaving && w.accepted[r.Key()] {
				r.Problem = errors.New("its deletion was accepted, but it is still listed")
			}
			left = append(left, r)
		case complete || w.accepted[r.Key()]:
			deleted = append(deleted, r)
		default:
			r.Problem = errors.Join(w.problems[r.Key()], errors.New("whether it is still there could not be read"))
			left = append(left, r)
		}
	}
	if ctx.Err() != nil {
		err = errors.Join(fmt.Errorf("sweep: %w", context.Cause(ctx)), err)
	}
	return deleted, left, err
}
