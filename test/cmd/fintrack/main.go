// Fintrack runs the platform's suites and answers questions over the kit.
//
// Exit codes: 0 all proven, 1 a check failed, 2 the run could not be made (bad
// input, a missing tool), 3 something was left behind.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	err := command().ExecuteContext(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(exitCode(err))
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use: "fintrack", Short: "Prove the FinTrack platform",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", sandbox.ErrSetup, err) })
	root.AddCommand(testModule(), testModules(), testLayer(), testFull(), ledgerCommand(), bench(), merge(), accessCommand())
	return root
}
