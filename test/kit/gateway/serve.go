package gateway

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/fintrack/platform/test/kit/gateway/calls"
	"github.com/fintrack/platform/test/kit/gateway/refusals"
	"github.com/fintrack/platform/test/kit/iam"
)

// ServeHTTP answers one request.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	x := &exchange{g: g, w: w, r: r, id: requestID()}
	var err error
	if x.body, err = io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody)); err != nil {
		x.refuse(refusals.Refusal{Kind: refusals.Invalid, Status: http.StatusRequestEntityTooLarge, Message: "the body cannot be read: " + err.Error()})
		return
	}
	x.serve()
}

// exchange is one request and its answer.
type exchange struct {
	g      *Gateway
	w      http.ResponseWriter
	r      *http.Request
	id     string
	body   []byte
	caller caller
	call   calls.Call
}

func (x *exchange) serve() {
	caller, no := x.g.identify(x.r, x.body)
	x.caller = caller
	if no != nil {
		if no.Kind == refusals.Unsigned && x.isWebIdentity() {
			x.assumeWithWebIdentity()
			return
		}
		x.shape()
		x.refuse(*no)
		return
	}
	if caller.root {
		x.forward(nil)
		return
	}
	in := x.input()
	call, err := calls.Map(in)
	x.call = call
	if err != nil {
		x.unknown(err)
		return
	}
	switch call.Service + ":" + call.Operation {
	case "sts:GetCallerIdentity":
		x.identity()
	case "sts:AssumeRoleWithWebIdentity":
		x.assumeWithWebIdentity()
	case "sts:AssumeRole":
		x.assume()
	default:
		switch {
		case !x.authorized():
		case call.DryRun: // the request was whether it may, and it may
			x.refuse(refusals.Refusal{Kind: refusals.Invalid, Code: "DryRunOperation", Status: http.StatusPreconditionFailed,
				Message: "Request would have succeeded, but DryRun flag is set."})
		default:
			x.forward(x.answerKeys())
		}
	}
}

func (x *exchange) input() calls.Input {
	s := x.caller.signed
	return calls.Input{
		Request: x.r, Body: x.body, Service: s.Service, Region: s.Region, Account: x.g.config.Account,
		Facts: facts{x.r.Context(), x.g.store},
	}
}

// shape finds out, for a refusal, how the service would speak.
func (x *exchange) shape() {
	call, _ := calls.Map(x.input()) // an unknown call has the shape of its service all the same
	x.call = call
}

// unknown refuses what is not understood: it is denied, never forwarded.
func (x *exchange) unknown(err error) {
	action := x.call.Service + ":" + strings.ReplaceAll(x.call.Operation, " ", "-")
	x.g.trail.add(iam.Record{
		Time: x.g.config.Now().UTC(), Request: x.id, Principal: x.caller.session.principal.String(), Role: x.caller.session.principal.Role,
		Action: action, Resource: "*", Decision: iam.ImplicitlyDenied.String(), Layer: iam.NoLayer.String(), Reason: err.Error(),
	})
	x.refuse(refusals.Refusal{Kind: refusals.AccessDenied, Message: "User: " + x.caller.session.principal.String() + " is not authorized to perform: " + action + ": " + err.Error()})
}

// broken refuses because something could not be read.
func (x *exchange) broken(err error) {
	x.refuse(refusals.Refusal{Kind: refusals.Broken, Message: "the gateway could not decide: " + err.Error()})
}

func (x *exchange) refuse(no refusals.Refusal) {
	refusals.Write(x.w, x.call.Protocol, x.call.Service, x.id, no)
}

var errTrail = errors.New("a decision could not be written to the trail")
