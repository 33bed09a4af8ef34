"""The sandbox's Slack: a webhook and a bot's door that keep what is posted, and refuse what Slack refuses."""
