environment = "staging"
budget_usd  = 9000

rds = {
  connections      = 800
  free_storage_gib = 20
}

slack = {
  team_id  = "T07FTPROD01"
  channels = { critical = "C07STAGINGAL", warning = "C07STAGINGAL" } # #staging-alerts
}
