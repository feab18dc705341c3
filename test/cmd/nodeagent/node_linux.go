package main

import (
	"context"
	"os/exec"
	"strings"
	"syscall"
)

// onNode runs a program of the node, with the node's files as its own.
func (a *agent) onNode(ctx context.Context, input string, args ...string) (string, error) {
	c := exec.CommandContext(ctx, args[0], args[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Chroot: a.root}
	c.Dir = "/"
	c.Stdin = strings.NewReader(input)
	out, err := c.CombinedOutput()
	return strings.TrimSpace(string(out)), err
}
