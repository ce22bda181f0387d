/* yardstick - what gmime alone does with the bench's mails on one core
 *
 * Absolute rates on shared machines move by a factor of two within an hour. So the bench measures, in the
 * same run, a piece of work that never changes: parse each mail from memory, decode its subject and its
 * sender, and decode the content of every part. Figures of other machines and days are compared as
 * ratios to this one.
 *
 *     yardstick SECONDS FILE…      prints mails a second
 *
 * It uses nothing of postdesk, on purpose: a change of ours must not move it.
 */
#include <stdio.h>
#include <stdlib.h>

#include <gmime/gmime.h>

static void decode_part(GMimeObject *parent, GMimeObject *part, gpointer user_data)
{
    GMimeStream *sink = user_data;

    (void)parent;
    if (GMIME_IS_PART(part)) {
        GMimeDataWrapper *content = g_mime_part_get_content((GMimePart *)part);

        if (content != NULL) {
            g_mime_data_wrapper_write_to_stream(content, sink);
        }
    }
}

static void read_mail(const char *bytes, gsize length)
{
    GMimeStream *stream = g_mime_stream_mem_new_with_buffer(bytes, length);
    GMimeParser *parser = g_mime_parser_new_with_stream(stream);
    GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
    GMimeStream *sink = g_mime_stream_null_new();

    if (message == NULL) {
        fputs("yardstick: a mail could not be parsed\n", stderr);
        abort();
    }
    (void)g_mime_message_get_subject(message);
    (void)internet_address_list_length(g_mime_message_get_from(message));
    g_mime_message_foreach(message, decode_part, sink);
    g_object_unref(sink);
    g_object_unref(message);
    g_object_unref(parser);
    g_object_unref(stream);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fputs("usage: yardstick SECONDS FILE...\n", stderr);
        return 64;
    }
    g_mime_init();

    int count = argc - 2;
    g_autofree char **mails = g_new(char *, (gsize)count);
    g_autofree gsize *lengths = g_new(gsize, (gsize)count);

    for (int i = 0; i < count; i++) {
        if (!g_file_get_contents(argv[i + 2], &mails[i], &lengths[i], NULL)) {
            fprintf(stderr, "yardstick: cannot read %s\n", argv[i + 2]);
            return 66;
        }
    }

    gint64 span = (gint64)(g_ascii_strtod(argv[1], NULL) * G_USEC_PER_SEC);
    gint64 begun = g_get_monotonic_time();
    gint64 now = begun;
    gint64 done = 0;

    while (now - begun < span) {
        for (int i = 0; i < count; i++) {
            read_mail(mails[i], lengths[i]);
        }
        done += count;
        now = g_get_monotonic_time();
    }
    printf("%.0f\n", (double)done * G_USEC_PER_SEC / (double)(now - begun));
    for (int i = 0; i < count; i++) {
        g_free(mails[i]);
    }
    return 0;
}
