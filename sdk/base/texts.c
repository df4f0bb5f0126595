/* A growing list of texts. */
#include "base/texts.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

bool texts_add(struct texts *texts, const char *text, size_t size)
{
    char **list = realloc(texts->list, (texts->count + 2) * sizeof(*list));

    if (list == NULL)
        return false;
    texts->list = list;
    list[texts->count] = text_copy(text, size);
    list[texts->count + 1] = NULL;
    if (list[texts->count] == NULL)
        return false;
    texts->count++;
    return true;
}

bool texts_have(const struct texts *texts, const char *text)
{
    for (size_t i = 0; i < texts->count; i++)
        if (strcmp(texts->list[i], text) == 0)
            return true;
    return false;
}

const char *const *texts_all(const struct texts *texts)
{
    static const char *const none[] = {NULL};
    return texts->list != NULL ? (const char *const *)texts->list : none;
}

void texts_reset(struct texts *texts)
{
    for (size_t i = 0; i < texts->count; i++) {
        text_wipe(texts->list[i], strlen(texts->list[i]));
        free(texts->list[i]);
    }
    free(texts->list);
    *texts = (struct texts){0};
}
