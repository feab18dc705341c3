package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Lifetimes after which nobody can still need an environment.
var lifetime = map[Environment]time.Duration{Emulated: 4 * time.Hour, Kind: 8 * time.Hour, AWS: 8 * time.Hour}

// Sandbox is one leased environment.
type Sandbox struct {
	Run     *Run
	Account string
	Region  string
	// Prefix starts the name of everything created here: "ft-" and 6 hex digits.
	Prefix string
	// Tags belong on everything created here: fintrack:run and fintrack:expires.
	Tags map[string]string
	// AWS is a ready configuration for the SDK.
	AWS aws.Config
	// Dir holds the copied configuration (Dir/src) and the state.
	Dir string

	credentials aws.Credentials
	emulator    *Emulator
	mu          sync.Mutex
	entry       ledger.Entry
	released    bool
}

type options struct {
	region  string
	regions []string
}

// Option changes how an environment is leased.
type Option func(*options)

// Region leases in another region than the default.
func Region(name string) Option { return func(o *options) { o.region = name } }

// Regions names further regions in which the configuration creates something.
func Regions(names ...string) Option {
	return func(o *options) { o.regions = append(o.regions, names...) }
}

var shared struct {
	sync.Mutex
	run *Run
}

// Use makes New lease from r; a suite's main function calls it.
func Use(r *Run) {
	shared.Lock()
	defer shared.Unlock()
	shared.run = r
}

// New leases an environment for one test, from the run that the suite's main
// function began, or from one of its own that ends with the test. It fails the
// test when there is none to be had.
func New(ctx context.Context, t testing.TB, opts ...Option) *Sandbox {
	t.Helper()
	shared.Lock()
	r := shared.run
	shared.Unlock()
	if r == nil {
		var err error
		if r, err = Begin("test"); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := r.End(); err != nil {
				t.Error(err)
			}
		})
	}
	s, err := r.Lease(ctx, opts...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Lease writes a new environment into the ledger and returns it.
func (r *Run) Lease(ctx context.Context, opts ...Option) (*Sandbox, error) {
	o := options{region: firstOf(os.Getenv("FINTRACK_REGION"), os.Getenv("AWS_REGION"), "us-east-1")}
	for _, f := range opts {
		f(&o)
	}
	suffix := randomHex(3)
	s := &Sandbox{Run: r, Region: o.region, Prefix: "ft-" + suffix}
	var err error
	if r.Environment.EmulatesAWS() {
		err = s.leaseEmulated(ctx)
	} else {
		err = s.leaseAWS(ctx)
	}
	if err != nil {
		return nil, err
	}
	id := r.ID + "-" + suffix
	now := time.Now().UTC()
	expires := now.Add(lifetime[r.Environment])
	s.Dir = filepath.Join(r.Dir, suffix)
	s.Tags = map[string]string{"fintrack:run": r.ID, "fintrack:expires": expires.Format(time.RFC3339)}
	s.entry = ledger.Entry{
		ID: id, Run: r.ID, Suite: r.Suite, Environment: string(r.Environment), Account: s.Account,
		Region: s.Region, Regions: append([]string{s.Region}, o.regions...), Prefix: s.Prefix,
		Dir: s.Dir, StatePath: filepath.Join(s.Dir, "terraform.tfstate"),
		Owner: ledger.Self(), Started: now, Expires: expires,
	}
	if s.emulator != nil {
		s.entry.Emulator = s.emulator.ID
	}
	if err := r.Ledger.Environments.Put(id, s.entry); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrSetup, err)
	}
	if err := os.MkdirAll(s.Dir, 0o755); err != nil {
		return nil, errors.Join(fmt.Errorf("%w: %w", ErrSetup, err), s.Release())
	}
	return s, nil
}

// Entry returns what the ledger holds of the lease.
func (s *Sandbox) Entry() ledger.Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.entry
}

// Amend changes the lease's entry in the ledger.
func (s *Sandbox) Amend(change func(*ledger.Entry)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.entry)
	return s.Run.Ledger.Environments.Put(s.entry.ID, s.entry)
}

// Release strikes the lease: the caller has seen that nothing is left of it.
func (s *Sandbox) Release() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.released = true
	return s.Run.Ledger.Environments.Remove(s.entry.ID)
}

// Source copies the repository's Terraform folders (or those of another checkout,
// which FINTRACK_SOURCE names) into the environment's folder and returns the path
// of the named one in the copy.
func (s *Sandbox) Source(path string) (string, error) {
	src := filepath.Join(s.Dir, "src")
	if _, err := os.Stat(src); err != nil {
		if err := copyConfiguration(s.Run.Paths.Source(), src); err != nil {
			return "", err
		}
	}
	dir := filepath.Join(src, filepath.FromSlash(path))
	if _, err := os.Stat(dir); err != nil {
		return "", fmt.Errorf("%w: %s: no such folder in the repository", ErrSetup, path)
	}
	return dir, nil
}

// EmulatorEnded returns an error when the emulator of the environment no longer
// answers, and nil when it does or there is none.
func (s *Sandbox) EmulatorEnded(ctx context.Context) error {
	if s.emulator == nil || s.emulator.Alive(ctx) {
		return nil
	}
	return fmt.Errorf("%w: the emulator on %s has ended in the middle of the run; its last words (%s):\n%s\nthe ledger keeps the run; the next one recovers it", ErrSetup, s.emulator.Endpoint, s.emulator.log, tail(s.emulator.log))
}

// Endpoint is the URL of the emulator, or "" on a real account.
func (s *Sandbox) Endpoint() string {
	if s.emulator == nil {
		return ""
	}
	return s.emulator.Endpoint
}

// PathStyle says whether S3 must be addressed by path: the emulator has no
// wildcard name for buckets.
func (s *Sandbox) PathStyle() bool { return s.emulator != nil }

func randomAccount() (string, error) {
	n, err := rand.Int(rand.Reader, big.NewInt(900_000_000_000))
	if err != nil {
		return "", err
	}
	return fmt.Sprint(n.Int64() + 100_000_000_000), nil
}

func firstOf(vs ...string) string {
	for _, v := range vs {
		if v != "" {
			return v
		}
	}
	return ""
}
