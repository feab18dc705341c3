# Every user group has a user called default, and that of ElastiCache may do
# everything without a password. This one takes its place: it is off and may do
# nothing ("Authenticating users with Role-Based Access Control").
resource "aws_elasticache_user" "default" {
  user_id              = "${var.name}-default"
  user_name            = "default"
  engine               = "redis"
  access_string        = "off ~* -@all"
  no_password_required = true # nobody can log in as a user that is off

  tags = var.tags
}

# No password is known to anybody: the token is signed by the service's own role
# ("Authenticating with IAM"), for which id and name must be the same.
resource "aws_elasticache_user" "this" {
  for_each = var.users

  user_id       = "${var.name}-${each.key}"
  user_name     = "${var.name}-${each.key}"
  engine        = "redis"
  access_string = "on ${each.value}"

  authentication_mode {
    type = "iam"
  }

  tags = var.tags
}

resource "aws_elasticache_user_group" "this" {
  engine        = "redis"
  user_group_id = var.name
  user_ids      = concat([aws_elasticache_user.default.user_id], [for u in aws_elasticache_user.this : u.user_id])
  tags          = var.tags
}
