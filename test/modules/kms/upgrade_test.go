package kms_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestUpgrade(t *testing.T) {
	deploy.Upgrade(t, deploy.Spec{Module: "kms"})
}
