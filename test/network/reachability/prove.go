// Package reachability holds what the network promises as a whole.
package reachability

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/describe"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/fintrack/platform/test/kit/reach/live"
	"github.com/fintrack/platform/test/kit/reach/picture"
	"github.com/fintrack/platform/test/kit/reach/planned"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/twin"
)

// controls are the criteria that isolation bears on.
var controls = []string{"CC6.1", "CC6.6"}

// File is the intent, from the repository's root.
const File = "policies/intent/reachability.yaml"

// Kept is where the documents of the last environment are kept, from the cache.
const Kept = "network/documents.json"

// KeptPlans is where the plans by which it was applied are, each by its layer's name.
const KeptPlans = "network/plans"

// Intent reads the intent of a source tree.
func Intent(root string) (intent.Intent, error) {
	b, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(File)))
	if err != nil {
		return intent.Intent{}, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	in, err := intent.Parse(File, b)
	if err != nil {
		return in, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return in, nil
}

// Prove reads an account's network and records what holds of it, and what does not.
// layers are the plans by which it was applied. A picture of who reaches whom is put
// beside the journal, for the evidence.
func Prove(ctx context.Context, checks *check.Set, cfg aws.Config, paths sandbox.Paths, layers []planned.Layer, journal string) {
	described := check.Check{ID: "network.described", Title: "The network is described in full by documents of known shapes", Subject: "Describe* of the account", Controls: controls, Next: "test/kit/reach/describe says which shapes it knows"}
	docs, err := live.Documents(ctx, cfg)
	if err != nil {
		checks.Err(described, "documents", err)
		return
	}
	if err := keep(paths, docs, layers); err != nil {
		checks.Err(described, "documents that can be kept for scripts/fintrack reach", err)
		return
	}
	estate, err := describe.Read(docs)
	if err != nil {
		checks.Err(described, "documents of known shapes", err)
		return
	}
	m, err := reach.New(estate)
	if err != nil {
		checks.Err(described, "documents that fit together", err)
		return
	}
	checks.That(described, len(estate.Subnets) > 0 && len(estate.Interfaces) > 0, "subnets, and something in them",
		fmt.Sprintf("%d VPCs, %d subnets, %d route tables, %d security groups, %d interfaces", len(estate.VPCs), len(estate.Subnets), len(estate.RouteTables), len(estate.Groups), len(estate.Interfaces)))
	in, err := Intent(paths.Source())
	if err != nil {
		checks.Err(check.Check{ID: "network.intent", Title: "The intent can be read", Subject: File, Controls: controls}, "an intent", err)
		return
	}
	Hold(checks, m, in)
	foretold(checks, in, layers, estate, m)
	all := in.Resolve(m)
	drawn := picture.SVG(m.Matrix(picture.Order(all.Services, all.Outside), intent.Protocols))
	if err := check.Attach(journal, "network", ".svg", drawn); err != nil {
		checks.Err(described, "a picture that can be kept beside the results", err)
	}
	witness(ctx, checks, estate, m)
}

// keep writes documents and plans where scripts/fintrack reach finds them.
func keep(paths sandbox.Paths, docs describe.Documents, layers []planned.Layer) error {
	b, err := json.Marshal(docs)
	if err != nil {
		return err
	}
	files := map[string][]byte{Kept: b}
	for _, l := range layers {
		files[KeptPlans+"/"+l.Name+".json"] = l.Plan
	}
	for name, text := range files {
		file := filepath.Join(paths.Cache, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, text, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// Hold records a check for every pair of names of the intent.
func Hold(checks *check.Set, m *reach.Model, in intent.Intent) {
	var overlaps []string
	for _, o := range m.Overlaps() {
		overlaps = append(overlaps, o.String())
	}
	checks.Equal(check.Check{ID: "network.apart", Title: "No two networks that can ask each other share an address", Subject: "module.vpc", Controls: controls}, "", strings.Join(overlaps, "; "))
	hold(checks, "network.", File, in.Compare(m))
}

func hold(checks *check.Set, id, subject string, findings []intent.Finding) {
	for _, f := range findings {
		c := check.Check{ID: id + f.Slug, Title: f.Title, Subject: subject, Controls: controls,
			Next: "mend the rule that the path names, or declare the path with its reason in " + File}
		if f.Needs != "" {
			checks.NotProven(c, f.Needs, f.Observed)
			continue
		}
		checks.That(c, f.OK, f.Expected, f.Observed)
	}
}

// witness sends real packets through twins of the network's VPCs, where they can be
// made. A VPC with nothing in it has nobody to send any.
func witness(ctx context.Context, checks *check.Set, estate reach.Estate, m *reach.Model) {
	c := check.Check{ID: "network.packets", Title: "In a twin of network namespaces the kernel passes exactly the packets that the analysis says", Subject: "test/kit/twin", Controls: controls}
	inhabited := map[string]bool{}
	for _, f := range estate.Interfaces {
		for _, s := range estate.Subnets {
			inhabited[s.VPC] = inhabited[s.VPC] || s.ID == f.Subnet
		}
	}
	for _, v := range estate.VPCs {
		if inhabited[v.ID] {
			c.Subject = "twin of " + v.ID
			packets(ctx, checks, c, estate, v.ID, m)
		}
	}
}

func packets(ctx context.Context, checks *check.Set, c check.Check, estate reach.Estate, vpc string, m *reach.Model) {
	part, err := twin.Within(estate, vpc)
	if err != nil {
		checks.NotProven(c, "a VPC that is not joined to others", err.Error())
		return
	}
	hosts, far := twin.Cast(part)
	plan, err := twin.Compile(part, hosts, far)
	if err != nil {
		checks.NotProven(c, "a network of IPv4", err.Error())
		return
	}
	made, err := twin.Build(ctx, plan)
	if errors.Is(err, twin.ErrNotHere) {
		checks.NotProven(c, "root on Linux with iproute2 and nftables", err.Error())
		return
	}
	if err != nil {
		checks.Err(c, "a twin", err)
		return
	}
	defer made.Close()
	got, err := twin.Witness(made, m, hosts, far, []reach.Port{443, 5432, 6379, 8080}, 700*time.Millisecond)
	if err != nil {
		checks.Err(c, "connections", err)
		return
	}
	observed := fmt.Sprintf("%d connections between %d hosts, %d passed, no difference", got.Asked, len(hosts), got.Passed)
	if len(got.Differences) > 0 {
		observed = fmt.Sprintf("%d differences in %d connections; the first: %s", len(got.Differences), got.Asked, got.Differences[0])
	}
	checks.That(c, len(got.Differences) == 0 && got.Passed > 0 && got.Passed < got.Asked, "no difference in connections of which some pass and some do not", observed)
}
