package networking

import (
	"context"
	"strings"
)

// refusals plans the applied layer with values that it must refuse. Nothing is
// applied, and no lock is taken.
func (l layer) refusals(ctx context.Context) {
	for id, c := range map[string]struct {
		title, want string
		vars        []string
	}{
		"two-zones-in-prod": {"Fewer than three zones are refused in prod", "prod needs at least 3 availability_zones",
			[]string{"environment=prod", `availability_zones=["a","b"]`}},
		"peers-over-nodes": {"A peer's range that overlaps with the nodes' is refused", "must not overlap: nodes and peer office",
			[]string{`peer_cidrs={office="10.0.128.0/20"}`}},
		"peers-over-pods": {"A peer's range that overlaps with the pods' is refused", "must not overlap: peer office and pods",
			[]string{`peer_cidrs={office="100.64.0.0/12"}`}},
		"pods-over-nodes": {"A range of the pods that overlaps with the nodes' is refused", "must not overlap: nodes and pods",
			[]string{"cidr=100.64.0.0/16"}},
	} {
		args := []string{"plan", "-input=false", "-lock=false", "-no-color"}
		for _, v := range c.vars {
			args = append(args, "-var", v)
		}
		cmd := l.d.Stack.Command("networking", args...)
		stop := context.AfterFunc(ctx, func() {
			if cmd.Process != nil {
				_ = cmd.Process.Kill()
			}
		})
		out, err := cmd.CombinedOutput()
		stop()
		// Terraform wraps its lines and frames them.
		said := strings.Join(strings.Fields(strings.ReplaceAll(string(out), "│", " ")), " ")
		ok := err != nil && strings.Contains(said, c.want)
		l.d.Checks.That(l.check("refuses."+id, c.title, "terraform/networking", "CC8.1"), ok, "a plan that ends with: "+c.want, said[max(0, len(said)-600):])
	}
}
