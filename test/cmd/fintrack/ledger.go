package main

import (
	"fmt"
	"os"
	"text/tabwriter"
	"time"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/fintrack/platform/test/kit/sandbox/ledger"
	"github.com/spf13/cobra"
)

func ledgerCommand() *cobra.Command {
	return &cobra.Command{
		Use: "ledger", Short: "List the environments that are open",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			paths, err := sandbox.FindPaths()
			if err != nil {
				return err
			}
			l, err := ledger.Open(paths.Ledger())
			if err != nil {
				return fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
			}
			entries, err := l.Environments.List()
			w := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
			fmt.Fprintln(w, "id\tsuite\tenvironment\taccount\tregion\tprefix\tstate\texpires")
			for _, e := range entries {
				state := "in use"
				switch {
				case e.Gone(time.Now()):
					state = "left by a dead run"
				case e.Kept:
					state = "kept"
				}
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", e.ID, e.Suite, e.Environment, e.Account, e.Region, e.Prefix, state, e.Expires.Format(time.RFC3339))
			}
			return joinFlush(w, err)
		},
	}
}

func joinFlush(w *tabwriter.Writer, err error) error {
	if ferr := w.Flush(); err == nil {
		err = ferr
	}
	return err
}
