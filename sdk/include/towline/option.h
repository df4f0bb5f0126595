/* Options: one row says all about a configuration key; the configuration is read through them.
 * Parsing, defaults, unknown-key errors, help, forms and documentation come from these rows. */
#ifndef TOWLINE_OPTION_H
#define TOWLINE_OPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "towline/error.h"

#ifdef __cplusplus
extern "C" {
#endif

enum tl_option_kind {
    TL_OPTION_TEXT,
    TL_OPTION_INTEGER, /* min to max */
    TL_OPTION_SECONDS, /* a number of seconds, fractions allowed; "none" for no limit */
    TL_OPTION_BOOLEAN,
    TL_OPTION_CHOICE,  /* one of choices */
    TL_OPTION_LIST,    /* texts: a JSON array, or one text with commas (see BLANKS) */
    TL_OPTION_COLUMNS, /* an object: column name -> type, as tl_column_set_type takes it, or an
                          object of type, precision and scale */
    TL_OPTION_MAP,     /* an object: any name -> text */
    TL_OPTION_JSON,    /* a text, or an object or array that stands for its JSON text */
    TL_OPTION_OBJECTS, /* an array of objects, or of one, each by `fields` */
    TL_OPTION_ALIASES  /* an object of other names for options at the top level, as some
                          platform's users know them. Its member of the row's own name is one of
                          `choices`, each of which has those of the `fields` that name it */
};

enum tl_option_flag {
    TL_OPTION_SECRET = 1, /* masked wherever it could be shown */
    TL_OPTION_REQUIRED = 2,
    TL_OPTION_MULTILINE = 4,  /* keys and the like, for forms */
    TL_OPTION_ADVANCED = 8,   /* forms show it last */
    TL_OPTION_SHORTHAND = 16, /* OBJECTS: a text is the first field's value of one of them;
                                 several have commas between */
    TL_OPTION_IN_FILE = 32,   /* with SHORTHAND: one text alone is the path of a file of such
                                 texts, each on a line; # begins a comment */
    TL_OPTION_TRY = 64,       /* init tries the connection with this answer and those before */
    TL_OPTION_LOCAL = 128,    /* names something of the machine that runs the program, such as a
                                 file: a platform's form leaves it out */
    TL_OPTION_ONE = 256,      /* OBJECTS: one object, no array */

    /* A platform's form that shows it has it filled in: what stands for it otherwise is a thing
     * of the machine that runs the program. */
    TL_OPTION_ASKED = 512,

    /* Its default, written out, asks for more than where it is left out: forms propose none. */
    TL_OPTION_UNSAID = 1024,

    TL_OPTION_BLANKS = 2048, /* LIST: one text has blanks between, no commas */
    TL_OPTION_EMPTY = 4096   /* TEXT: an empty one is a value, not one that was left out */
};

/* A table of these ends with a row whose name is NULL. */
struct tl_option {
    const char *name;
    const char *alias; /* a second name that users know it by; NULL for none */
    enum tl_option_kind kind;
    const char *fallback; /* the default, in the form a user would write it; NULL for none */
    const char *help;     /* one sentence without a full stop */
    unsigned flags;
    const char *unless;             /* REQUIRED: but not if this option is given; or is one of
                                       these, "format=singer|airbyte" */
    const char *choices;            /* CHOICE: "strict|accept-new|relaxed" */
    int64_t min, max;               /* INTEGER and SECONDS */
    const struct tl_option *fields; /* OBJECTS, ALIASES */

    /* A field of ALIASES: kind, default and so on are those of the option it stands for. */
    const char *stands_for;
    const char *only_for; /* the choices that have it: "KEY|PASSWORD" */

    const char *ask; /* what init asks for it; NULL: it does not */

    /* For forms. */
    const char *label;   /* what stands before its field; NULL: made from the name */
    const char *example; /* shown in an empty field; or NULL */
    const char *when;    /* "option=choice|choice": shown with those alone; NULL: always */
    const char *upload;  /* a file to be uploaded, of these types: ".pem|.key"; or NULL */

    /* For the options of commands only: another way to give it, 'L' for -L (0: none), and what
     * stands for its value in help, "FILE" (NULL: a word for its kind). */
    char letter;
    const char *value;
};

/* A configuration that has been read and checked against its options, so that looking a value
 * up cannot fail: asking for a name that is no option is a bug and gives the zero of its kind.
 * Everything given out is borrowed from the configuration. */
struct tl_config;

/* The text of a TEXT, CHOICE or JSON option, of a number or BOOLEAN as it was written, or of a
 * key that a {{config.NAME}} placeholder names; NULL when neither it nor a default was given.
 * An empty text counts as not given, but for TL_OPTION_EMPTY. */
const char *tl_config_text(const struct tl_config *config, const char *name);
int64_t tl_config_integer(const struct tl_config *config, const char *name);
bool tl_config_boolean(const struct tl_config *config, const char *name);

/* Whether the value was given, and is not the default. */
bool tl_config_given(const struct tl_config *config, const char *name);

/* Milliseconds of a SECONDS option; -1 for "none". */
int64_t tl_config_ms(const struct tl_config *config, const char *name);

/* The texts of a LIST, NULL-terminated; NULL when not given. */
const char *const *tl_config_list(const struct tl_config *config, const char *name);

/* The objects of an OBJECTS option. Where the option was not given but keys of its fields stand
 * at the top level, these make one object. */
size_t tl_config_count(const struct tl_config *config, const char *name);
const struct tl_config *tl_config_item(const struct tl_config *config, const char *name,
                                       size_t index);

/* The pairs of a COLUMNS or MAP option, in order: a name and its type as text, or its text;
 * false past the end. */
bool tl_config_pair(const struct tl_config *config, const char *name, size_t index,
                    const char **key, const char **text);

#ifdef __cplusplus
}
#endif
#endif
