environment = "prod"
budget_usd  = 42000

slack = {
  team_id  = "T07FTPROD01"
  channels = { critical = "C07INCIDENTS", warning = "C07PLATALERT" } # #incidents, #platform-alerts
}
