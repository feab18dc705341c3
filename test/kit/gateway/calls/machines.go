package calls

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// made are the kinds of resources that an operation of EC2 makes, of which the ARN
// ends in "*" since no id is known yet ("Actions, resources, and condition keys for
// Amazon EC2").
var made = map[string][]string{
	"RunInstances": {"instance", "network-interface", "volume"}, "CreateFleet": {"fleet", "instance", "network-interface", "volume"},
	"CreateLaunchTemplate": {"launch-template"}, "CreateSecurityGroup": {"security-group"}, "CreateVolume": {"volume"},
	"CreateSnapshot": {"snapshot"}, "CopyVolumes": {"volume"}, "CreateNetworkInterface": {"network-interface"},
}

// touched are the operations on what exists; those that EC2 lets nobody narrow by
// resource are the Describe ones.
var touched = set(
	"CreateTags", "DeleteTags", "TerminateInstances", "StopInstances", "StartInstances", "DeleteLaunchTemplate", "DeleteSecurityGroup",
	"AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress", "AuthorizeSecurityGroupEgress", "RevokeSecurityGroupEgress",
	"DeleteVolume", "AttachVolume", "DetachVolume", "ModifyVolume", "DeleteSnapshot", "LockSnapshot", "EnableFastSnapshotRestores",
	"DeleteNetworkInterface", "AttachNetworkInterface",
	"DetachNetworkInterface", "ModifyNetworkInterfaceAttribute", "AssignPrivateIpAddresses", "UnassignPrivateIpAddresses",
)

// kinds are the types in ARNs by the start of an id. Images and public snapshots
// belong to no account in an ARN.
var kinds = map[string]string{
	"i": "instance", "vol": "volume", "snap": "snapshot", "subnet": "subnet", "sg": "security-group", "eni": "network-interface",
	"lt": "launch-template", "ami": "image", "vpc": "vpc", "fleet": "fleet", "cr": "capacity-reservation",
}

func ec2(in *Input) (Call, error) {
	c, v, err := in.form("ec2", EC2Query)
	if err != nil {
		return c, err
	}
	c.DryRun = strings.EqualFold(v.Get("DryRun"), "true")
	if strings.HasPrefix(c.Operation, "Describe") || c.Operation == "GetSpotPlacementScores" {
		return *c.need("*", nil), nil
	}
	if made[c.Operation] == nil && !touched[c.Operation] {
		return c.unknown()
	}
	mentioned, err := in.mentioned(v)
	if err != nil {
		return c, err
	}
	tags := specifications(v)
	direct := map[string]string{}
	if c.Operation == "CreateTags" || c.Operation == "DeleteTags" {
		direct = pairs(v, "Tag.", ".Key", ".Value")
	}
	for _, arn := range mentioned {
		c.need(arn, tagged(direct))
	}
	created := made[c.Operation]
	if v.Get("InstanceMarketOptions.MarketType") == "spot" || v.Get("TargetCapacitySpecification.DefaultTargetCapacityType") == "spot" {
		created = append(slices.Clone(created), "spot-instances-request")
	}
	for _, kind := range created {
		c.need(in.arn("ec2", kind+"/*"), tagged(tags[kind]))
	}
	for _, kind := range slices.Sorted(maps.Keys(tags)) {
		ctx := tagged(tags[kind])
		ctx["ec2:CreateAction"] = []string{c.Operation}
		c.also("ec2:CreateTags", in.arn("ec2", kind+"/*"), ctx)
	}
	in.encrypted(&c, v)
	return in.passing(c, v)
}

// encrypted adds what EC2 asks of the key of a volume in the caller's name: a data key
// when the volume is made, a grant when it is attached ("How Amazon Elastic Block Store
// uses AWS KMS"). A volume from a snapshot has the snapshot's key unless one is named.
func (in *Input) encrypted(c *Call, v url.Values) {
	var use KeyUse
	switch c.Operation {
	case "CreateVolume":
		use = KeyUse{Key: v.Get("KmsKeyId"), Actions: []string{"kms:GenerateDataKeyWithoutPlaintext"}}
		if id := v.Get("SnapshotId"); id != "" {
			use.Of = "arn:aws:ec2:" + in.Region + "::snapshot/" + id
		}
	case "AttachVolume":
		use = KeyUse{Of: in.arn("ec2", "volume/"+v.Get("VolumeId")), Actions: []string{"kms:CreateGrant"}}
	}
	if use.Key != "" || use.Of != "" {
		c.Keys = append(c.Keys, use)
	}
}

// mentioned are the ARNs of the ids in the form, wherever they stand. What a new
// launch template names is asked for when something is launched from it.
func (in *Input) mentioned(v url.Values) ([]string, error) {
	found := map[string]bool{}
	for _, k := range slices.Sorted(maps.Keys(v)) {
		if strings.HasPrefix(k, "LaunchTemplateData.") {
			continue
		}
		value := v.Get(k)
		prefix, rest, ok := strings.Cut(value, "-")
		if kind := kinds[prefix]; ok && kind != "" && isHex(rest) && !strings.HasSuffix(k, ".Value") {
			switch kind {
			case "image", "snapshot":
				found["arn:aws:ec2:"+in.Region+"::"+kind+"/"+value] = true
			default:
				found[in.arn("ec2", kind+"/"+value)] = true
			}
		}
		if strings.HasSuffix(k, "LaunchTemplateName") && !strings.HasPrefix(v.Get("Action"), "Create") || strings.HasSuffix(k, "GroupName") && v.Get("Action") != "CreateSecurityGroup" || k == "KeyName" {
			return nil, fmt.Errorf("%w: ec2:%s by name (%s); give ids", ErrUnknown, v.Get("Action"), k)
		}
	}
	return slices.Sorted(maps.Keys(found)), nil
}

func isHex(s string) bool { return len(s) >= 8 && strings.Trim(s, "0123456789abcdef") == "" }

// specifications are the tags of what is made, by kind of resource.
func specifications(v url.Values) map[string]map[string]string {
	out := map[string]map[string]string{}
	for k := range v {
		if !strings.HasPrefix(k, "TagSpecification.") || !strings.HasSuffix(k, ".ResourceType") {
			continue
		}
		start := strings.TrimSuffix(k, "ResourceType")
		if tags := pairs(v, start+"Tag.", ".Key", ".Value"); len(tags) > 0 {
			out[v.Get(k)] = tags
		}
	}
	return out
}

// pairs reads <start><n><key> and <start><n><value>.
func pairs(v url.Values, start, key, value string) map[string]string {
	out := map[string]string{}
	for k := range v {
		if n, ok := strings.CutPrefix(k, start); ok && strings.HasSuffix(n, key) && !strings.Contains(strings.TrimSuffix(n, key), ".") {
			out[v.Get(k)] = v.Get(start + strings.TrimSuffix(n, key) + value)
		}
	}
	return out
}

// passing adds iam:PassRole for the role of the instances ("Granting a user
// permissions to pass a role to an AWS service").
func (in *Input) passing(c Call, v url.Values) (Call, error) {
	if c.Operation != "RunInstances" && c.Operation != "CreateFleet" {
		return c, nil
	}
	profiles := map[string]bool{}
	for k := range v {
		switch {
		case strings.HasSuffix(k, "IamInstanceProfile.Name"), strings.HasSuffix(k, "IamInstanceProfile.Arn"):
			profiles[v.Get(k)] = true
		case strings.HasSuffix(k, "LaunchTemplateId"):
			if p := in.Facts.TemplateProfile(in.Region, v.Get(k)); p != "" {
				profiles[p] = true
			}
		}
	}
	for _, p := range slices.Sorted(maps.Keys(profiles)) {
		role := in.Facts.ProfileRole(p)
		if role == "" {
			return c, fmt.Errorf("%w: ec2:%s with the instance profile %s, which is not there", ErrUnknown, c.Operation, p)
		}
		c.also("iam:PassRole", role, context("iam:PassedToService", "ec2.amazonaws.com"))
	}
	return c, nil
}
