"""Rotates the PostgreSQL credentials that are kept in AWS Secrets Manager."""
