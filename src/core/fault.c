/* fault - places where a test can break postdesk on purpose
 *
 * "No mail is lost, none is filed twice" is only true if it holds at every place where the process can
 * die or a step can fail. So those places have names, and a test asks for the n-th pass of one (or of
 * any) to fail or to be the last thing the process does: for n = 1, 2, … until none fires.
 *
 *     spec  = rule *( "," rule )
 *     rule  = ( NAME / "*" ) ":" ( N / "*" ) ":" ( "fail" / "kill" )
 *
 * Without POSTDESK_FAULT a point is idle and costs one load and one branch. A spec that cannot be read
 * aborts: a typing mistake must not turn a fault test into one that passes.
 * I/O: reads the environment once; kills its own process where asked to.
 */
#include "core/fault.h"

#include <assert.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib.h>

#include "core/err.h"
#include "core/text.h"

enum { MAX_RULES = 16, MAX_NAME = 64 };

/* One wish: the pass-th pass (0: every pass) of name fails or kills. */
struct rule {
    char name[MAX_NAME];
    int64_t pass;
    int64_t seen;
    bool is_kill;
};

static struct rule rules[MAX_RULES];
static size_t rule_count;
static long passes;
static bool is_idle;       /* nobody asked for faults: the fast way out */
static bool is_spec_known; /* the environment was read, or fault_set called */

static bool parse_rule(const char *text, struct rule *rule)
{
    g_auto(GStrv) parts = g_strsplit(text, ":", -1);
    struct err err = {.status = ST_OK};

    if (g_strv_length(parts) != 3 || parts[0][0] == '\0' || strlen(parts[0]) >= MAX_NAME) {
        return false;
    }
    *rule = (struct rule){.is_kill = strcmp(parts[2], "kill") == 0};
    g_strlcpy(rule->name, parts[0], sizeof(rule->name));
    if (strcmp(parts[1], "*") != 0 &&
        text_parse_int64(parts[1], 1, INT64_MAX, &rule->pass, &err) != ST_OK) {
        return false;
    }
    return rule->is_kill || strcmp(parts[2], "fail") == 0;
}

static void parse_spec(const char *spec)
{
    g_auto(GStrv) texts = g_strsplit(spec, ",", -1);

    for (size_t i = 0; texts[i] != NULL; i++) {
        if (rule_count == MAX_RULES || !parse_rule(texts[i], &rules[rule_count])) {
            fprintf(stderr, "fault: cannot read \"%s\", expected NAME:N:fail or NAME:N:kill\n",
                    texts[i]);
            abort();
        }
        rule_count++;
    }
}

void fault_set(const char *spec)
{
    rule_count = 0;
    passes = 0;
    is_spec_known = true;
    is_idle = false;
    if (spec != NULL && spec[0] != '\0') {
        parse_spec(spec);
    }
}

static void read_environment(void)
{
    const char *spec = getenv("POSTDESK_FAULT");

    fault_set(spec);
    is_idle = rule_count == 0;
}

static bool rule_fires(struct rule *rule, const char *name)
{
    if (strcmp(rule->name, "*") != 0 && strcmp(rule->name, name) != 0) {
        return false;
    }
    rule->seen++;
    return rule->pass == 0 || rule->seen == rule->pass;
}

static bool armed_hit(const char *name)
{
    bool is_failing = false;

    if (!is_spec_known) {
        read_environment();
    }
    passes++;
    for (size_t i = 0; i < rule_count; i++) {
        if (!rule_fires(&rules[i], name)) {
            continue;
        }
        if (rules[i].is_kill) {
            kill(getpid(), SIGKILL);
        }
        is_failing = true;
    }
    return is_failing;
}

bool fault_hit(const char *name)
{
    return is_idle ? false : armed_hit(name);
}

long fault_passes(void)
{
    return passes;
}
