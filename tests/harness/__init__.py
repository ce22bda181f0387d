"""What demo, end-to-end tests, fault tests and bench have in common.

servers   private Postfix, Dovecot and PostgreSQL (tests/servers) as an object
desk      a desk on them: configuration, people, mailboxes, postdeskd, the CLI
mail      writing mail as people's programs do, sending it, reading mailboxes
workshop  unit tests with some files compiled in another way: mutants, coverage
waiting   wait for something with a limit, and say what was seen last

Only Python's standard library. Mail travels the real way: SMTP to Postfix, LMTP to Dovecot, IMAP.
"""
