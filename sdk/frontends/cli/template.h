/* A configuration to be filled in: every key that most users need, each with its explanation.
 */
#ifndef CLI_TEMPLATE_H
#define CLI_TEMPLATE_H

#include "base/buf.h"
#include "towline/connector.h"

/* Appends it as JSON, in which keys that begin with // are the explanations. */
void template_append(struct buf *out, const struct tl_connector *connector);

#endif
