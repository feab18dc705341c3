package iam_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/iam"
)

func TestAnActionIsUsedByOneRoleAloneOrNot(t *testing.T) {
	const own, other, read = "arn:aws:iam::123456789012:role/own", "arn:aws:iam::123456789012:role/other", "secretsmanager:GetSecretValue"
	by := func(role string, allowed bool) iam.Record {
		return iam.Record{Principal: "p", Role: role, Action: read, Allowed: allowed}
	}
	for name, c := range map[string]struct {
		trail []iam.Record
		want  bool
	}{
		"by its own role alone":             {[]iam.Record{by(own, true), by(own, true)}, true},
		"more often than is asked for":      {[]iam.Record{by(own, true), by(own, true), by(own, true)}, true},
		"another one was refused":           {[]iam.Record{by(own, true), by(own, true), by(other, false)}, true},
		"another one did something else":    {[]iam.Record{by(own, true), by(own, true), {Principal: "p", Role: other, Action: "kms:Decrypt", Allowed: true}}, true},
		"another one too":                   {[]iam.Record{by(own, true), by(own, true), by(other, true)}, false},
		"another one in its place":          {[]iam.Record{by(other, true), by(other, true)}, false},
		"somebody without a role too":       {[]iam.Record{by(own, true), by(own, true), by("", true)}, false},
		"not often enough":                  {[]iam.Record{by(own, true)}, false},
		"its own role was refused":          {[]iam.Record{by(own, false), by(own, false)}, false},
		"nobody did, as far as anyone sees": {nil, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := iam.UsedByAlone(iam.Users(c.trail, read), own, 2); got != c.want {
				t.Errorf("got %t", got)
			}
		})
	}
	if iam.UsedByAlone(iam.Users([]iam.Record{by("", true)}, read), "", 1) {
		t.Error("no role is nobody's own")
	}
	if iam.UsedByAlone(nil, own, 0) {
		t.Error("nothing was used")
	}
}
