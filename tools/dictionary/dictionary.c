/* dictionary.c - makes lib/soap/dictionary.c: dictionary CONTENT SAMPLE... > dictionary.c
 *
 * CONTENT is a text: what envelopes repeat, a phrase on each line, the most frequent ones last,
 * where they are nearest. The line's end is no part of it, &n; stands for a line feed. The SAMPLEs
 * are envelopes: zstd packs them with the content and makes the tables that a frame begins with fit
 * what is left of them. Another libzstd may make other tables, so the dictionary was made once and
 * is kept.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zdict.h>

enum { ID = 1, LEVEL = 6, TEXT_MOST = 1 << 20, SAMPLES_MOST = 500, COLUMNS = 96 };

static char content[TEXT_MOST], samples[TEXT_MOST], dictionary[TEXT_MOST];
static size_t sizes[SAMPLES_MOST];

static size_t read_file(const char *path, char *to, size_t room)
{
    FILE *file = fopen(path, "rb");
    size_t len = file ? fread(to, 1, room, file) : 0;

    if (!len || len == room) {
        fprintf(stderr, "%s: missing, empty or too long\n", path);
        exit(1);
    }
    fclose(file);
    return len;
}

static size_t read_content(const char *path)
{
    static char lines[TEXT_MOST];
    size_t len = read_file(path, lines, sizeof lines), i, made = 0;

    for (i = 0; i < len; i++)
        if (strncmp(lines + i, "&n;", 3) == 0) {
            content[made++] = '\n';
            i += 2;
        } else if (lines[i] != '\n') {
            content[made++] = lines[i];
        }
    return made;
}

/* What the byte looks like in a string, given the next one: an octal escape takes digits in. */
static const char *spelled(unsigned char byte, unsigned char next)
{
    static char out[8];

    if (byte == '"' || byte == '\\' || byte == '?') /* ??= is a trigraph */
        snprintf(out, sizeof out, "\\%c", byte);
    else if (byte == '\n')
        snprintf(out, sizeof out, "\\n");
    else if (byte >= ' ' && byte < 127)
        snprintf(out, sizeof out, "%c", byte);
    else if (next >= '0' && next <= '7')
        snprintf(out, sizeof out, "\\%03o", byte);
    else
        snprintf(out, sizeof out, "\\%o", byte);
    return out;
}

static void print(size_t len)
{
    size_t i, column = 0;

    printf("/* dictionary.c - made by tools/dictionary. Changing a byte of it makes another packed "
           "form.\n"
           " */\n#include \"soap/dictionary.h\"\n\n"
           "/* clang-format off */\nconst unsigned sx_dictionary_len = %zu;\n"
           "const char sx_dictionary[] =\n    \"",
           len);
    for (i = 0; i < len; i++) {
        const char *letter =
            spelled((unsigned char)dictionary[i], (unsigned char)dictionary[i + 1]);

        if (4 + 1 + column + strlen(letter) + 2 > COLUMNS + 4) {
            printf("\"\n    \"");
            column = 0;
        }
        column += (size_t)printf("%s", letter);
    }
    printf("\";\n");
}

int main(int argc, char **argv)
{
    ZDICT_params_t params = {.compressionLevel = LEVEL, .dictID = ID};
    size_t content_len, total = 0, len;
    unsigned count = 0;

    if (argc < 3 || argc - 2 > SAMPLES_MOST) {
        fprintf(stderr, "usage: %s CONTENT SAMPLE... > dictionary.c\n", argv[0]);
        return 2;
    }
    content_len = read_content(argv[1]);
    for (; count < (unsigned)argc - 2; count++, total += sizes[count - 1])
        sizes[count] = read_file(argv[count + 2], samples + total, sizeof samples - total);
    len = ZDICT_finalizeDictionary(dictionary, sizeof dictionary, content, content_len, samples,
                                   sizes, count, params);
    if (ZDICT_isError(len)) {
        fprintf(stderr, "%s\n", ZDICT_getErrorName(len));
        return 1;
    }
    print(len);
    fprintf(stderr, "%zu bytes of content, %zu of dictionary, %u samples\n", content_len, len,
            count);
    return 0;
}
