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
	"strings"
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
	root.CompletionOptions.DisableDefaultCmd = true
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		var names []string
		for _, c := range cmd.Commands() {
			if c.Name() != "help" {
				names = append(names, c.Name())
			}
		}
		return fmt.Errorf("unknown command %q; there are %s", args[0], strings.Join(names, ", "))
	}
	root.Args = cobra.ArbitraryArgs
	root.AddCommand(key(), public(), begin(), build(), controls(), verify(), diff(), period(), merge())
	for _, c := range root.Commands() {
		c.Args = saying(c.Args)
	}
	return root
}

// saying adds to a refusal of arguments what the command takes.
func saying(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return fmt.Errorf("%w; want: %s", err, cmd.Use)
		}
		return nil
	}
}
