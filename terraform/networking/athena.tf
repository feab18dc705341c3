locals {
  # Version 2 of the flow log records, the default format.
  columns = {
    version = "int", account_id = "string", interface_id = "string", srcaddr = "string", dstaddr = "string", srcport = "int",
    dstport = "int", protocol = "bigint", packets = "bigint", bytes = "bigint", start = "bigint", end = "bigint",
    action  = "string", log_status = "string"
  }
  order   = ["version", "account_id", "interface_id", "srcaddr", "dstaddr", "srcport", "dstport", "protocol", "packets", "bytes", "start", "end", "action", "log_status"]
  results = "s3://${module.flow_logs.bucket}/athena/"
  logs    = "s3://${module.flow_logs.bucket}/AWSLogs/aws-account-id=${local.account}/aws-service=vpcflowlogs/aws-region=${var.region}"
  table   = "flow_logs"

  isolated = join(" OR ", [for c in module.vpc.isolated_cidrs : "contains('${c}', cast(dstaddr AS ipaddress))"])
  hours    = "from_unixtime(start) > current_timestamp - interval '24' hour AND concat(year, month, day) >= date_format(current_timestamp - interval '24' hour, '%Y%m%d')"

  queries = {
    rejected-to-data = {
      description = "Who was turned away from the isolated tier in the last day, most often first."
      query       = "SELECT srcaddr, dstaddr, dstport, count(*) AS times FROM ${local.table} WHERE action = 'REJECT' AND (${local.isolated}) AND ${local.hours} GROUP BY 1, 2, 3 ORDER BY times DESC LIMIT 100"
    }
    data-on-other-ports = {
      description = "What the isolated tier accepted on other ports than the databases'. There should be nothing."
      query       = "SELECT srcaddr, dstaddr, dstport, protocol, count(*) AS times FROM ${local.table} WHERE action = 'ACCEPT' AND (${local.isolated}) AND dstport NOT IN (5432, 6379) AND dstport < 1024 AND ${local.hours} GROUP BY 1, 2, 3, 4 ORDER BY times DESC LIMIT 100"
    }
    top-talkers-to-internet = {
      description = "Which interfaces sent most to the internet in the last day."
      query       = "SELECT interface_id, srcaddr, dstaddr, sum(bytes) AS sent FROM ${local.table} WHERE action = 'ACCEPT' AND contains('${var.cidr}', cast(srcaddr AS ipaddress)) AND NOT contains('10.0.0.0/8', cast(dstaddr AS ipaddress)) AND NOT contains('100.64.0.0/10', cast(dstaddr AS ipaddress)) AND ${local.hours} GROUP BY 1, 2, 3 ORDER BY sent DESC LIMIT 50"
    }
    one-address = {
      description = "All that one address did in the last day. Given as the query's parameter, twice."
      query       = "SELECT from_unixtime(start) AS at, srcaddr, srcport, dstaddr, dstport, action, bytes FROM ${local.table} WHERE (srcaddr = ? OR dstaddr = ?) AND ${local.hours} ORDER BY start LIMIT 1000"
    }
    remote-logins = {
      description = "Attempts at SSH and Remote Desktop in the last day."
      query       = "SELECT srcaddr, dstaddr, dstport, action, count(*) AS times FROM ${local.table} WHERE dstport IN (22, 3389) AND ${local.hours} GROUP BY 1, 2, 3, 4 ORDER BY times DESC LIMIT 100"
    }
    scans = {
      description = "Addresses that were turned away on more than 50 different ports in the last day."
      query       = "SELECT srcaddr, count(DISTINCT dstport) AS ports, count(*) AS times FROM ${local.table} WHERE action = 'REJECT' AND ${local.hours} GROUP BY 1 HAVING count(DISTINCT dstport) > 50 ORDER BY ports DESC LIMIT 100"
    }
  }
}

resource "aws_athena_workgroup" "forensics" {
  name          = "${var.name}-forensics"
  description   = "Questions to the flow logs"
  force_destroy = !var.deletion_protection
  tags          = local.tags

  configuration {
    enforce_workgroup_configuration    = true
    publish_cloudwatch_metrics_enabled = true
    bytes_scanned_cutoff_per_query     = 107374182400 # 100 GiB: half a US dollar

    result_configuration {
      output_location = local.results

      encryption_configuration {
        encryption_option = "SSE_S3"
      }
    }
  }
}

resource "aws_glue_catalog_database" "this" {
  name        = "${replace(var.name, "-", "_")}_network"
  description = "What the network logged"
  tags        = local.tags
}

resource "aws_glue_catalog_table" "flow_logs" {
  name          = local.table
  database_name = aws_glue_catalog_database.this.name
  table_type    = "EXTERNAL_TABLE"

  # Partition projection: the partitions follow from the path, no crawler is needed.
  parameters = {
    EXTERNAL                    = "TRUE"
    "projection.enabled"        = "true"
    "projection.year.type"      = "integer"
    "projection.year.range"     = "2024,2040"
    "projection.month.type"     = "integer"
    "projection.month.range"    = "1,12"
    "projection.month.digits"   = "2"
    "projection.day.type"       = "integer"
    "projection.day.range"      = "1,31"
    "projection.day.digits"     = "2"
    "projection.hour.type"      = "integer"
    "projection.hour.range"     = "0,23"
    "projection.hour.digits"    = "2"
    "storage.location.template" = "${local.logs}/year=$${year}/month=$${month}/day=$${day}/hour=$${hour}"
  }

  dynamic "partition_keys" {
    for_each = ["year", "month", "day", "hour"]

    content {
      name = partition_keys.value
      type = "string"
    }
  }

  storage_descriptor {
    location      = local.logs
    input_format  = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
    output_format = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"

    ser_de_info {
      serialization_library = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
    }

    dynamic "columns" {
      for_each = local.order

      content {
        name = columns.value
        type = local.columns[columns.value]
      }
    }
  }
}

resource "aws_athena_named_query" "this" {
  for_each = local.queries

  name        = each.key
  description = each.value.description
  workgroup   = aws_athena_workgroup.forensics.name
  database    = aws_glue_catalog_database.this.name
  query       = each.value.query
}
