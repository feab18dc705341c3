package gitops

// Tree is everything that Argo CD applies in one environment.
type Tree struct {
	Environment string
	// Repository and Revision are ours.
	Repository, Revision string
	Projects             []Object
	Applications         []Application
	// Objects are what all Applications render to.
	Objects []Object
	// Unrendered are sources whose chart is not at hand.
	Unrendered []Unrendered
	// Files are the files of the repository that something was read from.
	Files map[string]bool
}

// Unrendered is a chart that could not be rendered here.
type Unrendered struct {
	Application string
	Source      Source
}

// Of are the objects of a kind.
func (t Tree) Of(group, kind string) []Object {
	var out []Object
	for _, o := range t.Objects {
		if o.Group() == group && o.Kind() == kind {
			out = append(out, o)
		}
	}
	return out
}
