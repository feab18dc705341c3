package census

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Limits of a census, as data.
var (
	// Parallel is how many requests are under way at once. It stays below the
	// rate limits of the control planes of a real account.
	Parallel = 8
	// listBound bounds one lister in one region, its retries included.
	listBound = 3 * time.Minute
)

// question is a lister and the region to ask in.
type question struct {
	Lister
	region string
}

// Take asks every registered lister, in every region of the scope, what belongs
// to the run. When one of them fails, the error names it, and the set holds what
// the others found. A service that an emulator does not implement is an error
// too, unless the scope says that the run has made nothing of it; the set then
// names it as Unanswered.
func Take(ctx context.Context, cfg aws.Config, s Scope) (Set, error) {
	if err := s.check(cfg); err != nil {
		return Set{}, err
	}
	return take(ctx, cfg, s, questions(Listers(), s.Regions))
}

func questions(listers []Lister, regions []string) []question {
	var qs []question
	for _, l := range listers {
		if !l.Regional {
			qs = append(qs, question{l, GlobalRegion(regions[0])})
			continue
		}
		for _, r := range slices.Compact(slices.Sorted(slices.Values(regions))) {
			qs = append(qs, question{l, r})
		}
	}
	return qs
}

func take(ctx context.Context, cfg aws.Config, s Scope, qs []question) (Set, error) {
	var (
		mu    sync.Mutex
		found []Resource
		mute  []string
		errs  []error
	)
	each(qs, func(q question) {
		rs, err := q.ask(ctx, cfg)
		mu.Lock()
		defer mu.Unlock()
		found = append(found, rs...)
		switch {
		case err == nil:
		case Emulated(cfg) && unimplemented(err) && s.Types != nil && !q.lists(s.Types):
			mute = append(mute, q.Service+": "+strings.Join(q.Types, ", "))
		case Emulated(cfg) && unimplemented(err):
			errs = append(errs, fmt.Errorf("census of %s (%s): the emulator does not implement it: %w", q.Service, strings.Join(q.Types, ", "), err))
		default:
			errs = append(errs, fmt.Errorf("census of %s (%s) in %s: %w", q.Service, strings.Join(q.Types, ", "), q.region, err))
		}
	})
	found = slices.DeleteFunc(found, s.Baseline.Has)
	set := SetOf()
	each(found, func(r Resource) {
		err := r.learnTags(ctx)
		mu.Lock()
		defer mu.Unlock()
		switch {
		case Gone(err):
		case err != nil:
			errs = append(errs, fmt.Errorf("read the tags of %s: %w", r, err))
		case s.Own || s.Owns(r):
			set.byKey[r.Key()] = r
		}
	})
	set.unanswered = slices.Sorted(slices.Values(mute))
	return set, errors.Join(errs...)
}

// ask calls the lister and completes what it returns.
func (q question) ask(ctx context.Context, cfg aws.Config) ([]Resource, error) {
	ctx, cancel := context.WithTimeout(ctx, listBound)
	defer cancel()
	cfg = cfg.Copy()
	cfg.Region = q.region
	rs, err := q.List(ctx, cfg)
	for i := range rs {
		r := &rs[i]
		r.Service = q.Service
		if r.Region == "" {
			r.Region = q.region
		}
		if r.Type == "" {
			r.Type = q.Types[0]
		}
		if !slices.Contains(q.Types, r.Type) && err == nil {
			err = fmt.Errorf("it listed %s, of a type that it is not registered for", r)
		}
	}
	return rs, err
}

// learnTags reads the tags if listing did not give them.
func (r *Resource) learnTags(ctx context.Context) (err error) {
	if r.Tags != nil || r.ReadTags == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, listBound)
	defer cancel()
	r.Tags, err = r.ReadTags(ctx)
	return err
}

// GlobalRegion is the region in which the services without regions answer, in
// the partition of the given one ("AWS services", "Partitions and Regions").
func GlobalRegion(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "cn-north-1"
	case strings.HasPrefix(region, "us-gov-"):
		return "us-gov-west-1"
	}
	return "us-east-1"
}

// Partition is the partition of a region, as ARNs name it.
func Partition(region string) string {
	switch {
	case strings.HasPrefix(region, "cn-"):
		return "aws-cn"
	case strings.HasPrefix(region, "us-gov-"):
		return "aws-us-gov"
	}
	return "aws"
}

// each calls f for every item, Parallel at a time, and returns when all are done.
func each[T any](items []T, f func(T)) {
	var wg sync.WaitGroup
	slots := make(chan struct{}, Parallel)
	for _, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			f(item)
		})
	}
	wg.Wait()
}
