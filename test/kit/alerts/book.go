package alerts

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"strings"
	"sync"
)

// Book is everything that is declared about alerts: gitops/addons/prometheus-stack.
type Book struct {
	Catalogue *Catalogue
	Platform  *Platform
	Rules     *Rules
	Scenarios []*Scenario
	Routing   *Routing
}

// Places of what a Book is made of, below the folder of the add-on.
const (
	RulesFolder     = "manifests/rules"
	ScenariosFolder = "scenarios"
	PlatformFile    = "scenarios/platform.yaml"
	CatalogueFile   = "metrics.yaml"
	ValuesFile      = "values.yaml"
)

// Load reads a book from the add-on's folder. Messages name files below it. It
// refuses rules that name metrics or labels that the catalogue does not have, routes
// that overlap, and scenarios that name receivers that there are not.
func Load(dir fs.FS) (*Book, error) {
	b := &Book{}
	text, err := fs.ReadFile(dir, CatalogueFile)
	if err != nil {
		return nil, err
	}
	if b.Catalogue, err = ParseCatalogue(CatalogueFile, text); err != nil {
		return nil, err
	}
	files, err := folder(dir, RulesFolder)
	if err != nil {
		return nil, err
	}
	if b.Rules, err = ParseRules(files); err != nil {
		return nil, err
	}
	if err := errors.Join(b.Catalogue.CheckRules(b.Rules), b.Rules.Lint()); err != nil {
		return nil, err
	}
	if text, err = fs.ReadFile(dir, PlatformFile); err != nil {
		return nil, err
	}
	if b.Platform, err = ParsePlatform(PlatformFile, text, b.Catalogue); err != nil {
		return nil, err
	}
	if text, err = fs.ReadFile(dir, ValuesFile); err != nil {
		return nil, err
	}
	if b.Routing, err = ParseRouting(ValuesFile, text); err != nil {
		return nil, err
	}
	return b, errors.Join(b.Routing.CheckOverlaps(b.Rules), b.loadScenarios(dir))
}

func (b *Book) loadScenarios(dir fs.FS) error {
	files, err := folder(dir, ScenariosFolder)
	if err != nil {
		return err
	}
	delete(files, PlatformFile)
	var errs []error
	for _, name := range sortedKeys(files) {
		s, err := ParseScenario(name, files[name], b.Catalogue, b.Platform, b.Rules)
		errs = append(errs, err)
		if err == nil {
			errs = append(errs, b.Routing.CheckReceivers(s))
		}
		b.Scenarios = append(b.Scenarios, s)
	}
	return errors.Join(errs...)
}

func folder(dir fs.FS, name string) (map[string][]byte, error) {
	entries, err := fs.ReadDir(dir, name)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" {
			continue
		}
		if out[name+"/"+e.Name()], err = fs.ReadFile(dir, name+"/"+e.Name()); err != nil {
			return nil, err
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s: no YAML files", name)
	}
	return out, nil
}

// Scenario finds a scenario by its name, or says which names come near.
func (b *Book) Scenario(name string) (*Scenario, error) {
	var names []string
	for _, s := range b.Scenarios {
		if s.Name == name {
			return s, nil
		}
		names = append(names, s.Name)
	}
	return nil, fmt.Errorf("no scenario %q; nearest: %s", name, strings.Join(Nearest(name, names), ", "))
}

// RunAll runs all scenarios side by side, in the order of the book.
func (b *Book) RunAll(ctx context.Context, sim *Simulator) ([]*Run, error) {
	runs := make([]*Run, len(b.Scenarios))
	errs := make([]error, len(b.Scenarios))
	SideBySide(len(b.Scenarios), func(i int) {
		runs[i], errs[i] = sim.Run(ctx, b.Rules, b.Scenarios[i])
	})
	return runs, errors.Join(errs...)
}

// SideBySide calls do for 0 .. n-1, on as many cores as there are.
func SideBySide(n int, do func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range runtime.GOMAXPROCS(0) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}
