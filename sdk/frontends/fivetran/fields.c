/* The form in which the platform's users fill in the configuration.
 *
 * Each option is a field; those that only matter for one choice of another option are shown
 * with that choice alone (option.when). What names a thing of the machine that runs the program
 * is left out (TL_OPTION_LOCAL), and so is what may be given instead of a required option: the
 * platform holds users to fields that are required, not to one of two. */
#include "frontends/fivetran/fields.h"

#include <stdio.h>
#include <string.h>

#include "frontends/fivetran/proto.h"
#include "frontends/platform/form.h"
#include "frontends/platform/platform.h"

enum { UPLOAD_BYTES = 1 << 20, LABEL_BYTES = 96, DESCRIPTION_BYTES = 4096 };

/* The parts of "a|b|c", as a field that is repeated. */
static void append_parts(struct buf *out, unsigned field, const char *parts)
{
    for (;; parts++) {
        size_t length = strcspn(parts, "|");
        proto_text(out, field, parts, length);
        parts += length;
        if (*parts == '\0')
            return;
    }
}

/* Whether `when`, "option=a|b", is about the option, and then about that choice of it. */
static bool is_shown_for(const char *when, const struct tl_option *option, const char *choice,
                         size_t size)
{
    size_t length = strlen(option->name);

    if (when == NULL || strncmp(when, option->name, length) != 0 || when[length] != '=')
        return false;
    if (choice == NULL)
        return true;
    for (const char *at = when + length + 1;; at += length + 1) {
        length = strcspn(at, "|");
        if (length == size && memcmp(at, choice, size) == 0)
            return true;
        if (at[length] == '\0')
            return false;
    }
}

/* Where fields depend on an option, a choice that shows none of them leaves nothing to fill in:
 * it is not offered. */
static bool is_offered(const struct tl_option *table, const struct tl_option *option,
                       const char *choice, size_t size)
{
    bool decides = false;

    for (; table->name != NULL; table++) {
        decides = decides || is_shown_for(table->when, option, NULL, 0);
        if (is_shown_for(table->when, option, choice, size))
            return true;
    }
    return !decides;
}

/* The choices that are offered. */
static void append_choices(const struct tl_option *table, const struct tl_option *option,
                           struct buf *out)
{
    size_t length;

    for (const char *choice = option->choices; *choice != '\0';
         choice += length + (choice[length] == '|')) {
        length = strcspn(choice, "|");
        if (is_offered(table, option, choice, length))
            proto_text(out, DROPDOWN_VALUES, choice, length);
    }
}

static void append_kind(const struct tl_option *table, const struct tl_option *option,
                        struct buf *out)
{
    size_t begun;

    if (option->upload != NULL) {
        begun = proto_begin(out, FIELD_UPLOAD);
        append_parts(out, UPLOAD_TYPES, option->upload);
        proto_number(out, UPLOAD_MAX_BYTES, UPLOAD_BYTES);
        proto_end(out, begun);
    } else if (option->kind == TL_OPTION_CHOICE) {
        begun = proto_begin(out, FIELD_DROPDOWN);
        append_choices(table, option, out);
        proto_end(out, begun);
    } else if (option->kind == TL_OPTION_BOOLEAN && (option->flags & TL_OPTION_UNSAID) != 0) {
        begun = proto_begin(out, FIELD_DROPDOWN); /* a toggle cannot be left out */
        append_parts(out, DROPDOWN_VALUES, "true|false");
        proto_end(out, begun);
    } else if (option->kind == TL_OPTION_BOOLEAN) {
        proto_end(out, proto_begin(out, FIELD_TOGGLE));
    } else {
        bool secret = (option->flags & TL_OPTION_SECRET) != 0;
        proto_number_always(out, FIELD_TEXT, secret ? TEXT_PASSWORD : TEXT_PLAIN);
    }
}

/* The proposed value, or NULL. A default that is not offered gives way to the first choice. */
static const char *proposal(const struct tl_option *table, const struct tl_option *option,
                            char out[LABEL_BYTES])
{
    if ((option->flags & TL_OPTION_UNSAID) != 0)
        return NULL;
    if (option->kind != TL_OPTION_CHOICE || option->fallback == NULL ||
        is_offered(table, option, option->fallback, strlen(option->fallback)))
        return option->fallback;
    (void)snprintf(out, LABEL_BYTES, "%.*s", (int)strcspn(option->choices, "|"),
                   option->choices);
    return out;
}

static void append_label(struct buf *out, const struct tl_option *option)
{
    struct buf label = BUF_INIT(LABEL_BYTES);

    if (option->label != NULL)
        buf_append_string(&label, option->label);
    else
        form_append_title(&label, option->name);
    if (option->kind == TL_OPTION_SECONDS)
        buf_append_string(&label, " (seconds)");
    proto_text_always(out, FIELD_LABEL, buf_text(&label));
    buf_free(&label);
}

/* The platform takes no file whose name ends otherwise, and keys often have no ending. */
static void append_description(struct buf *out, const struct tl_option *option)
{
    struct buf text = BUF_INIT(DESCRIPTION_BYTES);

    form_append_sentence(&text, option);
    if (option->upload != NULL)
        buf_append_string(&text, " Rename the file if its name has none of these endings:");
    for (const char *at = option->upload; at != NULL && *at != '\0'; at += *at == '|') {
        size_t length = strcspn(at, "|");
        buf_printf(&text, " %.*s%s", (int)length, at, at[length] == '\0' ? "." : ",");
        at += length;
    }
    proto_text_always(out, FIELD_DESCRIPTION, buf_text(&text));
    buf_free(&text);
}

static void append_field(const struct tl_option *table, const struct tl_option *option,
                         unsigned field, struct buf *out)
{
    char first[LABEL_BYTES];
    const char *proposed = proposal(table, option, first);
    size_t begun = proto_begin(out, field);

    proto_text_always(out, FIELD_NAME, option->name);
    append_label(out, option);
    proto_number_always(out, FIELD_REQUIRED,
                        (option->flags & (TL_OPTION_REQUIRED | TL_OPTION_ASKED)) != 0);
    append_description(out, option);
    append_kind(table, option, out);
    if (proposed != NULL)
        proto_text_always(out, FIELD_DEFAULT, proposed);
    if (option->example != NULL)
        proto_text_always(out, FIELD_PLACEHOLDER, option->example);
    proto_end(out, begun);
}

static bool is_in_form(const struct tl_option *table, const struct tl_option *option)
{
    for (; table->name != NULL; table++)
        if (table->unless != NULL && strcmp(table->unless, option->name) == 0)
            return false;
    return (option->flags & TL_OPTION_LOCAL) == 0 && option->kind != TL_OPTION_ALIASES;
}

/* The fields that are shown with one choice of the option; none: no bytes. */
static void append_conditional(const struct tl_option *table, const struct tl_option *option,
                               const char *choice, size_t size, struct buf *out)
{
    size_t before = out->size, begun = proto_begin(out, FORM_FIELDS), fields, condition;
    char name[LABEL_BYTES];
    size_t empty;

    (void)snprintf(name, sizeof(name), "%s_%.*s", option->name, (int)size, choice);
    proto_text_always(out, FIELD_NAME, name);
    proto_text_always(out, FIELD_LABEL, name);
    fields = proto_begin(out, FIELD_CONDITIONAL);
    condition = proto_begin(out, CONDITIONAL_CONDITION);
    proto_text_always(out, CONDITION_FIELD, option->name);
    if (option->kind == TL_OPTION_BOOLEAN) {
        proto_number_always(out, CONDITION_BOOL, size == 4);
    } else {
        size_t value = proto_begin(out, CONDITION_STRING);
        buf_append(out, choice, size);
        proto_end(out, value);
    }
    proto_end(out, condition);
    empty = out->size;
    for (const struct tl_option *row = table; row->name != NULL; row++)
        if (is_in_form(table, row) && is_shown_for(row->when, option, choice, size))
            append_field(table, row, CONDITIONAL_FIELDS, out);
    if (out->size == empty) {
        out->size = before;
        return;
    }
    proto_end(out, fields);
    proto_end(out, begun);
}

/* The option, and behind it what is shown for each of its choices. */
static void append_option(const struct tl_option *table, const struct tl_option *option,
                          struct buf *out)
{
    const char *choice = option->kind == TL_OPTION_CHOICE ? option->choices : "true|false";

    append_field(table, option, FORM_FIELDS, out);
    if (option->kind != TL_OPTION_CHOICE && option->kind != TL_OPTION_BOOLEAN)
        return;
    for (;; choice++) {
        size_t length = strcspn(choice, "|");
        append_conditional(table, option, choice, length, out);
        choice += length;
        if (*choice == '\0')
            return;
    }
}

static void append_options(const struct tl_option *table, bool advanced, struct buf *out)
{
    for (const struct tl_option *row = table; row->name != NULL; row++)
        if (is_in_form(table, row) && row->when == NULL &&
            ((row->flags & TL_OPTION_ADVANCED) != 0) == advanced)
            append_option(table, row, out);
}

static void append_test(struct buf *out, const char *name)
{
    struct buf label = BUF_INIT(LABEL_BYTES);
    size_t begun = proto_begin(out, FORM_TESTS);

    form_append_title(&label, name);

    proto_text_always(out, SETUP_TEST_NAME, name);
    proto_text_always(out, SETUP_TEST_LABEL, buf_text(&label));
    proto_end(out, begun);
    buf_free(&label);
}

void fields_append(const struct tl_connector *connector, struct buf *out)
{
    proto_number(out, FORM_TABLE_SELECTION, true);
    append_options(connector->options, false, out);
    append_options(connector->options, true, out);
    append_options(platform_runtime_options(), false, out);
    append_test(out, FORM_TEST_CONFIGURATION);
    for (const char *const *step = connector->steps; step != NULL && *step != NULL; step++)
        append_test(out, *step);
    append_test(out, FORM_TEST_STREAMS);
}
