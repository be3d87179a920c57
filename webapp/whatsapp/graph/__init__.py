"""What is asked of the Graph API: messages, templates, the standing of the account."""
