/* The list of system calls that a jailed parser may make. Private to the jail. */
#ifndef JAIL_FILTER_H
#define JAIL_FILTER_H

#include <linux/filter.h>
#include <stdbool.h>

#include "core/err.h"

/* A sanitizer makes calls of its own and maps terabytes: there the list is wider and the address space
 * has no limit. Nothing else differs. */
#if defined(__SANITIZE_ADDRESS__)
# define JAIL_IS_SANITIZED true
#elif defined(__has_feature)
# if __has_feature(address_sanitizer)
#  define JAIL_IS_SANITIZED true
# endif
#endif
#ifndef JAIL_IS_SANITIZED
# define JAIL_IS_SANITIZED false
#endif

/* Translate the list once; it is loaded in every child. The program is never freed.
 *
 * ST_TEMPFAIL  the kernel or the library cannot */
MUST_CHECK enum status filter_build(struct sock_fprog *program_out, struct err *err);

/* Close the jail: from here on any other call kills the process. For ever.
 *
 * ST_TEMPFAIL  the kernel refused */
MUST_CHECK enum status filter_enter(const struct sock_fprog *program, struct err *err);

#endif
