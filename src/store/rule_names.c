/* rule_names - the words of rules that only the desk knows
 *
 * A rule that assigns to a group which there is not would fail each time it fires, and nobody would look. So the
 * checker asks for what the desk has at that moment, and refuses the rule with the nearest name there is.
 *
 * People are named by any of their addresses, as they are written to.
 * I/O: the caller's transaction.
 */
#include "store/rule_names.h"

static const struct statement GROUPS = {"rule_names_groups",
                                        "SELECT name FROM technician_group ORDER BY lower(name)"};
static const struct statement PEOPLE = {
    "rule_names_people", "SELECT a.address FROM person p JOIN person_address a ON a.person = p.id"
                         " WHERE p.is_technician AND NOT p.is_disabled ORDER BY a.address_key"};

void rule_names_store_queue(struct tx *tx, struct rows **groups_out, struct rows **people_out)
{
    tx_queue(tx, &GROUPS, NULL, groups_out);
    tx_queue(tx, &PEOPLE, NULL, people_out);
}
