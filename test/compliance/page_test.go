// Package compliance_test opens the page of a bundle in a real browser, as an auditor
// does: reads it by the roles that a screen reader sees, prints it, and sees that it
// asks for nothing from elsewhere.
package compliance_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/stretchr/testify/require"
)

// screenshot is a bundle's page whose picture goes into docs/images; the test takes
// it when the flag names one.
var screenshot = flag.String("screenshot", "", "the index.html of a bundle to take the picture of docs/images from")

const picture = "../../docs/images/evidence.png"

func bundle(t *testing.T) string {
	t.Helper()
	controls, err := os.ReadFile("../../policies/intent/controls.yaml")
	require.NoError(t, err)
	at := time.Date(2026, 11, 20, 2, 0, 0, 0, time.UTC)
	result := func(id string, v check.Verdict, observed string) check.Result {
		return check.Result{
			Check:   check.Check{ID: id, Title: "Storage is encrypted", Controls: []string{"CC6.1", "C1.1"}, Subject: "module.rds.aws_db_instance.this", Next: "set storage_encrypted"},
			Verdict: v, Expected: "true", Observed: observed, Environment: "emulated", Suite: "rds", Time: at,
		}
	}
	private, _, err := evidence.GenerateKey()
	require.NoError(t, err)
	signer, err := evidence.ReadSigner("key", private)
	require.NoError(t, err)
	files, _, err := evidence.Build(context.Background(), evidence.Inputs{
		Commit: strings.Repeat("0a", 20), Controls: controls,
		Results: []check.Result{
			result("rds.storage-encrypted", check.Pass, "true"),
			result("rds.storage-key", check.Fail, `<script>document.title="changed"</script>`),
			result("rds.failover-time", check.NotProven, "no failover here"),
		},
		Resources: []evidence.Resource{{Folder: "modules/rds", Type: "aws_db_instance", Name: "this", File: "modules/rds/main.tf", Line: 7}},
		Artefacts: map[string]evidence.Artefact{
			"network": {Name: "n.svg", Data: []byte(`<svg xmlns="http://www.w3.org/2000/svg" width="40" height="40"><rect width="40" height="40"/><script>document.title="changed"</script></svg>`)},
			"access":  {Name: "a.csv", Data: []byte("role,action\nreconciliation-service,s3:GetObject\n")},
		},
	}, signer)
	require.NoError(t, err)
	dir := filepath.Join(t.TempDir(), "bundle")
	require.NoError(t, evidence.WriteFolder(dir, files))
	return filepath.Join(dir, evidence.PageFile)
}

// browser starts a headless browser; it needs Debian's chromium, or a Chrome.
func browser(t *testing.T) context.Context {
	t.Helper()
	options := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]), chromedp.WindowSize(1200, 1000))
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // the browser's own sandbox refuses root
	}
	ctx, cancel := chromedp.NewExecAllocator(t.Context(), options...)
	t.Cleanup(cancel)
	ctx, cancel = chromedp.NewContext(ctx)
	t.Cleanup(cancel)
	ctx, cancel = context.WithTimeout(ctx, 2*time.Minute)
	t.Cleanup(cancel)
	return ctx
}

func address(t *testing.T, name string) string {
	t.Helper()
	abs, err := filepath.Abs(name)
	require.NoError(t, err)
	return (&url.URL{Scheme: "file", Path: filepath.ToSlash(abs)}).String()
}

// node is what a screen reader knows of a part of the page.
type node struct{ role, name string }

func nodes(ctx context.Context) (out []node, err error) {
	tree, err := chromedp.Call(ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		return nil, err
	}
	text := func(v *accessibility.Value) (s string) {
		if v != nil {
			_ = json.Unmarshal(v.Value, &s)
		}
		return s
	}
	for _, n := range tree.Nodes {
		if !n.Ignored {
			out = append(out, node{text(n.Role), text(n.Name)})
		}
	}
	return out, nil
}

func TestThePageIsReadByItsRoles(t *testing.T) {
	name := bundle(t)
	ctx := browser(t)
	var mu sync.Mutex
	var asked []string
	// The first action starts the browser; what is listened to must exist.
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	require.NoError(t, err)
	require.NoError(t, chromedp.Listen(ctx, func(ev any) {
		if e, ok := ev.(*network.EventRequestWillBeSent); ok {
			mu.Lock()
			asked = append(asked, e.Request.URL)
			mu.Unlock()
		}
	}))
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address(t, name)), chromedp.WaitReady("main")))
	title, err := chromedp.Run(ctx, chromedp.Title())
	require.NoError(t, err)
	failed, err := chromedp.Run(ctx, chromedp.Text(".checks .failed"))
	require.NoError(t, err)
	seen, err := nodes(ctx)
	require.NoError(t, err)
	pdf, err := chromedp.Run(ctx, chromedp.PrintToPDF())
	require.NoError(t, err)

	for _, want := range []node{
		{"main", ""},
		{"navigation", "Contents"},
		{"heading", "Evidence of what was checked on the FinTrack platform"},
		{"heading", "Criteria"}, {"heading", "What is missing"}, {"heading", "Network picture"}, {"heading", "Alert incident"},
		{"heading", "Access matrix"}, {"heading", "Every check"}, {"heading", "Every resource"},
		{"table", "Each criterion in scope and how it stands after this run"},
		{"table", "Checks of rds"}, {"table", "Access matrix"}, {"table", "Resources by kind"},
		{"image", "Network picture"},
		{"columnheader", "Criterion"}, {"rowheader", "CC6.1"}, {"rowheader", "A1.3"},
		{"cell", "reconciliation-service"},
		{"list", "Checks by verdict"},
	} {
		require.Contains(t, seen, want)
	}
	var texts []string
	for _, n := range seen {
		if n.role == "StaticText" {
			texts = append(texts, n.name)
		}
	}
	all := strings.Join(texts, "\n")
	require.Contains(t, all, "Absent: no such artefact was given to this run.")
	require.Equal(t, 1, strings.Count(all, "Absent: no such artefact"), "only the incident is absent")
	require.Contains(t, all, "<script>", "what was observed is shown as text")
	require.Contains(t, all, "databases: 1 declared, 0 unchecked", "the population of CC6.1, which the checks name")
	require.Contains(t, all, "databases: 1 declared, 1 unchecked", "that of A1.2, of which nothing was checked")
	require.Equal(t, "failed", failed)
	require.True(t, strings.HasPrefix(title, "Evidence 20261120-020000"), title)

	mu.Lock()
	defer mu.Unlock()
	require.NotEmpty(t, asked, "the page itself was asked for")
	for _, u := range asked {
		require.True(t, strings.HasPrefix(u, "file:") || strings.HasPrefix(u, "data:image/"), "the page asks for %s", u)
	}
	require.True(t, strings.HasPrefix(string(pdf), "%PDF-"))
	require.Greater(t, strings.Count(string(pdf), "/Type /Page\n")+strings.Count(string(pdf), "/Type /Page "), 1, "several pages")
}

func TestThePictureOfThePageIsTaken(t *testing.T) {
	if *screenshot == "" {
		info, err := os.Stat(picture)
		require.NoError(t, err, "scripts/test-compliance -args -screenshot <bundle>/index.html takes it")
		require.Greater(t, info.Size(), int64(10_000))
		return
	}
	ctx := browser(t)
	require.NoError(t, chromedp.Do(ctx, chromedp.Navigate(address(t, *screenshot)), chromedp.WaitReady("main")))
	png, err := chromedp.Run(ctx, chromedp.CaptureScreenshot())
	require.NoError(t, err)
	require.NoError(t, os.MkdirAll(filepath.Dir(picture), 0o755))
	require.NoError(t, os.WriteFile(picture, png, 0o644))
	fmt.Println("wrote", picture)
}
