// Package logs_test proves on a real Loki that a day of logs, as Fluent Bit ships
// them, answers the dashboards, outlives a replica and is deleted after 90 days.
package logs_test

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/stretchr/testify/require"

	"github.com/fintrack/platform/test/kit/alerts/dashboards"
	kit "github.com/fintrack/platform/test/kit/alerts/logs"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/sandbox"
)

var retention = []string{"CC7.2", "C1.2"}

func TestLogsAnswerTheDashboardsAndAreKept(t *testing.T) {
	var journal io.Writer
	if path := os.Getenv("FINTRACK_ALERTS_JOURNAL"); path != "" {
		file, err := os.OpenFile(filepath.Clean(path), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
		require.NoError(t, err)
		defer file.Close()
		journal = file
	}
	c := check.NewSet(t, check.Labels{Environment: "emulated", Run: os.Getenv("FINTRACK_RUN"), Suite: "alerts-live"}, journal)
	is := func(id, title string, controls []string) check.Check {
		return check.Check{ID: "alerts-live." + id, Title: title, Controls: controls, Subject: "gitops/addons/loki/values.yaml"}
	}

	store, b := newBucket(t)
	_, _, count := deployed(t, b)
	c.Equal(is("logs-replicas", "As many replicas are proven here as are deployed", nil), int64(replicas), count)

	day, lines := shipDay(t)
	start0 := time.Now()
	end := start0.Truncate(time.Minute)
	begin := end.Add(-24 * time.Hour)
	streams := lines(begin)

	// First with old lines let in, which the deployed limits refuse.
	first := start(t, b, func(config object) { config["limits_config"].(object)["reject_old_samples"] = false })
	ready := time.Since(start0)
	half := len(streams) / 2
	require.Equal(t, half, send(t, first.replicas[0], streams[:half], true))
	first.replicas[2].process.Kill()
	c.Equal(is("logs-replica-lost", "Lines are taken in while a replica is away, each at the first try", []string{"A1.1", "CC7.2"}), len(streams)-half, send(t, first.replicas[0], streams[half:], false))
	first.replicas[2].start(t, filepath.Join(first.replicas[2].dir, "loki.yaml"))
	first.replicas[2].process.Ready(t, "http://"+first.replicas[2].http+"/ready", patience)
	old := func(days int) kit.Stream {
		return kit.Stream{Labels: map[string]string{"job": "old", "age": fmt.Sprint(days)}, Time: end.AddDate(0, 0, -days), Line: fmt.Sprint(days, " days old")}
	}
	require.Equal(t, 2, send(t, first.replicas[0], []kit.Stream{old(91), old(89)}, true))
	first.stop(t)
	kept := store.ages(t, end)
	c.Equal(is("logs-stored", "Lines are in the bucket, not in a process", retention), []int{0, 1, 89, 91}, kept)

	// Then new processes with empty disks, the limits as deployed and a compactor that
	// does not wait: all that they know is in the bucket.
	second := start(t, b, func(config object) {
		config["compactor"].(object)["compaction_interval"] = "5s"
		config["compactor"].(object)["retention_delete_delay"] = "1s"
	})
	loki := second.replicas[0]
	answered := time.Now()
	answers(t, c, is, loki, day, begin, end)
	took := time.Since(answered)

	status, said := loki.push([]kit.Stream{{Labels: map[string]string{"job": "late"}, Time: time.Now().Add(-169 * time.Hour), Line: "late"}})
	c.That(is("logs-too-old", "A line older than a week is refused", []string{"CC7.2"}), status == http.StatusBadRequest && strings.Contains(said, "timestamp too old"), "400, timestamp too old", fmt.Sprint(status, " ", said))

	compacted := time.Now()
	require.Eventually(t, func() bool { return !slices.Contains(store.ages(t, end), 91) }, patience, time.Second, "waiting until the compactor deletes what is 91 days old")
	c.Equal(is("logs-deleted", "What is older than 90 days is deleted from the bucket, and what is younger is not", retention), []int{0, 1, 89}, store.ages(t, end))
	remembered, err := loki.query(`{job="old"}`, end.AddDate(0, 0, -89).Add(-time.Minute), end.AddDate(0, 0, -89).Add(time.Minute))
	require.NoError(t, err)
	c.Equal(is("logs-kept", "A line of 89 days ago is found", retention), []string{"89 days old"}, remembered.lines())
	t.Logf("%d lines of a day; ready after %.0f s; %d queries answered from the bucket in %.1f s; old lines deleted %.0f s after that", len(streams), ready.Seconds(), len(day.Answers)+len(day.Absent), took.Seconds(), time.Since(compacted).Seconds())
}

// answers asks every LogQL query of the dashboards, and looks for what must not be there.
func answers(t *testing.T, c *check.Set, is func(id, title string, controls []string) check.Check, loki *replica, day *kit.Day, begin, end time.Time) {
	t.Helper()
	panels := lokiPanels(t)
	var problems, unanswered []string
	returned := map[string]bool{}
	for _, a := range day.Answers {
		p, known := panels[a.Panel]
		if !known {
			problems = append(problems, fmt.Sprintf("no panel %q of Loki; panels are %v", a.Panel, slices.Sorted(maps.Keys(panels))))
			continue
		}
		values := map[string][]string{}
		for k, v := range a.Where {
			values[k] = []string{v}
		}
		for _, q := range p.Queries {
			for _, text := range dashboards.Expand(q.Expr, values) {
				got, err := loki.query(text, begin, end)
				if err != nil {
					problems = append(problems, err.Error())
					continue
				}
				returned[a.Panel] = returned[a.Panel] || len(got.Result) > 0
				problems = append(problems, judge(a, text, got)...)
			}
		}
	}
	for title := range panels {
		if !returned[title] {
			unanswered = append(unanswered, title)
		}
	}
	slices.Sort(unanswered)
	c.Equal(is("logs-answers", "Every LogQL query of the dashboards finds the lines that a day of logs has", []string{"CC7.2", "CC7.3"}), []string(nil), problems)
	c.Equal(is("logs-covered", "Every panel of Loki returns data", []string{"CC7.2"}), []string(nil), unanswered)
	var leaked []string
	for _, text := range day.Absent {
		got, err := loki.query(fmt.Sprintf("{job=\"fluent-bit\"} |= %q", text), begin, end)
		require.NoError(t, err)
		leaked = append(leaked, got.lines()...)
	}
	c.Equal(is("logs-redacted", "No card or account number of the day is in Loki", []string{"CC6.7", "C1.1"}), []string(nil), leaked)
}

func judge(a kit.Answer, text string, got found) []string {
	if a.Counts != nil {
		if counts := got.counts(); !maps.Equal(counts, a.Counts) {
			return []string{fmt.Sprintf("%s: %v lines by level, want %v", text, counts, a.Counts)}
		}
		return nil
	}
	lines := got.lines()
	if len(lines) != *a.Lines {
		return []string{fmt.Sprintf("%s: %d lines, want %d", text, len(lines), *a.Lines)}
	}
	holding := 0
	for _, l := range lines {
		if strings.Contains(l, a.Hold) {
			holding++
		}
	}
	if len(lines) > 0 && holding == 0 {
		return []string{fmt.Sprintf("%s: no line with %q in %q", text, a.Hold, lines)}
	}
	return nil
}

// lokiPanels are the panels of all dashboards whose queries go to Loki, by title.
func lokiPanels(t *testing.T) map[string]dashboards.Panel {
	t.Helper()
	out := map[string]dashboards.Panel{}
	files, err := filepath.Glob(gitops + "prometheus-stack/dashboards/*.yaml")
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		d, err := dashboards.Parse(file, text)
		require.NoError(t, err)
		for _, p := range d.Panels() {
			if p.Source == "loki" {
				require.NotContains(t, out, p.Title, "two panels have one title")
				out[p.Title] = p
			}
		}
	}
	require.NotEmpty(t, out)
	return out
}

// shipDay reads the sample and returns what Fluent Bit makes of it, for a day that
// begins at a time.
func shipDay(t *testing.T) (*kit.Day, func(begin time.Time) []kit.Stream) {
	t.Helper()
	const file = gitops + "fluent-bit/samples/day.yaml"
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	day, err := kit.ParseDay(file, text)
	require.NoError(t, err)
	pipeline, err := kit.Load(os.DirFS(gitops + "fluent-bit"))
	require.NoError(t, err)
	return day, func(begin time.Time) []kit.Stream {
		var out []kit.Stream
		for pod, lines := range day.Files(begin) {
			shipped, err := pipeline.Ship(day.Pods[pod], lines)
			require.NoError(t, err)
			out = append(out, shipped...)
		}
		slices.SortStableFunc(out, func(a, b kit.Stream) int { return a.Time.Compare(b.Time) })
		return out
	}
}

// send pushes in parts and returns how many lines were taken in. What Loki does not
// take it sends again, as Fluent Bit does, or once where again is false.
func send(t *testing.T, r *replica, lines []kit.Stream, again bool) int {
	t.Helper()
	taken := 0
	for part := range slices.Chunk(lines, 1000) {
		deadline := time.Now().Add(patience)
		for {
			status, said := r.push(part)
			if status == http.StatusNoContent {
				taken += len(part)
				break
			}
			if !again || time.Now().After(deadline) {
				t.Logf("pushing %d lines: %d %s", len(part), status, said)
				break
			}
			time.Sleep(500 * time.Millisecond)
		}
	}
	return taken
}

type stored struct {
	client *s3.Client
	name   string
}

func newBucket(t *testing.T) (stored, bucket) {
	t.Helper()
	run, err := sandbox.Begin("alerts-logs")
	require.NoError(t, err)
	lease, err := run.Lease(t.Context())
	require.NoError(t, err)
	t.Cleanup(func() {
		if err := errors.Join(lease.Release(), run.End()); err != nil {
			t.Error(err)
		}
	})
	s := stored{s3.NewFromConfig(lease.AWS, func(o *s3.Options) { o.UsePathStyle = true }), lease.Prefix + "-loki"}
	_, err = s.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(s.name)})
	require.NoError(t, err)
	keys, err := lease.AWS.Credentials.Retrieve(t.Context())
	require.NoError(t, err)
	return s, bucket{lease.Endpoint(), s.name, keys.AccessKeyID, keys.SecretAccessKey, keys.SessionToken}
}

// ages are the ages of the chunks in days, each once. Since schema v12 the key of a
// chunk is TENANT/FINGERPRINT/FROM:THROUGH:CHECKSUM, with times in hexadecimal
// milliseconds.
func (s stored) ages(t *testing.T, now time.Time) []int {
	t.Helper()
	days := map[int]bool{}
	pages := s3.NewListObjectsV2Paginator(s.client, &s3.ListObjectsV2Input{Bucket: aws.String(s.name)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, o := range page.Contents {
			name := filepath.Base(*o.Key)
			from, _, isChunk := strings.Cut(name, ":")
			ms, err := strconv.ParseInt(from, 16, 64)
			if isChunk && err == nil {
				days[int(now.Sub(time.UnixMilli(ms)).Hours()/24)] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(days))
}
