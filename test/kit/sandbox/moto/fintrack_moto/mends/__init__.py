"""One file of mends for each service, named as moto names its package."""
