retentoin = 7200
