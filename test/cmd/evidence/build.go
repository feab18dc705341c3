package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/arn"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deployed"
	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/evidence/checkout"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

const controlsPath = "policies/intent/controls.yaml"

func key() *cobra.Command {
	return &cobra.Command{
		Use: "key FOLDER", Short: "Make an Ed25519 key pair: evidence.key to sign with, evidence.pub to verify with",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			private, public, err := evidence.GenerateKey()
			if err != nil {
				return err
			}
			if err := os.MkdirAll(args[0], 0o700); err != nil {
				return err
			}
			if err := writeNew(filepath.Join(args[0], "evidence.key"), private, 0o600); err != nil {
				return err
			}
			return writeNew(filepath.Join(args[0], "evidence.pub"), public, 0o644)
		},
	}
}

// writeNew writes a file that is not there yet: a key is never overwritten.
func writeNew(name string, text []byte, mode os.FileMode) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// beginning is what begin writes and build holds against the end.
type beginning struct {
	Began time.Time      `json:"began"`
	State checkout.State `json:"state"`
}

func begin() *cobra.Command {
	return &cobra.Command{
		Use: "begin FILE", Short: "Record the checkout before a run, so that build can hold the end against it",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := sandbox.FindPaths()
			if err != nil {
				return err
			}
			s, err := checkout.Read(cmd.Context(), paths.Root)
			if err != nil {
				return err
			}
			b, err := json.MarshalIndent(beginning{time.Now().UTC(), s}, "", "  ")
			if err != nil {
				return err
			}
			if err := os.MkdirAll(filepath.Dir(args[0]), 0o755); err != nil {
				return err
			}
			return os.WriteFile(args[0], b, 0o644)
		},
	}
}

// options are the flags of build and, of those, the ones of merge.
type options struct {
	output, previous, begun string
	keyFile, kmsKey         string
	shard, flaky, steps     string
	series                  string
	sensitive, artefacts    []string
	modified                bool
}

func (o *options) signing(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVarP(&o.output, "output", "o", "", "the folder to write, which must not exist")
	f.StringVar(&o.keyFile, "key", "", "sign with this Ed25519 private key (PEM)")
	f.StringVar(&o.kmsKey, "kms", "", "sign with this key of AWS KMS: its id, ARN or alias")
	f.StringVar(&o.previous, "previous", "", "the bundle before this one, to chain to")
	_ = cmd.MarkFlagRequired("output")
	cmd.MarkFlagsMutuallyExclusive("key", "kms")
	cmd.MarkFlagsOneRequired("key", "kms")
}

func (o *options) signer(ctx context.Context) (evidence.Signer, error) {
	if o.kmsKey != "" {
		return openKMS(ctx, o.kmsKey)
	}
	text, err := os.ReadFile(o.keyFile)
	if err != nil {
		return nil, err
	}
	return evidence.ReadSigner(o.keyFile, text)
}

// openKMS finds a key of AWS KMS by the usual chain of credentials; an ARN says its
// region itself.
func openKMS(ctx context.Context, id string) (*evidence.KMSKey, error) {
	var options []func(*config.LoadOptions) error
	if a, err := arn.Parse(id); err == nil {
		options = append(options, config.WithRegion(a.Region))
	}
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, err
	}
	return evidence.OpenKMSKey(ctx, kms.NewFromConfig(cfg), id)
}

func public() *cobra.Command {
	return &cobra.Command{
		Use: "public KMS-KEY", Short: "Print the public key of a key of AWS KMS (its id, ARN or alias) as PEM, to verify with",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			k, err := openKMS(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			key, err := k.Public(cmd.Context())
			if err != nil {
				return err
			}
			text, err := evidence.PublicPEM(key)
			if err != nil {
				return err
			}
			_, err = cmd.OutOrStdout().Write(text)
			return err
		},
	}
}

func build() *cobra.Command {
	o := &options{}
	cmd := &cobra.Command{
		Use:   "build RESULTS.jsonl ...",
		Short: "Make a signed bundle of results",
		Long:  "Makes a signed bundle of results. Results that are older than the commit, or than the record of begin, are refused: they are of another state of the code.",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := o.inputs(cmd.Context(), args)
			if err != nil {
				return err
			}
			return o.write(cmd.Context(), cmd.OutOrStdout(), in)
		},
	}
	o.signing(cmd)
	f := cmd.Flags()
	f.StringVar(&o.begun, "begun", "", "the record that begin wrote before the run")
	f.StringVar(&o.shard, "shard", "", "k/n: this is a part of a run, to be merged")
	f.StringVar(&o.steps, "steps", "", "a JSON object that names the step of each run, as the nightly run writes it")
	f.StringVar(&o.series, "series", "", "nightly, release or what else the run is one of: --previous must be of the same")
	f.StringVar(&o.flaky, "flaky", "", "a JSON list of what gave different outcomes, as the nightly run writes it")
	f.StringArrayVar(&o.sensitive, "sensitive", nil, "a file with the output of terraform output -json; sensitive values in it are refused")
	f.StringArrayVar(&o.artefacts, "artefact", nil, "kind=file for the page, in the place of what a suite put beside its results; the kinds are network, incident, access")
	f.BoolVar(&o.modified, "allow-modified", false, "allow changes that no commit holds; the bundle says so and does not verify as evidence of record")
	return cmd
}

func (o *options) inputs(ctx context.Context, results []string) (in evidence.Inputs, err error) {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return in, err
	}
	state, err := checkout.Read(ctx, paths.Root)
	if err != nil {
		return in, err
	}
	if state.Modified && !o.modified {
		return in, fmt.Errorf("the checkout has changes that no commit holds (git status): commit them, or see --allow-modified")
	}
	if in.Results, err = readJournals(results); err != nil {
		return in, err
	}
	if err := o.fits(state, in.Results); err != nil {
		return in, err
	}
	in.Commit, in.Modified, in.Shard, in.Series, in.Trees = state.Commit, state.Modified, o.shard, o.series, state.Trees
	if in.Controls, err = os.ReadFile(filepath.Join(paths.Root, controlsPath)); err != nil {
		return in, err
	}
	if in.Resources, err = evidence.Resources(os.DirFS(paths.Root)); err != nil {
		return in, err
	}
	if in.Tools, err = checkout.Tools(ctx, paths.Root); err != nil {
		return in, err
	}
	return in, o.extras(&in, results)
}

// fits refuses results that cannot be of this state of the code.
func (o *options) fits(now checkout.State, results []check.Result) error {
	since, what := now.Committed, "the commit "+now.Commit
	if o.begun != "" {
		var b beginning
		text, err := os.ReadFile(o.begun)
		if err == nil {
			err = json.Unmarshal(text, &b)
		}
		if err != nil {
			return fmt.Errorf("--begun %s: %w", o.begun, err)
		}
		if b.State.Commit != now.Commit || !slices.Equal(b.State.Trees, now.Trees) {
			return fmt.Errorf("the checkout changed during the run: it began on %s, is now %s, and its trees differ or its commit does; run again", b.State.Commit, now.Commit)
		}
		since, what = b.Began, "the beginning of the run"
	}
	for _, r := range results {
		if r.Time.Before(since) {
			return fmt.Errorf("the check %s was made at %s, before %s (%s): it proves nothing of it", r.ID, r.Time.Format(time.RFC3339), what, since.Format(time.RFC3339))
		}
	}
	return nil
}

func (o *options) extras(in *evidence.Inputs, journals []string) error {
	for _, name := range o.sensitive {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		values, err := evidence.SensitiveOutputs(name, text)
		if err != nil {
			return err
		}
		in.Sensitive = append(in.Sensitive, values...)
	}
	facts, err := deployments(in.Results)
	if err != nil {
		return err
	}
	for _, s := range slices.SortedFunc(maps.Keys(facts), func(a, b deployed.Suite) int { return strings.Compare(a.String(), b.String()) }) {
		in.Sensitive = append(in.Sensitive, facts[s].Sensitive...)
		if err := evidence.Apply(in.Resources, s, facts[s]); err != nil {
			return err
		}
	}
	named, err := o.attached(journals)
	if err != nil {
		return err
	}
	in.Artefacts = map[string]evidence.Artefact{}
	for kind, name := range named {
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		in.Artefacts[kind] = evidence.Artefact{Name: filepath.Base(name), Data: data}
	}
	return errors.Join(readJSON(o.flaky, &in.Flaky), readJSON(o.steps, &in.Steps))
}

// readJSON reads a file that may not have been named.
func readJSON(name string, into any) error {
	if name == "" {
		return nil
	}
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// deployments returns what the runs recorded, on this machine, of whatever the results
// deployed.
func deployments(results []check.Result) (map[deployed.Suite]deployed.Facts, error) {
	paths, err := sandbox.FindPaths()
	if err != nil {
		return nil, err
	}
	var suites []deployed.Suite
	for _, r := range results {
		s := deployed.Suite{Run: r.Run, Name: r.Suite}
		if r.Deployed && !slices.Contains(suites, s) {
			suites = append(suites, s)
		}
	}
	facts, missing, err := deployed.Read(paths.Deployed(), suites)
	if err != nil {
		return nil, err
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s has no record of %s: which outputs are sensitive, and must not be in a bundle, is not known; build it where the suites ran", paths.Deployed(), missing[0])
	}
	return facts, nil
}

// attached names the pictures and tables of the page by kind: what the suites put
// beside their journals, the last one's where several did, and what was named.
func (o *options) attached(journals []string) (map[string]string, error) {
	out := map[string]string{}
	for _, j := range journals {
		found, err := check.Attached(j)
		if err != nil {
			return nil, err
		}
		maps.Copy(out, found)
	}
	named := map[string]string{}
	for _, a := range o.artefacts {
		kind, name, ok := strings.Cut(a, "=")
		if _, twice := named[kind]; !ok || twice {
			return nil, fmt.Errorf("--artefact %s: want kind=file, each kind once", a)
		}
		named[kind] = name
	}
	maps.Copy(out, named)
	return out, nil
}

// write builds, signs and writes the bundle, and says how it stands.
func (o *options) write(ctx context.Context, w io.Writer, in evidence.Inputs) (err error) {
	if o.previous != "" {
		if in.Previous, err = evidence.ReadFolder(o.previous); err != nil {
			return err
		}
	}
	signer, err := o.signer(ctx)
	if err != nil {
		return err
	}
	files, gaps, err := evidence.Build(ctx, in, signer)
	if err != nil {
		return err
	}
	if err := evidence.WriteFolder(o.output, files); err != nil {
		return err
	}
	b, err := evidence.Open(files)
	if err != nil {
		return err
	}
	for _, g := range gaps {
		fmt.Fprintf(w, "missing  %s\n", g)
	}
	for _, f := range in.Flaky {
		fmt.Fprintf(w, "flaky    %s %s: %s\n", f.Step, f.Check, strings.Join(f.Outcomes, ", then "))
	}
	fmt.Fprintf(w, "%s\nbundle: %s; page: %s\n", b.Summary(), o.output, filepath.Join(o.output, evidence.PageFile))
	if fails := check.Tally(in.Results).Fail; fails > 0 || len(gaps) > 0 {
		return fmt.Errorf("%w: %d checks failed, %d gaps", errNotProven, fails, len(gaps))
	}
	return nil
}

func readJournals(names []string) (all []check.Result, err error) {
	for _, name := range names {
		rs, err := check.ReadJournalFile(name)
		if err != nil {
			return nil, err
		}
		if len(rs) == 0 {
			return nil, fmt.Errorf("%s holds no result: that run did not come to its first check", name)
		}
		all = append(all, rs...)
	}
	return all, nil
}
