package s3_test

import (
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
)

func TestUpgrade(t *testing.T) {
	deploy.Upgrade(t, deploy.Spec{Module: "s3", Unlock: map[string]any{"force_destroy": true}})
}
