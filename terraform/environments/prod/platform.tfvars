environment = "prod"
domain      = "fintrack.io"
