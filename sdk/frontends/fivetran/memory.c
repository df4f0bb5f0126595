/* What is remembered between calls with the same configuration. */
#include "frontends/fivetran/memory.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { STEPS_FRESH_MS = 30000 };

void memory_init(struct memory *memory)
{
    *memory = (struct memory){.lock = PTHREAD_MUTEX_INITIALIZER};
}

static void steps_reset(struct memory_steps *steps)
{
    free(steps->steps);
    *steps = (struct memory_steps){0};
}

static void entry_reset(struct memory_entry *entry)
{
    view_reset(&entry->view);
    steps_reset(&entry->steps);
    *entry = (struct memory_entry){0};
}

void memory_reset(struct memory *memory)
{
    for (size_t i = 0; i < MEMORY_CONFIGURATIONS; i++)
        entry_reset(&memory->entries[i]);
}

/* Under the lock. NULL if nothing is remembered of it. */
static struct memory_entry *find(struct memory *memory, uint64_t fingerprint)
{
    for (size_t i = 0; i < MEMORY_CONFIGURATIONS; i++)
        if (memory->entries[i].used_ms != 0 && memory->entries[i].fingerprint == fingerprint)
            return &memory->entries[i];
    return NULL;
}

/* Under the lock. The entry of the configuration, else the one longest unused. */
static struct memory_entry *claim(struct memory *memory, uint64_t fingerprint)
{
    struct memory_entry *entry = find(memory, fingerprint);

    if (entry == NULL) {
        entry = &memory->entries[0];
        for (size_t i = 1; i < MEMORY_CONFIGURATIONS; i++)
            if (memory->entries[i].used_ms < entry->used_ms)
                entry = &memory->entries[i];
        entry_reset(entry);
        entry->fingerprint = fingerprint;
    }
    entry->used_ms = clock_now_ms();
    return entry;
}

enum tl_status memory_recall(struct memory *memory, uint64_t fingerprint, struct view *out,
                             struct tl_error *err)
{
    struct memory_entry *entry;
    enum tl_status status = TL_OK;

    pthread_mutex_lock(&memory->lock);
    entry = find(memory, fingerprint);
    if (entry != NULL)
        status = view_copy(&entry->view, out, err);
    pthread_mutex_unlock(&memory->lock);
    return status;
}

void memory_keep(struct memory *memory, uint64_t fingerprint, struct view *view)
{
    struct memory_entry *entry;

    pthread_mutex_lock(&memory->lock);
    entry = claim(memory, fingerprint);
    view_reset(&entry->view);
    entry->view = *view;
    *view = (struct view){0};
    pthread_mutex_unlock(&memory->lock);
}

void memory_keep_steps(struct memory *memory, uint64_t fingerprint, struct memory_steps *steps)
{
    struct memory_entry *entry;

    pthread_mutex_lock(&memory->lock);
    entry = claim(memory, fingerprint);
    steps_reset(&entry->steps);
    entry->steps = *steps;
    entry->steps.taken_ms = clock_now_ms();
    *steps = (struct memory_steps){0};
    pthread_mutex_unlock(&memory->lock);
}

/* The last step of that name: with jump hosts a phase comes once for each hop. */
static struct memory_step *last_named(struct memory_steps *steps, const char *name)
{
    struct memory_step *last = NULL;

    for (size_t i = 0; i < steps->n_steps; i++)
        if (strcmp(steps->steps[i].name, name) == 0)
            last = &steps->steps[i];
    return last;
}

struct memory_step memory_outcome(struct memory_steps *steps, const char *name)
{
    struct memory_step *asked = last_named(steps, name);

    if (asked != NULL)
        asked->told = true;
    for (size_t i = 0; i < steps->n_steps; i++) {
        if (!steps->steps[i].passed)
            return steps->steps[i];
        if (&steps->steps[i] == asked)
            break;
    }
    return (struct memory_step){.passed = true};
}

/* Under the lock. */
static bool knows(struct memory_entry *entry, const char *name)
{
    const struct memory_step *asked = entry ? last_named(&entry->steps, name) : NULL;

    return asked != NULL && !asked->told &&
           clock_now_ms() - entry->steps.taken_ms < STEPS_FRESH_MS;
}

bool memory_recall_step(struct memory *memory, uint64_t fingerprint, const char *name,
                        struct memory_step *outcome)
{
    struct memory_entry *entry;
    bool known;

    pthread_mutex_lock(&memory->lock);
    entry = find(memory, fingerprint);
    known = knows(entry, name);
    if (known)
        *outcome = memory_outcome(&entry->steps, name);
    pthread_mutex_unlock(&memory->lock);
    return known;
}
