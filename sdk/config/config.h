/* Reading a configuration by its option tables; the accessors are in towline/option.h. */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include "towline/option.h"

struct buf;

/* A configuration, and each file that it names, may have this many bytes. */
enum { CONFIG_MAX_BYTES = 16 * 1024 * 1024 };

/* Reads JSON text: an object, whose values may be strings throughout, {"env": NAME}, or
 * {"file": PATH} (from the working directory; ~/ is the home; one newline at its end is
 * dropped). A byte order mark is skipped, and so is a key that begins with //. `tables` are
 * option tables to be taken together, NULL-terminated; they are borrowed by *out. A key that is
 * in none of them fails naming the nearest one, unless a {{config.KEY}} placeholder in the
 * document uses it: then it is a secret text. Secrets are registered with the log.
 * TL_CONFIGURATION on any fault, naming key and reason. */
TL_NODISCARD enum tl_status config_parse(const char *json, size_t size,
                                         const struct tl_option *const *tables,
                                         struct tl_config **out, struct tl_error *err);

/* The same, but no option counts as required. Options named in `unread` (NULL-terminated, or
 * NULL) are left out: what they name elsewhere need not be there. So are then the keys that
 * only placeholders name. */
TL_NODISCARD enum tl_status config_parse_part(const char *json, size_t size,
                                              const struct tl_option *const *tables,
                                              const char *const *unread, struct tl_config **out,
                                              struct tl_error *err);

/* An option and its value as they stand on a command line; borrowed. */
struct config_word {
    const char *name;
    const char *value;
};

/* Makes a configuration from words whose names are in the tables. Of an option given twice the
 * last counts; a LIST has one element for each. TL_USAGE naming "--name" and what would be
 * right, also where a required option is missing; *out is then what was read so far, NULL only
 * when memory ran out. */
TL_NODISCARD enum tl_status config_from_words(const struct tl_option *const *tables,
                                              const struct config_word *words, size_t n_words,
                                              struct tl_config **out, struct tl_error *err);

/* Wipes and frees. NULL is fine. */
void config_free(struct tl_config *config);

/* Whether a secret stands in the configuration itself, not in a file or variable it names. */
bool config_holds_secret(const struct tl_config *config);

/* Appends a whole file or pipe to *out; /dev/stdin and /dev/fd/N are taken by their number,
 * because a process that may not be dumped cannot open them. TL_CONFIGURATION, naming the path,
 * if it cannot be read, holds a NUL, or does not fit. *open_to_others, which may be NULL, tells
 * whether group or others may read a regular file. */
TL_NODISCARD enum tl_status config_read_file(const char *path, struct buf *out,
                                             bool *open_to_others, struct tl_error *err);

/* The same for a file that the command line names: - is standard input. *out was empty; a byte
 * order mark is dropped. */
TL_NODISCARD enum tl_status config_read_argument(const char *path, struct buf *out,
                                                 struct tl_error *err);

/* The name in `names` (NULL-terminated) nearest to `word`, or NULL when none is near: for "did
 * you mean". */
const char *config_nearest(const char *word, const char *const *names);

/* The runtime's own options: first the destination, then those that every run has. */
extern const struct tl_option config_runtime_options[];

#endif
