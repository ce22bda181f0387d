/* Every maximum of postdesk stands here: what grows has an end, and this page says where. */
#ifndef CORE_LIMITS_H
#define CORE_LIMITS_H

/* What we promise to users. */
#define LIMIT_COMMENT_CHARS       65536    /* code points; longer is cut to one less and "…" */
#define LIMIT_MAIL_BYTES          20971520 /* RFC822.SIZE above this is oversize */
#define LIMIT_OVERSIZE_HEAD_BYTES 1048576  /* what is stored of an oversize mail */
#define LIMIT_SUBJECT_CHARS       255
#define LIMIT_NAME_CHARS          255 /* display names, customers' names */
#define LIMIT_FILE_NAME_BYTES     255 /* what file systems take */

/* Addresses, RFC 5321 section 4.5.3.1. */
#define LIMIT_LOCAL_PART_BYTES 64
#define LIMIT_DOMAIN_BYTES     255
#define LIMIT_ADDRESS_BYTES    254
#define LIMIT_MESSAGE_ID_BYTES 998 /* one line, RFC 5322 section 2.1.1 */

/* The shape of a mail: above one of these it is held unread (TRAPS 4: what such mail costs). */
#define LIMIT_HEADER_BLOCK_BYTES   262144
#define LIMIT_HEADER_BYTES         65536
#define LIMIT_ADDRESS_HEADER_BYTES 16384
#define LIMIT_HEADERS              2000
#define LIMIT_RULE_HEADERS         100  /* fields of a mail that rules can read */
#define LIMIT_RULE_HEADER_CHARS    1000 /* of one of them */
#define LIMIT_BOUNDARY_LINES       10000
#define LIMIT_DASH_LINES \
 10000000 /* comparisons of a line with a boundary, in all levels together */
#define LIMIT_RECEIVED   100
#define LIMIT_NESTING    100
#define LIMIT_PARTS      2000 /* parts that are looked at */
#define LIMIT_PARAMETERS 200  /* of one Content-Type or Content-Disposition */

/* What is kept of a mail's lists. */
#define LIMIT_REFERENCES  20  /* newest; RFC 5322 sets none */
#define LIMIT_RECIPIENTS  200 /* To and Cc, that are looked at */
#define LIMIT_ATTACHMENTS 200
#define LIMIT_COPIES      20 /* people in To and Cc who may join a ticket */
#define LIMIT_AUTHRES     20
#define LIMIT_TOKENS      20 /* in the addresses that a mail was sent to */
#define LIMIT_THREAD_KEYS 3  /* ids a mail refers to: In-Reply-To, first and last of References */

/* Text and HTML. */
#define LIMIT_HTML_BYTES \
 20971520 /* a mail: the reader is linear, and pictures stand within the text */
#define LIMIT_HTML_TAG_BYTES   32768
#define LIMIT_HTML_DEPTH       512
#define LIMIT_TEXT_BYTES       2097152  /* UTF-8 text that the parser hands over as one */
#define LIMIT_WHOLE_TEXT_BYTES 20971520 /* of a longer text: what becomes a file, as UTF-8 */

/* The parser process. */
#define LIMIT_PARSER_MEMORY_BYTES \
 (512LL << 20) /* address space; what it really needs: tests/bench/memory */
#define LIMIT_PARSER_CPU_SECONDS 10
#define LIMIT_PARSER_WALL_MS     20000   /* a mail; then the child is killed */
#define LIMIT_FRAME_BYTES        8388608 /* one message between processes */
#define LIMIT_CHUNK_BYTES        262144  /* attachments and raw mail in the database */
#define LIMIT_RAW_INLINE_BYTES   262144
#define LIMIT_PIECE_BYTES \
 1048576 /* a multiple of a chunk: what one statement carries of a content */

/* Batches. */
#define LIMIT_BATCH_MAILS   50
#define LIMIT_BATCH_BYTES   8388608
#define LIMIT_MOVE_MAILS    1000
#define LIMIT_RECORDS_BYTES 65536 /* what decide read, stored with the mail */

/* What the allocator of a role keeps for itself of what is freed. */
#define LIMIT_KEPT_BLOCK_BYTES 131072  /* a larger block is the kernel's again at once */
#define LIMIT_KEPT_BYTES       1048576 /* at the end of the heap */

/* Rules. */
#define LIMIT_RULE_NAME_CHARS 200
#define LIMIT_RULE_FILE_BYTES 1048576 /* one file of rules, or one notice */
#define LIMIT_RULE_FILES      1000    /* of a version */
#define LIMIT_RULES_BYTES     8388608 /* of all of them together */
#define LIMIT_TALLY_MS        5000  /* how long what rules did is kept before it is written down */
#define LIMIT_TALLY_RULES     10000 /* rules of all versions that are kept until then */
#define LIMIT_FAULT_CHARS     300   /* of what is told of a rule's fault */

/* Web hooks. */
#define LIMIT_URL_BYTES         2000
#define LIMIT_HOOK_MS           10000 /* a call, from the name's look-up to the end of the answer */
#define LIMIT_HOOK_ANSWER_BYTES 65536
#define LIMIT_HOOK_BATCH        20 /* calls that a sender claims at once */

/* The supervisor. */
#define LIMIT_MAILBOXES       1024  /* fetch roles on one host */
#define LIMIT_ROLE_END_MS     8000  /* from SIGTERM to SIGKILL */
#define LIMIT_RESTART_MS      30000 /* the longest wait before a role is started again */
#define LIMIT_STATUS_CHARS    500   /* of a mistake in what systemctl status shows */
#define LIMIT_ROLE_HEALTHY_MS 60000 /* a role that ran this long begins again with the shortest */

/* Leases of roles: what a dead host keeps others from doing. */
#define LIMIT_LEASE_MS       15000
#define LIMIT_LEASE_RENEW_MS 5000 /* three tries before it is lost */

/* Whatever is away: the longest wait between two tries. */
#define LIMIT_OUTAGE_MS          60000 /* of a mail server, or of a password that fits */
#define LIMIT_DATABASE_OUTAGE_MS 5000
#define LIMIT_OUTAGE_RESTARTS    60 /* or so many times the setting "restart", where that is less */

/* What roles say of the things they need. */
#define LIMIT_HEALTH_MS 60000 /* it is said again after this, though it is no news */

/* What is not normal any more: postdesk status. */
#define LIMIT_OUTAGE_FAULT_S         300 /* what ends by itself, and has not */
#define LIMIT_UNDECIDED_S            60  /* a mail that waits for an intake */
#define LIMIT_UNDECIDED_FAULT_S      600
#define LIMIT_HELD_S                 86400 /* a held mail that nobody has looked at */
#define LIMIT_CLOCK_S                30    /* two clocks that differ */
#define LIMIT_CLOCK_FAULT_S          300
#define LIMIT_CERTIFICATE_DAYS       14 /* the life that is left of a server's */
#define LIMIT_CERTIFICATE_FAULT_DAYS 3
#define LIMIT_DISK_FAULT_BYTES       (1LL << 30) /* free for the database */
#define LIMIT_DISK_PERCENT           10
#define LIMIT_CONNECTIONS_PERCENT    90
#define LIMIT_RENUMBERED_DAYS        7 /* how long a folder that was numbered anew is told */

/* Fetch. */
#define LIMIT_REFUSED_MS   600000 /* until a mail that the server would not give is asked for again */
#define LIMIT_CLEAN_US     21600000000 /* between two looks for processed mail that may be removed */
#define LIMIT_LOCATE_MAILS 2000 /* newest mails of a folder that are looked at for a lost one */

/* Junk. */
#define LIMIT_JUNK_HEADER_BYTES 65536 /* a mail in Junk with a longer header is left there */
#define LIMIT_JUNK_POLLS        10    /* the folder is looked at each so many poll intervals */

/* Poison. */
#define LIMIT_PARSER_DEATHS 2
#define LIMIT_INTAKE_DEATHS 5

/* IMAP: one command. */
#define LIMIT_COMMAND_BYTES 8388608 /* an answer that is no mail */
#define LIMIT_COMMAND_MS    60000
#define LIMIT_FETCH_BYTES_PER_S \
 65536 /* mail comes at least this fast, or the command's time is over */
#define LIMIT_CONNECT_MS      30000   /* TCP, TLS and the greeting together */
#define LIMIT_LOGOUT_MS       1000    /* saying goodbye */
#define LIMIT_IDLE_MS         1680000 /* 28 minutes, RFC 2177 says less than 29 */
#define LIMIT_IMAP_LINE_BYTES 65536   /* one line of an answer, but for SEARCH */
#define LIMIT_IMAP_LITERALS   4096    /* mail bodies in one answer */
#define LIMIT_IMAP_NESTING    8       /* parentheses in one answer */
#define LIMIT_LIST_WINDOW     5000    /* mails whose sizes are asked for in one command */
#define LIMIT_FOLDER_BYTES    512     /* a folder's name, encoded */
#define LIMIT_LOGIN_BYTES     1024    /* a user name, a password */

/* SMTP. The times are those of RFC 5321 section 4.5.3.2. */
#define LIMIT_SMTP_RECIPIENTS 100 /* of one mail; section 4.5.3.1.8 */
#define LIMIT_SMTP_REPLY_S    300 /* greeting, MAIL, RCPT, DATA */
#define LIMIT_SMTP_DOT_S      600 /* the answer to the final dot */
#define LIMIT_SMTP_ANSWER_BYTES \
 65536 /* all lines of one answer, or of those to commands sent at once */
#define LIMIT_SMTP_ANSWER_LINE_BYTES 4096  /* one line of it; section 4.5.3.1.5 says 512 */
#define LIMIT_SMTP_PIECE_BYTES       65536 /* of a mail, handed to the connection */
#define LIMIT_SMTP_LINE_BYTES        998   /* RFC 5321 section 4.5.3.1.6, without CRLF */
#define LIMIT_REPLY_CHARS            300   /* what is kept of a server's answer */

/* The database. */
#define LIMIT_CONNECT_SECONDS        5     /* shared by all hosts of the connection string */
#define LIMIT_CONNECT_PROBE_MS       2000  /* to learn why a connection was refused */
#define LIMIT_STATEMENT_MS           60000 /* one statement, and a transaction that idles */
#define LIMIT_DATABASE_SILENCE_MS    90000 /* no byte from the server while an answer is due */
#define LIMIT_TRANSACTION_TRIES      5
#define LIMIT_TRANSACTION_BACKOFF_MS 20 /* at most, times the tries so far */

/* Sending. */
#define LIMIT_SEND_BYTES      20971520 /* a mail as it travels, its attachments encoded */
#define LIMIT_SEND_LEASE_MS   5000     /* no mail is begun with less of its lease left */
#define LIMIT_PAGE_GROWTH     8        /* a mail's HTML, against its text */
#define LIMIT_PAGE_BYTES      8192     /* and besides */
#define LIMIT_OUTAGE_MS       60000 /* the longest wait before a server that was away is tried again */
#define LIMIT_OUTAGE_FIRST_MS 1000
#define LIMIT_TEMPLATE_LEVELS 4  /* conditions in each other */
#define LIMIT_OTHERS          20 /* names in "also on this ticket"; the rest is a number */

/* People, customers, the calendar; what is imported. */
#define LIMIT_DETAIL_CHARS       255   /* a phone number, a city */
#define LIMIT_DETAIL_LINES_CHARS 10000 /* a postal address, notes */
#define LIMIT_PHONES             10    /* of a person */
#define LIMIT_SUB_ADDRESS_BYTES \
 16 /* a longer mailbox name leaves no room for a token (RFC 5321: 64) */
#define LIMIT_SIGNATURE_CHARS  1000 /* of the desk, of a technician */
#define LIMIT_SIGNATURE_LINES  12
#define LIMIT_ZONES            64 /* whose rules a process keeps */
#define LIMIT_PERSON_ADDRESSES 20
#define LIMIT_CUSTOMER_DOMAINS 200
#define LIMIT_DAY_SPANS        10   /* of working hours */
#define LIMIT_HOLIDAYS         1000 /* of the calendar */
#define LIMIT_IMPORT_BYTES     268435456
#define LIMIT_IMPORT_ROWS      1000000
#define LIMIT_IMPORT_ERRORS    1000 /* that are shown; the others are counted */
#define LIMIT_CSV_CELLS        200  /* of a row */
#define LIMIT_CSV_CELL_BYTES   1048576
/* Rules. */
#define LIMIT_RULES                 10000   /* of a desk, and as many tests */
#define LIMIT_RULE_FILE_BYTES       1048576 /* one file */
#define LIMIT_RULE_ERRORS           500     /* that are told at once; the rest is a number */
#define LIMIT_RULE_NESTING          50      /* parentheses and "not" in each other */
#define LIMIT_RULE_LIST             1000    /* values in one list, actions of one rule */
#define LIMIT_RULE_TEXT_CHARS       65536   /* what an action says, groups put in */
#define LIMIT_RULE_EVERY_S          60      /* the shortest interval of an "every" */
#define LIMIT_RULE_TRACE_CHARS      120     /* of a value, in a trace */
#define LIMIT_PATTERN_BYTES         1000    /* a pattern as it is written */
#define LIMIT_PATTERN_NESTING       50      /* groups in each other */
#define LIMIT_PATTERN_SUBJECT_BYTES 65536   /* what a pattern sees of a text: its beginning */
#define LIMIT_PATTERN_MS            100     /* one condition, all its texts */
#define LIMIT_PATTERNS_MS           300     /* all conditions of one mail */
#define LIMIT_PATTERN_DEPTH         100000 /* of backtracking; what bounds the memory is the next */
#define LIMIT_PATTERN_HEAP_KIB      20000
#define LIMIT_PATTERN_STATES        65535 /* of the automaton that looks for all patterns' words */

/* Fields of a ticket (sql/0007_fields.sql checks the same). */
#define LIMIT_FIELD_NAME_BYTES 40
#define LIMIT_FIELD_CHARS      1000 /* a text in a field of the desk's own */
#define LIMIT_TAG_CHARS        40
#define LIMIT_CHANGES          32 /* of one ticket set */

/* The search. */
#define LIMIT_SEARCH_PORTION  500 /* comments whose words one transaction fills in */
#define LIMIT_SEARCH_PORTIONS 20  /* of one look */

/* Settings and the command line. */
#define LIMIT_LIST_ROWS         100000 /* of one answer of the command line */
#define LIMIT_CONFIG_BYTES      1048576
#define LIMIT_SECRET_BYTES      65536
#define LIMIT_SECRET_NAME_BYTES 128
#define LIMIT_LOG_VALUE_BYTES   256

#endif
