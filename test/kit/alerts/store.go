package alerts

import (
	"context"
	"math"
	"slices"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/histogram"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/tsdb/chunkenc"
	"github.com/prometheus/prometheus/tsdb/chunks"
	"github.com/prometheus/prometheus/util/annotations"
)

// Series is one series on the grid of a store. A value may be absent.
type Series struct {
	Labels labels.Labels
	Values []float64
	entry  storage.Series
}

// absent stands where a series has no sample. It is a NaN of its own, neither
// the usual one nor the staleness marker.
var absent = math.Float64frombits(0x7ff8_0000_0000_0a55)

func isAbsent(v float64) bool { return math.Float64bits(v) == math.Float64bits(absent) }

// Store holds series on one grid of times, in memory. It is a storage.Queryable
// for Prometheus' query engine. It is not safe to add while it is read.
type Store struct {
	Start  time.Time
	N      int
	byName map[string][]*Series
}

// NewStore returns an empty store of n steps.
func NewStore(start time.Time, n int) *Store {
	return &Store{Start: start, N: n, byName: map[string][]*Series{}}
}

// Add puts series into the store.
func (s *Store) Add(list ...*Series) {
	for _, one := range list {
		name := one.Labels.Get(model.MetricNameLabel)
		if one.entry == nil {
			one.entry = s.entry(one)
		}
		s.byName[name] = append(s.byName[name], one)
	}
}

// Series lists all series, sorted by metric and labels.
func (s *Store) Series() []*Series {
	var out []*Series
	for _, name := range sortedKeys(s.byName) {
		out = append(out, s.byName[name]...)
	}
	slices.SortStableFunc(out, func(a, b *Series) int { return labels.Compare(a.Labels, b.Labels) })
	return out
}

// At is the time of step i.
func (s *Store) At(i int) time.Time { return s.Start.Add(time.Duration(i) * Step) }

// End is the time of the last step.
func (s *Store) End() time.Time { return s.At(s.N - 1) }

// Sample returns the value of a series at step i, if it has one; a staleness
// marker counts as one.
func (s *Series) Sample(i int) (float64, bool) { return s.Values[i], !isAbsent(s.Values[i]) }

// Stale says whether a value is a staleness marker.
func Stale(v float64) bool { return value.IsStaleNaN(v) }

// with returns a store that has the same series and others beside them.
func (s *Store) with(others ...*Series) *Store {
	out := NewStore(s.Start, s.N)
	for name, list := range s.byName {
		out.byName[name] = slices.Clone(list)
	}
	out.Add(others...)
	return out
}

// Querier implements storage.Queryable.
func (s *Store) Querier(_, _ int64) (storage.Querier, error) {
	return &querier{store: s}, nil
}

// querier hands out whole series: the engine seeks what it needs.
type querier struct{ store *Store }

func (q *querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	var found []*Series
	for _, one := range q.candidates(matchers) {
		if matchesAll(one.Labels, matchers) {
			found = append(found, one)
		}
	}
	slices.SortFunc(found, func(a, b *Series) int { return labels.Compare(a.Labels, b.Labels) })
	return &seriesSet{list: found, at: -1}
}

func (q *querier) candidates(matchers []*labels.Matcher) []*Series {
	for _, m := range matchers {
		if m.Name == model.MetricNameLabel && m.Type == labels.MatchEqual {
			return q.store.byName[m.Value]
		}
	}
	return q.store.Series()
}

func matchesAll(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

func (q *querier) LabelValues(_ context.Context, name string, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	var out []string
	for _, one := range q.candidates(matchers) {
		if v := one.Labels.Get(name); v != "" && matchesAll(one.Labels, matchers) {
			out = append(out, v)
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil, nil
}

func (q *querier) LabelNames(_ context.Context, _ *storage.LabelHints, matchers ...*labels.Matcher) ([]string, annotations.Annotations, error) {
	var out []string
	for _, one := range q.candidates(matchers) {
		if matchesAll(one.Labels, matchers) {
			one.Labels.Range(func(l labels.Label) { out = append(out, l.Name) })
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil, nil
}

func (q *querier) Close() error { return nil }

type seriesSet struct {
	list []*Series
	at   int
}

func (s *seriesSet) Next() bool                        { s.at++; return s.at < len(s.list) }
func (s *seriesSet) At() storage.Series                { return s.list[s.at].entry }
func (s *seriesSet) Err() error                        { return nil }
func (s *seriesSet) Warnings() annotations.Annotations { return nil }

// point is one sample, as Prometheus' list iterator wants it.
type point struct {
	t int64
	f float64
}

func (p *point) T() int64                      { return p.t }
func (p *point) ST() int64                     { return 0 }
func (p *point) F() float64                    { return p.f }
func (p *point) H() *histogram.Histogram       { return nil }
func (p *point) FH() *histogram.FloatHistogram { return nil }
func (p *point) Type() chunkenc.ValueType      { return chunkenc.ValFloat }
func (p *point) Copy() chunks.Sample           { return &point{p.t, p.f} }

// points are handed out by address, so that reading one allocates nothing.
type points []point

func (p points) Get(i int) chunks.Sample { return &p[i] }
func (p points) Len() int                { return len(p) }

// entry gives the series to the query engine.
func (s *Store) entry(one *Series) storage.Series {
	list := make(points, 0, len(one.Values))
	for i, v := range one.Values {
		if !isAbsent(v) {
			list = append(list, point{s.At(i).UnixMilli(), v})
		}
	}
	return &storage.SeriesEntry{Lset: one.Labels, SampleIteratorFn: func(chunkenc.Iterator) chunkenc.Iterator {
		return storage.NewListSeriesIterator(list)
	}}
}
