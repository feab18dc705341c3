package calls

import (
	"encoding/base64"
	"strings"
)

// secretOperations are those on one secret that exists.
var secretOperations = set(
	"CancelRotateSecret", "DeleteResourcePolicy", "DeleteSecret", "DescribeSecret", "GetResourcePolicy", "GetSecretValue",
	"ListSecretVersionIds", "PutResourcePolicy", "PutSecretValue", "RestoreSecret", "RotateSecret", "TagResource",
	"UntagResource", "UpdateSecret", "UpdateSecretVersionStage",
)

func secrets(in *Input) (Call, error) {
	c, d, err := in.target("secretsmanager", JSON11)
	if err != nil {
		return c, err
	}
	switch {
	case c.Operation == "ListSecrets" || c.Operation == "GetRandomPassword":
		return *c.need("*", nil), nil
	case c.Operation == "CreateSecret":
		if d.text("Name") == "" {
			return c.missing("secret")
		}
		c.need(in.arn("secretsmanager", "secret:"+d.text("Name")+"-??????"), context("secretsmanager:Name", d.text("Name"), "secretsmanager:KmsKeyId", d.text("KmsKeyId")))
		return c, nil
	case !secretOperations[c.Operation]:
		return c.unknown()
	}
	id := d.text("SecretId")
	if id == "" {
		return c.missing("secret")
	}
	arn := in.Facts.SecretARN(in.Region, id)
	if arn == "" { // AWS denies by the name; a name that is no secret's has no suffix
		if arn = id; !isARN(id, "secretsmanager") {
			arn = in.arn("secretsmanager", "secret:"+id)
		}
	}
	c.need(arn, context("secretsmanager:SecretId", arn, "secretsmanager:VersionId", d.text("VersionId"), "secretsmanager:VersionStage", d.text("VersionStage")))
	encryption := map[string]string{"SecretARN": arn}
	switch c.Operation {
	case "GetSecretValue":
		c.Keys = []KeyUse{{Of: arn, Actions: []string{"kms:Decrypt"}, Context: encryption}}
	case "PutSecretValue", "UpdateSecret":
		c.Keys = []KeyUse{{Of: arn, Actions: []string{"kms:GenerateDataKey", "kms:Decrypt"}, Context: encryption}}
	}
	return c, nil
}

// keyOperations are those on one KMS key.
var keyOperations = set(
	"CreateGrant", "Decrypt", "DescribeKey", "DisableKey", "EnableKey", "Encrypt", "GenerateDataKey",
	"GenerateDataKeyWithoutPlaintext", "GetKeyPolicy", "GetKeyRotationStatus", "ListGrants", "ListKeyPolicies",
	"ListResourceTags", "PutKeyPolicy", "RevokeGrant", "ScheduleKeyDeletion",
)

func kms(in *Input) (Call, error) {
	c, d, err := in.target("kms", JSON11)
	if err != nil {
		return c, err
	}
	if c.Operation == "ListKeys" || c.Operation == "ListAliases" {
		return *c.need("*", nil), nil
	}
	encryption := map[string]string{}
	for k, v := range d.object("EncryptionContext") {
		encryption[k], _ = v.(string)
	}
	ctx := encryptionKeys(encryption)
	if c.Operation == "ReEncrypt" {
		source := in.cipherKey(d.text("SourceKeyId"), d.text("CiphertextBlob"))
		target := in.Facts.KeyARN(in.Region, d.text("DestinationKeyId"))
		if source == "" || target == "" {
			return c.missing("key")
		}
		c.also("kms:ReEncryptFrom", source, nil).also("kms:ReEncryptTo", target, nil)
		return c, nil
	}
	if !keyOperations[c.Operation] {
		return c.unknown()
	}
	arn := in.Facts.KeyARN(in.Region, d.text("KeyId"))
	if c.Operation == "Decrypt" {
		arn = in.cipherKey(d.text("KeyId"), d.text("CiphertextBlob"))
	}
	if arn == "" {
		return c.missing("key")
	}
	if c.Operation == "CreateGrant" {
		ctx["kms:GrantIsForAWSResource"] = []string{"false"} // only a service can say so
		ctx["kms:GranteePrincipal"] = []string{d.text("GranteePrincipal")}
		ctx["kms:GrantOperations"] = d.texts("Operations")
	}
	return *c.need(arn, ctx), nil
}

// cipherKey is the key that a ciphertext was made by, whatever key the request
// names: a wrong name does not choose who is asked.
func (in *Input) cipherKey(named, blob string) string {
	b, err := base64.StdEncoding.DecodeString(blob)
	if err != nil {
		return ""
	}
	made := in.Facts.CiphertextKey(in.Region, b)
	if named != "" && in.Facts.KeyARN(in.Region, named) != made {
		return ""
	}
	return made
}

// encryptionKeys are the condition keys of an encryption context ("AWS KMS condition
// keys").
func encryptionKeys(encryption map[string]string) map[string][]string {
	out := map[string][]string{}
	for k, v := range encryption {
		out["kms:EncryptionContext:"+k] = []string{v}
		out["kms:EncryptionContextKeys"] = append(out["kms:EncryptionContextKeys"], k)
	}
	return out
}

// parameters are those of Systems Manager. AWS's own belong to no account.
func parameters(in *Input) (Call, error) {
	c, d, err := in.target("ssm", JSON11)
	if err != nil {
		return c, err
	}
	names := d.texts("Names")
	switch c.Operation {
	case "GetParameter":
		names = []string{d.text("Name")}
	case "GetParameters":
	default:
		return c.unknown()
	}
	for _, name := range names {
		if name == "" {
			return c.missing("parameter")
		}
		switch {
		case isARN(name, "ssm"):
			c.need(name, nil)
		case strings.HasPrefix(name, "/aws/service/"):
			c.need("arn:aws:ssm:"+in.Region+"::parameter"+name, nil)
		default:
			c.need(in.arn("ssm", "parameter/"+strings.TrimPrefix(name, "/")), nil)
		}
	}
	return c, nil
}
