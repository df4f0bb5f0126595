/* The inside of errors: towline/error.h is what everybody else uses. */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "towline/error.h"

/* Message and remedy as one text, "what failed, where, why. What to do", into out; returns out.
 */
enum { ERROR_TEXT_SIZE = sizeof(struct tl_error) };
const char *error_text(const struct tl_error *err, char out[ERROR_TEXT_SIZE]);

#endif
