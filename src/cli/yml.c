#include "yml.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

enum { DEEPEST = 8, NODES = 10000, LARGEST = 1 << 20 };

struct builder {
    const char *bytes;
    size_t size;
    struct yml *root, *open[DEEPEST];
    unsigned depth, nodes;
    struct p2a_error *error;
};

static enum p2a_status bad(struct p2a_error *error, size_t line, size_t column, const char *message,
                           ...) P2A_PRINTF(4, 5);

P2A_PRINTF(4, 0)
static enum p2a_status set(struct p2a_error *error, size_t line, size_t column, const char *message,
                           va_list arguments)
{
    if (error->status != P2A_OK)
        return error->status;
    error->status = P2A_INPUT;
    error->place_kind = P2A_AT_LINE;
    error->place = line;
    int n = snprintf(error->message, sizeof error->message, "column %zu: ", column);
    vsnprintf(error->message + n, sizeof error->message - (size_t)n, message, arguments);
    return P2A_INPUT;
}

static enum p2a_status bad(struct p2a_error *error, size_t line, size_t column, const char *message,
                           ...)
{
    va_list arguments;
    va_start(arguments, message);
    set(error, line, column, message, arguments);
    va_end(arguments);
    return P2A_INPUT;
}

enum p2a_status yml_bad(struct p2a_error *error, const struct yml *node, const char *message, ...)
{
    va_list arguments;
    va_start(arguments, message);
    set(error, node->line, node->column, message, arguments);
    va_end(arguments);
    return P2A_INPUT;
}

static enum p2a_status no_memory(struct p2a_error *error)
{
    if (error->status == P2A_OK)
        snprintf(error->message, sizeof error->message, "out of memory");
    error->status = P2A_SYSTEM;
    return P2A_SYSTEM;
}

/* ---- what libyaml says ---- */

static void place_of(const struct builder *b, size_t offset, size_t *line, size_t *column)
{
    *line = *column = 1;
    for (size_t i = 0; i < offset && i < b->size; i++) {
        *column = b->bytes[i] == '\n' ? 1 : *column + 1;
        *line += b->bytes[i] == '\n';
    }
}

/* The byte at a place; columns are characters. */
static char byte_at(const struct builder *b, size_t line, size_t column)
{
    size_t i = 0;
    for (; line > 1 && i < b->size; i++)
        line -= b->bytes[i] == '\n';
    for (; column > 1 && i < b->size; i++)
        column -= i + 1 == b->size || ((unsigned char)b->bytes[i + 1] & 0xC0) != 0x80;
    return i < b->size ? b->bytes[i] : '\0';
}

static enum p2a_status refuse(const struct builder *b, const yaml_parser_t *parser)
{
    static const char expected[] = "did not find ";
    const char *problem = parser->problem ? parser->problem : "no YAML";
    size_t line = parser->problem_mark.line + 1, column = parser->problem_mark.column + 1;
    if (parser->error == YAML_MEMORY_ERROR)
        return no_memory(b->error);
    if (parser->error == YAML_READER_ERROR) {
        place_of(b, parser->problem_offset, &line, &column);
        return bad(b->error, line, column, "%s, expected UTF-8 text", problem);
    }
    if (byte_at(b, line, column) == '\t')
        return bad(b->error, line, column, "a tab, expected blanks to indent with");
    if (strncmp(problem, expected, sizeof expected - 1) == 0)
        return bad(b->error, line, column, "%s", problem + sizeof expected - 1);
    return bad(b->error, line, column, "%s, expected YAML", problem);
}

/* ---- the tree ---- */

void yml_free(struct yml *node)
{
    while (node) { /* no deeper than DEEPEST */
        struct yml *next = node->next;
        yml_free(node->first);
        free(node->text);
        free(node);
        node = next;
    }
}

static enum p2a_status check_key(const struct builder *b, const struct yml *map,
                                 const struct yml *key)
{
    if (key->kind != YML_SCALAR)
        return yml_bad(b->error, key, "a key that is no word, expected key: value");
    for (const struct yml *other = map->first; other != key; other = other->next->next)
        if (other->text && strcmp(other->text, key->text) == 0)
            return yml_bad(b->error, key, "'%.80s' again, expected it once (it is in line %u)",
                           key->text, other->line);
    return P2A_OK;
}

/* Puts the node into what is open. */
static enum p2a_status place(struct builder *b, struct yml *node)
{
    struct yml *parent = b->depth ? b->open[b->depth - 1] : NULL;
    if (!parent) {
        yml_free(b->root);
        b->root = node;
        return P2A_OK;
    }
    if (parent->last)
        parent->last->next = node;
    else
        parent->first = node;
    parent->last = node;
    bool key = parent->n++ % 2 == 0 && parent->kind == YML_MAP;
    return key ? check_key(b, parent, node) : P2A_OK;
}

static struct yml *add(struct builder *b, enum yml_kind kind, const yaml_event_t *event)
{
    struct yml *node = calloc(1, sizeof *node);
    if (!node) {
        no_memory(b->error);
        return NULL;
    }
    node->kind = kind;
    node->line = (unsigned)event->start_mark.line + 1;
    node->column = (unsigned)event->start_mark.column + 1;
    if (++b->nodes > NODES)
        yml_bad(b->error, node, "more than %d words, expected settings", NODES);
    place(b, node);
    return b->error->status == P2A_OK ? node : NULL;
}

static enum p2a_status take_scalar(struct builder *b, const yaml_event_t *event)
{
    const char *value = (const char *)event->data.scalar.value;
    size_t n = event->data.scalar.length;
    struct yml *node = calloc(1, sizeof *node);
    char *text = malloc(n + 1);
    if (!node || !text) {
        free(node);
        free(text);
        return no_memory(b->error);
    }
    memcpy(text, value, n);
    text[n] = '\0';
    *node = (struct yml){.kind = YML_SCALAR,
                         .line = (unsigned)event->start_mark.line + 1,
                         .column = (unsigned)event->start_mark.column + 1,
                         .text = text,
                         .empty = n == 0 && event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE};
    place(b, node);
    if (strlen(text) != n)
        yml_bad(b->error, node, "a NUL, expected text");
    if (++b->nodes > NODES)
        yml_bad(b->error, node, "more than %d words, expected settings", NODES);
    return b->error->status;
}

static enum p2a_status begin(struct builder *b, enum yml_kind kind, const yaml_event_t *event)
{
    struct yml *node = add(b, kind, event);
    if (node && b->depth == DEEPEST)
        yml_bad(b->error, node, "more than %d levels, expected settings", DEEPEST);
    else if (node)
        b->open[b->depth++] = node;
    return b->error->status;
}

static enum p2a_status refuse_event(const struct builder *b, const yaml_event_t *event,
                                    const char *what)
{
    return bad(b->error, event->start_mark.line + 1, event->start_mark.column + 1, "%s", what);
}

/* Anchors and tags are refused where they stand; what uses them can't get far. */
static enum p2a_status take(struct builder *b, const yaml_event_t *event)
{
    static const char anchors[] = "an anchor or alias, expected the value itself";
    static const char tags[] = "a tag, expected a plain value";
    switch (event->type) {
    case YAML_ALIAS_EVENT:
        return refuse_event(b, event, anchors);
    case YAML_SCALAR_EVENT:
        if (event->data.scalar.anchor || event->data.scalar.tag)
            return refuse_event(b, event, event->data.scalar.anchor ? anchors : tags);
        return take_scalar(b, event);
    case YAML_SEQUENCE_START_EVENT:
        if (event->data.sequence_start.anchor || event->data.sequence_start.tag)
            return refuse_event(b, event, event->data.sequence_start.anchor ? anchors : tags);
        return begin(b, YML_LIST, event);
    case YAML_MAPPING_START_EVENT:
        if (event->data.mapping_start.anchor || event->data.mapping_start.tag)
            return refuse_event(b, event, event->data.mapping_start.anchor ? anchors : tags);
        return begin(b, YML_MAP, event);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
        b->depth--;
        return P2A_OK;
    case YAML_DOCUMENT_START_EVENT:
        return b->root ? refuse_event(b, event, "a second document, expected one") : P2A_OK;
    default:
        return P2A_OK;
    }
}

static void build(struct builder *b, yaml_parser_t *parser)
{
    bool more = true;
    while (more && b->error->status == P2A_OK) {
        yaml_event_t event;
        if (!yaml_parser_parse(parser, &event)) {
            refuse(b, parser);
            return;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        take(b, &event);
        yaml_event_delete(&event);
    }
    if (b->error->status == P2A_OK && !b->root)
        b->root = calloc(1, sizeof *b->root);
    if (b->error->status == P2A_OK && !b->root)
        no_memory(b->error);
    else if (b->root && !b->root->line)
        *b->root = (struct yml){.kind = YML_SCALAR, .line = 1, .column = 1, .empty = true};
}

struct yml *yml_parse(const char *bytes, size_t size, struct p2a_error *error)
{
    struct builder b = {.bytes = bytes, .size = size, .error = error};
    yaml_parser_t parser;
    if (size > LARGEST) {
        bad(error, 1, 1, "%zu bytes, expected settings of %d at most", size, LARGEST);
        return NULL;
    }
    if (!yaml_parser_initialize(&parser)) {
        no_memory(error);
        return NULL;
    }
    yaml_parser_set_input_string(&parser, (const unsigned char *)bytes, size);
    build(&b, &parser);
    yaml_parser_delete(&parser);
    if (error->status == P2A_OK)
        return b.root;
    yml_free(b.root);
    return NULL;
}
