/* What a field of CSV stands for. */
#ifndef CSV_VALUE_H
#define CSV_VALUE_H

#include "towline/value.h"

/* The value of a field's text, not empty; the value borrows it. A type is given only where it
 * gives back the same text: "7" is a LONG, "007" a STRING, "1.5" a DOUBLE, "1.50" a DECIMAL. */
struct tl_value csv_value(const char *text, uint32_t size);

#endif
