/* parse-one - the facts of mails as JSON, one line a file
 *
 *     parse-one FILE…
 *
 * For the score of the parser and for a look at a single mail. Each mail is parsed in this process, and
 * its facts go through the pipe's form and back as they do in the daemon, so that a mail whose facts the
 * intake would refuse shows here ("error"). Prints what it cannot parse as an error, too; the exit
 * code is 1 only if a file cannot be read.
 */
#include <fcntl.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include <glib.h>

#include "message/facts.h"
#include "message/parse.h"

static json_t *texts(const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++) {
        json_array_append_new(array, json_string(g_ptr_array_index(list, i)));
    }
    return array;
}

static json_t *addresses(const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++) {
        const struct address *address = g_ptr_array_index(list, i);

        json_array_append_new(array, json_pack("{s:s, s:s}", "address", address->address, "name",
                                               address->name));
    }
    return array;
}

static json_t *attachments(const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++) {
        const struct attachment *file = g_ptr_array_index(list, i);

        json_array_append_new(array, json_pack("{s:s, s:s, s:s, s:s, s:b, s:I}", "name", file->name,
                                               "stated_name", file->stated_name, "type", file->type,
                                               "content_id", file->content_id, "is_inline",
                                               file->is_inline, "bytes", (json_int_t)file->bytes));
    }
    return array;
}

static json_t *bounces(const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++) {
        const struct bounce *bounce = g_ptr_array_index(list, i);

        json_array_append_new(array,
                              json_pack("{s:s, s:s, s:s, s:s}", "recipient", bounce->recipient,
                                        "action", bounce->action, "status", bounce->status,
                                        "diagnostic", bounce->diagnostic));
    }
    return array;
}

static json_t *trace(const GPtrArray *list)
{
    json_t *array = json_array();

    for (guint i = 0; i < list->len; i++) {
        const struct trace_field *field = g_ptr_array_index(list, i);
        bool is_received = field->kind == TRACE_RECEIVED || field->kind == TRACE_HANDOVER;
        const char *kind = is_received                    ? "received"
                           : field->kind == TRACE_AUTHRES ? "authres"
                                                          : "other";

        json_array_append_new(array, json_pack("{s:s, s:s}", "kind", kind, "text", field->text));
    }
    return array;
}

static json_t *to_json(const struct facts *facts)
{
    static const char *const SOURCES[] = {"none", "plain", "html"};
    json_t *object = json_pack(
        "{s:s?, s:o, s:o, s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:s?, s:b, s:s}", "message_id",
        facts->message_id, "in_reply_to", texts(facts->in_reply_to), "references",
        texts(facts->references), "date_us", (json_int_t)facts->date_us, "subject", facts->subject,
        "from_text", facts->from_text, "to", addresses(facts->to), "cc", addresses(facts->cc),
        "reply_to", addresses(facts->reply_to), "delivered_to", texts(facts->delivered_to),
        "return_path", facts->return_path, "is_ambiguous", facts->is_ambiguous, "ambiguity",
        facts->ambiguity);

    json_object_update_new(
        object, json_pack("{s:s, s:s, s:i, s:o, s:s, s:s, s:o, s:i, s:o, s:s?}", "auto_kind",
                          auto_kind_name(facts->auto_kind), "auto_reason", facts->auto_reason,
                          "received_count", (int)facts->received_count, "trace",
                          trace(facts->trace), "text_source", SOURCES[facts->text_source], "text",
                          facts->text, "attachments", attachments(facts->attachments),
                          "attachments_left_out", (int)facts->attachments_left_out, "bounces",
                          bounces(facts->bounces), "bounced_id", facts->bounced_id));
    if (facts->forwarded_from != NULL) {
        json_object_set_new(object, "forwarded_from", json_string(facts->forwarded_from->address));
    }
    if (facts->from != NULL) {
        json_object_set_new(object, "from",
                            json_pack("{s:s, s:s}", "address", facts->from->address, "name",
                                      facts->from->name));
    }
    return object;
}

/* Parse, and send the facts through the form in which they leave the parser. */
static enum status parse(int fd, struct facts **facts_out, struct err *err)
{
    OWNED(facts) facts = NULL;
    enum status status = parse_mail(fd, false, &facts, err);

    if (status != ST_OK) {
        return status;
    }

    g_autoptr(GVariant) value = facts_to_variant(facts);

    status = facts_from_variant(value, facts_out, err);
    return status == ST_OK ? ST_OK : err_wrap(err, "the intake would refuse the facts");
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static bool print_one(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    OWNED(facts) facts = NULL;
    struct err err = {.status = ST_OK};
    json_t *object = NULL;
    double start = cpu_us();

    if (fd < 0) {
        fprintf(stderr, "error: could not open \"%s\"\n", path);
        return false;
    }

    enum status status = parse(fd, &facts, &err);
    double cost = cpu_us() - start;

    object = status == ST_OK ? to_json(facts) : json_pack("{s:s}", "error", err.text);
    if (object != NULL) {
        json_object_set_new(object, "path", json_string(path));
        json_object_set_new(object, "cpu_us", json_real(cost));
        json_dumpf(object, stdout, JSON_COMPACT);
        putchar('\n');
    }
    json_decref(object);
    close(fd);
    return object != NULL;
}

int main(int argc, char **argv)
{
    bool is_ok = true;

    parse_warm_up();
    for (int i = 1; i < argc; i++) {
        is_ok = print_one(argv[i]) && is_ok;
    }
    return is_ok ? 0 : 1;
}
