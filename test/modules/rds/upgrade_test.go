package rds_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestUpgrade(t *testing.T) {
	deploy.Upgrade(t, deploy.Spec{Module: "rds", Unlock: map[string]any{"deletion_protection": false}})
}
