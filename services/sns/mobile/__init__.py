"""SNS for phones: platform applications and their endpoints, SMS, the sandbox."""
