/* test_tenure - whose lease may be ended for him: only a process of this machine that is certainly gone */
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>
#include <glib.h>

#include "gateway/tenure.h"

/* Our own name with one part replaced. */
static char *name_with(size_t part, const char *value)
{
    g_autofree char *me = tenure_process();
    g_auto(GStrv) parts = g_strsplit(me, "/", -1);
    cr_assert_eq(g_strv_length(parts), 5, "%s", me);
    g_free(parts[part]);
    parts[part] = g_strdup(value);
    return g_strjoinv("/", parts);
}

/* The name of a child that has come to its end; still a zombie if it is not to be reaped. */
static char *name_of_dead(bool is_reaped, pid_t *pid_out)
{
    int pipe_fds[2];
    char name[512] = "";
    cr_assert_eq(pipe(pipe_fds), 0);
    pid_t pid = fork();
    cr_assert_geq(pid, 0);
    if (pid == 0) {
        g_autofree char *child = tenure_process();
        _exit(write(pipe_fds[1], child, strlen(child) + 1) > 0 ? 0 : 1);
    }
    close(pipe_fds[1]);
    cr_assert_gt(read(pipe_fds[0], name, sizeof name - 1), 0);
    close(pipe_fds[0]);
    siginfo_t info;
    cr_assert_eq(waitid(P_PID, (id_t)pid, &info, WEXITED | (is_reaped ? 0 : WNOWAIT)), 0);
    *pid_out = pid;
    return g_strdup(name);
}

Test(tenure, knows_the_living)
{
    g_autofree char *me = tenure_process();
    g_autofree char *again = tenure_process();
    cr_expect_str_eq(me, again, "a process has one name");
    cr_expect_not(tenure_is_dead(me));
}

Test(tenure, knows_the_dead_of_this_machine)
{
    pid_t pid = 0;
    g_autofree char *reaped = name_of_dead(true, &pid);
    cr_expect(tenure_is_dead(reaped), "%s", reaped);
    g_autofree char *zombie = name_of_dead(false, &pid);
    cr_expect(tenure_is_dead(zombie), "%s", zombie);
    waitpid(pid, NULL, 0);
}

Test(tenure, sees_that_a_pid_was_given_to_another)
{
    g_autofree char *earlier = name_with(4, "1");
    cr_expect(tenure_is_dead(earlier));
}

Test(tenure, leaves_alone_what_it_cannot_see)
{
    static const struct {
        size_t part;
        const char *value;
    } ELSEWHERE[] = {
        {0, "another.host"}, {1, "00000000-0000-0000-0000-000000000000"},
        {2, "pid:[1]"},      {3, "x"},
        {3, "-5"},           {3, "99999999999"},
    };
    pid_t pid = 0;
    g_autofree char *dead = name_of_dead(true, &pid);
    g_auto(GStrv) parts = g_strsplit(dead, "/", -1);
    for (size_t i = 0; i < G_N_ELEMENTS(ELSEWHERE); i++) {
        g_auto(GStrv) copy = g_strdupv(parts);
        g_free(copy[ELSEWHERE[i].part]);
        copy[ELSEWHERE[i].part] = g_strdup(ELSEWHERE[i].value);
        g_autofree char *name = g_strjoinv("/", copy);
        cr_expect_not(tenure_is_dead(name), "%s", name);
    }
    cr_expect_not(tenure_is_dead(""));
    cr_expect_not(tenure_is_dead("desk intake 0 12 abcdef"));
}
