/* The form in which the platform's users fill in the configuration, made from option tables. */
#ifndef FIVETRAN_FIELDS_H
#define FIVETRAN_FIELDS_H

#include "base/buf.h"
#include "towline/connector.h"

/* The setup test beyond the connector's steps: all streams run and print rows. */
#define FORM_TEST_CONFIGURATION "configuration"
#define FORM_TEST_STREAMS       "streams"

/* Appends a ConfigurationFormResponse: fields for the connector's options and the runtime's,
 * the advanced ones last, and the steps of its check as tests. */
void fields_append(const struct tl_connector *connector, struct buf *out);

#endif
