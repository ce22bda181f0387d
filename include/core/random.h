/* Chance: the kernel's, for nonces and keys. Nothing that decides calls it. */
#ifndef CORE_RANDOM_H
#define CORE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* 64 random bits, never 0. */
int64_t random_int64(void);

/* Fill with random bytes: for keys. */
void random_bytes(void *bytes, size_t length);

#endif
