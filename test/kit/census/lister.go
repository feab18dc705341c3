package census

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The bands of Lister.Order. A sweep empties one order before it goes on to the
// next, so what acts by itself goes first and what others stand on goes last.
const (
	// Actors recreate or use other resources by themselves: autoscaling groups,
	// rules, recorders, backup plans.
	Actors = -100
	// Workloads is where most resources belong.
	Workloads = 0
	// Networks are what workloads have their addresses in. Subnets cannot go
	// before the interfaces in them.
	Networks = 100
	// Identities are roles and policies: a service needs its role to delete what
	// it made.
	Identities = 200
	// Keys come last: data under a key that is pending deletion can no longer be
	// read, and some of it no longer be deleted.
	Keys = 300
)

// Lister lists every resource of some Terraform types in one region.
type Lister struct {
	// Service is the SDK package.
	Service string
	// Types are the Terraform types whose resources it finds; a listed resource
	// without a type is of the first.
	Types []string
	// Regional says that each region must be asked, rather than the account once.
	Regional bool
	// Order says when a sweep gets to it, in the bands above.
	Order int
	// Parts are Terraform types without an existence of their own.
	Parts []Part
	// List returns everything there is, whoever it belongs to. Service, region
	// and type are filled in by the census.
	List func(context.Context, aws.Config) ([]Resource, error)
}

// Part is a Terraform type that has no existence of its own: it is an entry or a
// setting of another resource and ends with it.
type Part struct {
	Type string
	// Of is the Terraform type it ends with.
	Of string
	// Why says what the part is in AWS's terms.
	Why string
}

var registry struct {
	sync.Mutex
	listers []Lister
	byType  map[string]string // terraform type to service
	parts   map[string]Part
}

// Register adds listers. It panics when two services claim a type, or a lister is
// incomplete: a mistake of the program, seen when it starts. A service may have
// two listers of one type, which ask in different places.
func Register(listers ...Lister) {
	registry.Lock()
	defer registry.Unlock()
	if registry.byType == nil {
		registry.byType, registry.parts = map[string]string{}, map[string]Part{}
	}
	for _, l := range listers {
		if l.Service == "" || len(l.Types) == 0 || l.List == nil {
			panic(fmt.Sprintf("census: lister of %q %v is incomplete", l.Service, l.Types))
		}
		for _, t := range l.Types {
			claim(t, l.Service)
		}
		for _, p := range l.Parts {
			if p.Of == "" || p.Why == "" {
				panic(fmt.Sprintf("census: part %s does not say of what, or why", p.Type))
			}
			claim(p.Type, l.Service)
			registry.parts[p.Type] = p
		}
		registry.listers = append(registry.listers, l)
	}
}

func claim(typ, service string) {
	if by, taken := registry.byType[typ]; taken && by != service {
		panic(fmt.Sprintf("census: %s is registered by %s and by %s", typ, by, service))
	}
	registry.byType[typ] = service
}

// Listers returns what is registered.
func Listers() []Lister {
	registry.Lock()
	defer registry.Unlock()
	return slices.Clone(registry.listers)
}

// Covers returns those Terraform types of which the registered listers would not
// notice a resource left behind. A part is covered when what it is part of is.
func Covers(types []string) (missing []string) {
	registry.Lock()
	defer registry.Unlock()
	for _, t := range types {
		if _, ok := registry.byType[whole(t)]; !ok {
			missing = append(missing, t)
		}
	}
	return missing
}

// whole returns the type that the part ends with, or the type itself. The
// registry is locked.
func whole(typ string) string {
	for range len(registry.parts) {
		p, ok := registry.parts[typ]
		if !ok {
			break
		}
		typ = p.Of
	}
	return typ
}

// lists says whether the lister finds resources of one of the types.
func (l Lister) lists(types []string) bool {
	registry.Lock()
	defer registry.Unlock()
	return slices.ContainsFunc(types, func(t string) bool { return slices.Contains(l.Types, whole(t)) })
}
