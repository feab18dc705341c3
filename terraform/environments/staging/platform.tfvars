environment = "staging"
domain      = "staging.fintrack.io"
