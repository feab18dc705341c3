package iam

import "strings"

// evaluation is the scratch of one Evaluate: it stays on the stack.
type evaluation struct {
	request *Request
	one     [1]string
	buffer  [256]byte
	near    Near
	explain bool
	// some asks whether any context would do: conditions of an Allow hold, and a Deny
	// with conditions does not.
	some bool
}

// Evaluate decides a request by the policies that bear on it.
func Evaluate(r *Request, p *Policies) Result {
	e := evaluation{request: r, explain: true}
	return e.decide(p)
}

// Allows says whether a request is allowed, without saying why. It is the quicker
// when thousands are asked.
func Allows(r *Request, p *Policies) bool {
	e := evaluation{request: r}
	return e.decide(p).Decision == Allowed
}

// Possible says whether some context would allow a request: every condition of an
// Allow is taken to hold, and every Deny with a condition not to. What is not possible
// is denied whatever the request carries.
func Possible(r *Request, p *Policies) Result {
	e := evaluation{request: r, explain: true, some: true}
	return e.decide(p)
}

func (e *evaluation) decide(p *Policies) Result {
	if s, layer := e.denied(p); s != nil {
		return Result{Decision: ExplicitlyDenied, Layer: layer, Statement: s}
	}
	if layer := e.fenced(p); layer != NoLayer {
		return e.refused(layer)
	}
	return e.granted(p)
}

func (e *evaluation) refused(l Layer) Result { return Result{Layer: l, Near: e.near} }

// serviceControlled says whether service control policies bind the caller ("Service
// control policies": users and roles of the account and its root, but no role that is
// linked to a service).
func (e *evaluation) serviceControlled() bool {
	switch p := &e.request.Principal; p.Type {
	case Root, User, Session, FederatedUser:
		return !p.ServiceLinked
	}
	return false
}

// resourceControlled says the same of resource control policies, which bind callers of
// every account ("Resource control policies").
func (e *evaluation) resourceControlled() bool { return !e.request.Principal.ServiceLinked }

// denied looks for a Deny that applies, in every policy.
func (e *evaluation) denied(p *Policies) (*Statement, Layer) {
	if e.serviceControlled() {
		for _, level := range p.ServiceControl {
			if s := e.deny(level); s != nil {
				return s, ServiceControlLayer
			}
		}
	}
	if e.resourceControlled() {
		for _, level := range p.ResourceControl {
			if s := e.deny(level); s != nil {
				return s, ResourceControlLayer
			}
		}
	}
	if s := e.deny(p.Endpoint); s != nil {
		return s, EndpointLayer
	}
	if s := e.deny(p.Resource); s != nil {
		return s, ResourceLayer
	}
	if s := e.deny(p.Identity); s != nil {
		return s, IdentityLayer
	}
	if p.Boundary != nil {
		if s := e.denyOf(p.Boundary); s != nil {
			return s, BoundaryLayer
		}
	}
	if s := e.deny(p.Session); s != nil {
		return s, SessionLayer
	}
	return nil, NoLayer
}

func (e *evaluation) deny(policies []*Policy) *Statement {
	for _, p := range policies {
		if s := e.denyOf(p); s != nil {
			return s
		}
	}
	return nil
}

func (e *evaluation) denyOf(p *Policy) *Statement {
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Deny && s.MatchesAction(e.request.Action) && s.matchesResource(e) &&
			s.matchesPrincipal(&e.request.Principal) != noAccess && s.failing(e) == nil && (!e.some || len(s.Conditions) == 0) {
			return s
		}
	}
	return nil
}

// fenced is the layer of an organization or an endpoint that does not allow, or NoLayer.
func (e *evaluation) fenced(p *Policies) Layer {
	if e.resourceControlled() {
		for _, level := range p.ResourceControl {
			if e.near = (Near{}); !e.allows(level) {
				return ResourceControlLayer
			}
		}
	}
	if e.serviceControlled() {
		for _, level := range p.ServiceControl {
			if e.near = (Near{}); !e.allows(level) {
				return ServiceControlLayer
			}
		}
	}
	if len(p.Endpoint) > 0 {
		if e.near = (Near{}); !e.allows(p.Endpoint) {
			return EndpointLayer
		}
	}
	return NoLayer
}

// granted looks for who allows the request.
func (e *evaluation) granted(p *Policies) Result {
	e.near = Near{}
	caller := &e.request.Principal
	byResource, how := e.allow(p.Resource)
	if how < throughRole {
		if g := e.grant(p.Grants); g > how {
			how, byResource = g, nil
		}
	}
	if p.Delegated && how == noAccess && caller.Account != "" {
		how = throughAccount
	}
	allowed := Result{Decision: Allowed, Layer: ResourceLayer, Statement: byResource}
	owner := e.request.owner()
	switch {
	case caller.Account == "": // it has no identity policies
		if how == noAccess {
			return e.refused(ResourceLayer)
		}
		return allowed
	case owner != "" && owner != caller.Account:
		if how == noAccess {
			return e.refused(ResourceLayer)
		}
		return e.identified(p)
	case caller.Type == Root && (how != noAccess || !e.mustAllow(p)):
		return Result{Decision: Allowed, Layer: RootLayer}
	case how == direct:
		return allowed
	case how == throughRole:
		if layer := e.narrowed(p); layer != NoLayer {
			return e.refused(layer)
		}
		return allowed
	case how == noAccess && e.mustAllow(p):
		return e.refused(ResourceLayer)
	}
	return e.identified(p)
}

// identified decides by the identity's own policies.
func (e *evaluation) identified(p *Policies) Result {
	e.near = Near{}
	if e.request.Principal.Type == Root {
		return Result{Decision: Allowed, Layer: RootLayer}
	}
	s, _ := e.allow(p.Identity)
	if s == nil {
		return e.refused(IdentityLayer)
	}
	if layer := e.narrowed(p); layer != NoLayer {
		return e.refused(layer)
	}
	return Result{Decision: Allowed, Layer: IdentityLayer, Statement: s}
}

// narrowed is the boundary or the session when it does not allow, or NoLayer.
func (e *evaluation) narrowed(p *Policies) Layer {
	e.near = Near{}
	if p.Boundary != nil {
		if s, _ := e.allowOf(p.Boundary); s == nil {
			return BoundaryLayer
		}
	}
	e.near = Near{}
	if len(p.Session) > 0 {
		if !e.allows(p.Session) {
			return SessionLayer
		}
	} else if e.request.Principal.Type == FederatedUser {
		return SessionLayer // "Policy evaluation logic": a federated user without session policies has nothing
	}
	return NoLayer
}

// mustAllow says whether the resource's policy must allow, whatever identity policies
// say: a role's trust policy and a key's policy.
func (e *evaluation) mustAllow(p *Policies) bool {
	for _, r := range p.Resource {
		if r.Kind == KeyPolicy {
			return true
		}
	}
	action := e.request.Action
	if len(action) > 4 && strings.EqualFold(action[:4], "kms:") {
		return strings.Contains(e.request.Resource, ":key/")
	}
	// A trust policy says who takes the role; who may change or pass it is not its matter.
	return len(action) >= 14 && strings.EqualFold(action[:14], "sts:AssumeRole") && !strings.EqualFold(action, "sts:AssumeRoot")
}

func (e *evaluation) allows(policies []*Policy) bool {
	_, how := e.allow(policies)
	return how != noAccess
}

// allow is the statement of several policies that allows most directly.
func (e *evaluation) allow(policies []*Policy) (*Statement, access) {
	var by *Statement
	best := noAccess
	for _, p := range policies {
		if s, how := e.allowOf(p); how > best {
			by, best = s, how
		}
		if best == direct {
			break
		}
	}
	return by, best
}

// allowOf is the statement that allows most directly.
func (e *evaluation) allowOf(p *Policy) (*Statement, access) {
	var by *Statement
	best := noAccess
	for i := range p.Statements {
		s := &p.Statements[i]
		if s.Deny || !s.MatchesAction(e.request.Action) {
			continue
		}
		how := s.matchesPrincipal(&e.request.Principal)
		if how != noAccess && how <= best {
			continue
		}
		if !s.matchesResource(e) {
			e.missed(s, ResourcePart, nil)
			continue
		}
		if how == noAccess {
			e.missed(s, PrincipalPart, nil)
			continue
		}
		if c := s.failing(e); c != nil && !e.some {
			e.missed(s, ConditionPart, c)
			continue
		}
		by, best = s, how
		if best == direct {
			break
		}
	}
	return by, best
}

// missed remembers the statement that came nearest to allowing.
func (e *evaluation) missed(s *Statement, part Part, c *Condition) {
	if e.explain && part > e.near.Part {
		e.near = Near{Statement: s, Part: part, Condition: c}
	}
}

// grant says how directly a grant of KMS means the caller for this operation.
func (e *evaluation) grant(grants []Grant) access {
	for i := range grants {
		g := &grants[i]
		if how := g.means(e.request); how != noAccess {
			return how
		}
	}
	return noAccess
}

func (g *Grant) means(r *Request) access {
	name, ok := strings.CutPrefix(r.Action, "kms:")
	if !ok {
		return noAccess
	}
	found := false
	for _, o := range g.Operations {
		found = found || strings.EqualFold(o, name)
	}
	if !found || g.ContextEquals != nil && len(g.ContextEquals) != len(r.EncryptionContext) ||
		!contains(r.EncryptionContext, g.ContextEquals) || !contains(r.EncryptionContext, g.ContextSubset) {
		return noAccess
	}
	p := &r.Principal
	switch g.Grantee {
	case "":
		return noAccess
	case p.ARN, p.Service:
		return direct
	case p.Role, p.User:
		return throughRole
	}
	return noAccess
}

func contains(all, some map[string]string) bool {
	for k, v := range some {
		if got, ok := all[k]; !ok || got != v {
			return false
		}
	}
	return true
}
