// Evidence makes and reads bundles of evidence; scripts/fintrack evidence calls it.
//
// It is a program of its own because it links OSCAL's schemas, gitleaks' rules and
// AWS KMS, which the suites of modules do not need.
//
// Exit codes: 0 all is proven, 1 something is not, 2 the command could not be run.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"
)

// errNotProven ends a command that ran and found something wrong.
var errNotProven = errors.New("not everything is proven")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "fintrack evidence:", err)
	}
	os.Exit(exitCode(err))
}

func exitCode(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNotProven):
		return 1
	}
	return 2
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use: "evidence", Short: "Make, verify and compare bundles of evidence",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.AddCommand(key(), public(), begin(), build(), controls(), verify(), diff(), period(), merge())
	return root
}
