package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fintrack/platform/test/kit/evidence"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

func controls() *cobra.Command {
	return &cobra.Command{
		Use: "controls RESULTS.jsonl ...", Short: "Say what the results lack before they are evidence for every criterion",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			paths, err := sandbox.FindPaths()
			if err != nil {
				return err
			}
			text, err := os.ReadFile(filepath.Join(paths.Root, controlsPath))
			if err != nil {
				return err
			}
			in, err := evidence.ReadIntent(controlsPath, text)
			if err != nil {
				return err
			}
			results, err := readJournals(args)
			if err != nil {
				return err
			}
			resources, err := evidence.Resources(os.DirFS(paths.Root))
			if err != nil {
				return err
			}
			facts, err := deployments(results)
			if err != nil {
				return err
			}
			for s, f := range facts {
				if err := evidence.Apply(resources, s, f); err != nil {
					return err
				}
			}
			gaps := evidence.Complete(in, results, resources, nil)
			for _, s := range evidence.Standings(in, results, gaps) {
				fmt.Fprintf(cmd.OutOrStdout(), "%-6s %-24s %3d proven, %d failed, %d not proven here  %s\n", s.ID, s.State, s.Count.Pass, s.Count.Fail, s.Count.NotProven, s.Title)
				for _, v := range s.Cover(results, resources) {
					fmt.Fprintf(cmd.OutOrStdout(), "         of all %s\n", v.Summary())
				}
			}
			for _, g := range gaps {
				fmt.Fprintf(cmd.OutOrStdout(), "missing  %s\n", g)
			}
			if len(gaps) > 0 {
				return fmt.Errorf("%w: %d gaps", errNotProven, len(gaps))
			}
			return nil
		},
	}
}

func open(dir string) (*evidence.Bundle, error) {
	files, err := evidence.ReadFolder(dir)
	if err != nil {
		return nil, err
	}
	b, err := evidence.Open(files)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", dir, err)
	}
	return b, nil
}

// expectation reads the key that verifies.
func expectation(keyFile string) (want evidence.Expect, err error) {
	text, err := os.ReadFile(keyFile)
	if err != nil {
		return want, err
	}
	want.Key, err = evidence.ReadPublic(keyFile, text)
	return want, err
}

func verify() *cobra.Command {
	var keyFile, previous, commit string
	var modified bool
	cmd := &cobra.Command{
		Use: "verify BUNDLE --key pub.pem", Short: "Verify a bundle: it and the public key are all that this needs",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			want, err := expectation(keyFile)
			if err != nil {
				return err
			}
			want.Commit, want.Modified = commit, modified
			if previous != "" {
				if want.Previous, err = evidence.ReadFolder(previous); err != nil {
					return err
				}
			}
			files, err := evidence.ReadFolder(args[0])
			if err != nil {
				return err
			}
			found := evidence.Verify(cmd.Context(), files, want)
			for _, f := range found {
				fmt.Fprintf(cmd.OutOrStdout(), "wrong  %s\n", f)
			}
			if len(found) > 0 {
				return fmt.Errorf("%w: %d findings in %s", errNotProven, len(found), args[0])
			}
			b, err := evidence.Open(files)
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "verified: signature, %d files, schema, completeness\n%s\n", len(files), b.Summary())
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&keyFile, "key", "", "the public key (PEM)")
	f.StringVar(&previous, "previous", "", "the bundle that this one must follow")
	f.StringVar(&commit, "commit", "", "the commit that the bundle must be of")
	f.BoolVar(&modified, "allow-modified", false, "accept a bundle of a checkout with changes that no commit holds")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

func diff() *cobra.Command {
	var keyFile string
	cmd := &cobra.Command{
		Use: "diff BEFORE AFTER", Short: "Say by control what changed between two bundles",
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			var want evidence.Expect
			if keyFile == "" {
				fmt.Fprintln(cmd.ErrOrStderr(), "not verified: --key pub.pem verifies both bundles first")
			} else {
				var err error
				if want, err = expectation(keyFile); err != nil {
					return err
				}
				want.Modified = true
			}
			var both [2]*evidence.Bundle
			for i, dir := range args {
				b, err := open(dir)
				if err == nil && keyFile != "" {
					err = untouched(cmd, b, dir, want)
				}
				if err != nil {
					return err
				}
				both[i] = b
			}
			return evidence.WriteDiff(cmd.OutOrStdout(), both[0], both[1], evidence.Diff(both[0], both[1]))
		},
	}
	cmd.Flags().StringVar(&keyFile, "key", "", "the public key (PEM) that verifies both bundles")
	return cmd
}

// untouched refuses a bundle whose bytes are not what was signed. One that is only not
// complete passes: it is evidence that something is missing.
func untouched(cmd *cobra.Command, b *evidence.Bundle, dir string, want evidence.Expect) error {
	for _, f := range evidence.Verify(cmd.Context(), b.Files, want) {
		if f.File != evidence.ChecksFile || len(b.Run.Gaps) == 0 {
			return fmt.Errorf("%w: %s: %s", errNotProven, dir, f)
		}
	}
	return nil
}

func period() *cobra.Command {
	var from, to, keyFile string
	cmd := &cobra.Command{
		Use: "period FOLDER --key pub.pem", Short: "Report the nightly bundles of a period as one: each folder in FOLDER is a bundle",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			bundles, err := verified(cmd, args[0], keyFile)
			if err != nil {
				return err
			}
			first, last, err := span(from, to, bundles)
			if err != nil {
				return err
			}
			all := len(bundles)
			bundles = slices.DeleteFunc(bundles, func(b *evidence.Bundle) bool {
				return b.Run.Started.Before(first) || !b.Run.Started.Before(last.AddDate(0, 0, 1))
			})
			if left := all - len(bundles); left > 0 {
				fmt.Fprintf(cmd.OutOrStdout(), "%d bundles of other days are left out\n", left)
			}
			p, err := evidence.ReportPeriod(bundles, first, last)
			if err != nil {
				return err
			}
			if err := evidence.WritePeriod(cmd.OutOrStdout(), p); err != nil {
				return err
			}
			if !p.Good() {
				return fmt.Errorf("%w: see above", errNotProven)
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&keyFile, "key", "", "the public key (PEM) that verifies each bundle")
	f.StringVar(&from, "from", "", "first day, YYYY-MM-DD; the first bundle's without it")
	f.StringVar(&to, "to", "", "last day, YYYY-MM-DD; the last bundle's without it")
	_ = cmd.MarkFlagRequired("key")
	return cmd
}

// verified opens each bundle of a folder. One whose bytes are not what was signed
// ends the report; one that is only not complete is reported as such.
func verified(cmd *cobra.Command, dir, keyFile string) (out []*evidence.Bundle, err error) {
	want, err := expectation(keyFile)
	if err != nil {
		return nil, err
	}
	want.Modified = true
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	from := map[string]string{}
	for _, e := range entries {
		if e.Type()&os.ModeSymlink != 0 { // latest, which names one of the others
			continue
		}
		name := filepath.Join(dir, e.Name())
		b, err := open(name)
		if err == nil {
			err = untouched(cmd, b, name, want)
		}
		if err != nil {
			return nil, err
		}
		manifest := string(b.Files[evidence.ManifestFile])
		if other, twice := from[manifest]; twice {
			return nil, fmt.Errorf("%s and %s are the same bundle: a period counts each once", other, name)
		}
		from[manifest] = name
		out = append(out, b)
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("%s holds no bundle", dir)
	}
	return out, nil
}

func span(from, to string, bundles []*evidence.Bundle) (first, last time.Time, err error) {
	for i, b := range bundles {
		if i == 0 || b.Run.Started.Before(first) {
			first = b.Run.Started
		}
		if b.Run.Started.After(last) {
			last = b.Run.Started
		}
	}
	for flag, day := range map[string]*time.Time{"--from": &first, "--to": &last} {
		*day = day.UTC().Truncate(24 * time.Hour)
		given := map[string]string{"--from": from, "--to": to}[flag]
		if given == "" {
			continue
		}
		if *day, err = time.Parse(time.DateOnly, given); err != nil {
			return first, last, fmt.Errorf("%s %s: want a day as YYYY-MM-DD", flag, given)
		}
	}
	return first, last, nil
}

func merge() *cobra.Command {
	o := &options{}
	var public string
	cmd := &cobra.Command{
		Use: "merge PART ...", Short: "Join the bundles of all parts of a run into one, refusing gaps and overlaps",
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			want, err := expectation(public)
			if err != nil {
				return err
			}
			want.Modified = true
			var parts []*evidence.Bundle
			for _, dir := range args {
				b, err := open(dir)
				if err != nil {
					return err
				}
				if b.Run.Shard == "" {
					return fmt.Errorf("%s is a whole run (%s), not a part: parts are built with --shard k/n", dir, b.Run.ID)
				}
				if found := evidence.Verify(cmd.Context(), b.Files, want); len(found) > 0 {
					return fmt.Errorf("%w: %s: %s", errNotProven, dir, found[0])
				}
				parts = append(parts, b)
			}
			in, err := evidence.Merge(parts)
			if err != nil {
				return err
			}
			return o.write(cmd.Context(), cmd.OutOrStdout(), in)
		},
	}
	o.signing(cmd)
	cmd.Flags().StringVar(&public, "verify-with", "", "the public key (PEM) that verifies each part")
	_ = cmd.MarkFlagRequired("verify-with")
	return cmd
}
