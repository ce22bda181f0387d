/* filename - names of attachments, made safe
 *
 * A file name in a mail is a hint (RFC 2183 section 2.3), written by somebody who may want it to be a
 * path, a device, or to look like another extension. Nothing of ours ever opens a file under it, but
 * people will save it, so it is made harmless once, here, and the stated one is kept beside it.
 *
 * What looks like a path gives its last component; a "/" within a name ("offer 12/2026.pdf") becomes
 * "_", and so do the characters that Windows refuses. Dots and blanks at either end go, since "..",
 * ".bashrc" and "a.exe. " mean more than they say. Device names get a "_" in front. Pure.
 */
#include "message/filename.h"

#include <stdbool.h>
#include <string.h>

#include <glib.h>

#include "core/limits.h"
#include "core/text.h"

#define STATED_CHARS    LIMIT_HEADER_BYTES
#define EXTENSION_CHARS 16

/* Names for parts that state none. */
static char *name_of_type(const char *type)
{
    static const struct {
        const char *type;
        const char *name;
    } NAMES[] = {
        {"image/jpeg", "image.jpg"},
        {"image/jpg", "image.jpg"},
        {"image/svg+xml", "image.svg"},
        {"video/quicktime", "video.mov"},
        {"video/mp4", "video.mp4"},
        {"audio/mpeg", "audio.mp3"},
        {"audio/wav", "audio.wav"},
        {"audio/x-wav", "audio.wav"},
        {"text/html", "document.html"},
        {"text/plain", "text.txt"},
        {"text/csv", "table.csv"},
        {"text/calendar", "invitation.ics"},
        {"text/vcard", "contact.vcf"},
        {"text/x-vcard", "contact.vcf"},
        {"text/rfc822-headers", "headers.txt"},
        {"message/rfc822", "message.eml"},
        {"message/global", "message.eml"},
        {"message/delivery-status", "delivery-status.txt"},
        {"message/disposition-notification", "disposition-notification.txt"},
        {"message/feedback-report", "feedback-report.txt"},
        {"application/pdf", "document.pdf"},
        {"application/zip", "archive.zip"},
        {"application/ms-tnef", "winmail.dat"},
        {"application/pgp-signature", "signature.asc"},
        {"application/pgp-encrypted", "version.txt"},
        {"application/pkcs7-signature", "smime.p7s"},
        {"application/x-pkcs7-signature", "smime.p7s"},
        {"application/pkcs7-mime", "smime.p7m"},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(NAMES); i++) {
        if (strcmp(type, NAMES[i].type) == 0) {
            return g_strdup(NAMES[i].name);
        }
    }
    if (g_str_has_prefix(type, "image/") && strlen(type) < 12 && strpbrk(type + 6, "-+.") == NULL) {
        return g_strconcat("image.", type + 6, NULL);
    }
    return g_strdup("file");
}

/* The last component, if the name is a path. */
static const char *drop_path(const char *name)
{
    const char *backslash = strrchr(name, '\\');
    bool is_path = name[0] == '/' || name[0] == '.' || backslash != NULL ||
                   (g_ascii_isalpha(name[0]) && name[1] == ':') ||
                   g_str_has_prefix(name, "file://");
    const char *slash = strrchr(name, '/');

    if (!is_path) {
        return name;
    }
    name = backslash != NULL && backslash > slash ? backslash + 1 : name;
    return slash != NULL && slash >= name ? slash + 1 : name;
}

static void drop_edges(char *name)
{
    size_t skip = strspn(name, ". ");
    size_t length = strlen(name + skip);

    memmove(name, name + skip, length + 1);
    while (length > 0 && (name[length - 1] == '.' || name[length - 1] == ' ')) {
        name[--length] = '\0';
    }
}

/* Names that are devices on Windows, whatever extension they have. */
static bool is_device(const char *name)
{
    static const char *const DEVICES[] = {"con", "prn", "aux", "nul", "com", "lpt"};
    size_t length = strcspn(name, ".");

    for (size_t i = 0; i < G_N_ELEMENTS(DEVICES); i++) {
        bool is_numbered = i >= 4;

        if (g_ascii_strncasecmp(name, DEVICES[i], 3) == 0 &&
            (is_numbered ? length == 4 && g_ascii_isdigit(name[3]) : length == 3)) {
            return true;
        }
    }
    return false;
}

/* As many characters as fit in so many bytes, the last of them "…". */
static char *cut_to_bytes(const char *text, size_t most)
{
    for (size_t chars = most; chars > 0; chars--) {
        g_autofree char *cut = text_cut(text, chars, NULL);

        if (strlen(cut) <= most) {
            return g_steal_pointer(&cut);
        }
    }
    return g_strdup("");
}

/* At most LIMIT_FILE_NAME_BYTES, cut in front of the extension. */
static char *shorten(const char *name)
{
    const char *dot = strrchr(name, '.');

    if (strlen(name) <= LIMIT_FILE_NAME_BYTES) {
        return g_strdup(name);
    }
    if (dot == NULL || text_chars(dot) > EXTENSION_CHARS) {
        return cut_to_bytes(name, LIMIT_FILE_NAME_BYTES);
    }

    g_autofree char *stem = g_strndup(name, (gsize)(dot - name));
    g_autofree char *cut = cut_to_bytes(stem, LIMIT_FILE_NAME_BYTES - strlen(dot));

    return g_strconcat(cut, dot, NULL);
}

char *filename_safe(const char *stated, const char *type)
{
    g_autofree char *line = text_one_line(stated == NULL ? "" : stated, STATED_CHARS);
    g_autofree char *name = g_strdup(drop_path(line));

    g_strdelimit(name, "/\\<>:\"|?*", '_');
    drop_edges(name);
    if (*name == '\0') {
        return name_of_type(type);
    }
    if (is_device(name)) {
        g_autofree char *marked = g_strconcat("_", name, NULL);

        return shorten(marked);
    }
    return shorten(name);
}
