package sandbox

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/ledger"
)

// Limits of the emulator's life, as data.
var (
	emulatorReady = 60 * time.Second // from start to the first answer, on a loaded machine
	emulatorStop  = 5 * time.Second  // from SIGTERM to SIGKILL
	emulatorTries = 5                // ports to try
)

// Emulator is a moto_server with our mends, as a process of its own. It survives
// a killed run on purpose, so that the janitor can empty it as it would a real
// account; the ledger knows it.
type Emulator struct {
	ledger.Background
	log   string
	owned bool
}

// StartEmulator starts an emulator on a free loopback port, waits until it
// answers and writes it into the ledger. A port that somebody else takes in
// between is left to them and another one chosen.
func StartEmulator(ctx context.Context, p Paths, l *ledger.Ledger) (*Emulator, error) {
	return startEmulator(ctx, p, l, freePort)
}

func startEmulator(ctx context.Context, p Paths, l *ledger.Ledger, next func() (int, error)) (*Emulator, error) {
	python, err := findPython(p)
	if err != nil {
		return nil, err
	}
	if err := dependOn(filepath.Join(p.Root, "test", "kit", "sandbox", "moto")); err != nil {
		return nil, fmt.Errorf("%w: the emulator's sources: %w", ErrSetup, err)
	}
	dir := filepath.Join(p.Cache, "state", "emulators")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("%w: %w (set FINTRACK_CACHE to a writable folder)", ErrSetup, err)
	}
	var last error
	for range emulatorTries {
		port, err := next()
		if err != nil {
			return nil, fmt.Errorf("%w: find a free loopback port: %w", ErrSetup, err)
		}
		e, err := startOn(ctx, python, p, dir, port)
		if err == nil {
			if err = l.Background.Put(e.ID, e.Background); err != nil {
				return nil, errors.Join(err, e.Process.Stop(emulatorStop))
			}
			return e, nil
		}
		if last = err; ctx.Err() != nil || !errors.Is(err, errPortTaken) {
			break
		}
	}
	return nil, fmt.Errorf("%w: start the emulator: %w", ErrSetup, last)
}

// dependOn looks at every file of a folder. What a test looked at is part of what
// go test's cache knows it by, and it does not see what the emulator itself reads:
// without this a changed mend would leave old results standing.
func dependOn(dir string) error {
	return filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.Name() == "__pycache__":
			return filepath.SkipDir
		}
		_, err = os.Stat(path)
		return err
	})
}

var errPortTaken = errors.New("the port was taken meanwhile")

func startOn(ctx context.Context, python string, p Paths, dir string, port int) (*Emulator, error) {
	log, err := os.Create(filepath.Join(dir, fmt.Sprintf("%d.log", port)))
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command(python, "-m", "fintrack_moto", "-H", "127.0.0.1", "-p", strconv.Itoa(port))
	cmd.Dir = filepath.Join(p.Root, "test", "kit", "sandbox", "moto")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's Ctrl-C must not reach it: the destroy needs it
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	e := &Emulator{log: log.Name(), owned: true, Background: ledger.Background{
		ID: fmt.Sprintf("emulator-%d-%d", port, cmd.Process.Pid), Kind: "emulator",
		Endpoint: fmt.Sprintf("http://127.0.0.1:%d", port),
		Process:  ledger.Of(cmd.Process.Pid), Owner: ledger.Self(), Started: time.Now().UTC(),
	}}
	deadline := time.After(emulatorReady)
	for {
		if answers(ctx, e.Endpoint) {
			return e, nil
		}
		select {
		case <-ended:
			said := tail(e.log)
			if strings.Contains(said, "Address already in use") || strings.Contains(said, "in use by another program") {
				return nil, fmt.Errorf("%w: %d", errPortTaken, port)
			}
			return nil, fmt.Errorf("it ended at once; %s says:\n%s\n(scripts/bootstrap moto installs what it needs)", e.log, said)
		case <-deadline:
			return nil, errors.Join(fmt.Errorf("it did not answer on %s within %s; log: %s", e.Endpoint, emulatorReady, e.log), e.Process.Stop(emulatorStop))
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), e.Process.Stop(emulatorStop))
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// attachEmulator uses the emulator that the ledger knows under id.
func attachEmulator(ctx context.Context, l *ledger.Ledger, id string) (*Emulator, error) {
	b, err := l.Background.Get(id)
	if err != nil {
		return nil, fmt.Errorf("%w: FINTRACK_EMULATOR=%s: %w", ErrSetup, id, err)
	}
	e := &Emulator{Background: b}
	if !e.Alive(ctx) {
		return nil, fmt.Errorf("%w: FINTRACK_EMULATOR=%s: nothing answers on %s", ErrSetup, id, b.Endpoint)
	}
	return e, nil
}

// Alive reports whether the very process runs and answers.
func (e *Emulator) Alive(ctx context.Context) bool {
	return e.Process.Alive() && answers(ctx, e.Endpoint)
}

// Stop ends the emulator and strikes it, with the environments it held: what
// lived in its memory is gone with it.
func (e *Emulator) Stop(l *ledger.Ledger) error {
	if err := e.Process.Stop(emulatorStop); err != nil {
		return fmt.Errorf("stop the emulator on %s: %w", e.Endpoint, err)
	}
	entries, err := l.Environments.List()
	for _, x := range entries {
		if x.Emulator == e.ID {
			err = errors.Join(err, l.Environments.Remove(x.ID))
		}
	}
	return errors.Join(err, l.Background.Remove(e.ID))
}

func answers(ctx context.Context, endpoint string) bool {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, endpoint+"/moto-api/config", nil)
	if err != nil {
		return false
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	defer res.Body.Close()
	return res.StatusCode < 300
}

func findPython(p Paths) (string, error) {
	if v := p.Setting("FINTRACK_PYTHON"); v != "" {
		return v, nil
	}
	venv := filepath.Join(p.Cache, "venv", "bin", "python")
	if _, err := os.Stat(venv); err == nil {
		return venv, nil
	}
	return "", fmt.Errorf("%w: no Python with the emulator (moto 5.2.1) was set up: run scripts/bootstrap", ErrSetup)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// tail returns the last lines of a log file.
func tail(path string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-12):], "\n")
}
