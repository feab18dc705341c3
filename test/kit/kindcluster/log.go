package kindcluster

import (
	"fmt"
	"io"
	"strings"

	"sigs.k8s.io/kind/pkg/log"
)

// lines is kind's log as plain lines.
type lines struct{ to io.Writer }

func (l lines) print(message string) {
	if l.to != nil {
		fmt.Fprintln(l.to, strings.TrimRight(message, "\n"))
	}
}

// Warn and the others are log.Logger.
func (l lines) Warn(message string)               { l.print(message) }
func (l lines) Warnf(format string, args ...any)  { l.print(fmt.Sprintf(format, args...)) }
func (l lines) Error(message string)              { l.print(message) }
func (l lines) Errorf(format string, args ...any) { l.print(fmt.Sprintf(format, args...)) }

// V gives everything but debugging.
func (l lines) V(level log.Level) log.InfoLogger { return info{l, level < 1} }

type info struct {
	lines
	on bool
}

func (i info) Enabled() bool { return i.on }

func (i info) Info(message string) {
	if i.on {
		i.print(message)
	}
}

func (i info) Infof(format string, args ...any) { i.Info(fmt.Sprintf(format, args...)) }
