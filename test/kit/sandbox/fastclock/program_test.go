package fastclock_test

import (
	"bytes"
	"debug/elf"
	"debug/gosym"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox/fastclock"
	"github.com/stretchr/testify/require"
)

// kind is how a program is built.
type kind struct{ env, flags string }

// The provider is a program for Linux on amd64; its release is stripped.
var (
	plain    = kind{}
	stripped = kind{flags: "-ldflags=-s -w"}
)

// built holds each kind of the waiter, which several tests read.
var built struct {
	sync.Mutex
	programs map[kind][]byte
}

// waiter returns the path of a fresh file with the program of testdata/waiter.
func waiter(t *testing.T, k kind) string {
	t.Helper()
	built.Lock()
	defer built.Unlock()
	if built.programs[k] == nil {
		if built.programs == nil {
			built.programs = map[kind][]byte{}
		}
		built.programs[k] = read(t, build(t, filepath.Join("testdata", "waiter"), k))
	}
	path := filepath.Join(t.TempDir(), "waiter")
	require.NoError(t, os.WriteFile(path, built.programs[k], 0o755))
	return path
}

// build builds the program in a folder and returns its path.
func build(t *testing.T, dir string, k kind) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "program")
	args := []string{"build", "-o", out}
	if k.flags != "" {
		args = append(args, k.flags)
	}
	cmd := exec.CommandContext(t.Context(), "go", append(args, ".")...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOFLAGS="), strings.Fields(k.env)...)
	b, err := cmd.CombinedOutput()
	require.NoError(t, err, string(b))
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return b
}

// span is the shortest and the longest of many waits.
type span struct{ shortest, longest time.Duration }

// waits runs the waiter on four processors.
func waits(t *testing.T, program string, divided, whole time.Duration) map[string]span {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, divided.String(), whole.String())
	cmd.Env = append(os.Environ(), "GOMAXPROCS=4")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	b, err := cmd.Output()
	require.NoError(t, err, stderr.String())
	var took map[string][2]int64
	require.NoError(t, json.Unmarshal(b, &took))
	require.Len(t, took, 9)
	out := map[string]span{}
	for name, us := range took {
		out[name] = span{time.Duration(us[0]) * time.Microsecond, time.Duration(us[1]) * time.Microsecond}
	}
	return out
}

// divided reports whether a way of waiting goes through one of the functions that
// are slowed.
func divided(name string) bool {
	return strings.HasPrefix(name, "time.Sleep") || strings.HasPrefix(name, "time.NewTimer") || name == "time.After"
}

func TestWaitsTakeTheFactorthPartOfTheirTimeUnderLoad(t *testing.T) {
	const long, short = 4 * time.Second, 200 * time.Millisecond
	program, cache := waiter(t, stripped), t.TempDir()
	for _, factor := range []int{4, 32} {
		fast, err := fastclock.Copy(t.Context(), program, cache, factor)
		require.NoError(t, err)
		for name, took := range waits(t, fast, long, short) {
			if !divided(name) {
				require.GreaterOrEqual(t, took.shortest, short, "factor %d: %s bounds work and stays as long as it was", factor, name)
				continue
			}
			require.GreaterOrEqual(t, took.shortest, long/time.Duration(factor), "factor %d: %s was divided more than once", factor, name)
			require.Less(t, took.longest, long*3/4, "factor %d: %s was not divided", factor, name)
		}
	}
}

func TestTheOriginalStaysAsItWas(t *testing.T) {
	program, cache := waiter(t, plain), t.TempDir()
	before := read(t, program)
	_, err := fastclock.Copy(t.Context(), program, cache, 32)
	require.NoError(t, err)
	require.True(t, bytes.Equal(before, read(t, program)))
	const wait = 100 * time.Millisecond
	for name, took := range waits(t, program, wait, wait) {
		require.GreaterOrEqual(t, took.shortest, wait, name)
	}
}

func TestCavesLieBetweenFunctionsBehindAssembly(t *testing.T) {
	raw := read(t, waiter(t, plain))
	patched, report, err := fastclock.Patch(raw, 32)
	require.NoError(t, err)
	require.Equal(t, 32, report.Factor)
	require.Len(t, report.Functions, 2)
	require.Contains(t, report.String(), "waits divided by 32: time.Sleep (0x")

	// The linker's own symbols and Go's own reader are the judges here.
	f, err := elf.NewFile(bytes.NewReader(raw))
	require.NoError(t, err)
	symbols, err := f.Symbols()
	require.NoError(t, err)
	pcln, err := f.Section(".gopclntab").Data()
	require.NoError(t, err)
	table, err := gosym.NewTable(nil, gosym.NewLineTable(pcln, f.Section(".text").Addr))
	require.NoError(t, err)
	const caveLen = 19
	for _, r := range report.Functions {
		require.Equal(t, table.LookupFunc(r.Name).Entry, r.Entry)
		file, _, _ := table.PCToLine(table.LookupFunc(r.Behind).Entry)
		require.Equal(t, ".s", filepath.Ext(file), "%s is written in assembly", r.Behind)
		for _, s := range symbols {
			if elf.ST_TYPE(s.Info) == elf.STT_FUNC && s.Value < r.Cave+caveLen && r.Cave < s.Value+s.Size {
				t.Errorf("the cave at %#x lies in %s", r.Cave, s.Name)
			}
		}
	}
	changed := 0
	for i := range raw {
		if raw[i] != patched[i] {
			changed++
		}
	}
	require.LessOrEqual(t, changed, 2*(10+caveLen), "nothing else is changed")
}

func TestAProgramOfUnexpectedShapeIsRefused(t *testing.T) {
	raw := read(t, waiter(t, plain))
	once, _, err := fastclock.Patch(raw, 32)
	require.NoError(t, err)
	nothing := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(nothing, "go.mod"), []byte("module nothing\n\ngo 1.26\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(nothing, "main.go"), []byte("package main\n\nfunc main() {}\n"), 0o644))
	for name, c := range map[string]struct {
		raw  []byte
		says string
	}{
		"a script":                         {[]byte("#!/bin/sh\n"), "not a whole ELF file"},
		"an empty file":                    {nil, "not a whole ELF file"},
		"a program for another processor":  {read(t, build(t, nothing, kind{env: "GOARCH=arm64"})), "machine EM_AARCH64: want EM_X86_64"},
		"a position-independent program":   {read(t, build(t, nothing, kind{flags: "-buildmode=pie"})), "type ET_DYN: want ET_EXEC"},
		"half a program":                   {raw[:len(raw)/2], "not a whole ELF file"},
		"a program cut behind its headers": {raw[:4096], "not a whole ELF file"},
		"a program without section names":  {withoutSections(raw), "no section .text"},
		"a program without function table": {bytes.Replace(raw, []byte(".gopclntab\x00"), []byte(".gopclnxxx\x00"), 1), "no section .gopclntab"},
		"a program that never waits":       {read(t, build(t, nothing, plain)), "0 functions are named time."},
		"a program that was patched":       {once, "time.Sleep starts with e9"},
	} {
		t.Run(name, func(t *testing.T) {
			out, report, err := fastclock.Patch(c.raw, 32)
			require.ErrorIs(t, err, fastclock.ErrShape)
			require.ErrorContains(t, err, c.says)
			require.Nil(t, out)
			require.Nil(t, report)
		})
	}
}

// withoutSections takes the section headers away, as sstrip does.
func withoutSections(raw []byte) []byte {
	out := bytes.Clone(raw)
	clear(out[40:48]) // e_shoff
	clear(out[60:64]) // e_shnum, e_shstrndx
	return out
}

func TestTheFactorIsAPowerOfTwo(t *testing.T) {
	for _, factor := range []int{-32, 0, 1, 3, 33, 2048} {
		_, _, err := fastclock.Patch(nil, factor)
		require.ErrorIs(t, err, fastclock.ErrFactor, "%d", factor)
		require.NotErrorIs(t, err, fastclock.ErrShape)
	}
}
