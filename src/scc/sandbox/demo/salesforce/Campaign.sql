SELECT * EXCLUDE (k) FROM campaign
