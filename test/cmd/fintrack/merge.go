package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/fintrack/platform/test/kit/check"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

// merge puts the results of the parts of one run together.
func merge() *cobra.Command {
	var to string
	cmd := &cobra.Command{
		Use:   "merge RESULTS.jsonl ...",
		Short: "Put the results of the parts of a run together (SHARD=1/2, SHARD=2/2)",
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return fmt.Errorf("%w: merge: name the results of each part, as test-modules prints them", sandbox.ErrSetup)
			}
			rs, err := readAll(args)
			if err != nil {
				return err
			}
			if to != "" {
				if err := writeJournal(to, rs); err != nil {
					return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
				}
			}
			return conclude(cmd.OutOrStdout(), rs, len(args))
		},
	}
	cmd.Flags().StringVarP(&to, "output", "o", "", "also write the merged results to this file")
	return cmd
}

// readAll reads journals. The same check of the same suite in two of them means
// that a part ran twice, and the merged result would count it twice.
func readAll(files []string) ([]check.Result, error) {
	var all []check.Result
	from := map[string]string{}
	for _, name := range files {
		rs, err := check.ReadJournalFile(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
		}
		if len(rs) == 0 {
			return nil, fmt.Errorf("%w: %s holds no result: that part did not run to its end", sandbox.ErrSetup, name)
		}
		for _, r := range rs {
			key := r.Suite + " " + r.ID
			if other, twice := from[key]; twice && other != name {
				return nil, fmt.Errorf("%w: the check %s of %s is in %s and in %s: these are not parts of one run", sandbox.ErrSetup, r.ID, r.Suite, other, name)
			}
			from[key] = name
		}
		all = append(all, rs...)
	}
	return all, nil
}

func writeJournal(name string, rs []check.Result) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(f)
	for _, r := range rs {
		if err := enc.Encode(r); err != nil {
			f.Close()
			return err
		}
	}
	return f.Close()
}

// conclude prints the table and the count; a failed check is the exit code.
func conclude(w io.Writer, rs []check.Result, parts int) error {
	if err := check.WriteTable(w, rs); err != nil {
		return err
	}
	count := check.Tally(rs)
	fmt.Fprintf(w, "\n%d parts: %s\n", parts, count)
	if count.Fail > 0 {
		return errFailed{code: deploy.ExitFailed, what: "not everything is proven"}
	}
	return nil
}
