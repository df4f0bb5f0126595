/* What a configuration says, and what merely stands in it. */
#include "config/said.h"

#include <string.h>

#include "base/buf.h"
#include "config/document.h"

static const struct tl_option *find(const struct tl_option *table, const char *name)
{
    for (; table->name != NULL; table++)
        if (strcmp(table->name, name) == 0)
            return table;
    return NULL;
}

static bool object_said(const struct tl_option *option, const cJSON *object)
{
    const cJSON *member;

    cJSON_ArrayForEach(member, object)
    {
        const struct tl_option *field = find(option->fields, member->string);
        if (!document_is_comment(member) && (field == NULL || said(field, member)))
            return true;
    }
    return false;
}

static bool scalar_said(const struct tl_option *option, const cJSON *scalar)
{
    bool has_default = option->fallback != NULL && (option->flags & TL_OPTION_UNSAID) == 0;
    bool may_be_empty = (option->flags & TL_OPTION_EMPTY) != 0;
    struct buf text = BUF_INIT(CONFIG_MAX_BYTES);
    bool more = !document_print(scalar, &text) || text.failed ||
                ((text.size > 0 || may_be_empty) &&
                 !(has_default && strcmp(buf_text(&text), option->fallback) == 0));

    buf_wipe(&text);
    return more;
}

bool said(const struct tl_option *option, const cJSON *member)
{
    if (member == NULL || cJSON_IsNull(member))
        return false;
    if (cJSON_IsObject(member) && (option->flags & TL_OPTION_ONE) != 0)
        return object_said(option, member);
    if (!cJSON_IsObject(member) && !cJSON_IsArray(member))
        return scalar_said(option, member);
    if (option->kind == TL_OPTION_LIST && member->child != NULL && member->child->next == NULL)
        return said(option, member->child);
    return member->child != NULL;
}
