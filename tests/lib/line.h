/* line.h - what a child (child.h) tells whoever has started it, and is told: lines.
 *
 * Needs libc alone: tests/mixed builds it beside libraries of earlier times. Any thread.
 */
#ifndef TESTS_LINE_H
#define TESTS_LINE_H

enum { LINE_BYTES = 1024 }; /* with its newline and a NUL */

/* Writes a line to standard output, whole: those of several threads don't mix. Newlines in it
 * become spaces, and what is too long is cut off. Ends the process with exit code 3 if nobody
 * listens any more. */
void line_tell(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
