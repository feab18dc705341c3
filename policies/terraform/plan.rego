# What the rules share: the resources that a plan leaves behind, and what of their
# values is known before the apply.
#
# The input is the plan as `terraform show -json` gives it ("JSON Output Format").
package terraform.plan

# resources are what will exist: everything but what is destroyed or only read.
resources contains rc if {
	some rc in input.resource_changes
	rc.mode == "managed"
	rc.change.after != null
}

# of are the resources of a type.
of(type) := {rc | some rc in resources; rc.type == type}

# given: the attribute has a value, or will have one that the apply finds out.
given(rc, name) if rc.change.after_unknown[name] == true

given(rc, name) if {
	value := rc.change.after[name]
	not value in {null, ""}
	not name in object.keys(object.filter(rc.change.after_unknown, [name]))
}

given(rc, name) if {
	value := rc.change.after[name]
	not value in {null, ""}
	rc.change.after_unknown[name] == false
}

# settings are the configuration's resources, by the address without indices.
settings[address] := resource if {
	walk(input.configuration.root_module, [path, resource])
	resource.mode == "managed"
	address := concat(".", array.concat(calls(path), [resource.address]))
}

# calls turns a path through module_calls into an address.
calls(path) := [part |
	some i, step in path
	path[i - 1] == "module_calls"
	part := concat(".", ["module", step])
]

# plain is an address without indices.
plain(address) := regex.replace(address, `\[[^\]]*\]`, "")

# within is the module of an address, without indices; "" is the root.
within(rc) := plain(object.get(rc, "module_address", ""))

# about are the resources of a type whose argument names this one.
about(rc, type, argument) := {other |
	some other in of(type)
	within(other) == within(rc)
	some reference in settings[plain(other.address)].expressions[argument].references
	startswith(concat("", [reference, "."]), concat("", [rc.type, ".", rc.name, "."]))
	same_key(other, rc)
}

# same_key: both have the same index, or one of them has none.
same_key(a, b) if object.get(a, "index", null) == object.get(b, "index", null)

same_key(a, b) if {
	object.get(a, "index", null) != object.get(b, "index", null)
	null in {object.get(a, "index", null), object.get(b, "index", null)}
}
