package gateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/fintrack/platform/test/kit/gateway"
	"github.com/stretchr/testify/require"
)

// quick is an upstream that answers the request of the benchmarks at once and asks
// the emulator for all else, so that what is measured is the gateway.
func quick(b *testing.B, w *world) string {
	b.Helper()
	emulator, err := url.Parse(*w.admin.BaseEndpoint)
	require.NoError(b, err)
	proxy := httputil.NewSingleHostReverseProxy(emulator)
	s := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/"+w.bucket+"/private/a" {
			_, _ = out.Write([]byte("a"))
			return
		}
		proxy.ServeHTTP(out, r)
	}))
	b.Cleanup(s.Close)
	return s.URL
}

// prepared is a gateway before a quick upstream, and a session that may read.
func prepared(b *testing.B) (g *gateway.Gateway, upstream string, own aws.Credentials) {
	b.Helper()
	w := shared
	w.grant(b, allow("s3:GetObject", "arn:aws:s3:::"+w.bucket+"/*"))
	upstream = quick(b, w)
	c := w.admin.Copy()
	c.BaseEndpoint = &upstream
	g, err := gateway.Start(gateway.Config{AWS: c, Account: w.account, Trail: io.Discard,
		Issuers: map[string]gateway.Route{issuer: {Base: w.issuer.URL, Client: w.issuer.Client()}}})
	require.NoError(b, err)
	b.Cleanup(func() { require.NoError(b, g.Close()) })
	w2 := &world{gateway: g, admin: w.admin, account: w.account, key: w.key, keyID: w.keyID}
	session, err := w2.assume(b.Context(), w.token(nil), nil)
	require.NoError(b, err)
	own, err = session.Credentials.Retrieve(b.Context())
	require.NoError(b, err)
	return g, upstream, own
}

// timed asks once and returns how long the answer took.
func timed(client *http.Client, base string, own aws.Credentials) (time.Duration, error) {
	r, err := http.NewRequest(http.MethodGet, base+"/"+shared.bucket+"/private/a", nil)
	if err != nil {
		return 0, err
	}
	r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD")
	if err := v4.NewSigner().SignHTTP(r.Context(), own, r, "UNSIGNED-PAYLOAD", "s3", "us-east-1", time.Now()); err != nil {
		return 0, err
	}
	begun := time.Now()
	res, err := client.Do(r)
	if err != nil {
		return 0, err
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err == nil && (res.StatusCode != http.StatusOK || string(said) != "a") {
		err = fmt.Errorf("%s: %s", res.Status, said)
	}
	return time.Since(begun), err
}

func percentile(list []time.Duration, p float64) float64 {
	slices.Sort(list)
	return float64(list[min(len(list)-1, int(float64(len(list))*p))].Microseconds())
}

// BenchmarkOverhead measures what the gateway adds to one request over TLS: the
// difference of the answer's time through it and without it.
func BenchmarkOverhead(b *testing.B) {
	g, upstream, own := prepared(b)
	through, direct := g.HTTP(), &http.Client{Transport: &http.Transport{}}
	var with, without []time.Duration
	for b.Loop() {
		d, err := timed(direct, upstream, own)
		require.NoError(b, err)
		without = append(without, d)
		d, err = timed(through, g.URL, own)
		require.NoError(b, err)
		with = append(with, d)
	}
	for name, p := range map[string]float64{"p50": 0.5, "p99": 0.99} {
		b.ReportMetric(percentile(with, p)-percentile(without, p), name+"-overhead-us")
	}
}

// BenchmarkSixteenClients asks from 16 clients at once; a lost request fails it.
func BenchmarkSixteenClients(b *testing.B) {
	g, _, own := prepared(b)
	var mu sync.Mutex
	var all []time.Duration
	lost := 0
	next := make(chan struct{})
	var clients sync.WaitGroup
	for range 16 {
		clients.Go(func() {
			client := g.HTTP()
			for range next {
				d, err := timed(client, g.URL, own)
				mu.Lock()
				if all = append(all, d); err != nil {
					lost++
					b.Errorf("a request was lost: %v", err)
				}
				mu.Unlock()
			}
		})
	}
	for b.Loop() {
		next <- struct{}{}
	}
	close(next)
	clients.Wait()
	b.ReportMetric(percentile(all, 0.99), "p99-us")
	b.ReportMetric(float64(lost), "lost")
}
