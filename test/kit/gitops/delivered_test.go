package gitops_test

import (
	"fmt"
	"testing"

	"github.com/fintrack/platform/test/kit/gitops"
	"github.com/stretchr/testify/require"
)

func TestASecretIsTheDeclaredOneOrNot(t *testing.T) {
	declared := map[string]string{"host": "h", "port": "1"}
	for name, c := range map[string]struct {
		declared, got map[string]string
		says          string
	}{
		"it is":                        {declared, map[string]string{"port": "1", "host": "h"}, ""},
		"there is none":                {declared, nil, "it lacks host, it lacks port"},
		"a key is missing":             {declared, map[string]string{"host": "h"}, "it lacks port"},
		"a value is an old one":        {declared, map[string]string{"host": "old", "port": "1"}, "host has another value"},
		"a key is empty":               {declared, map[string]string{"host": "", "port": "1"}, "host has another value"},
		"a key more came with it":      {declared, map[string]string{"host": "h", "port": "1", "password": "p"}, "password is not declared"},
		"nothing is declared for none": {nil, nil, "nothing is declared"},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.says, gitops.Delivered(c.declared, c.got)) })
	}
}

func TestTheLastGoodSecretStaysOrNot(t *testing.T) {
	good := map[string]string{"host": "h"}
	for name, c := range map[string]struct {
		before, after map[string]string
		want          bool
	}{
		"it stays":             {good, map[string]string{"host": "h"}, true},
		"it is taken away":     {good, nil, false},
		"it is emptied":        {good, map[string]string{"host": ""}, false},
		"a key is taken away":  {map[string]string{"host": "h", "port": "1"}, good, false},
		"a key is added":       {good, map[string]string{"host": "h", "port": "1"}, false},
		"it was never there":   {nil, nil, false},
		"it had no key before": {map[string]string{}, map[string]string{}, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, gitops.Stayed(c.before, c.after)) })
	}
}

func TestAFailureIsTheExpectedOneOrNot(t *testing.T) {
	for name, c := range map[string]struct {
		condition, said string
		reasons         []string
		want            bool
	}{
		"it is":                           {"False", "key no-such-property does not exist", []string{"no-such-property"}, true},
		"it is, by two reasons":           {"False", "AssumeRole: AccessDenied", []string{"AssumeRole", "AccessDenied"}, true},
		"it did not fail":                 {"True", "key no-such-property does not exist", []string{"no-such-property"}, false},
		"it has not been looked at":       {"", "", []string{"no-such-property"}, false},
		"nobody knows":                    {"Unknown", "no-such-property", []string{"no-such-property"}, false},
		"it failed for another reason":    {"False", "connection refused", []string{"no-such-property"}, false},
		"one of two reasons is not named": {"False", "AssumeRole: timeout", []string{"AssumeRole", "AccessDenied"}, false},
		"no reason was asked for":         {"False", "anything", nil, false},
	} {
		t.Run(name, func(t *testing.T) { require.Equal(t, c.want, gitops.FailedFor(c.condition, c.said, c.reasons...)) })
	}
}

func TestAWebhookIsTrustedByTheAuthorityOrNot(t *testing.T) {
	configuration := func(bundles ...any) gitops.Object {
		var webhooks []any
		for i, b := range bundles {
			webhooks = append(webhooks, map[string]any{"name": fmt.Sprint("w", i), "clientConfig": map[string]any{"caBundle": b}})
		}
		return gitops.Object{Fields: map[string]any{"kind": "ValidatingWebhookConfiguration", "metadata": map[string]any{"name": "c"}, "webhooks": webhooks}}
	}
	for name, c := range map[string]struct {
		configuration gitops.Object
		authority     string
		want          int
	}{
		"each is":                 {configuration("QQ==", "QQ=="), "QQ==", 0},
		"one is not":              {configuration("QQ==", "Qg=="), "QQ==", 1},
		"one has none":            {configuration(nil, "QQ=="), "QQ==", 1},
		"there are none":          {configuration(), "QQ==", 1},
		"there is no authority":   {configuration("QQ=="), "", 1},
		"none has one, nor there": {configuration(nil), "", 1},
	} {
		t.Run(name, func(t *testing.T) { require.Len(t, gitops.Untrusting(c.configuration, c.authority), c.want) })
	}
}
