/* What a recipient gets of a file that travels with a notice. Pure. */
#ifndef GATEWAY_NOTICE_FILE_H
#define GATEWAY_NOTICE_FILE_H

#include <glib.h>

#include "store/outbound_due.h"

/* Its content, loaded before; in texts and mails no token of ours is readable any more. As long as it was. */
GBytes *notice_file_content(const struct due_attachment *file);

#endif
