package calls

import "strings"

// logs: the resource of whatever concerns streams is the stream, which may be empty
// ("Actions, resources, and condition keys for Amazon CloudWatch Logs").
func logs(in *Input) (Call, error) {
	c, d, err := in.target("logs", JSON11)
	if err != nil {
		return c, err
	}
	group := d.text("logGroupName")
	if id := d.text("logGroupIdentifier"); id != "" {
		if group != "" || isARN(id, "logs") { // an ARN may name another account's
			return c.missing("log group by its name alone")
		}
		group = id
	}
	stream := ""
	switch c.Operation {
	case "CreateLogStream", "DeleteLogStream", "PutLogEvents", "GetLogEvents":
		if stream = d.text("logStreamName"); stream == "" {
			return c.missing("log stream")
		}
	case "CreateLogGroup", "DeleteLogGroup", "DescribeLogStreams", "FilterLogEvents", "PutRetentionPolicy", "DeleteRetentionPolicy", "PutSubscriptionFilter":
	case "DescribeLogGroups":
		return *c.need(in.arn("logs", "log-group::log-stream:"), nil), nil
	default:
		return c.unknown()
	}
	if group == "" {
		return c.missing("log group")
	}
	return *c.need(in.arn("logs", "log-group:"+group+":log-stream:"+stream), nil), nil
}

// metricOperations are those of CloudWatch that know no resource.
var metricOperations = set("GetMetricData", "GetMetricStatistics", "ListMetrics", "PutMetricData")

// metrics speaks a form, JSON or CBOR, as the SDK likes.
func metrics(in *Input) (Call, error) {
	c := Call{Service: "cloudwatch"}
	namespace, known := "", false
	const path = "/service/GraniteServiceVersion20100801/operation/"
	switch {
	case strings.HasPrefix(in.Request.URL.Path, path):
		c.Operation, c.Protocol = strings.TrimPrefix(in.Request.URL.Path, path), CBOR
	case in.Request.Header.Get("X-Amz-Target") != "":
		got, d, err := in.target("cloudwatch", JSON10)
		if err != nil {
			return got, err
		}
		c, namespace, known = got, d.text("Namespace"), true
	default:
		got, v, err := in.form("cloudwatch", Query)
		if err != nil {
			return got, err
		}
		c, namespace, known = got, v.Get("Namespace"), true
	}
	if !metricOperations[c.Operation] {
		return c.unknown()
	}
	if c.Operation != "PutMetricData" {
		return *c.need("*", nil), nil
	}
	if !known || namespace == "" { // the namespace is a condition key, and CBOR is not read here
		return c.missing("namespace")
	}
	return *c.need("*", context("cloudwatch:namespace", namespace)), nil
}

func tagging(in *Input) (Call, error) {
	c, _, err := in.target("tag", JSON11)
	if err != nil {
		return c, err
	}
	switch c.Operation {
	case "GetResources", "GetTagKeys", "GetTagValues":
		return *c.need("*", nil), nil
	}
	return c.unknown()
}

func pricing(in *Input) (Call, error) {
	c, _, err := in.target("pricing", JSON11)
	if err != nil {
		return c, err
	}
	switch c.Operation {
	case "GetProducts", "DescribeServices", "GetAttributeValues":
		return *c.need("*", nil), nil
	}
	return c.unknown()
}

// clusters is EKS.
func clusters(in *Input) (Call, error) {
	c := Call{Service: "eks", Protocol: RESTJSON}
	parts := strings.Split(strings.Trim(in.Request.URL.Path, "/"), "/")
	switch {
	case in.Request.Method == "GET" && len(parts) == 1 && parts[0] == "clusters":
		c.Operation = "ListClusters"
		return *c.need("*", nil), nil
	case in.Request.Method == "GET" && len(parts) == 2 && parts[0] == "clusters":
		c.Operation = "DescribeCluster"
		return *c.need(in.arn("eks", "cluster/"+parts[1]), nil), nil
	}
	c.Operation = in.Request.Method + " " + in.Request.URL.Path
	return c.unknown()
}

func certificates(in *Input) (Call, error) {
	c, d, err := in.target("acm", JSON11)
	if err != nil {
		return c, err
	}
	switch c.Operation {
	case "ListCertificates":
		return *c.need("*", nil), nil
	case "DescribeCertificate", "GetCertificate", "ListTagsForCertificate":
		if !isARN(d.text("CertificateArn"), "acm") {
			return c.missing("certificate")
		}
		return *c.need(d.text("CertificateArn"), nil), nil
	}
	return c.unknown()
}

func firewalls(in *Input) (Call, error) {
	c, d, err := in.target("wafv2", JSON11)
	if err != nil {
		return c, err
	}
	resource, acl := d.text("ResourceArn"), d.text("WebACLArn")
	switch c.Operation {
	case "GetWebACLForResource", "DisassociateWebACL":
		if resource == "" {
			return c.missing("resource")
		}
		c.need(resource, nil)
		if c.Operation == "DisassociateWebACL" {
			c.protecting(resource)
		}
		return c, nil
	case "AssociateWebACL":
		if resource == "" || !isARN(acl, "wafv2") {
			return c.missing("resource and web ACL")
		}
		c.need(acl, nil).need(resource, nil)
		c.protecting(resource)
		return c, nil
	case "GetWebACL":
		if d.text("Name") == "" || d.text("Id") == "" {
			return c.missing("web ACL")
		}
		scope := map[string]string{"REGIONAL": "regional", "CLOUDFRONT": "global"}[d.text("Scope")]
		return *c.need(in.arn("wafv2", scope+"/webacl/"+d.text("Name")+"/"+d.text("Id")), nil), nil
	case "ListWebACLs":
		return *c.need("*", nil), nil
	}
	return c.unknown()
}

// protecting adds what a load balancer itself asks before its web ACL is changed ("How
// AWS WAF works with IAM", actions that require additional permissions settings).
func (c *Call) protecting(resource string) {
	if isARN(resource, "elasticloadbalancing") {
		c.also("elasticloadbalancing:SetWebACL", resource, nil)
	}
}

// ecr needs the repository; the login knows none.
func ecr(in *Input) (Call, error) {
	c, d, err := in.target("ecr", JSON11)
	if err != nil {
		return c, err
	}
	owner := d.text("registryId")
	if owner == "" {
		owner = in.Account
	}
	repository := func(name string) string { return "arn:aws:ecr:" + in.Region + ":" + owner + ":repository/" + name }
	switch c.Operation {
	case "GetAuthorizationToken", "DescribeRegistry":
		return *c.need("*", nil), nil
	case "DescribeRepositories":
		names := d.texts("repositoryNames")
		if len(names) == 0 {
			names = []string{"*"}
		}
		for _, n := range names {
			c.need(repository(n), nil)
		}
		return c, nil
	case "BatchCheckLayerAvailability", "BatchDeleteImage", "BatchGetImage", "CompleteLayerUpload", "DeleteRepository", "DescribeImages",
		"GetDownloadUrlForLayer", "GetRepositoryPolicy", "InitiateLayerUpload", "ListImages", "PutImage", "PutImageTagMutability",
		"SetRepositoryPolicy", "UploadLayerPart":
		if d.text("repositoryName") == "" {
			return c.missing("repository")
		}
		return *c.need(repository(d.text("repositoryName")), nil), nil
	}
	return c.unknown()
}
