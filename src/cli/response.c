// What old makefiles write where a plain command line would do: response files (@FILE) and paths with backslashes.
#include "cli/cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { RESPONSE_DEPTH = 8 }; // response files inside each other

static bool expand(struct cli_words *w, const char *word, int depth);

// Cuts the text into words in place: blanks separate, double quotes hold together.
static bool add_words(struct cli_words *w, char *text, int depth)
{
    char *p = text;
    for (;;) {
        while (isspace((unsigned char)*p))
            p++;
        if (!*p)
            return true;
        char *start = p, *to = p;
        for (bool quoted = false; *p && (quoted || !isspace((unsigned char)*p)); p++)
            if (*p == '"')
                quoted = !quoted;
            else
                *to++ = *p;
        bool end = *p == '\0';
        *to = '\0';
        if (!expand(w, start, depth))
            return false;
        if (end)
            return true;
        p++;
    }
}

static bool read_response(struct cli_words *w, const char *path, int depth)
{
    struct vxd_bytes bytes;
    if (depth == RESPONSE_DEPTH) {
        cli_complain("%s: response files are nested more than %d deep", path, RESPONSE_DEPTH);
        return false;
    }
    if (vxd_read_file(path, &bytes, cli_messages()) != VXD_OK)
        return false;
    char *text = malloc(bytes.size + 1);
    bool done = text && cli_list_add(&w->texts, text);
    if (!done)
        free(text);
    if (done) {
        memcpy(text, bytes.data, bytes.size);
        text[bytes.size] = '\0';
        done = add_words(w, text, depth + 1);
    }
    vxd_bytes_free(&bytes);
    return done;
}

static bool expand(struct cli_words *w, const char *word, int depth)
{
    if (word[0] == '@' && word[1])
        return read_response(w, word + 1, depth);
    return cli_list_add(&w->words, word);
}

bool cli_expand_words(struct cli_words *w, int argc, char **argv)
{
    *w = (struct cli_words){0};
    for (int i = 0; i < argc; i++)
        if (!expand(w, argv[i], i == 0 ? RESPONSE_DEPTH : 0))
            return false;
    return true;
}

void cli_words_free(struct cli_words *w)
{
    for (size_t i = 0; i < w->texts.count; i++)
        free((void *)w->texts.items[i]);
    free(w->texts.items);
    free(w->words.items);
}

// A path that exists is left as it is; else backslashes become slashes.
char *cli_path_of(char *text)
{
    if (access(text, F_OK) != 0)
        for (char *p = text; *p; p++)
            if (*p == '\\')
                *p = '/';
    return text;
}
