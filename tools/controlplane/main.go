// Command controlplane is a Kubernetes control plane in one process: etcd, the API
// server, the controller manager and the scheduler, each with the flags that a
// configuration file gives it. It runs no kubelet, so no container ever starts.
//
//	controlplane --config FILE       all of them, until SIGTERM or SIGINT
//	controlplane NAME [FLAG...]      one of them, as the released program does
//
// NAME is etcd, kube-apiserver, kube-controller-manager or kube-scheduler. A link
// to this program under one of those names is that program.
//
// Exit codes: 0 after a signal, 1 when a component ended by itself, 2 when the
// configuration cannot be used.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	controllers "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
)

// programs are the components that can run alone, by the name of their released
// program.
var programs = map[string]func() *cobra.Command{
	"kube-apiserver":          apiserver.NewAPIServerCommand,
	"kube-controller-manager": controllers.NewControllerManagerCommand,
	"kube-scheduler":          func() *cobra.Command { return scheduler.NewSchedulerCommand() },
}

func main() { os.Exit(run(os.Args)) }

func run(args []string) int {
	if name := filepath.Base(args[0]); known(name) {
		return alone(name, args[1:])
	}
	if len(args) > 1 && known(args[1]) {
		return alone(args[1], args[2:])
	}
	flags := flag.NewFlagSet("controlplane", flag.ContinueOnError)
	file := flags.String("config", "", "`file` with the components' flags, as JSON")
	if err := flags.Parse(args[1:]); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		return fail(2, fmt.Errorf("unknown component %q: valid are %s", flags.Arg(0), strings.Join(names(), ", ")))
	}
	c, err := readConfig(*file)
	if err != nil {
		return fail(2, err)
	}
	if err := serve(context.Background(), c); err != nil {
		return fail(1, err)
	}
	return 0
}

func known(name string) bool { return slices.Contains(names(), name) }

func names() []string {
	list := []string{"etcd"}
	for name := range programs {
		list = append(list, name)
	}
	slices.Sort(list)
	return list
}

// alone becomes the released program of that name.
func alone(name string, args []string) int {
	os.Args = append([]string{name}, args...)
	if name == "etcd" {
		etcdmain.Main(os.Args)
		return 0
	}
	return cli.Run(programs[name]())
}

func fail(code int, err error) int {
	fmt.Fprintln(os.Stderr, "controlplane:", err)
	return code
}
