// Package gitops_test proves, without a cluster, what Argo CD is asked to apply: the
// whole tree below gitops/ and policies/ as it renders in each environment.
package gitops_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fintrack/platform/test/kit/suite"
)

const root = "../.."

func TestMain(m *testing.M) { os.Exit(suite.Main(m, "gitops", "offline")) }

// plural says how many of something.
func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case strings.HasSuffix(what, "ss"):
		return fmt.Sprintf("%d %ses", n, what)
	default:
		return fmt.Sprintf("%d %ss", n, what)
	}
}
