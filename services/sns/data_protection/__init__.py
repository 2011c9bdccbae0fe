"""Data protection policies: what is sensitive in a message, and what is done about it.

`identifiers` knows AWS's managed data identifiers, `detectors` finds what they mean, `policy` reads the document,
`guard` acts.
https://docs.aws.amazon.com/sns/latest/dg/message-data-protection.html
"""
