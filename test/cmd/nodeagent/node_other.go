//go:build !linux

package main

import (
	"context"
	"errors"
)

// onNode says that nodes are Linux machines.
func (a *agent) onNode(context.Context, string, ...string) (string, error) {
	return "", errors.New("a node of a cluster runs Linux")
}
