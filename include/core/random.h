/* Chance: the kernel's, for nonces. Nothing that decides calls it. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stdint.h>

/* 64 random bits, never 0. */
int64_t random_int64(void);

#endif
