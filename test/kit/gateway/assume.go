package gateway

import (
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/fintrack/platform/test/kit/gateway/refusals"
	"github.com/fintrack/platform/test/kit/gateway/webidentity"
	"github.com/fintrack/platform/test/kit/iam"
)

// Bounds of a session ("AssumeRole" and "AssumeRoleWithWebIdentity" in the STS API
// Reference).
const (
	shortest   = 15 * time.Minute
	usualLife  = time.Hour
	longest    = 12 * time.Hour
	chainLimit = time.Hour // of a role assumed by a role
)

var sessionName = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

// isWebIdentity says whether an unsigned request is the one that needs no signature.
func (x *exchange) isWebIdentity() bool {
	if x.r.Method != http.MethodPost && x.r.Method != http.MethodGet {
		return false
	}
	v, err := x.form()
	return err == nil && v.Get("Action") == "AssumeRoleWithWebIdentity"
}

// form is the request's parameters, each given once.
func (x *exchange) form() (url.Values, error) {
	v, err := url.ParseQuery(string(x.body))
	if err != nil {
		return nil, err
	}
	for k, q := range x.r.URL.Query() {
		v[k] = append(v[k], q...)
	}
	for k := range v {
		if len(v[k]) != 1 {
			return nil, fmt.Errorf("%s is given %d times", k, len(v[k]))
		}
	}
	return v, nil
}

// assumeWithWebIdentity answers AssumeRoleWithWebIdentity.
func (x *exchange) assumeWithWebIdentity() {
	x.call = calls.Call{Service: "sts", Operation: "AssumeRoleWithWebIdentity", Protocol: calls.Query}
	v, err := x.form()
	if err != nil {
		x.invalid(err.Error())
		return
	}
	want, no := x.wanted(v, longest)
	if no != nil {
		x.refuse(*no)
		return
	}
	provider, claims, no := x.verified(v.Get("WebIdentityToken"))
	if no != nil {
		x.g.trail.add(iam.Record{
			Time: x.g.config.Now().UTC(), Request: x.id, Principal: "web identity", Action: "sts:AssumeRoleWithWebIdentity", Resource: want.arn,
			Decision: iam.ImplicitlyDenied.String(), Layer: iam.NoLayer.String(), Reason: no.Message,
		})
		x.refuse(*no)
		return
	}
	ctx := x.global()
	name := strings.TrimPrefix(claims.Issuer, "https://")
	ctx.Set(name+":sub", claims.Subject)
	ctx.Set(name+":aud", claims.Audience...)
	if claims.AuthorizedParty != "" {
		ctx.Set(name+":aud", claims.AuthorizedParty)
		ctx.Set(name+":oaud", claims.Audience...)
		ctx.Set(name+":azp", claims.AuthorizedParty)
	}
	ctx.Set("sts:RoleSessionName", want.session)
	r := &iam.Request{Action: "sts:AssumeRoleWithWebIdentity", Resource: want.arn, Principal: iam.WebIdentityOf(provider), Context: ctx}
	role, got, err := x.trusts(want, r)
	if err != nil {
		x.broken(err)
		return
	}
	if got.Decision != iam.Allowed {
		x.refuse(refusals.Refusal{Kind: refusals.AccessDenied, Message: "Not authorized to perform sts:AssumeRoleWithWebIdentity"})
		return
	}
	x.give(want, role, func(s *session, out *assumed) {
		s.principal.Provider = provider
		out.Subject, out.Audience, out.Provider = claims.Subject, strings.Join(claims.Audience, ","), provider
	})
}

// assume answers AssumeRole: the caller must be allowed to, and the role must trust
// it.
func (x *exchange) assume() {
	v, err := x.form()
	if err != nil {
		x.invalid(err.Error())
		return
	}
	want, no := x.wanted(v, chainLimit)
	if no != nil {
		x.refuse(*no)
		return
	}
	s := x.caller.session
	for _, n := range x.call.Needs {
		ctx := x.global()
		for k, values := range n.Context {
			ctx.Set(k, values...)
		}
		r := &iam.Request{Action: n.Action, Resource: n.Resource, Principal: s.principal, Context: ctx}
		_, got, err := x.trustsSession(want, r)
		if err != nil {
			x.broken(err)
			return
		}
		if got.Decision != iam.Allowed {
			x.refuse(refusals.Refusal{Kind: refusals.AccessDenied, Message: refusals.Denial(r, got)})
			return
		}
	}
	role, err := x.g.store.role(x.r.Context(), want.role)
	if err != nil {
		x.broken(err)
		return
	}
	x.give(want, role, func(*session, *assumed) {})
}

// trusts decides by the role's trust policy alone.
func (x *exchange) trusts(want wish, r *iam.Request) (*role, iam.Result, error) {
	role, err := x.g.store.role(x.r.Context(), want.role)
	if errors.Is(err, errNoRole) || err == nil && role.arn != want.arn {
		x.g.record(x.id, r, iam.Result{})
		return nil, iam.Result{}, nil
	}
	if err != nil {
		return nil, iam.Result{}, err
	}
	got := iam.Evaluate(r, &iam.Policies{Resource: []*iam.Policy{role.trust}})
	x.g.record(x.id, r, got)
	return role, got, nil
}

// trustsSession decides by the role's trust policy and the caller's own policies.
func (x *exchange) trustsSession(want wish, r *iam.Request) (*role, iam.Result, error) {
	s := x.caller.session
	role, err := x.g.store.role(x.r.Context(), want.role)
	if errors.Is(err, errNoRole) || err == nil && role.arn != want.arn {
		x.g.record(x.id, r, iam.Result{})
		return nil, iam.Result{}, nil
	}
	if err != nil {
		return nil, iam.Result{}, err
	}
	own, err := x.g.store.role(x.r.Context(), s.role)
	if err != nil {
		return nil, iam.Result{}, err
	}
	got := iam.Evaluate(r, &iam.Policies{Resource: []*iam.Policy{role.trust}, Identity: own.identity, Boundary: own.boundary, Session: s.policies})
	x.g.record(x.id, r, got)
	return role, got, nil
}

// wish is what the caller of AssumeRole… asks for.
type wish struct {
	arn, role, session string
	life               time.Duration
	policies           []*iam.Policy
}

// wanted reads the parameters that both ways of assuming a role have.
func (x *exchange) wanted(v url.Values, most time.Duration) (wish, *refusals.Refusal) {
	w := wish{arn: v.Get("RoleArn"), session: v.Get("RoleSessionName"), life: usualLife}
	at, ok := iam.SplitARN(w.arn)
	if !ok || at.Service != "iam" || !strings.HasPrefix(at.Resource, "role/") {
		return w, invalid("RoleArn is not the ARN of a role")
	}
	w.role = at.Resource[strings.LastIndexByte(at.Resource, '/')+1:]
	if !sessionName.MatchString(w.session) {
		return w, invalid("RoleSessionName must be 2 to 64 letters, digits and _+=,.@-")
	}
	if d := v.Get("DurationSeconds"); d != "" {
		n, err := strconv.Atoi(d)
		if w.life = time.Duration(n) * time.Second; err != nil || w.life < shortest || w.life > longest {
			return w, invalid("DurationSeconds must be 900 to 43200")
		}
		if w.life > most {
			return w, invalid("The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining")
		}
	}
	var err error
	if document := v.Get("Policy"); document != "" {
		p, perr := iam.Parse(iam.SessionPolicy, "session", []byte(document))
		if perr != nil {
			return w, &refusals.Refusal{Kind: refusals.Invalid, Code: "MalformedPolicyDocument", Message: perr.Error()}
		}
		w.policies = append(w.policies, p)
	}
	for k := range v {
		if !strings.HasPrefix(k, "PolicyArns.member.") {
			continue
		}
		var p *iam.Policy
		if p, err = x.g.store.managed(x.r.Context(), iam.SessionPolicy, v.Get(k)); err != nil {
			return w, invalid("PolicyArns: " + err.Error())
		}
		w.policies = append(w.policies, p)
	}
	return w, nil
}

func invalid(message string) *refusals.Refusal {
	return &refusals.Refusal{Kind: refusals.Invalid, Message: message}
}

func (x *exchange) invalid(message string) { x.refuse(*invalid(message)) }

// verified verifies the token, and returns its provider's ARN and its claims.
func (x *exchange) verified(token string) (string, webidentity.Claims, *refusals.Refusal) {
	no := func(code string, status int, message string) (string, webidentity.Claims, *refusals.Refusal) {
		return "", webidentity.Claims{}, &refusals.Refusal{Kind: refusals.Invalid, Code: code, Status: status, Message: message}
	}
	issuer, err := webidentity.Issuer(token)
	if err != nil {
		return no("InvalidIdentityToken", 400, "The ID Token provided is not a valid JWT. "+err.Error())
	}
	provider, err := x.g.store.provider(x.r.Context(), issuer)
	if err != nil {
		return no("InternalFailure", 500, "the gateway could not decide: "+err.Error())
	}
	if provider == nil {
		return no("InvalidIdentityToken", 400, "No OpenIDConnect provider found in your account for "+issuer)
	}
	keys, err := x.g.fetchKeys(x.r.Context(), provider.issuer)
	if err != nil {
		return no("InvalidIdentityToken", 400, "Couldn't retrieve verification key from your identity provider, please reference AssumeRoleWithWebIdentity documentation for requirements: "+err.Error())
	}
	claims, err := webidentity.Verify(token, webidentity.Provider{Issuer: provider.issuer, ClientIDs: provider.clients, Keys: keys}, x.g.config.Now())
	switch {
	case errors.Is(err, webidentity.ErrExpired):
		return no("ExpiredTokenException", 400, "Token expired: "+strings.TrimPrefix(err.Error(), "token expired: "))
	case errors.Is(err, webidentity.ErrAudience):
		return no("InvalidIdentityToken", 400, "Incorrect token audience")
	case err != nil:
		return no("InvalidIdentityToken", 400, "The web identity token that was passed could not be validated: "+err.Error())
	}
	return provider.arn, claims, nil
}

// assumed is the answer of both operations; those without a value are left out.
type assumed struct {
	Access   string `xml:"Credentials>AccessKeyId"`
	Secret   string `xml:"Credentials>SecretAccessKey"`
	Token    string `xml:"Credentials>SessionToken"`
	Expires  string `xml:"Credentials>Expiration"`
	ID       string `xml:"AssumedRoleUser>AssumedRoleId"`
	ARN      string `xml:"AssumedRoleUser>Arn"`
	Subject  string `xml:"SubjectFromWebIdentityToken,omitempty"`
	Audience string `xml:"Audience,omitempty"`
	Provider string `xml:"Provider,omitempty"`
}

// give makes the session and answers with its credentials.
func (x *exchange) give(want wish, role *role, add func(*session, *assumed)) {
	if limit := max(role.maxSession, usualLife); want.life > limit {
		x.invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
		return
	}
	now := x.g.config.Now()
	s := &session{principal: iam.RoleSession(role.arn, want.session), role: want.role, policies: want.policies, issued: now, expires: now.Add(want.life)}
	s.principal.UserID = role.id + ":" + want.session
	s.principal.Tags = role.tags
	x.g.sessions.issue(s)
	out := assumed{Access: s.key, Secret: s.secret, Token: s.token, Expires: s.expires.UTC().Format(time.RFC3339), ID: s.principal.UserID, ARN: s.principal.ARN}
	add(s, &out)
	x.answer(out)
}

// identity answers GetCallerIdentity, which needs no permission.
func (x *exchange) identity() {
	p := x.caller.session.principal
	x.answer(whoami{p.ARN, p.UserID, p.Account})
}

type whoami struct {
	ARN     string `xml:"Arn"`
	ID      string `xml:"UserId"`
	Account string `xml:"Account"`
}

// answer writes the result of an operation of STS.
func (x *exchange) answer(result any) {
	inner, err := xml.Marshal(result)
	if err != nil {
		x.broken(err)
		return
	}
	_, fields, _ := strings.Cut(string(inner), ">")
	fields = fields[:strings.LastIndex(fields, "</")]
	op := x.call.Operation
	x.w.Header().Set("Content-Type", "text/xml")
	x.w.Header().Set("X-Amzn-Requestid", x.id)
	fmt.Fprintf(x.w, `<%[1]sResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><%[1]sResult>%[2]s</%[1]sResult><ResponseMetadata><RequestId>%[3]s</RequestId></ResponseMetadata></%[1]sResponse>`, op, fields, x.id)
}
