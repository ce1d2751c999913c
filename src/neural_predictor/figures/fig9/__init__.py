"""Fig. 9 of the replication: predicted against observed."""
