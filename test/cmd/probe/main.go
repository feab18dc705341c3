// Command probe is what runs in the pods of a test cluster: it answers on ports, and
// connects to those of others. It is one static program without any library, so an
// image of it alone is small.
//
//	probe serve PORT,PORT... [ADDRESS,ADDRESS...]
//	                           answers TCP and UDP on each port, of all addresses or
//	                           of these, until SIGTERM
//	probe ask                  reads questions as JSON from standard input, answers there
//	probe wait                 does nothing until SIGTERM: it holds a pod's namespaces
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"

	"github.com/fintrack/platform/test/kit/netpol/probe"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "probe:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case (len(args) == 2 || len(args) == 3) && args[0] == "serve":
		var ports []uint16
		for _, word := range strings.Split(args[1], ",") {
			n, err := strconv.ParseUint(word, 10, 16)
			if err != nil || n == 0 {
				return fmt.Errorf("%q is no port: 1 to 65535", word)
			}
			ports = append(ports, uint16(n))
		}
		addresses := []string{""}
		if len(args) == 3 {
			addresses = strings.Split(args[2], ",")
		}
		for _, a := range addresses {
			s, err := probe.Serve(a, ports)
			if err != nil {
				return err
			}
			defer s.Close()
		}
		wait()
		return nil
	case len(args) == 1 && args[0] == "ask":
		var round probe.Round
		if err := json.NewDecoder(os.Stdin).Decode(&round); err != nil {
			return fmt.Errorf("questions on standard input: %w", err)
		}
		return json.NewEncoder(os.Stdout).Encode(round.Ask())
	case len(args) == 1 && args[0] == "wait":
		wait()
		return nil
	}
	return fmt.Errorf("probe serve PORT,PORT... [ADDRESS,ADDRESS...] | ask | wait")
}

// wait returns after SIGTERM or SIGINT. Children that others left are none of its
// business: the kernel reaps those of a process that ignores SIGCHLD (signal(7)).
func wait() {
	signal.Ignore(syscall.SIGCHLD)
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT)
	<-c
}
