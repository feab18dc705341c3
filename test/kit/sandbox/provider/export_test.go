package provider

// Platform is the kind of this machine.
var Platform = platform
