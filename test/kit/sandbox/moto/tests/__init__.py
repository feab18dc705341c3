"""Tests of the mends: each must pass with them and fail on stock moto."""
