# Every resource that takes tags carries those that were given.
package terraform.tags

import data.terraform.plan

wanted := object.keys(input.variables.tags.value)

deny contains {
	"rule": "tags.missing",
	"address": rc.address,
	"message": sprintf("lacks the tags %v", [concat(", ", sort(missing))]),
	"fix": "merge var.tags into its tags",
	"source": "AWS: Best practices for tagging AWS resources",
} if {
	some rc in plan.resources
	"tags_all" in object.keys(rc.change.after)
	missing := wanted - carried(rc)
	count(missing) > 0
}

carried(rc) := object.keys(rc.change.after.tags_all) if is_object(rc.change.after.tags_all)

carried(rc) := set() if not is_object(rc.change.after.tags_all)
