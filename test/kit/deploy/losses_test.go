package deploy_test

import (
	"encoding/json"
	"testing"

	"github.com/fintrack/platform/test/kit/deploy"
	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"
)

func TestLossesNameWhatAnUpgradeDestroys(t *testing.T) {
	for name, c := range map[string]struct {
		change string
		want   []string
	}{
		"a database that is replaced": {
			`{"address":"module.rds.aws_db_instance.this","mode":"managed","type":"aws_db_instance","name":"this","change":{"actions":["delete","create"],"before":{},"after":{},"replace_paths":[["identifier"],["tags",0,"key"]]}}`,
			[]string{"module.rds.aws_db_instance.this is replaced, and with it goes: data (forced by identifier, tags[0].key)"},
		},
		"a key that is made before the old one goes": {
			`{"address":"aws_kms_key.this","mode":"managed","type":"aws_kms_key","name":"this","change":{"actions":["create","delete"],"before":{},"after":{}}}`,
			[]string{"aws_kms_key.this is replaced, and with it goes: everything that is encrypted under it (forced by what the plan does not name)"},
		},
		"a bucket that is deleted": {
			`{"address":"aws_s3_bucket.this","mode":"managed","type":"aws_s3_bucket","name":"this","change":{"actions":["delete"],"before":{},"after":null}}`,
			[]string{"aws_s3_bucket.this is deleted, and with it goes: objects"},
		},
		"a bucket that is changed":      {`{"address":"aws_s3_bucket.this","mode":"managed","type":"aws_s3_bucket","name":"this","change":{"actions":["update"],"before":{},"after":{}}}`, nil},
		"a bucket that is made":         {`{"address":"aws_s3_bucket.this","mode":"managed","type":"aws_s3_bucket","name":"this","change":{"actions":["create"],"before":null,"after":{}}}`, nil},
		"a rule that is replaced":       {`{"address":"aws_vpc_security_group_ingress_rule.this","mode":"managed","type":"aws_vpc_security_group_ingress_rule","name":"this","change":{"actions":["delete","create"],"before":{},"after":{}}}`, nil},
		"a bucket that is only read of": {`{"address":"data.aws_s3_bucket.this","mode":"data","type":"aws_s3_bucket","name":"this","change":{"actions":["delete","create"],"before":{},"after":{}}}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			plan := new(tfjson.Plan)
			require.NoError(t, json.Unmarshal([]byte(`{"format_version":"1.2","resource_changes":[`+c.change+`]}`), plan))
			require.Equal(t, c.want, deploy.Losses(plan))
		})
	}
}
