package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/fintrack/platform/test/kit/gateway/refusals"
	"github.com/fintrack/platform/test/kit/iam"
)

// authorized decides all that the call needs, and refuses the request when one of it
// is not allowed.
func (x *exchange) authorized() bool {
	for _, n := range x.call.Needs {
		if !x.allowed(n, x.global()) {
			return false
		}
	}
	for _, k := range x.call.Keys {
		if k.Answer {
			continue
		}
		if !x.mayUse(k, k.Key) {
			return false
		}
	}
	return true
}

// allowed decides one need, records it, and refuses the request when it is denied.
func (x *exchange) allowed(n calls.Need, ctx iam.Context) bool {
	for k, v := range n.Context {
		ctx.Set(k, v...)
	}
	r := &iam.Request{Action: n.Action, Resource: n.Resource, Principal: x.caller.session.principal, Context: ctx}
	got, err := x.g.decide(x.r.Context(), x.caller.session, r)
	if err != nil {
		x.broken(err)
		return false
	}
	x.g.record(x.id, r, got)
	if got.Decision != iam.Allowed {
		x.refuse(refusals.Refusal{Kind: refusals.AccessDenied, Message: refusals.Denial(r, got)})
		return false
	}
	return true
}

// record writes a decision to the trail.
func (g *Gateway) record(id string, r *iam.Request, got iam.Result) {
	if g.trail.out != nil {
		g.trail.add(iam.NewRecord(g.config.Now().UTC(), id, r, got))
	}
}

// decide evaluates a session's request by all policies that bear on it.
func (g *Gateway) decide(ctx context.Context, s *session, r *iam.Request) (iam.Result, error) {
	role, err := g.store.role(ctx, s.role)
	if errors.Is(err, errNoRole) {
		return iam.Result{Layer: iam.IdentityLayer}, nil
	}
	if err != nil {
		return iam.Result{}, err
	}
	if role.arn != s.principal.Role || !strings.HasPrefix(s.principal.UserID, role.id+":") {
		return iam.Result{Layer: iam.IdentityLayer}, nil // the role was replaced by another of its name: nothing is allowed any more
	}
	resource, err := g.store.resource(ctx, r.Resource)
	if err != nil {
		return iam.Result{}, err
	}
	tags, err := g.store.resourceTags(ctx, r.Resource)
	if err != nil {
		return iam.Result{}, err
	}
	for k, v := range tags {
		r.Context.Set("aws:ResourceTag/"+k, v)
		if strings.HasPrefix(r.Action, "ec2:") || strings.HasPrefix(r.Action, "elasticloadbalancing:") {
			r.Context.Set(r.Action[:strings.IndexByte(r.Action, ':')]+":ResourceTag/"+k, v)
		}
	}
	p := &iam.Policies{Identity: role.identity, Boundary: role.boundary, Session: s.policies, Grants: resource.grants}
	if resource.policy != nil {
		p.Resource = []*iam.Policy{resource.policy}
	}
	return iam.Evaluate(r, p), nil
}

// mayUse decides what a service asks of a KMS key in the caller's name. key is what
// is known of it; else it is the key of the resource.
func (x *exchange) mayUse(use calls.KeyUse, key string) bool {
	if key == "" {
		r, err := x.g.store.resource(x.r.Context(), use.Of)
		if err != nil {
			x.broken(err)
			return false
		}
		if key = r.key; key == "" || strings.HasPrefix(key, "alias/aws/") {
			return true // AWS's own key, which its policy opens to the account through the service
		}
	}
	arn := facts{x.r.Context(), x.g.store}.KeyARN(x.region(), key)
	if arn == "" {
		x.broken(fmt.Errorf("the key %s of %s is not there", key, use.Of))
		return false
	}
	for _, action := range use.Actions {
		ctx := x.global()
		if action == "kms:CreateGrant" {
			ctx.Set("kms:GrantIsForAWSResource", "true")
		}
		ctx.Set("kms:ViaService", x.call.Service+"."+x.region()+".amazonaws.com")
		ctx.Set("kms:CallerAccount", x.g.config.Account)
		ctx.Set("aws:ViaAWSService", "true")
		ctx.Set("aws:SourceIp") // the service calls, from an address of its own
		for k, v := range use.Context {
			ctx.Set("kms:EncryptionContext:"+k, v)
			ctx.Set("kms:EncryptionContextKeys", append(ctx.Get("kms:EncryptionContextKeys"), k)...)
		}
		if !x.allowed(calls.Need{Action: action, Resource: arn}, ctx) {
			return false
		}
	}
	return true
}

// answerKeys looks at the emulator's answer for the key that a stored object is
// encrypted by; nil when the call reads none.
func (x *exchange) answerKeys() func(http.Header) (bool, error) {
	for _, k := range x.call.Keys {
		if k.Answer {
			return func(h http.Header) (bool, error) {
				key := h.Get("X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id")
				if key == "" {
					return true, nil
				}
				return x.mayUse(k, key), nil
			}
		}
	}
	return nil
}

func (x *exchange) region() string {
	if x.caller.signed.Region != "" {
		return x.caller.signed.Region
	}
	return x.g.config.AWS.Region
}

// global are the condition keys that every request has ("AWS global condition context
// keys").
func (x *exchange) global() iam.Context {
	now := x.g.config.Now().UTC()
	ctx := iam.Context{}
	ctx.Set("aws:CurrentTime", now.Format(time.RFC3339))
	ctx.Set("aws:EpochTime", strconv.FormatInt(now.Unix(), 10))
	ctx.Set("aws:SecureTransport", strconv.FormatBool(x.r.TLS != nil))
	ctx.Set("aws:ViaAWSService", "false")
	ctx.Set("aws:RequestedRegion", x.region())
	if agent := x.r.UserAgent(); agent != "" {
		ctx.Set("aws:UserAgent", agent)
	}
	if host, _, err := net.SplitHostPort(x.r.RemoteAddr); err == nil {
		ctx.Set("aws:SourceIp", host)
	}
	if x.r.TLS != nil && x.call.Service == "s3" {
		ctx.Set("s3:TlsVersion", map[uint16]string{0x0303: "1.2", 0x0304: "1.3"}[x.r.TLS.Version])
	}
	if x.call.Service == "kms" {
		ctx.Set("kms:CallerAccount", x.g.config.Account)
	}
	if s := x.caller.session; s != nil {
		ctx.Set("aws:TokenIssueTime", s.issued.UTC().Format(time.RFC3339))
	}
	return ctx
}
