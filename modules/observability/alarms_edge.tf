locals {
  nat_alarms = {
    for key, id in var.nat_gateways : "nat-${key}-port-allocation" => {
      namespace           = "AWS/NATGateway"
      metric              = "ErrorPortAllocation"
      dimensions          = [{ NatGatewayId = id }]
      combine             = null
      statistic           = "Sum"
      comparison          = "GreaterThanThreshold"
      threshold           = 0
      period              = 60
      evaluation_periods  = 5
      datapoints_to_alarm = 3
      missing_data        = "notBreaching"
      topic               = "warning"
      description         = "The NAT gateway ${id} has no source port left for one destination, and connections fail. What to do: find the service that opens a connection per call and let it reuse them; if the load is wanted, add an address to the gateway."
    }
  }

  # In per cent of the requests: the same count is nothing at noon and an outage at night.
  # Few requests prove nothing, so below the minimum the answer is zero.
  alb_alarms = {
    for key, balancer in var.load_balancers : "alb-${key}-5xx" => {
      namespace = "AWS/ApplicationELB"
      metric    = "RequestCount"
      metrics   = ["RequestCount", "HTTPCode_ELB_5XX_Count", "HTTPCode_Target_5XX_Count"]
      dimensions = [
        { LoadBalancer = balancer.arn_suffix },
        { LoadBalancer = balancer.arn_suffix },
        { LoadBalancer = balancer.arn_suffix },
      ]
      combine             = "IF(FILL(m1, 0) >= ${balancer.minimum_requests}, 100 * (FILL(m2, 0) + FILL(m3, 0)) / m1, 0)"
      statistic           = "Sum"
      comparison          = "GreaterThanThreshold"
      threshold           = balancer.error_percent
      period              = 60
      evaluation_periods  = 5
      datapoints_to_alarm = 3
      missing_data        = "notBreaching"
      topic               = "warning"
      description         = "More than ${balancer.error_percent} % of the requests through ${balancer.arn_suffix} end in a server error. What to do: compare HTTPCode_ELB_5XX_Count with HTTPCode_Target_5XX_Count: the first means no healthy target, the second an error of a service, which its log names."
    }
  }
}
