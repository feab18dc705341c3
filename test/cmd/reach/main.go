// Reach answers who can reach whom in the platform's network, and why.
//
// It reads the documents that the last make test-network kept, a file of documents,
// plans of layers, or with ENV=aws a real account, which it does not change.
//
// Exit codes: 0 what was asked holds, 1 it does not, 2 the question could not be
// asked.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

// errNo ends a command whose answer, printed before, is no.
var errNo = errors.New("")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := command().ExecuteContext(ctx)
	stop()
	os.Exit(code(err))
}

func code(err error) int {
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errNo):
		return 1
	}
	fmt.Fprintln(os.Stderr, err)
	return 2
}

func command() *cobra.Command {
	root := &cobra.Command{
		Use: "reach", Short: "Who can reach whom in the network, and why",
		SilenceUsage: true, SilenceErrors: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return fmt.Errorf("%w: %w", sandbox.ErrSetup, err) })
	a := &asked{}
	root.PersistentFlags().StringArrayVar(&a.documents, "documents", nil, "a file of documents of Describe calls, as make test-network keeps them; once for each of several accounts")
	root.PersistentFlags().StringVar(&a.plans, "plans", "", "a folder of plans of layers, NAME.json each as terraform show -json prints them: what there will be; with --documents beside what those describe")
	root.PersistentFlags().StringVar(&a.save, "save", "", "write the documents that were read to this file")
	root.AddCommand(fromTo(a), internet(a), matrix(a), holds(a), podTo(a))
	return root
}
