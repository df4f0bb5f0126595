/* A set of row numbers: sorted runs of ranges on disk, merged while they are asked for. */
#include "destinations/sqlite/rowset.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/temporary.h"

enum {
    RANGES_READ = 1 << 8 /* read back at a time, for each run */
};

struct range {
    int64_t first;
    int64_t last;
};

/* Ranges in ascending order: part of the file, or what is still in memory. */
struct run {
    off_t offset; /* of what has not been read yet */
    size_t left;  /* ranges there */
    struct range *ranges;
    size_t n_ranges;
    size_t at;
    bool owned; /* ranges is a buffer of this run's own */
};

struct rowset {
    struct range *ranges; /* max_ranges of them, unordered */
    size_t n_ranges;
    size_t max_ranges;
    FILE *file;
    off_t file_size;
    struct run *runs; /* once sealed a heap: the run with the lowest range is first */
    size_t n_runs;
    int64_t covered; /* all up to here that is in the set was popped; valid if any was */
    bool any;
    int error; /* errno of the first failure */
};

struct rowset *rowset_new(size_t max_ranges)
{
    struct rowset *set = calloc(1, sizeof(*set));

    if (set == NULL)
        return NULL;
    set->max_ranges = max_ranges;
    set->ranges = malloc(max_ranges * sizeof(*set->ranges));
    if (set->ranges == NULL) {
        free(set);
        return NULL;
    }
    return set;
}

void rowset_free(struct rowset *set)
{
    if (set == NULL)
        return;
    for (size_t i = 0; i < set->n_runs; i++)
        if (set->runs[i].owned)
            free(set->runs[i].ranges);
    if (set->file != NULL)
        fclose(set->file);
    free(set->runs);
    free(set->ranges);
    free(set);
}

static int range_compare(const void *left, const void *right)
{
    const struct range *a = left, *b = right;
    return (a->first > b->first) - (a->first < b->first);
}

/* Sorts and joins what is in memory. */
static void rowset_compact(struct rowset *set)
{
    size_t kept = 0;

    if (set->n_ranges == 0)
        return;
    qsort(set->ranges, set->n_ranges, sizeof(*set->ranges), range_compare);
    for (size_t i = 1; i < set->n_ranges; i++) {
        const struct range *next = &set->ranges[i];
        struct range *last = &set->ranges[kept];
        if (last->last != INT64_MAX && next->first > last->last + 1)
            set->ranges[++kept] = *next;
        else if (next->last > last->last)
            last->last = next->last;
    }
    set->n_ranges = kept + 1;
}

static bool rowset_add_run(struct rowset *set, const struct run *run)
{
    struct run *runs = realloc(set->runs, (set->n_runs + 1) * sizeof(*runs));

    if (runs == NULL) {
        set->error = ENOMEM;
        return false;
    }
    set->runs = runs;
    set->runs[set->n_runs++] = *run;
    return true;
}

static FILE *open_file(void)
{
    int fd = temporary_open();
    FILE *file = fd >= 0 ? fdopen(fd, "w+") : NULL;

    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

/* Moves what is in memory to the end of the file. */
static void rowset_spill(struct rowset *set)
{
    struct run run = {.offset = set->file_size, .left = set->n_ranges};

    if (set->file == NULL)
        set->file = open_file();
    if (set->file == NULL ||
        fwrite(set->ranges, sizeof(*set->ranges), set->n_ranges, set->file) != set->n_ranges) {
        set->error = errno ? errno : EIO;
        return;
    }
    set->file_size += (off_t)(set->n_ranges * sizeof(*set->ranges));
    set->n_ranges = 0;
    (void)rowset_add_run(set, &run);
}

void rowset_add(struct rowset *set, int64_t row)
{
    struct range *last = set->n_ranges ? &set->ranges[set->n_ranges - 1] : NULL;

    if (set->error != 0 || (last != NULL && row >= last->first && row <= last->last))
        return;
    if (last != NULL && last->last != INT64_MAX && row == last->last + 1) {
        last->last = row;
        return;
    }
    if (set->n_ranges == set->max_ranges) {
        rowset_compact(set);
        if (set->n_ranges > set->max_ranges / 2)
            rowset_spill(set);
        if (set->error != 0)
            return;
    }
    set->ranges[set->n_ranges++] = (struct range){.first = row, .last = row};
}

/* Makes the run's current range available; false at its end. */
static bool run_fill(struct rowset *set, struct run *run)
{
    size_t count = run->left < RANGES_READ ? run->left : RANGES_READ;
    size_t size = count * sizeof(*run->ranges);

    if (run->at < run->n_ranges)
        return true;
    if (count == 0)
        return false;
    if (pread(fileno(set->file), run->ranges, size, run->offset) != (ssize_t)size) {
        set->error = errno ? errno : EIO;
        return false;
    }
    run->offset += (off_t)size;
    run->left -= count;
    run->n_ranges = count;
    run->at = 0;
    return true;
}

static int64_t run_first(const struct run *run)
{
    return run->ranges[run->at].first;
}

static void heap_sink(struct rowset *set, size_t at)
{
    for (;;) {
        size_t least = at;
        for (size_t child = 2 * at + 1; child <= 2 * at + 2 && child < set->n_runs; child++)
            if (run_first(&set->runs[child]) < run_first(&set->runs[least]))
                least = child;
        if (least == at)
            return;
        struct run moved = set->runs[at];
        set->runs[at] = set->runs[least];
        set->runs[least] = moved;
        at = least;
    }
}

/* Takes the lowest range of all. */
static struct range heap_pop(struct rowset *set)
{
    struct run *run = &set->runs[0];
    struct range range = run->ranges[run->at++];

    if (!run_fill(set, run)) {
        if (run->owned)
            free(run->ranges);
        *run = set->runs[--set->n_runs];
    }
    heap_sink(set, 0);
    return range;
}

static enum tl_status rowset_fail(const struct rowset *set, struct tl_error *err)
{
    if (set->error == ENOMEM)
        return tl_fail(err, TL_MEMORY, "out of memory for the set of rows seen");
    (void)tl_fail(err, TL_DESTINATION,
                  "cannot keep the set of rows seen in a temporary file: %s",
                  strerror(set->error));
    return tl_remedy(err, "Free space in the folder for temporary files and sync again");
}

enum tl_status rowset_seal(struct rowset *set, struct tl_error *err)
{
    struct run memory;

    rowset_compact(set);
    if (set->file != NULL && set->error == 0 && fflush(set->file) != 0)
        set->error = errno;
    for (size_t i = 0; i < set->n_runs && set->error == 0; i++) {
        struct run *run = &set->runs[i];
        run->ranges = malloc(RANGES_READ * sizeof(*run->ranges));
        run->owned = run->ranges != NULL;
        if (!run->owned)
            set->error = ENOMEM;
        else
            (void)run_fill(set, run);
    }
    memory = (struct run){.ranges = set->ranges, .n_ranges = set->n_ranges};
    if (set->error == 0 && set->n_ranges > 0)
        (void)rowset_add_run(set, &memory);
    if (set->error != 0)
        return rowset_fail(set, err);
    for (size_t i = set->n_runs; i-- > 0;)
        heap_sink(set, i);
    return TL_OK;
}

bool rowset_has(struct rowset *set, int64_t row, bool *failed)
{
    while (set->n_runs > 0 && run_first(&set->runs[0]) <= row) {
        struct range range = heap_pop(set);
        if (!set->any || range.last > set->covered)
            set->covered = range.last;
        set->any = true;
    }
    if (set->error != 0)
        *failed = true;
    return set->any && row <= set->covered;
}
