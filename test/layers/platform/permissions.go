package platform

// statements are a policy's, by their Sid; permissions are a role's policies, by
// their name without the platform's.
type (
	statements  = map[string]map[string]any
	permissions = map[string]statements
)

// allow is a statement that grants.
func allow(sid string, action, resource, condition any) map[string]any {
	s := map[string]any{"Sid": sid, "Effect": "Allow", "Action": action, "Resource": resource}
	if condition != nil {
		s["Condition"] = condition
	}
	return s
}

func named(list ...map[string]any) statements {
	out := statements{}
	for _, s := range list {
		out[s["Sid"].(string)] = s
	}
	return out
}

func equals(key string, value any) map[string]any {
	return map[string]any{"StringEquals": map[string]any{key: value}}
}

func (l layer) via(service string) map[string]any {
	return equals("kms:ViaService", service+"."+l.d.Region+".amazonaws.com")
}

// services are the permissions of the six services, as the platform is described.
func (l layer) services() map[string]permissions {
	database := named(allow("ConnectAsApplication", "rds-db:connect", l.arn("rds-db", "dbuser:"+l.of("data", "rds_resource_id")+"/fintrack_app"), nil))
	bucket := l.table("data", "bucket_arns")["reports"]
	reports := named(
		allow("ListReports", "s3:ListBucket", bucket, map[string]any{"StringLike": map[string]any{"s3:prefix": "reports/*"}}),
		allow("ReadReports", "s3:GetObject", bucket+"/reports/*", nil),
		allow("WriteEncryptedReports", "s3:PutObject", bucket+"/reports/*", map[string]any{"StringEquals": map[string]any{
			"s3:x-amz-server-side-encryption":                "aws:kms",
			"s3:x-amz-server-side-encryption-aws-kms-key-id": l.keys["s3"],
		}}),
		allow("UseTheKeyThroughS3", []any{"kms:Decrypt", "kms:GenerateDataKey"}, l.keys["s3"], l.via("s3")),
	)
	models := named(
		allow("ReadModels", "s3:GetObject", bucket+"/models/*", nil),
		allow("DecryptThroughS3", "kms:Decrypt", l.keys["s3"], l.via("s3")),
	)
	queue := named(
		allow("Transactions", []any{"sqs:ChangeMessageVisibility", "sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:ReceiveMessage", "sqs:SendMessage"},
			l.of("data", "transactions_queue_arn"), nil),
		allow("UseTheKeyThroughSQS", []any{"kms:Decrypt", "kms:GenerateDataKey"}, l.keys["sqs"], l.via("sqs")),
	)
	read := []any{"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}
	write := append([]any{"dynamodb:BatchWriteItem", "dynamodb:ConditionCheckItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}, read...)
	table := func(name string, actions []any) statements {
		return named(
			allow("Items", append([]any(nil), actions...), l.table("data", "dynamodb_table_arns")[name], nil),
			allow("DecryptThroughDynamoDB", "kms:Decrypt", l.keys["dynamodb"], l.via("dynamodb")),
		)
	}
	secrets := func(names ...string) statements {
		var arns []any
		for _, n := range names {
			arns = append(arns, l.table("data", "secret_arns")[n])
		}
		return named(
			allow("ReadSecrets", []any{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}, arns, nil),
			allow("DecryptThroughSecretsManager", "kms:Decrypt", l.keys["secrets-manager"], l.via("secretsmanager")),
		)
	}
	cache := func(user string) statements {
		return named(allow("ConnectAsItsUser", "elasticache:Connect",
			[]any{l.of("data", "elasticache_replication_group_arn"), l.table("data", "elasticache_user_arns")[user]}, nil))
	}
	return map[string]permissions{
		"reconciliation-service": {
			"rds-iam-connect": database, "s3-reports-access": reports, "sqs-transactions-access": queue,
			"dynamodb-reconciliations-write":       table("reconciliations", write),
			"reconciliation-service-secrets-read":  secrets("rds", "redis", "sqs"),
			"reconciliation-service-cache-connect": cache("reconciliation"),
		},
		"reporting-service": {
			"rds-iam-connect": database, "s3-reports-access": reports,
			"dynamodb-reconciliations-read":  table("reconciliations", read),
			"dynamodb-anomalies-read":        table("anomalies", read),
			"reporting-service-secrets-read": secrets("rds"),
		},
		"notification-service": {
			"rds-iam-connect":                   database,
			"dynamodb-anomalies-read":           table("anomalies", read),
			"notification-service-secrets-read": secrets("rds"),
		},
		"auth-service": {
			"rds-iam-connect":            database,
			"auth-service-secrets-read":  secrets("rds", "redis"),
			"auth-service-cache-connect": cache("auth"),
		},
		"transaction-worker": {
			"rds-iam-connect": database, "sqs-transactions-access": queue,
			"dynamodb-idempotency-write":       table("idempotency", write),
			"transaction-worker-secrets-read":  secrets("rds", "redis", "sqs"),
			"transaction-worker-cache-connect": cache("worker"),
		},
		"ml-anomaly-detector": {
			"s3-models-read":                models,
			"dynamodb-reconciliations-read": table("reconciliations", read),
			"dynamodb-anomalies-write":      table("anomalies", write),
		},
	}
}

// addon is an add-on's service account, and what it may do.
type addon struct {
	account string
	allowed statements
}

// addons are the permissions of the add-ons whose roles this layer makes.
func (l layer) addons() map[string]addon {
	zone := "arn:aws:route53:::hostedzone/" + l.d.Output("zone_id")
	bucket := "arn:aws:s3:::" + l.d.Output("loki_bucket")
	var repositories, logs []any
	for _, arn := range l.table("compute", "ecr_repository_arns") {
		repositories = append(repositories, arn)
	}
	for service := range l.services() {
		logs = append(logs, l.arn("logs", "log-group:/"+l.d.Name+"/services/"+service+":*"))
	}
	images := func() statements {
		return named(
			allow("Login", "ecr:GetAuthorizationToken", "*", nil),
			allow("ReadImages", []any{"ecr:BatchGetImage", "ecr:DescribeImages", "ecr:GetDownloadUrlForLayer", "ecr:ListImages"}, append([]any(nil), repositories...), nil),
		)
	}
	return map[string]addon{
		"external-secrets": {"external-secrets/external-secrets-sa", named(
			allow("ReadSecretsOfTheEnvironment", []any{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue", "secretsmanager:ListSecretVersionIds"},
				l.arn("secretsmanager", "secret:"+l.d.Name+"/"+l.longName()+"/*"), nil),
			allow("DecryptThroughSecretsManager", "kms:Decrypt", l.keys["secrets-manager"], l.via("secretsmanager")),
		)},
		"cert-manager": {"cert-manager/cert-manager", named(
			allow("AnswerChallenges", "route53:ChangeResourceRecordSets", zone, map[string]any{
				"ForAllValues:StringEquals": map[string]any{"route53:ChangeResourceRecordSetsRecordTypes": "TXT"},
				"ForAllValues:StringLike": map[string]any{"route53:ChangeResourceRecordSetsNormalizedRecordNames": []any{
					"_acme-challenge." + l.domain, "_acme-challenge.*." + l.domain,
				}},
			}),
			allow("ReadRecords", "route53:ListResourceRecordSets", zone, nil),
			allow("WaitForChanges", "route53:GetChange", "arn:aws:route53:::change/*", nil),
		)},
		"aws-load-balancer-controller": {"kube-system/aws-load-balancer-controller", l.balancer()},
		"loki": {"monitoring/loki", named(
			allow("ListChunks", "s3:ListBucket", bucket, nil),
			allow("Chunks", []any{"s3:DeleteObject", "s3:GetObject", "s3:PutObject"}, bucket+"/*", nil),
			allow("UseTheKeyThroughS3", []any{"kms:Decrypt", "kms:GenerateDataKey"}, l.keys["s3"], l.via("s3")),
		)},
		"fluent-bit": {"logging/fluent-bit", named(
			allow("AddToLogs", []any{"logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"}, logs, nil),
		)},
		"prometheus": {"monitoring/cloudwatch-exporter", named(
			allow("ReadMetrics", []any{"cloudwatch:GetMetricData", "cloudwatch:ListMetrics", "tag:GetResources"}, "*", equals("aws:RequestedRegion", l.d.Region)),
		)},
		"image-updater":  {"argocd/argocd-image-updater", images()},
		"trivy-operator": {"trivy-system/trivy-operator", images()},
	}
}

// balancer is what the load balancer controller may do: what is marked as this
// cluster's, and reading.
func (l layer) balancer() statements {
	cluster := l.of("compute", "cluster_name")
	group, own, asked := l.arn("ec2", "security-group/"), "aws:ResourceTag/elbv2.k8s.aws/cluster", "aws:RequestTag/elbv2.k8s.aws/cluster"
	balancing := func() []any {
		return []any{l.arn("elasticloadbalancing", "loadbalancer/app/*"), l.arn("elasticloadbalancing", "targetgroup/*")}
	}
	listening := func() []any {
		return []any{l.arn("elasticloadbalancing", "listener/app/*"), l.arn("elasticloadbalancing", "listener-rule/app/*")}
	}
	var acls map[string]string
	l.d.OutputAs("web_acl_arns", &acls)
	elb := func(names ...string) (out []any) {
		for _, n := range names {
			out = append(out, "elasticloadbalancing:"+n)
		}
		return out
	}
	reads := elb("DescribeListenerAttributes", "DescribeListenerCertificates", "DescribeListeners", "DescribeLoadBalancerAttributes",
		"DescribeLoadBalancers", "DescribeRules", "DescribeSSLPolicies", "DescribeTags", "DescribeTargetGroupAttributes",
		"DescribeTargetGroups", "DescribeTargetHealth")
	for _, n := range []string{"AccountAttributes", "Addresses", "AvailabilityZones", "Instances", "InternetGateways", "NetworkInterfaces",
		"RouteTables", "SecurityGroups", "Subnets", "Tags", "Vpcs"} {
		reads = append(reads, "ec2:Describe"+n)
	}
	reads = append(reads, "acm:DescribeCertificate", "acm:ListCertificates", "wafv2:GetWebACLForResource")
	return named(
		allow("Read", reads, "*", equals("aws:RequestedRegion", l.d.Region)),
		allow("MakeGroupsInTheNetwork", "ec2:CreateSecurityGroup", l.arn("ec2", "vpc/"+l.of("networking", "vpc_id")), nil),
		allow("MakeMarkedGroups", "ec2:CreateSecurityGroup", group+"*", equals(asked, cluster)),
		allow("MarkNewGroups", "ec2:CreateTags", group+"*", map[string]any{"StringEquals": map[string]any{"ec2:CreateAction": "CreateSecurityGroup", asked: cluster}}),
		allow("ChangeOwnGroups", []any{"ec2:AuthorizeSecurityGroupIngress", "ec2:DeleteSecurityGroup", "ec2:RevokeSecurityGroupIngress"}, group+"*", equals(own, cluster)),
		allow("LetTheLoadBalancerIn", []any{"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"}, group+l.of("compute", "cluster_security_group_id"), nil),
		allow("MakeMarked", elb("AddTags", "CreateLoadBalancer", "CreateTargetGroup"), balancing(), equals(asked, cluster)),
		allow("ChangeOwn", elb("AddListenerCertificates", "CreateListener", "CreateRule", "DeleteListener", "DeleteLoadBalancer", "DeleteRule",
			"DeleteTargetGroup", "DeregisterTargets", "ModifyListener", "ModifyListenerAttributes", "ModifyLoadBalancerAttributes", "ModifyRule",
			"ModifyTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets", "RemoveListenerCertificates", "RemoveTags",
			"SetSecurityGroups", "SetSubnets", "SetWebACL"), append(balancing(), listening()...), equals(own, cluster)),
		allow("MarkListeners", "elasticloadbalancing:AddTags", listening(), equals("elasticloadbalancing:CreateAction", []any{"CreateListener", "CreateRule"})),
		allow("ProtectByTheWebACL", []any{"wafv2:AssociateWebACL", "wafv2:DisassociateWebACL", "wafv2:GetWebACL"},
			[]any{acls["regional"], l.arn("elasticloadbalancing", "loadbalancer/app/*")}, nil),
		allow("MakeItsServiceLinkedRole", "iam:CreateServiceLinkedRole",
			"arn:aws:iam::"+l.d.Sandbox.Account+":role/aws-service-role/elasticloadbalancing.amazonaws.com/AWSServiceRoleForElasticLoadBalancing",
			equals("iam:AWSServiceName", "elasticloadbalancing.amazonaws.com")),
	)
}
