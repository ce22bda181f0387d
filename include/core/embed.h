/* Files that are a part of the program: migrations, notices.
 *
 * src/core/embed.py turns files into a C file with one function that returns their table. In a
 * meson.build below src, where `python` and `embed` are known:
 *
 *     sources += custom_target('notice_files',
 *       input: files('../../rules/notices/en/receipt.txt', …), output: 'notice_files.c',
 *       command: [python, embed, '--function', 'notice_files', '--base', DIR,
 *                 '--output', '@OUTPUT@', '@INPUT@'])
 *
 * and in C: `const struct embedded *notice_files(size_t *count_out);`, declared where it is used.
 */
#ifndef CORE_EMBED_H
#define CORE_EMBED_H

#include <stddef.h>

/* All of static storage. A table is sorted by name, byte by byte. */
struct embedded {
    const char *name; /* relative to --base with "/"; without --base the last part of the path */
    const char *contents; /* NUL-terminated; the NUL does not count */
    size_t length;
};

#endif
