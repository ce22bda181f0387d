/* fake_root - let Postfix believe that it runs as root
 *
 * Postfix's master refuses to start without uid 0, and its services begin as root and change to
 * mail_owner themselves. In a scratch folder that belongs to one user nothing of this is needed, so
 * this library, loaded with LD_PRELOAD, answers "yes" to each of these calls and changes nothing:
 * every process keeps the user it was started as, and the kernel goes on checking as that user.
 *
 * It is no part of the product: only tests/servers compiles it, into the servers' own folder.
 */
#include <stddef.h>
#include <sys/types.h>

static uid_t real_user;
static uid_t user;
static gid_t real_group;
static gid_t group;

uid_t getuid(void)
{
    return real_user;
}

uid_t geteuid(void)
{
    return user;
}

gid_t getgid(void)
{
    return real_group;
}

gid_t getegid(void)
{
    return group;
}

int setuid(uid_t wanted)
{
    real_user = user = wanted;
    return 0;
}

int seteuid(uid_t wanted)
{
    user = wanted;
    return 0;
}

int setgid(gid_t wanted)
{
    real_group = group = wanted;
    return 0;
}

int setegid(gid_t wanted)
{
    group = wanted;
    return 0;
}

int setgroups(size_t count, const gid_t *list)
{
    (void)count;
    (void)list;
    return 0;
}

int initgroups(const char *name, gid_t base)
{
    (void)name;
    (void)base;
    return 0;
}

int chown(const char *path, uid_t owner, gid_t owner_group)
{
    (void)path;
    (void)owner;
    (void)owner_group;
    return 0;
}

int fchown(int fd, uid_t owner, gid_t owner_group)
{
    (void)fd;
    (void)owner;
    (void)owner_group;
    return 0;
}
