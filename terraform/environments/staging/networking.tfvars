environment = "staging"
peer_cidrs  = { head-office = "10.100.0.0/16" }
