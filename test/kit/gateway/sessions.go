package gateway

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/fintrack/platform/test/kit/gateway/refusals"
	"github.com/fintrack/platform/test/kit/gateway/sigv4"
	"github.com/fintrack/platform/test/kit/iam"
)

// session is an assumed role: its credentials and what narrows them.
type session struct {
	key, secret, token string
	principal          iam.Principal
	role               string // the role's name
	policies           []*iam.Policy
	issued, expires    time.Time
}

// sessions are the credentials that the gateway gave, and the administrator's.
type sessions struct {
	mu    sync.RWMutex
	byKey map[string]*session
	root  aws.Credentials
}

// issue makes credentials for a session.
func (s *sessions) issue(x *session) {
	random := make([]byte, 10+30+120)
	_, _ = rand.Read(random) // never fails, by its documentation
	x.key = "ASIA" + base32.StdEncoding.EncodeToString(random[:10])
	x.secret = base64.StdEncoding.EncodeToString(random[10:40])
	x.token = base64.StdEncoding.EncodeToString(random[40:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]*session{}
	}
	s.byKey[x.key] = x
}

func (s *sessions) find(key string) *session {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.byKey[key]
}

// caller is who signed a request.
type caller struct {
	signed sigv4.Signed
	root   bool
	// session is nil for the administrator.
	session *session
}

// identify knows the caller by its signature. A request that it does not know the
// signer of gets a refusal.
func (g *Gateway) identify(r *http.Request, body []byte) (caller, *refusals.Refusal) {
	signed, err := sigv4.Parse(r)
	if err != nil {
		return caller{signed: signed}, refusalOf(err)
	}
	c := caller{signed: signed}
	secret, token := "", ""
	if signed.AccessKeyID == g.sessions.root.AccessKeyID {
		c.root, secret, token = true, g.sessions.root.SecretAccessKey, g.sessions.root.SessionToken
	} else {
		if c.session = g.sessions.find(signed.AccessKeyID); c.session == nil {
			return c, &refusals.Refusal{Kind: refusals.UnknownKey, Message: "The security token included in the request is invalid."}
		}
		secret, token = c.session.secret, c.session.token
	}
	now := g.config.Now()
	if err := signed.Verify(r, body, secret, now); err != nil {
		return caller{signed: signed}, refusalOf(err)
	}
	if signed.Token != token {
		return caller{signed: signed}, &refusals.Refusal{Kind: refusals.UnknownKey, Message: "The security token included in the request is invalid."}
	}
	if c.session != nil && !now.Before(c.session.expires) {
		return caller{signed: signed}, &refusals.Refusal{Kind: refusals.ExpiredSession, Message: "The security token included in the request is expired"}
	}
	return c, nil
}

func refusalOf(err error) *refusals.Refusal {
	r := &refusals.Refusal{Message: fmt.Sprintf("The request signature we calculated does not match the signature you provided: %s.", err)}
	switch {
	case errors.Is(err, sigv4.ErrUnsigned):
		r.Kind, r.Message = refusals.Unsigned, "Request is missing Authentication Token"
	case errors.Is(err, sigv4.ErrExpired):
		r.Kind, r.Message = refusals.Stale, "Signature expired: "+err.Error()
	case errors.Is(err, sigv4.ErrMismatch):
		r.Kind = refusals.BadSignature
	default:
		r.Kind, r.Message = refusals.Invalid, err.Error()
	}
	return r
}
