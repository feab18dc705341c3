package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/fintrack/platform/test/kit/gitops/platform"
	"github.com/fintrack/platform/test/kit/netpol"
	"github.com/fintrack/platform/test/kit/reach"
	"github.com/spf13/cobra"
	"sigs.k8s.io/yaml"
)

func podTo(a *asked) *cobra.Command {
	var environment, protocol string
	var files []string
	c := &cobra.Command{
		Use:   "pod POD to Y port N",
		Short: "Whether a pod reaches Y, through NetworkPolicies and the VPC",
		RunE: func(cmd *cobra.Command, args []string) error {
			pod, to, ports, err := words(args)
			if err != nil {
				return err
			}
			port, _ := ports.First()
			p, err := reach.ParseProtocol(protocol)
			if err != nil {
				return err
			}
			if err := a.load(cmd.Context()); err != nil {
				return err
			}
			y, err := a.party(to)
			if err != nil {
				return err
			}
			pods, ok := a.intent.Resolve(a.model).Services["pods"]
			if !ok || pods.Empty() {
				return fmt.Errorf("nothing in this environment is pods")
			}
			manifests, err := a.manifests(environment, files)
			if err != nil {
				return err
			}
			k, err := netpol.Read(manifests, widest(pods))
			if err != nil {
				return err
			}
			who, err := k.Find(pod)
			if err != nil {
				return err
			}
			answer := k.AskAcross(a.model, who, pods, y, p, port)
			verdict := "reaches"
			if !answer.Passes {
				verdict = "does not reach"
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s %s on %s %d\n%s", who, verdict, y.Name, p, port, answer)
			if !answer.Passes {
				return errNo
			}
			return nil
		},
	}
	c.Flags().StringVar(&environment, "environment", "prod", "whose manifests are rendered: dev, staging or prod")
	c.Flags().StringSliceVar(&files, "manifests", nil, "files of rendered manifests, instead of rendering the environment's")
	c.Flags().StringVar(&protocol, "protocol", "tcp", "tcp or udp")
	return c
}

// widest is the range that all of the party's addresses are in, by its largest part.
func widest(p reach.Party) netip.Prefix {
	all := p.Prefixes()
	slices.SortFunc(all, func(x, y netip.Prefix) int { return x.Bits() - y.Bits() })
	return all[0]
}

// manifests are those of files, or of the environment as it renders.
func (a *asked) manifests(environment string, files []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			return nil, err
		}
		out[filepath.Base(f)] = b
	}
	if len(files) > 0 {
		return out, nil
	}
	p, err := platform.Render(a.paths.Source(), environment, nil)
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", environment, err)
	}
	for i, o := range p.Tree.Objects {
		b, err := yaml.Marshal(o.Fields)
		if err != nil {
			return nil, err
		}
		out[fmt.Sprintf("%s %s %s %d", o.Kind(), o.Text("metadata", "namespace"), o.Name(), i)] = b
	}
	return out, nil
}
