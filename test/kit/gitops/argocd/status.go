package argocd

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Status is what Argo CD says of an Application (Argo CD's documentation,
// "Application Specification Reference" and "Sync Options").
type Status struct {
	Name string
	// Sync is Synced, OutOfSync or Unknown; Health is Healthy, Progressing, Degraded,
	// Suspended, Missing or Unknown.
	Sync, Health string
	// Revisions are those that were compared with the cluster last.
	Revisions []string
	// Conditions are errors and warnings, as "type: message".
	Conditions []string
	Operation  Operation
}

// Operation is the last sync.
type Operation struct {
	// Phase is Running, Terminating, Error, Failed or Succeeded, "" before the first.
	Phase, Message string
	Revisions      []string
	// Retries is how often it was tried again.
	Retries           int
	Started, Finished time.Time
}

// Application is the part of the object that Argo CD writes into.
type Application struct {
	Metadata struct {
		Name        string
		Annotations map[string]string
	}
	Status struct {
		Sync struct {
			Status, Revision string
			Revisions        []string
		}
		Health         struct{ Status string }
		Conditions     []struct{ Type, Message string }
		OperationState *struct {
			Phase, Message        string
			RetryCount            int
			StartedAt, FinishedAt time.Time
			SyncResult            struct {
				Revision  string
				Revisions []string
			}
		}
	}
}

// Read is the Status in an Application.
func (a Application) Read() Status {
	s := Status{Name: a.Metadata.Name, Sync: a.Status.Sync.Status, Health: a.Status.Health.Status, Revisions: revisions(a.Status.Sync.Revision, a.Status.Sync.Revisions)}
	for _, c := range a.Status.Conditions {
		s.Conditions = append(s.Conditions, c.Type+": "+c.Message)
	}
	if o := a.Status.OperationState; o != nil {
		s.Operation = Operation{
			Phase: o.Phase, Message: o.Message, Retries: o.RetryCount, Started: o.StartedAt, Finished: o.FinishedAt,
			Revisions: revisions(o.SyncResult.Revision, o.SyncResult.Revisions),
		}
	}
	return s
}

func revisions(one string, more []string) []string {
	if one != "" {
		return append([]string{one}, more...)
	}
	return more
}

// Good reports that what Git says is in the cluster and works.
func (s Status) Good() bool {
	return s.Sync == "Synced" && s.Health == "Healthy" && s.Operation.Phase == "Succeeded"
}

// At reports that the comparison was with this revision.
func (s Status) At(revision string) bool { return slices.Contains(s.Revisions, revision) }

func (s Status) String() string {
	out := fmt.Sprintf("%s is %s and %s", s.Name, s.Sync, s.Health)
	if s.Operation.Phase != "" && s.Operation.Phase != "Succeeded" {
		out += fmt.Sprintf(", its sync %s: %s", s.Operation.Phase, s.Operation.Message)
	}
	if len(s.Conditions) > 0 {
		out += " (" + strings.Join(s.Conditions, "; ") + ")"
	}
	return out
}

// Bad says, of all Applications by name but some, which are not Good, or not At a
// revision when one is given.
func Bad(all map[string]Status, revision string, but ...string) (out []string) {
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch s := all[name]; {
		case slices.Contains(but, name):
		case !s.Good():
			out = append(out, s.String())
		case revision != "" && !s.At(revision):
			out = append(out, name+" was not compared with the commit")
		}
	}
	return out
}
