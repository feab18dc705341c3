package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/describe"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/fintrack/platform/test/kit/reach/live"
	"github.com/fintrack/platform/test/kit/reach/planned"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/network/reachability"
)

// asked is where a question is asked.
type asked struct {
	documents   []string
	plans, save string

	paths  sandbox.Paths
	model  *reach.Model
	estate reach.Estate
	intent intent.Intent
}

// load reads the documents and the intent.
func (a *asked) load(ctx context.Context) error {
	var err error
	if a.paths, err = sandbox.FindPaths(); err != nil {
		return err
	}
	if a.estate, err = a.known(ctx); err != nil {
		return err
	}
	if a.model, err = reach.New(a.estate); err != nil {
		return fmt.Errorf("what was read does not fit together:\n%w", err)
	}
	a.intent, err = reachability.Intent(a.paths.Source())
	return err
}

// known is what documents or plans say: of plans alone what there will be, of both
// what the plans will add to what is described.
func (a *asked) known(ctx context.Context) (reach.Estate, error) {
	var base reach.Estate
	if a.plans == "" || len(a.documents) > 0 {
		docs, err := a.read(ctx)
		if err != nil {
			return base, err
		}
		if a.save != "" {
			if len(docs) != 1 {
				return base, fmt.Errorf("--save %s: these are documents of %d accounts, each in a file of its own", a.save, len(docs))
			}
			b, err := json.Marshal(docs[0])
			if err == nil {
				err = os.WriteFile(a.save, b, 0o600)
			}
			if err != nil {
				return base, fmt.Errorf("save the documents: %w", err)
			}
		}
		if base, err = describe.Join(docs...); err != nil {
			return base, fmt.Errorf("the documents cannot be read:\n%w", err)
		}
	}
	if a.plans == "" {
		return base, nil
	}
	layers, err := a.layers()
	if err != nil {
		return base, err
	}
	e, err := planned.On(base, layers...)
	if err != nil {
		return e, fmt.Errorf("the plans cannot be read in full:\n%w", err)
	}
	return e, nil
}

// layers are the plans of a folder, NAME.json for the layer terraform/NAME of this
// repository.
func (a *asked) layers() ([]planned.Layer, error) {
	files, err := filepath.Glob(filepath.Join(a.plans, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("--plans %s: no NAME.json is there: want terraform show -json of each layer, as make test-network keeps them in %s", a.plans, filepath.Join(a.paths.Cache, filepath.FromSlash(reachability.KeptPlans)))
	}
	var out []planned.Layer
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".json")
		text, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		l := planned.Layer{Name: name, Plan: text, Dir: "terraform/" + name}
		if _, err := os.Stat(filepath.Join(a.paths.Source(), "terraform", name)); err == nil {
			l.Sources = os.DirFS(a.paths.Source())
		}
		out = append(out, l)
	}
	return out, nil
}

// read are the documents of each account that is asked about.
func (a *asked) read(ctx context.Context) ([]describe.Documents, error) {
	env, err := sandbox.Chosen()
	if err != nil {
		return nil, err
	}
	if env == sandbox.AWS && len(a.documents) == 0 {
		cfg, err := config.LoadDefaultConfig(ctx)
		if err != nil {
			return nil, fmt.Errorf("settings of AWS: %w", err)
		}
		docs, err := live.Documents(ctx, cfg)
		return []describe.Documents{docs}, err
	}
	files := a.documents
	if len(files) == 0 {
		files = []string{filepath.Join(a.paths.Cache, filepath.FromSlash(reachability.Kept))}
	}
	var out []describe.Documents
	for _, file := range files {
		b, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) && len(a.documents) == 0 {
			return nil, fmt.Errorf("no documents are kept here yet: run make test-network, or give --documents FILE, or ENV=aws for a real account")
		}
		if err != nil {
			return nil, err
		}
		var docs describe.Documents
		if err := json.Unmarshal(b, &docs); err != nil {
			return nil, fmt.Errorf("%s: want an object with a document for each call: %w", file, err)
		}
		out = append(out, docs)
	}
	return out, nil
}

// party finds whom a name means: a service or an outside name of the intent, a tier
// ("tier:isolated", or isolated where no service is called so), a service of AWS
// ("aws:kms"), an interface or a subnet by its id, or an address.
func (a *asked) party(name string) (reach.Party, error) {
	all := a.intent.Resolve(a.model)
	if short, ok := strings.CutPrefix(name, "aws:"); ok {
		vpcs := a.estate.VPCs
		if len(vpcs) != 1 {
			return reach.Party{}, fmt.Errorf("%s: which VPC's? There are %d", name, len(vpcs))
		}
		return a.model.ServiceParty(vpcs[0].ID, short)
	}
	if tier, ok := strings.CutPrefix(name, "tier:"); ok {
		if p, known := all.Tiers[tier]; known {
			return p, nil
		}
	}
	for _, names := range []map[string]reach.Party{all.Services, all.Outside, all.Tiers} {
		if p, ok := names[name]; ok {
			if p.Empty() {
				return p, fmt.Errorf("nothing in this environment is %s", name)
			}
			return p, nil
		}
	}
	if p, err := a.model.Interface(name); err == nil {
		return p, nil
	}
	if p := a.model.Anything(name, func(s reach.Subnet) bool { return s.ID == name || s.Name == name }); !p.Empty() {
		return p, nil
	}
	if p, err := netip.ParsePrefix(name); err == nil {
		return reach.OutsideParty(name, p), nil
	}
	if addr, err := netip.ParseAddr(name); err == nil {
		return a.at(addr), nil
	}
	known := slices.Concat(slices.Collect(maps.Keys(all.Services)), slices.Collect(maps.Keys(all.Outside)))
	for t := range all.Tiers {
		known = append(known, "tier:"+t)
	}
	slices.Sort(known)
	return reach.Party{}, fmt.Errorf("nobody is called %q: the nearest are %s; aws:SERVICE, ids of interfaces and subnets, and addresses are names too", name, reach.Nearest(name, known))
}

// at is who has an address: an interface, or somebody outside.
func (a *asked) at(addr netip.Addr) reach.Party {
	p := a.model.Select(addr.String(), func(f reach.Interface, _ reach.Subnet) bool { return slices.Contains(f.Addrs, addr) })
	if p.Empty() {
		return reach.OutsideParty(addr.String(), netip.PrefixFrom(addr, addr.BitLen()))
	}
	return p
}
