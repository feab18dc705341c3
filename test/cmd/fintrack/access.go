package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/access"
	"github.com/fintrack/platform/test/kit/iam"
	"github.com/fintrack/platform/test/kit/sandbox"
	"github.com/spf13/cobra"
)

// intentFile is the intent's place in the repository.
const intentFile = "policies/intent/access.yaml"

func accessCommand() *cobra.Command {
	c := &cobra.Command{
		Use: "access", Short: "Ask who may do what, by " + intentFile,
		Long: "Answers from what is declared in " + intentFile + ", with example names in the place of\nwhat only an applied platform has. make test-identity proves that the platform is so.",
	}
	c.AddCommand(accessCan(), accessWhoCan(), accessWhatCan(), accessDiff(), accessUnused(), accessMatrix(), accessPlan())
	return c
}

// meant is the intent as an account in which every role is as declared.
type meant struct {
	intent   *access.Intent
	known    *iam.Catalogue
	declared []access.Declared
	account  *iam.Account
}

// readMeant reads the intent of a revision, or of the working tree when it is "".
func readMeant(ctx context.Context, revision string) (*meant, error) {
	known, err := iam.KnownActions()
	if err != nil {
		return nil, err
	}
	paths, err := sandbox.FindPaths()
	if err != nil {
		return nil, err
	}
	var text []byte
	name := intentFile
	if revision == "" {
		text, err = os.ReadFile(filepath.Join(paths.Root, filepath.FromSlash(intentFile)))
	} else {
		name = revision + ":" + intentFile
		text, err = exec.CommandContext(ctx, "git", "-C", paths.Root, "show", name).Output()
		var failed *exec.ExitError
		if errors.As(err, &failed) {
			err = fmt.Errorf("%s: %s", name, strings.TrimSpace(string(failed.Stderr)))
		}
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	in, err := access.Parse(name, text, known)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	declared, err := in.Resolve(access.Example(in))
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return &meant{in, known, declared, access.Account(declared)}, nil
}

// role finds a role by its name in the intent or in AWS.
func (m *meant) role(name string) (*iam.Identity, error) {
	for _, d := range m.declared {
		if d.Name == name {
			name = d.ARN
		}
	}
	i, err := m.account.Find(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	return i, nil
}

// action finds an action; an unknown one is refused with the nearest.
func (m *meant) action(name string) (string, error) {
	if a, ok := m.known.Action(name); ok {
		return a.Name, nil
	}
	return "", fmt.Errorf("%w: unknown action %q; the nearest are: %s", sandbox.ErrSetup, name, strings.Join(m.known.Nearest(name), ", "))
}

// keys reads key=value pairs into a context.
func keys(pairs []string) (iam.Context, error) {
	c := access.Base()
	for _, p := range pairs {
		key, value, ok := strings.Cut(p, "=")
		if !ok {
			return c, fmt.Errorf("%w: --with %s: want key=value[,value]", sandbox.ErrSetup, p)
		}
		c.Set(key, strings.Split(value, ",")...)
	}
	return c, nil
}

// asked reads what a question needs: the roles, the action's full name, the context.
func asked(cmd *cobra.Command, name string, with []string) (m *meant, action string, c iam.Context, err error) {
	if m, err = readMeant(cmd.Context(), ""); err != nil {
		return nil, "", c, err
	}
	if action, err = m.action(name); err != nil {
		return nil, "", c, err
	}
	c, err = keys(with)
	return m, action, c, err
}

func accessCan() *cobra.Command {
	var with []string
	c := &cobra.Command{
		Use: "can ROLE ACTION RESOURCE", Short: "Say whether a role may do something, and why", Args: cobra.ExactArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, action, context, err := asked(cmd, args[1], with)
			if err != nil {
				return err
			}
			i, err := m.role(args[0])
			if err != nil {
				return err
			}
			got := m.account.Can(i, iam.Request{Action: action, Resource: args[2], Context: context, ResourceAccount: m.account.ID})
			fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", got.Decision, got.Reason())
			return nil
		},
	}
	c.Flags().StringArrayVar(&with, "with", nil, "a condition key of the request, as key=value; may be given several times")
	return c
}

func accessWhoCan() *cobra.Command {
	var with []string
	c := &cobra.Command{
		Use: "who-can ACTION RESOURCE", Short: "List the roles that may do something, and those that could in another context", Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, action, context, err := asked(cmd, args[0], with)
			if err != nil {
				return err
			}
			answers := m.account.WhoCan(action, args[1], context)
			for _, a := range answers {
				fmt.Fprintf(cmd.OutOrStdout(), "%s: %s\n", a.Identity.Name(), a.Result.Reason())
			}
			if len(answers) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "nobody, in any context")
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&with, "with", nil, "a condition key of the request, as key=value; may be given several times")
	return c
}

func accessWhatCan() *cobra.Command {
	return &cobra.Command{
		Use: "what-can ROLE", Short: "List everything that a role may do", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readMeant(cmd.Context(), "")
			if err != nil {
				return err
			}
			i, err := m.role(args[0])
			if err != nil {
				return err
			}
			for _, p := range i.WhatCan(m.known) {
				fmt.Fprintf(cmd.OutOrStdout(), "%s [%s]\n", p, p.Statement.Sid)
			}
			return nil
		},
	}
}

func accessDiff() *cobra.Command {
	return &cobra.Command{
		Use: "diff OLD [NEW]", Short: "Say what each role gains and loses between two revisions (NEW: the working tree)", Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			before, err := readMeant(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			after, err := readMeant(cmd.Context(), strings.Join(args[1:], ""))
			if err != nil {
				return err
			}
			lines := access.Diff(before.declared, after.declared)
			for _, line := range lines {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			if len(lines) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "no role gains or loses anything")
			}
			return nil
		},
	}
}

func accessUnused() *cobra.Command {
	return &cobra.Command{
		Use: "unused TRAIL...", Short: "List what is granted and was never used, by trails of decisions", Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := readMeant(cmd.Context(), "")
			if err != nil {
				return err
			}
			var records []iam.Record
			for _, name := range args {
				more, err := readTrail(name)
				if err != nil {
					return err
				}
				records = slices.Concat(records, more)
			}
			for _, line := range access.Unused(m.declared, records) {
				fmt.Fprintln(cmd.OutOrStdout(), line)
			}
			return nil
		},
	}
}

func accessMatrix() *cobra.Command {
	return &cobra.Command{
		Use: "matrix", Short: "Print what every role may do, as a table (CSV)", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			m, err := readMeant(cmd.Context(), "")
			if err != nil {
				return err
			}
			table, err := access.Matrix(m.declared)
			if err == nil {
				_, err = cmd.OutOrStdout().Write(table)
			}
			return err
		},
	}
}

func readTrail(name string) (_ []iam.Record, err error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", sandbox.ErrSetup, err)
	}
	defer func(c io.Closer) { err = errors.Join(err, c.Close()) }(f)
	records, err := iam.ReadTrail(f)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", sandbox.ErrSetup, name, err)
	}
	return records, nil
}
