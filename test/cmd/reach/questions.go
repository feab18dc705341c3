package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/fintrack/platform/test/kit/reach"
	"github.com/fintrack/platform/test/kit/reach/intent"
	"github.com/fintrack/platform/test/kit/reach/picture"
	"github.com/spf13/cobra"
)

// words takes "X to Y port N" apart.
func words(args []string) (from, to string, ports reach.PortSet, err error) {
	if len(args) != 5 && len(args) != 3 || args[1] != "to" || len(args) == 5 && args[3] != "port" {
		return "", "", reach.PortSet{}, fmt.Errorf("want: from X to Y port N, as in: from pods to database port 5432")
	}
	ports = reach.AllPorts
	if len(args) == 5 {
		ports, err = reach.ParsePorts(args[4])
	}
	return args[0], args[2], ports, err
}

func fromTo(a *asked) *cobra.Command {
	var explain bool
	var protocol string
	c := &cobra.Command{
		Use:   "from X to Y port N",
		Short: "Whether X reaches Y on a port, all members of one and all of the other",
		RunE: func(cmd *cobra.Command, args []string) error {
			from, to, ports, err := words(args)
			if err != nil {
				return err
			}
			p, err := reach.ParseProtocol(protocol)
			if err != nil {
				return err
			}
			if err := a.load(cmd.Context()); err != nil {
				return err
			}
			x, err := a.party(from)
			if err != nil {
				return err
			}
			y, err := a.party(to)
			if err != nil {
				return err
			}
			return a.answer(cmd.OutOrStdout(), x, y, p, ports, explain)
		},
	}
	c.Flags().BoolVar(&explain, "explain", false, "tell the path of a packet for each pair of members, rule by rule")
	c.Flags().StringVar(&protocol, "protocol", "tcp", "tcp, udp, icmp or icmpv6")
	return c
}

// answer prints what passes; it is errNo when nothing does.
func (a *asked) answer(w io.Writer, x, y reach.Party, p reach.Protocol, ports reach.PortSet, explain bool) error {
	pairs := a.model.Ask(x, y, p, ports)
	open := 0
	for _, q := range pairs {
		if q.Reachable() {
			open++
		}
	}
	relays := a.model.Relays(x, y, p, ports)
	fmt.Fprintf(w, "%s -> %s, %s %s: %d of %d pairs of members\n", x.Name, y.Name, p, ports, open, len(pairs))
	for _, q := range pairs {
		verdict := "no"
		switch {
		case q.Reachable() && len(q.Missing()) == 0:
			verdict = "yes"
		case q.Reachable():
			verdict = "some: " + q.Flows[0].Port.String() + " from client port " + q.Flows[0].FromPorts.String()
		}
		fmt.Fprintf(w, "  %-4s %s -> %s\n", verdict, q.From, q.To)
		if explain {
			for _, line := range strings.Split(strings.TrimRight(a.model.Trace(q).String(), "\n"), "\n") {
				fmt.Fprintf(w, "       %s\n", line)
			}
		}
	}
	for _, r := range relays {
		fmt.Fprintf(w, "  yes  by load balancer: %s\n", r)
	}
	if open == 0 && len(relays) == 0 {
		return errNo
	}
	return nil
}

func internet(a *asked) *cobra.Command {
	return &cobra.Command{
		Use: "internet", Short: "What the internet reaches, and what reaches the internet", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.load(cmd.Context()); err != nil {
				return err
			}
			w := cmd.OutOrStdout()
			fmt.Fprintln(w, "Reached from the internet:")
			list(w, a.model.ReachedFromInternet(intent.Protocols))
			for _, p := range []reach.Protocol{reach.TCP, reach.UDP} {
				for _, r := range a.model.Relays(reach.Internet(), a.model.All(), p, reach.AllPorts) {
					fmt.Fprintf(w, "  by load balancer: %s\n", r)
				}
			}
			fmt.Fprintln(w, "Reaches the internet:")
			list(w, a.model.ReachesInternet(intent.Protocols))
			return nil
		},
	}
}

func list(w io.Writer, pairs []reach.Pair) {
	if len(pairs) == 0 {
		fmt.Fprintln(w, "  nothing")
	}
	for _, q := range pairs {
		var via []string
		for _, f := range q.Flows {
			if s := strings.Join(f.Via, ", "); !slices.Contains(via, s) {
				via = append(via, s)
			}
		}
		fmt.Fprintf(w, "  %s -> %s  %s %s  by %s\n", q.From, q.To, q.Protocol, q.Ports(), strings.Join(via, " or "))
	}
}

func matrix(a *asked) *cobra.Command {
	var svg string
	var tiers bool
	c := &cobra.Command{
		Use: "matrix", Short: "What everybody reaches of everybody, as a table or a picture", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.load(cmd.Context()); err != nil {
				return err
			}
			all := a.intent.Resolve(a.model)
			inside := all.Services
			if tiers {
				inside = all.Tiers
			}
			cells := a.model.Matrix(picture.Order(inside, all.Outside), intent.Protocols)
			if svg == "" {
				fmt.Fprint(cmd.OutOrStdout(), picture.Table(cells))
				return nil
			}
			return os.WriteFile(svg, picture.SVG(cells), 0o644)
		},
	}
	c.Flags().StringVar(&svg, "svg", "", "write a picture to this file instead of a table")
	c.Flags().BoolVar(&tiers, "tiers", false, "what the network alone lets pass between tiers, instead of between services")
	return c
}

func holds(a *asked) *cobra.Command {
	return &cobra.Command{
		Use: "check", Short: "Whether the intent holds, both ways; changes nothing", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.load(cmd.Context()); err != nil {
				return err
			}
			w, failed := cmd.OutOrStdout(), 0
			for _, f := range a.intent.Compare(a.model) {
				verdict := "pass"
				switch {
				case f.Needs != "":
					fmt.Fprintf(w, "n/p   network.%-44s not proven here: needs %s\n", f.Slug, f.Needs)
					continue
				case !f.OK:
					verdict = "FAIL"
					failed++
				}
				fmt.Fprintf(w, "%s  network.%-44s %s\n", verdict, f.Slug, f.Title)
				if !f.OK {
					fmt.Fprintf(w, "      expected: %s\n      observed: %s\n", f.Expected, f.Observed)
				}
			}
			for _, o := range a.model.Overlaps() {
				failed++
				fmt.Fprintf(w, "FAIL  network.apart: %s\n", o)
			}
			if failed > 0 {
				return errNo
			}
			return nil
		},
	}
}
