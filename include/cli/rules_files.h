/* Rule files and notices of a folder, and what is wrong with them: for postdesk rules and postdesk replay. */
#ifndef CLI_RULES_FILES_H
#define CLI_RULES_FILES_H

#include <jansson.h>

#include <glib.h>

#include "cli/cli.h"
#include "rules/rules.h"

/* The folder that a command means: the word, else the config's rules-dir. Borrowed. */
MUST_CHECK enum status rules_folder(struct cli *cli, const char *word, const char **folder_out,
                                    struct err *err);

/* Read NAME.rules and notices/LANGUAGE/NAME.txt of a folder: GPtrArray of struct rule_text, by their names, own. Dot files,
 * README* and what editors leave behind ("~") are passed over.
 *
 * ST_NOT_FOUND  there is no such folder
 * ST_INVALID    a file has no name of a rule file or notice, is no text or too large, or there is no rule file at all */
MUST_CHECK enum status rules_read(const char *folder, GPtrArray **files_out, struct err *err);

/* Write files into a folder that is new or empty. files: struct rule_text.
 *
 * ST_INVALID  something is in the folder */
MUST_CHECK enum status rules_write(const char *folder, const GPtrArray *files, struct err *err);

/* Compile files and look at their notices, with what the desk has. Prints every error; then
 *
 * ST_INVALID  without a text: all is said */
MUST_CHECK enum status rules_check_files(struct cli *cli, const GPtrArray *files,
                                         struct rules **rules_out, struct err *err);

/* Read and check the rules of a folder; word NULL: the config's. Whatever is wrong is printed. files_out may be NULL. */
MUST_CHECK enum status rules_load(struct cli *cli, const char *word, GPtrArray **files_out,
                                  struct rules **rules_out, struct err *err);

/* Run the tests inside the files. Prints those that failed, or all (is_loud); with --json nothing.
 *
 * ST_INVALID  one has failed; without a text: all is said */
MUST_CHECK enum status rules_run_tests(const struct cli *cli, const struct rules *rules,
                                       bool is_loud, json_t **results_out, struct err *err);

/* What becomes of one set of files by another: JSON array of {file, what, added, removed, diff}. New reference. */
json_t *rules_compare(const GPtrArray *old_files, const GPtrArray *new_files);

#endif
