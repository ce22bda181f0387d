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

static const struct statement STATUSES = {"rule_names_statuses",
                                          "SELECT name FROM ticket_status ORDER BY name"};
static const struct statement FIELDS = {
    "rule_names_fields",
    "SELECT name, kind, choices FROM field WHERE kind <> 'built-in' ORDER BY name"};

void rule_name_rows_clear(struct rule_name_rows *rows)
{
    g_clear_pointer(&rows->groups, rows_free);
    g_clear_pointer(&rows->people, rows_free);
    g_clear_pointer(&rows->statuses, rows_free);
    g_clear_pointer(&rows->fields, rows_free);
}

void rule_names_store_queue(struct tx *tx, struct rule_name_rows *rows_out)
{
    tx_queue(tx, &GROUPS, NULL, &rows_out->groups);
    tx_queue(tx, &PEOPLE, NULL, &rows_out->people);
    tx_queue(tx, &STATUSES, NULL, &rows_out->statuses);
    tx_queue(tx, &FIELDS, NULL, &rows_out->fields);
}
