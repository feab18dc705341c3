package calls

import (
	"maps"
	"slices"
)

// itemOperations are those of DynamoDB on the items of one table.
var itemOperations = set("GetItem", "PutItem", "UpdateItem", "DeleteItem", "Query", "Scan")

// tableOperations are those on a table itself.
var tableOperations = set(
	"CreateTable", "DeleteTable", "DescribeContinuousBackups", "DescribeTable", "DescribeTimeToLive", "UpdateTable", "UpdateTimeToLive",
)

func dynamodb(in *Input) (Call, error) {
	c, d, err := in.target("dynamodb", JSON10)
	if err != nil {
		return c, err
	}
	tables := []string{d.text("TableName")}
	switch {
	case c.Operation == "ListTables" || c.Operation == "DescribeLimits" || c.Operation == "DescribeEndpoints":
		return *c.need("*", nil), nil
	case c.Operation == "BatchGetItem" || c.Operation == "BatchWriteItem":
		tables = slices.Sorted(maps.Keys(d.object("RequestItems")))
	case c.Operation == "TransactGetItems" || c.Operation == "TransactWriteItems":
		return transaction(in, c, d)
	case !itemOperations[c.Operation] && !tableOperations[c.Operation]:
		return c.unknown()
	}
	ctx := context("dynamodb:Select", d.text("Select"), "dynamodb:ReturnValues", d.text("ReturnValues"), "dynamodb:ReturnConsumedCapacity", d.text("ReturnConsumedCapacity"))
	for _, t := range tables {
		arn := in.table(t)
		if arn == "" {
			return c.missing("table")
		}
		resource := arn
		if i := d.text("IndexName"); i != "" && (c.Operation == "Query" || c.Operation == "Scan") {
			resource += "/index/" + i
		}
		c.need(resource, ctx)
		if !tableOperations[c.Operation] {
			c.Keys = append(c.Keys, in.tableKey(arn))
		}
	}
	return c, nil
}

// transaction needs the permission of each item's own operation ("Using IAM with
// DynamoDB transactions").
func transaction(in *Input, c Call, d document) (Call, error) {
	names := map[string]string{"Get": "GetItem", "Put": "PutItem", "Update": "UpdateItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}
	for _, item := range d.objects("TransactItems") {
		for kind := range item {
			arn := in.table(item.object(kind).text("TableName"))
			if arn == "" || names[kind] == "" {
				return c.missing("table")
			}
			c.also("dynamodb:"+names[kind], arn, nil)
			c.Keys = append(c.Keys, in.tableKey(arn))
		}
	}
	return c, nil
}

func (in *Input) table(name string) string {
	switch {
	case name == "" || isARN(name, "dynamodb"):
		return name
	}
	return in.arn("dynamodb", "table/"+name)
}

// tableKey: DynamoDB decrypts the table's key in the caller's name ("DynamoDB
// encryption at rest usage notes").
func (in *Input) tableKey(table string) KeyUse {
	name := table[len(table)-len(lastPart(table)):]
	return KeyUse{Of: table, Actions: []string{"kms:Decrypt"}, Context: map[string]string{"aws:dynamodb:tableName": name, "aws:dynamodb:subscriberId": in.Account}}
}

func lastPart(s string) string {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == '/' {
			return s[i+1:]
		}
	}
	return s
}
