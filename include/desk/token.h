/* Tokens: what a reply carries back to prove which object it means and to whom we gave it.
 *
 *     version and key  1 byte   (version in the high 4 bits, key slot in the low 4)
 *     purpose and kind 1 byte   (purpose in the high 5 bits, object kind in the low 3)
 *     object           5 bytes
 *     person           4 bytes
 *     expiry day       2 bytes  (days since 1970; 0: never)
 *     tag             16 bytes  first 128 bits of HMAC-SHA-256(key, the 13 bytes above and the object's nonce)
 *
 * 29 bytes, written as 47 characters of base32 (RFC 4648 alphabet in lower case, no padding; letter case
 * is ignored when reading). The nonce stands in the object's row and is never sent: a token from before a
 * restore fits nothing. Pure.
 */
#ifndef DESK_TOKEN_H
#define DESK_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include <glib.h>

#include "core/err.h"

#define TOKEN_CHARS        47
#define TOKEN_BYTES        29
#define TOKEN_SECRET_BYTES 32
#define TOKEN_KEYS         16

/* What a reply with it does. Numbers are for ever. */
enum token_purpose {
    TOKEN_CONTACT_REPLY = 1,    /* a contact's public comment */
    TOKEN_TECHNICIAN_REPLY = 2, /* a technician's public reply */
    TOKEN_TECHNICIAN_NOTE = 3,  /* a technician's note */
    TOKEN_BOUNCE = 4,           /* an event on the mail that came back */
    TOKEN_CONFIRM = 5,
    TOKEN_UNDO = 6,
    TOKEN_HELD = 7, /* a technician decides on a held mail */
};
const char *token_purpose_name(enum token_purpose purpose);

enum token_object { TOKEN_TICKET = 1, TOKEN_HELD_MAIL = 2, TOKEN_PLAN = 3, TOKEN_OUTBOUND = 4 };

struct token {
    unsigned key_slot;
    enum token_purpose purpose;
    enum token_object object_kind;
    int64_t object;
    int64_t person;      /* 0: nobody */
    unsigned expiry_day; /* 0: never */
    uint8_t tag[16];     /* set by token_read; ignored by token_write */
};

/* The live keys of the desk. Never in records, logs or errors. */
struct token_keys {
    bool is_live[TOKEN_KEYS];
    uint8_t secret[TOKEN_KEYS][TOKEN_SECRET_BYTES];
    unsigned signing_slot;
};

/* Write the token, signed with the signing key. token->key_slot and tag are ignored. */
void token_write(const struct token_keys *keys, const struct token *token, int64_t nonce,
                 char text_out[TOKEN_CHARS + 1]);

/* Read the fields without believing them: length, alphabet, version, purpose and kind are checked.
 *
 * ST_INVALID  it is no token */
MUST_CHECK enum status token_read(const char *text, struct token *token_out, struct err *err);

/* Does the tag fit key and nonce? Constant in time. False as well for a key that is not live. */
bool token_fits(const struct token_keys *keys, const struct token *token, int64_t nonce);

bool token_is_expired(const struct token *token, int64_t now_us);

/* The last day of a token that is made now and lives for days; 0 (never) for 0 days. */
unsigned token_expiry_day(int64_t now_us, int64_t days);

/* Is it one that only technicians get (so that its mail never shares a parser)? */
bool token_is_technicians(const struct token *token);

/* A place in a mail where something of a token's form stands. */
struct token_sighting {
    int place; /* enum token_place */
    struct token token;
    int64_t outbound; /* N of "<TOKEN.N@…>"; 0 */
};

/* The Message-ID (without brackets) that carries a token: "TOKEN.N@domain"; and back.
 * ST_INVALID  not of ours */
char *token_message_id(const char *token_text, int64_t outbound, const char *domain);
MUST_CHECK enum status token_from_message_id(const char *message_id, struct token_sighting *out,
                                             struct err *err);

/* "support+TOKEN@desk.example" from the mailbox address. */
char *token_address(const char *mailbox_address, const char *token_text);

/* A copy of text in which everything of a token's form (in addresses and Message-IDs alike) is replaced by
 * "…": what goes to someone else never carries a token of ours. */
char *token_remove_all(const char *text);

/* The same for bytes of any kind, in place: a token's characters become "*", also where they stand two or four bytes
 * apart (UTF-16, UTF-32) or on both sides of a soft line break (quoted-printable). Other encodings (base64) are undone
 * by the caller first. True: there was one. */
bool token_mask(char *bytes, size_t length);

#endif
