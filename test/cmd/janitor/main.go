// Janitor destroys what killed runs left behind, by the ledger: everything that
// the APIs list in an environment and that was not there before the run.
// RUN=<id> names one environment, a kept one included.
//
// It is a program of its own because it links the listers of every service.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	_ "github.com/fintrack/platform/test/kit/census/all"
	"github.com/fintrack/platform/test/kit/deploy"
	"github.com/fintrack/platform/test/kit/sandbox"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(deploy.ExitCode(err))
}

func run(ctx context.Context) error {
	r, err := sandbox.Open("janitor")
	if err != nil {
		return err
	}
	return deploy.Janitor(ctx, r, os.Getenv("RUN"), func(format string, args ...any) { fmt.Printf(format+"\n", args...) })
}
