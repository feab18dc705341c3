package provider

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
)

// Settings are what a provider needs to work against the emulator.
type Settings struct{ AccessKey, SecretKey, Token string }

// overrideFile is merged by Terraform over the configuration (Override Files in
// Terraform's documentation), so that modules and layers know nothing of it.
const overrideFile = "sandbox_override.tf"

// maxRetries keeps a failure against the emulator fast.
const maxRetries = 2

// Override writes the emulator's settings for the default configuration of
// hashicorp/aws and for each further provider block of the root module in dir.
// The region stays what the configuration says, and is validated as ever. The
// file holds keys, so nobody else may read it.
func Override(dir string, s Settings) error {
	c, err := Read(dir)
	if err != nil {
		return err
	}
	blocks := c.Blocks // a file that cannot be read is Terraform's to complain about
	if !slices.ContainsFunc(blocks, func(b Block) bool { return b.Alias == "" }) {
		blocks = append([]Block{{Name: "aws"}}, blocks...)
	}
	f := hclwrite.NewEmptyFile()
	for _, b := range blocks {
		body := f.Body().AppendNewBlock("provider", []string{b.Name}).Body()
		if b.Alias != "" {
			body.SetAttributeValue("alias", cty.StringVal(b.Alias))
		}
		body.SetAttributeValue("access_key", cty.StringVal(s.AccessKey))
		body.SetAttributeValue("secret_key", cty.StringVal(s.SecretKey))
		body.SetAttributeValue("token", cty.StringVal(s.Token))
		body.SetAttributeValue("skip_credentials_validation", cty.True)
		body.SetAttributeValue("skip_metadata_api_check", cty.True)
		body.SetAttributeValue("s3_use_path_style", cty.True)
		body.SetAttributeValue("max_retries", cty.NumberIntVal(maxRetries))
	}
	path := filepath.Join(dir, overrideFile)
	if err := os.WriteFile(path, f.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the emulator's settings: %w", err)
	}
	return nil
}
