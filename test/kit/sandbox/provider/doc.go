// Package provider gets the Terraform AWS provider to a configuration quickly: it
// finds it on the machine, lays it out as a filesystem mirror (as a
// compressed-time copy for the emulated environment), seeds the lock file, and
// keeps provider processes alive for several Terraform commands, behind a front that
// hands each command the schemas it needs.
package provider

import "runtime"

const (
	// Version is the version of hashicorp/aws that the platform is proven with.
	Version  = "5.100.0"
	registry = "registry.terraform.io"
	source   = registry + "/hashicorp/aws"
	fileName = "terraform-provider-aws_v" + Version + "_x5"
)

// platform is Terraform's name of this machine's kind.
var platform = runtime.GOOS + "_" + runtime.GOARCH
