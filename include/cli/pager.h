/* Long output on a terminal is shown page by page. */
#ifndef CLI_PAGER_H
#define CLI_PAGER_H

#include <stdbool.h>
#include <stddef.h>

/* Begin to page what is printed from now on, where stdout is a terminal and somebody wants a pager ($POSTDESK_PAGER, else
 * $PAGER, else less; empty or "cat": none). Where none can be started, output goes on as it did. */
void pager_begin(void);

/* Let the reader read to the end. Output that is left is written first. */
void pager_end(void);

/* Is what is printed read on a terminal, through a pager or not? And how wide is it; 0: it is none. */
bool pager_is_terminal(void);
size_t pager_columns(void);

#endif
