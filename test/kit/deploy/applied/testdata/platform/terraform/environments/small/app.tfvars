retention = 7200
