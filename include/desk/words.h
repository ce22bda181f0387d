/* What is read from and made of a mail's words: subjects, short answers, the few command lines. Pure. */
#ifndef DESK_WORDS_H
#define DESK_WORDS_H

#include "desk/records.h"
#include "message/facts.h"

/* The subject of a new ticket: without tags; else the first words; own, never empty. */
char *words_subject(const struct facts *facts);

/* The first max_chars characters of the mail's words; own. */
char *words_excerpt(const struct facts *facts, int64_t max_chars);

/* The first line that is neither empty nor quoted, without blanks around it; own, "" if there is none. */
char *words_first_line(const char *text);

/* Is that line exactly a yes or a no, in one of the five languages? */
enum answer { ANSWER_YES, ANSWER_NO, ANSWER_UNCLEAR };
enum answer words_answer(const char *text);

/* What a technician's reply says is to become of a held mail. */
enum held_command { HELD_UNCLEAR, HELD_RELEASE, HELD_DROP, HELD_SPAM, HELD_TRUST };
enum held_command words_held_command(const char *text);

/* The address of "#for ADDRESS" on top; own, NULL without. */
char *words_for(const char *text);

/* Does the mail say thank you, in one of the five languages, and nothing else? */
bool words_is_thanks(const struct facts *facts);

/* Does the subject say that the mail was forwarded ("Fwd:", "WG:" and their kin)? */
bool words_is_forward(const char *subject);

#endif
