"""The ways in: the command line, the page, Slack, HTTP, agents."""
