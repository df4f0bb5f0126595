/* Requests of the platform, as what the runtime wants of them. */
#include "frontends/fivetran/requests.h"

#include <pthread.h>
#include <string.h>

#include "base/base64.h"
#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "config/config.h"

enum { MAX_ENTRIES = 1000 };

static const struct tl_option *find_option(const struct tl_connector *connector,
                                           const char *name)
{
    const struct tl_option *option = connector->options;

    while (option->name != NULL && strcmp(option->name, name) != 0)
        option++;
    return option->name != NULL ? option : NULL;
}

/* The text of an uploaded file; what is not base64 of a text stays as it is. */
static void append_value(struct buf *json, const struct tl_option *option, const char *value)
{
    struct buf file = BUF_INIT(CONFIG_MAX_BYTES);

    if (option != NULL && option->upload != NULL &&
        base64_decode_wrapped(&file, value, strlen(value)) && !file.failed && file.size > 0 &&
        memchr(file.data, '\0', file.size) == NULL &&
        text_valid_utf8(file.data, file.size) == file.size)
        text_append_json(json, file.data, file.size);
    else
        text_append_json(json, value, strlen(value));
    buf_wipe(&file);
}

static bool comes_again(Fivetran__Text **entries, size_t n_entries, size_t index)
{
    for (size_t i = index + 1; i < n_entries; i++)
        if (strcmp(entries[i]->key, entries[index]->key) == 0)
            return true;
    return false;
}

static bool is_utf8(const char *text)
{
    size_t size = strlen(text);
    return text_valid_utf8(text, size) == size;
}

/* The map as the JSON object that a configuration is elsewhere. */
static enum tl_status append_json(struct buf *json, Fivetran__Text **entries, size_t n_entries,
                                  const struct tl_connector *connector, struct tl_error *err)
{
    if (n_entries > MAX_ENTRIES)
        return tl_fail(err, TL_CONFIGURATION, "the configuration has more than %d keys",
                       MAX_ENTRIES);
    buf_append_char(json, '{');
    for (size_t i = 0; i < n_entries; i++) {
        const char *key = entries[i]->key, *value = entries[i]->value;
        if (!is_utf8(key) || !is_utf8(value))
            return tl_fail(err, TL_CONFIGURATION, "the configuration is not UTF-8");
        if (*value == '\0' || comes_again(entries, n_entries, i))
            continue;
        if (json->size > 1)
            buf_append_char(json, ',');
        text_append_json(json, key, strlen(key));
        buf_append_char(json, ':');
        append_value(json, find_option(connector, key), value);
    }
    buf_append_char(json, '}');
    return buf_check(json, "the configuration", err);
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
    do
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211); /* FNV-1a */
    while (*text++ != '\0');
    return hash;
}

/* Maps come in any order. */
static uint64_t fingerprint_of(Fivetran__Text **entries, size_t n_entries)
{
    uint64_t sum = 0;

    for (size_t i = 0; i < n_entries; i++)
        if (*entries[i]->value != '\0')
            sum += hash_text(hash_text(UINT64_C(14695981039346656037), entries[i]->key),
                             entries[i]->value);
    return sum;
}

/* The log keeps a bounded number of secrets, and the server many calls: once no call is under
 * way that has some, it keeps none. */
static pthread_mutex_t open_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned n_open;

static void order_open(struct order *order)
{
    pthread_mutex_lock(&open_lock);
    order->open = true;
    n_open++;
    pthread_mutex_unlock(&open_lock);
}

static void order_close(struct order *order)
{
    pthread_mutex_lock(&open_lock);
    if (order->open && --n_open == 0)
        log_forget_secrets();
    order->open = false;
    pthread_mutex_unlock(&open_lock);
}

enum tl_status order_init(struct order *order, Fivetran__Text **entries, size_t n_entries,
                          const struct tl_connector *connector, struct tl_error *err)
{
    const struct tl_option *const tables[] = {connector->options, config_runtime_options, NULL};
    struct buf json = BUF_INIT(CONFIG_MAX_BYTES);
    enum tl_status status = append_json(&json, entries, n_entries, connector, err);

    *order = (struct order){.fingerprint = fingerprint_of(entries, n_entries)};
    order_open(order);
    if (status == TL_OK)
        status = config_parse(buf_text(&json), json.size, tables, &order->config, err);
    buf_wipe(&json);
    return status;
}

void order_reset(struct order *order)
{
    config_free(order->config);
    order_close(order);
    *order = (struct order){0};
}

static enum tl_status add_table(const Fivetran__TableSelection *table, struct selection *out,
                                struct tl_error *err)
{
    struct selection_table *added;

    if (selection_add_table(out, table->table_name, table->included, &added, err) != TL_OK)
        return err->status;
    added->new_columns = table->include_new_columns;
    for (size_t i = 0; i < table->n_columns; i++) {
        const struct selection_column column = {.name = table->columns[i]->key,
                                                .selected = table->columns[i]->value};
        if (selection_add_column(added, &column, err) != TL_OK)
            return err->status;
    }
    return TL_OK;
}

enum tl_status order_selection(const Fivetran__Selection *selection, struct selection *out,
                               struct tl_error *err)
{
    const Fivetran__TablesWithNoSchema *tables;

    *out = SELECT_ALL;
    if (selection == NULL ||
        selection->selection_case == FIVETRAN__SELECTION__SELECTION__NOT_SET)
        return TL_OK;
    if (selection->selection_case == FIVETRAN__SELECTION__SELECTION_WITH_SCHEMA) {
        (void)tl_fail(err, TL_CONFIGURATION, "the selection names schemas, and there are none");
        return tl_remedy(err, "Load the schema again and select tables");
    }
    tables = selection->without_schema;
    out->new_tables = tables->include_new_tables;
    for (size_t i = 0; i < tables->n_tables; i++)
        if (add_table(tables->tables[i], out, err) != TL_OK)
            return err->status;
    return TL_OK;
}

void order_append_error(struct buf *out, const struct tl_error *err)
{
    struct buf masked = BUF_INIT(65536);
    char plain[ERROR_TEXT_SIZE];

    (void)error_text(err, plain);
    log_append_masked(&masked, plain, strlen(plain));
    text_append_safe(out, buf_text(&masked), masked.size);
    buf_free(&masked);
}

static enum grpc_code code_of(const struct tl_error *err)
{
    switch (err->status) {
    case TL_USAGE:
    case TL_CONFIGURATION:
        return GRPC_INVALID_ARGUMENT;
    case TL_AUTHENTICATION:
    case TL_KEY:
        return GRPC_UNAUTHENTICATED;
    case TL_INTERRUPTED:
    case TL_TERMINATED:
        return GRPC_CANCELLED;
    case TL_MEMORY:
        return GRPC_RESOURCE_EXHAUSTED;
    default:
        break;
    }
    if (tl_status_is_transient(err->status))
        return GRPC_UNAVAILABLE;
    return tl_status_actor(err->status) == TL_ACTOR_USER ? GRPC_FAILED_PRECONDITION
                                                         : GRPC_INTERNAL;
}

void order_log_failure(enum tl_log_level level, const char *stream, const struct tl_error *err)
{
    if (err->status == TL_DATA || err->status == TL_COMMAND)
        tl_log(level, "stream %s: %s", stream, tl_status_text(err->status));
    else
        tl_log(level, "%s", err->message);
}

void order_fail(struct grpc_call *call, const struct tl_error *err)
{
    struct buf text = BUF_INIT(1 << 20);

    order_append_error(&text, err);
    grpc_call_end(call, code_of(err), buf_text(&text));
    buf_free(&text);
}
