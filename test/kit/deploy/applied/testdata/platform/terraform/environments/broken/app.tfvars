topic = "arn:aws:sns:us-east-1:123456789012:nowhere"
