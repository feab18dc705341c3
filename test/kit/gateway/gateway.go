// Package gateway stands in front of the AWS emulator and enforces IAM as AWS does,
// which the emulator itself does not: it knows the caller by its signature, reads
// what the request needs, evaluates the policies that the emulator holds with the
// engine of package iam, and forwards the request or refuses it in the service's own
// words. Its token service verifies web identities against the keys that their issuer
// publishes.
//
// What it does not understand it refuses. What it cannot read (a policy, a key) it
// treats as a refusal as well.
package gateway

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Limits, as data.
const (
	maxBody      = 64 << 20         // bytes of one request
	policyAge    = 30 * time.Second // for which a policy that was read is good; a write through the gateway ends it at once
	upstreamTime = 60 * time.Second // for one request to the emulator
	closeTime    = 10 * time.Second // for open requests at the end
)

// Config says what a gateway stands in front of.
type Config struct {
	// AWS reaches the account on the emulator as its administrator, in the default
	// region. Requests signed with these credentials pass as the account's root:
	// Terraform's.
	AWS aws.Config
	// Account is the account's id, 12 digits.
	Account string
	// Trail takes the decisions, a JSON line each (iam.Record); nil keeps none.
	Trail io.Writer
	// Issuers say where the documents of an OIDC issuer are really served, by the
	// issuer's URL. No other issuer is asked.
	Issuers map[string]Route
	// Now is the clock; time.Now when nil.
	Now func() time.Time
}

// Route is where an issuer's documents are served.
type Route struct {
	// Base takes the place of the issuer's URL.
	Base string
	// Client trusts the certificate there.
	Client *http.Client
}

// Gateway is a running gateway.
type Gateway struct {
	// URL is the address for HTTPS, PlainURL for plain HTTP, which policies can tell
	// apart (aws:SecureTransport).
	URL, PlainURL string
	// CA is the PEM of the certificate that URL's own is signed by.
	CA []byte

	config   Config
	upstream *url.URL
	client   *http.Client
	sessions sessions
	store    *store
	trail    trail
	servers  []*http.Server
	failed   chan error
}

// Start begins to serve on two free loopback ports.
func Start(c Config) (*Gateway, error) {
	g, err := newGateway(c)
	if err != nil {
		return nil, err
	}
	certificate, ca, err := newCertificate(g.config.Now())
	if err != nil {
		return nil, fmt.Errorf("start the gateway: make a certificate: %w", err)
	}
	g.CA = ca
	for _, secure := range []bool{true, false} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, errors.Join(fmt.Errorf("start the gateway: %w", err), g.Close())
		}
		s := &http.Server{Handler: g, ReadHeaderTimeout: upstreamTime, TLSConfig: certificate}
		g.servers = append(g.servers, s)
		if secure {
			g.URL = "https://" + l.Addr().String()
			go func() { g.served(s.ServeTLS(l, "", "")) }()
		} else {
			g.PlainURL = "http://" + l.Addr().String()
			go func() { g.served(s.Serve(l)) }()
		}
	}
	return g, nil
}

func newGateway(c Config) (*Gateway, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.AWS.BaseEndpoint == nil {
		return nil, errors.New("start the gateway: Config.AWS has no BaseEndpoint, so it names no emulator; a gateway never stands before a real account")
	}
	upstream, err := url.Parse(*c.AWS.BaseEndpoint)
	if err != nil {
		return nil, fmt.Errorf("start the gateway: the emulator's address: %w", err)
	}
	g := &Gateway{
		config: c, upstream: upstream, failed: make(chan error, 2), trail: trail{out: c.Trail},
		client: &http.Client{
			Timeout:       upstreamTime,
			Transport:     &http.Transport{MaxIdleConnsPerHost: 64, DisableCompression: true},
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	g.store = newStore(c)
	if g.sessions.root, err = c.AWS.Credentials.Retrieve(context.Background()); err != nil {
		return nil, fmt.Errorf("start the gateway: the administrator's credentials: %w", err)
	}
	return g, nil
}

func (g *Gateway) served(err error) {
	if !errors.Is(err, http.ErrServerClosed) {
		g.failed <- err
	}
}

// Close ends it when the requests under way are answered, and reports a decision that
// could not be written to the trail.
func (g *Gateway) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTime)
	defer cancel()
	var errs []error
	for _, s := range g.servers {
		errs = append(errs, s.Shutdown(ctx))
	}
	g.client.CloseIdleConnections()
	select {
	case err := <-g.failed:
		errs = append(errs, err)
	default:
	}
	return errors.Join(append(errs, g.trail.failure())...)
}

// Forget drops what was read of policies, so that the next request reads them anew:
// for a change that did not come through the gateway.
func (g *Gateway) Forget() { g.store.forget() }

// requestID is a new id of a request, in the form of a UUID.
func requestID() string {
	b := make([]byte, 16)
	_, _ = rand.Read(b) // never fails, by its documentation
	s := hex.EncodeToString(b)
	return s[:8] + "-" + s[8:12] + "-" + s[12:16] + "-" + s[16:20] + "-" + s[20:]
}

// cache holds what was read, by key, until it is too old or its service was written to.
type cache[T any] struct {
	mu      sync.Mutex
	entries map[string]*cached[T]
}

type cached[T any] struct {
	mu    sync.Mutex // held while it is read, so that one request reads for all
	value T
	epoch int64
	until time.Time
}

// get returns the value of key, read by load unless it is there and good. An error is
// not kept.
func (c *cache[T]) get(key string, epoch int64, now time.Time, load func() (T, error)) (T, error) {
	c.mu.Lock()
	if c.entries == nil {
		c.entries = map[string]*cached[T]{}
	}
	e, ok := c.entries[key]
	if !ok {
		e = &cached[T]{}
		c.entries[key] = e
	}
	c.mu.Unlock()
	e.mu.Lock()
	defer e.mu.Unlock()
	if now.Before(e.until) && e.epoch == epoch {
		return e.value, nil
	}
	v, err := load()
	if err != nil {
		return v, err
	}
	e.value, e.epoch, e.until = v, epoch, now.Add(policyAge)
	return v, nil
}
