package pipelines_test

import (
	"context"
	"fmt"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheApplicationIsBuilt(t *testing.T) {
	const id = "frontend.yml build/Build"
	p := newPlace(t)
	p.write("frontend/package.json", "{}\n")
	p.program("npm", `[[ $* != 'run build' ]] || { mkdir -p dist && echo page >dist/index.html; }`)
	o := p.run(id)
	checks(t).That(promise("frontend-built", "The application is installed as locked, linted, tested and built", id, "", "CC8.1"),
		o.Exit == 0 && p.calls("npm") == "npm ci\nnpm run lint\nnpm run test\nnpm run build\n", "npm ci, lint, test, build", p.calls("npm")+said(o))
	empty := newPlace(t)
	empty.write("frontend/package.json", "{}\n")
	empty.program("npm", "")
	o = empty.run(id)
	checks(t).That(promise("frontend-empty-build", "A build without a page fails", id, "", "CC8.1"), o.Exit != 0, "a failed step", said(o))
}

// emulated gives aws the emulator of the run, in an account of its own.
func emulated(t *testing.T, p *place) func(args ...string) string {
	t.Helper()
	emulator, err := suite.run.Emulator(context.Background())
	require.NoError(t, err)
	p.env("AWS_ENDPOINT_URL", emulator.Endpoint, "AWS_ACCESS_KEY_ID", "test", "AWS_SECRET_ACCESS_KEY", "test", "AWS_DEFAULT_REGION", "us-east-1", "AWS_EC2_METADATA_DISABLED", "true", "AWS_PAGER", "")
	return func(args ...string) string {
		t.Helper()
		cmd := exec.Command("aws", args...)
		for k, v := range p.Env {
			cmd.Env = append(cmd.Environ(), k+"="+v)
		}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}
}

func TestTheApplicationIsPublished(t *testing.T) {
	const publish = "frontend.yml publish/Publish the files"
	p := newPlace(t)
	aws := emulated(t, p)
	p.env("BUCKET", "fintrack-frontend-test")
	aws("s3api", "create-bucket", "--bucket", "fintrack-frontend-test")
	for name, text := range map[string]string{"index.html": "<p>one", "assets/app.0123.js": "one", "asset-manifest.json": "{}", "config/en.json": "{}"} {
		p.write("dist/"+name, text)
	}
	aws("s3api", "put-object", "--bucket", "fintrack-frontend-test", "--key", "assets/app.old.js")
	o := p.run(publish)
	cached := func(key string) string {
		return aws("s3api", "head-object", "--bucket", "fintrack-frontend-test", "--key", key, "--query", "CacheControl", "--output", "text")
	}
	keys := func() string {
		return strings.Join(strings.Fields(aws("s3api", "list-objects-v2", "--bucket", "fintrack-frontend-test", "--query", "sort(Contents[].Key)", "--output", "text")), " ")
	}
	checks(t).That(promise("frontend-published", "The bucket holds what was built, and no longer what was not", publish, "", "CC8.1"),
		o.Exit == 0 && keys() == "asset-manifest.json assets/app.0123.js config/en.json index.html", "the four files", keys()+" "+said(o))
	for _, c := range []struct{ id, title, key, want string }{
		{"frontend-cache-assets", "Files with a hash in their name are cached for a year", "assets/app.0123.js", "public, max-age=31536000, immutable"},
		{"frontend-cache-page", "The page itself is never cached", "index.html", "no-cache, no-store, must-revalidate"},
		{"frontend-cache-manifest", "What names the files is asked for anew", "asset-manifest.json", "no-cache"},
	} {
		checks(t).Equal(promise(c.id, c.title, publish+", "+c.key, "", "CC8.1"), c.want, cached(c.key))
	}

	p.write("dist/index.html", "<p>two")
	p.write("dist/assets/app.4567.js", "two")
	o = p.run(publish)
	page := aws("s3", "cp", "s3://fintrack-frontend-test/index.html", "-")
	checks(t).That(promise("frontend-republished", "A second version replaces the page and keeps its caching", publish, "", "CC8.1"),
		o.Exit == 0 && page == "<p>two" && cached("index.html") == "no-cache, no-store, must-revalidate" && cached("assets/app.4567.js") == "public, max-age=31536000, immutable",
		"the second page", page+" "+said(o))

	missing := newPlace(t)
	emulated(t, missing)
	missing.env("BUCKET", "fintrack-frontend-test")
	missing.write("dist/assets/app.stray.js", "a build without its page")
	before := keys()
	o = missing.run(publish)
	checks(t).That(promise("frontend-nothing-to-publish", "Without a page nothing is published and nothing is deleted", publish, "", "CC8.1", "A1.2"),
		o.Exit != 0 && keys() == before, "a failed step; the bucket as it was", keys()+" "+said(o))

	p.env("BUCKET", "fintrack-no-such-bucket")
	o = p.run(publish)
	checks(t).That(promise("frontend-publish-fails", "A bucket that cannot be written fails the job", publish, "", "CC8.1"), o.Exit != 0, "a failed step", said(o))
}

func TestTheCacheIsInvalidated(t *testing.T) {
	const id = "frontend.yml publish/Invalidate what is cached"
	p := newPlace(t)
	aws := emulated(t, p)
	distribution := aws("cloudfront", "create-distribution", "--origin-domain-name", "fintrack-frontend-test.s3.amazonaws.com", "--query", "Distribution.Id", "--output", "text")
	p.env("DISTRIBUTION", distribution)
	o := p.run(id)
	paths := aws("cloudfront", "list-invalidations", "--distribution-id", distribution, "--query", "length(InvalidationList.Items)", "--output", "text")
	checks(t).That(promise("frontend-invalidated", "The page and the manifest are invalidated, and the job waits until they are", id, "", "CC8.1"),
		o.Exit == 0 && paths == "1", "one invalidation, completed", fmt.Sprintf("%s invalidations; %s", paths, said(o)))
	p.env("DISTRIBUTION", "ENOSUCH")
	o = p.run(id)
	checks(t).That(promise("frontend-invalidation-fails", "A distribution that is not there fails the job", id, "", "CC8.1"), o.Exit != 0, "a failed step", said(o))
}
