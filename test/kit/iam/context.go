package iam

import (
	"maps"
	"slices"
	"strings"
)

// Context holds the condition keys of a request with their values. Names of keys are
// found whatever their case; a key with no value counts as absent. The zero value is
// empty and ready for use.
type Context struct {
	values map[string][]string
}

// NewContext returns a context of these keys.
func NewContext(pairs map[string][]string) Context {
	var c Context
	for key, values := range pairs {
		c.Set(key, values...)
	}
	return c
}

// Set gives a key its values, in place of those it had; none removes it.
func (c *Context) Set(key string, values ...string) {
	key = strings.ToLower(key)
	if len(values) == 0 {
		delete(c.values, key)
		return
	}
	if c.values == nil {
		c.values = map[string][]string{}
	}
	c.values[key] = slices.Clone(values)
}

// Get returns the values of a key, nil where it has none.
func (c Context) Get(key string) []string { return c.values[strings.ToLower(key)] }

// Clone returns a copy that can be changed apart from this one.
func (c Context) Clone() Context { return Context{values: maps.Clone(c.values)} }

// Keys lists the keys in lower case, sorted.
func (c Context) Keys() []string { return slices.Sorted(maps.Keys(c.values)) }

// contextKey is a key as policies name it, and where its value comes from when the
// context has none.
type contextKey struct {
	name string // in lower case
	from source
	tag  string // of aws:PrincipalTag/, in lower case
}

// source says from what of a request a key follows.
type source uint8

const (
	fromContext source = iota
	fromPrincipalARN
	fromPrincipalAccount
	fromPrincipalType
	fromPrincipalOrg
	fromPrincipalTag
	fromPrincipalIsService
	fromPrincipalService
	fromUserID
	fromUserName
	fromProvider
	fromResourceAccount
	fromResourceOrg
)

var sources = map[string]source{
	"aws:principalarn":          fromPrincipalARN,
	"aws:principalaccount":      fromPrincipalAccount,
	"kms:calleraccount":         fromPrincipalAccount,
	"aws:principaltype":         fromPrincipalType,
	"aws:principalorgid":        fromPrincipalOrg,
	"aws:principalisawsservice": fromPrincipalIsService,
	"aws:principalservicename":  fromPrincipalService,
	"aws:userid":                fromUserID,
	"aws:username":              fromUserName,
	"aws:federatedprovider":     fromProvider,
	"aws:resourceaccount":       fromResourceAccount,
	"aws:resourceorgid":         fromResourceOrg,
}

func newContextKey(name string) contextKey {
	k := contextKey{name: strings.ToLower(name)}
	k.from = sources[k.name]
	if tag, ok := strings.CutPrefix(k.name, "aws:principaltag/"); ok {
		k.from, k.tag = fromPrincipalTag, tag
	}
	return k
}

// lookup returns the values of a key in the request. The result is good until the
// next call.
func (e *evaluation) lookup(k *contextKey) []string {
	if v := e.request.Context.values[k.name]; len(v) > 0 {
		return v
	}
	if k.from == fromContext {
		return nil
	}
	value := e.derived(k)
	if value == "" {
		return nil
	}
	e.one[0] = value
	return e.one[:]
}

// derived is a value that follows from the principal or the resource ("AWS global
// condition context keys").
func (e *evaluation) derived(k *contextKey) string {
	p := &e.request.Principal
	switch k.from {
	case fromPrincipalARN:
		return p.identity()
	case fromPrincipalAccount:
		if p.Type == Anonymous {
			return "anonymous"
		}
		return p.Account
	case fromPrincipalType:
		return p.Type.contextValue()
	case fromPrincipalOrg:
		return p.OrgID
	case fromPrincipalTag:
		for name, value := range p.Tags {
			if strings.EqualFold(name, k.tag) {
				return value
			}
		}
	case fromPrincipalIsService:
		switch p.Type {
		case Service:
			return "true"
		case Anonymous, WebIdentity, SAML: // no signed request
			return ""
		}
		return "false"
	case fromPrincipalService:
		return p.Service
	case fromUserID:
		return p.UserID
	case fromUserName:
		if p.Type == User {
			return lastOf(p.ARN, '/')
		}
	case fromProvider:
		return p.Provider
	case fromResourceAccount:
		return e.request.owner()
	case fromResourceOrg:
		return e.request.ResourceOrgID
	}
	return ""
}

func lastOf(s string, after byte) string { return s[strings.LastIndexByte(s, after)+1:] }
