// Whole files.
#pragma once

#include "proto/base/buf.h"
#include "proto/base/err.h"

// Appends the whole file to `out`. 0 or negative errno with err; -EFBIG when it does not fit into
// the buffer's limit.
int file_read(struct buf *out, const char *path, struct err *err);

// Puts the content in the place of the file, or of nothing: a temporary beside it, made durable,
// then renamed, so that there is the old content or the new at any time, after a power cut too.
// Readable by all that the umask lets. 0 or negative errno with err.
int file_replace(const char *path, struct slice content, struct err *err);

// Makes the folders above the file that are missing, 0777 but for the umask. 0 or negative errno
// with err.
int file_make_folders(const char *path, struct err *err);
