provider "aws" {
  region = var.region
}

# Where the copies are kept.
provider "aws" {
  alias  = "dr"
  region = var.dr_region
}
