// Command offline is `fintrack offline`: it renders an environment and judges it by
// every policy of admission, without a cluster. It is a program of its own so that the
// others do not link Helm and Gatekeeper.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/fintrack/platform/test/kit/admission"
	"github.com/fintrack/platform/test/kit/gitops/handover"
	"github.com/fintrack/platform/test/kit/gitops/plain"
	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/gitops/render"
)

func main() {
	if err := command().Execute(); err != nil {
		fmt.Fprintf(os.Stderr, "fintrack offline: %v\n", err)
		os.Exit(2)
	}
}

func command() *cobra.Command {
	root := &cobra.Command{Use: "offline", Short: "Render an environment and judge it without a cluster", SilenceUsage: true, SilenceErrors: true}
	root.AddCommand(judge(), lay())
	return root
}

// known refuses an environment that there is not.
func known(environment string) error {
	all, err := handover.Environments(".")
	if err != nil {
		return err
	}
	if !slices.Contains(all, environment) {
		return fmt.Errorf("no environment %q: there are %s", environment, strings.Join(all, ", "))
	}
	return nil
}

// rendered is a tree with the values of an environment, and the charts that it is made of.
func rendered(ctx context.Context, tree, environment string) (platform.Platform, render.Charts, error) {
	m, err := platform.FindModules(ctx, ".")
	if err != nil {
		return platform.Platform{}, nil, err
	}
	p, err := platform.Render(tree, environment, m.Charts)
	return p, m.Charts, err
}

func judge() *cobra.Command {
	var tree string
	c := &cobra.Command{Use: "judge ENVIRONMENT", Short: "Print as JSON what the policies refuse of all that is rendered", Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := known(args[0]); err != nil {
				return err
			}
			p, _, err := rendered(c.Context(), tree, args[0])
			if err != nil {
				return err
			}
			found, constraints, err := admission.Judge(p.Tree.Objects)
			if err != nil {
				return err
			}
			out := plain.Judged{Applications: len(p.Tree.Applications), Objects: len(p.Tree.Objects), Constraints: constraints}
			for _, f := range found {
				name, message, _ := strings.Cut(strings.TrimPrefix(f.Problem, "["), "] ")
				out.Violations = append(out.Violations, plain.Violation{Constraint: name, Object: f.Subject, Message: message})
			}
			return json.NewEncoder(c.OutOrStdout()).Encode(out)
		}}
	c.Flags().StringVar(&tree, "tree", ".", "the folder of the repository to judge, or of a copy of gitops, policies and terraform")
	return c
}
