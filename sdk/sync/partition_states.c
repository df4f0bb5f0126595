/* The state of a stream that has partitions. */
#include "sync/partition_states.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "sync/state.h"

static struct partition_state *find(const struct partition_states *states, const char *name)
{
    for (size_t i = 0; i < states->count; i++)
        if (strcmp(states->items[i].name, name) == 0)
            return &states->items[i];
    return NULL;
}

static enum tl_status add(struct partition_states *states, const char *name, char *json,
                          struct tl_error *err)
{
    struct partition_state *items =
        realloc(states->items, (states->count + 1) * sizeof(*items));
    char *copy = text_copy(name, strlen(name));

    if (items != NULL)
        states->items = items;
    if (items == NULL || copy == NULL) {
        free(copy);
        return tl_fail(err, TL_MEMORY, "out of memory for the states of partitions");
    }
    items[states->count++] = (struct partition_state){.name = copy, .json = json};
    return TL_OK;
}

enum tl_status partition_states_put(struct partition_states *states, const char *name,
                                    const char *json, struct tl_error *err)
{
    struct partition_state *item = find(states, name);
    char *copy = text_copy(json, strlen(json));

    if (copy == NULL)
        return tl_fail(err, TL_MEMORY, "out of memory for the state");
    if (item != NULL) {
        free(item->json);
        item->json = copy;
        return TL_OK;
    }
    if (add(states, name, copy, err) == TL_OK)
        return TL_OK;
    free(copy);
    return err->status;
}

struct loading {
    struct state_visitor visitor;
    struct partition_states *states;
};

static enum tl_status load_member(struct state_visitor *visitor, const char *name,
                                  const char *json, struct tl_error *err)
{
    return partition_states_put(((struct loading *)visitor)->states, name, json, err);
}

enum tl_status partition_states_load(struct partition_states *out, const char *json,
                                     struct tl_error *err)
{
    struct loading loading = {.visitor = {.member = load_member}, .states = out};
    return state_visit(json, &loading.visitor, err);
}

void partition_states_reset(struct partition_states *states)
{
    for (size_t i = 0; i < states->count; i++) {
        free(states->items[i].name);
        free(states->items[i].json);
    }
    free(states->items);
    *states = (struct partition_states){0};
}

const char *partition_states_find(const struct partition_states *states, const char *name)
{
    const struct partition_state *item = find(states, name);
    return item != NULL ? item->json : NULL;
}

static void append_member(struct buf *out, const char *name, const char *json)
{
    if (out->data[out->size - 1] != '{')
        buf_append_char(out, ',');
    text_append_json(out, name, strlen(name));
    buf_append_char(out, ':');
    buf_append_string(out, json);
}

void partition_states_print(const struct partition_states *states, const char *name,
                            const char *json, struct buf *out)
{
    bool known = false;

    buf_append_char(out, '{');
    for (size_t i = 0; i < states->count && !out->failed; i++) {
        bool is_it = strcmp(states->items[i].name, name) == 0;
        append_member(out, states->items[i].name, is_it ? json : states->items[i].json);
        known = known || is_it;
    }
    if (!known && !out->failed)
        append_member(out, name, json);
    buf_append_char(out, '}');
}
