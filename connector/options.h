/* The connector's options: each configuration key once. */
#ifndef CONNECTOR_OPTIONS_H
#define CONNECTOR_OPTIONS_H

#include "ssh/options.h"
#include "towline/option.h"

extern const struct tl_option connector_options[];

/* How to reach the host, from the configuration; the strings are the configuration's. */
TL_NODISCARD enum tl_status connector_ssh_options(const struct tl_config *config,
                                                  struct ssh_options *out,
                                                  struct tl_error *err);

/* Whether the text has the form of a host key's fingerprint; if not, TL_CONFIGURATION naming
 * where it was given. */
TL_NODISCARD enum tl_status connector_check_fingerprint(const char *fingerprint,
                                                        const char *name, struct tl_error *err);

#endif
