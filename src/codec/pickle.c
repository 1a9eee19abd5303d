/* The pickle machine: a stack of values, marks in it, and a memo.
 *
 *   stack   | 3 | mark | 7 | 8 |      ( … t  takes what is above the last mark into a tuple
 *   memo    | 0 -> 3 | 1 -> 7 | …     what was stored can be fetched again                    */
#include "codec/pickle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK      UINT32_MAX
#define MOST_MEMO (1u << 26)

struct machine {
    struct pickle *p;
    const unsigned char *at, *start, *end;
    uint32_t *stack, *memo;
    uint32_t stack_n, stack_room, memo_n, memo_room;
    bool stopped;
};

static bool wrong(struct machine *m, const char *what)
{
    if (!m->p->wrong[0]) {
        snprintf(m->p->wrong, sizeof m->p->wrong, "%s", what);
        m->p->at = (uint64_t)(m->at - m->start);
    }
    return false;
}

/* Room for one element more. */
static bool widen(struct machine *m, void *array_pointer, uint32_t n, uint32_t *room, size_t size)
{
    void **array = array_pointer;
    if (n < *room)
        return true;
    uint32_t wanted = *room ? *room * 2 : 64;
    void *wider = wanted > n ? realloc(*array, wanted * size) : NULL;
    if (!wider) {
        m->p->no_memory = true;
        return wrong(m, "out of memory");
    }
    *array = wider;
    *room = wanted;
    return true;
}

static bool push(struct machine *m, uint32_t id)
{
    if (!widen(m, &m->stack, m->stack_n, &m->stack_room, sizeof *m->stack))
        return false;
    m->stack[m->stack_n++] = id;
    return true;
}

static bool add(struct machine *m, struct pickle_value value)
{
    struct pickle *p = m->p;
    value.first = value.last = UINT32_MAX;
    if (!widen(m, &p->value, p->value_n, &p->value_room, sizeof *p->value))
        return false;
    p->value[p->value_n] = value;
    return push(m, p->value_n++);
}

static bool pop(struct machine *m, uint32_t *id)
{
    if (!m->stack_n || m->stack[m->stack_n - 1] == MARK)
        return wrong(m, "an operation without its operands");
    *id = m->stack[--m->stack_n];
    return true;
}

static bool append(struct machine *m, uint32_t container, uint32_t child)
{
    struct pickle *p = m->p;
    if (!widen(m, &p->link, p->link_n, &p->link_room, sizeof *p->link))
        return false;
    struct pickle_value *to = &p->value[container];
    p->link[p->link_n] = (struct pickle_link){child, UINT32_MAX};
    if (to->n)
        p->link[to->last].next = p->link_n;
    else
        to->first = p->link_n;
    to->last = p->link_n++;
    to->n++;
    return true;
}

/* The last N of the stack become children of CONTAINER. */
static bool gather(struct machine *m, uint32_t container, uint32_t n)
{
    for (uint32_t i = m->stack_n - n; i < m->stack_n; i++)
        if (!append(m, container, m->stack[i]))
            return false;
    m->stack_n -= n;
    return true;
}

/* How many there are above the last mark. */
static bool above_mark(struct machine *m, uint32_t *n)
{
    uint32_t i = m->stack_n;
    while (i && m->stack[i - 1] != MARK)
        i--;
    *n = m->stack_n - i;
    return i || wrong(m, "an end without its mark");
}

static bool make(struct machine *m, enum pickle_kind kind, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (i >= m->stack_n || m->stack[m->stack_n - 1 - i] == MARK)
            return wrong(m, "an operation without its operands");
    uint32_t id = 0;
    if (!add(m, (struct pickle_value){.kind = kind}) || !pop(m, &id))
        return false;
    return gather(m, id, n) && push(m, id);
}

static bool make_marked(struct machine *m, enum pickle_kind kind)
{
    uint32_t n, id;
    if (!above_mark(m, &n) || !make(m, kind, n) || !pop(m, &id))
        return false;
    m->stack_n--; /* the mark */
    return push(m, id);
}

/* What is above the mark goes into the container below it. */
static bool extend(struct machine *m, enum pickle_kind kind)
{
    uint32_t n;
    if (!above_mark(m, &n))
        return false;
    if (m->stack_n < n + 2 || m->stack[m->stack_n - n - 2] == MARK)
        return wrong(m, "an operation without its operands");
    uint32_t container = m->stack[m->stack_n - n - 2];
    if (m->p->value[container].kind != kind || (kind == PICKLE_DICT && n % 2))
        return wrong(m, "items for what holds none");
    if (!gather(m, container, n))
        return false;
    m->stack_n--;
    return true;
}

static bool put_in(struct machine *m, enum pickle_kind kind, uint32_t n)
{
    if (m->stack_n < n + 1 || m->stack[m->stack_n - n - 1] == MARK)
        return wrong(m, "an operation without its operands");
    uint32_t container = m->stack[m->stack_n - n - 1];
    for (uint32_t i = 0; i < n; i++)
        if (m->stack[m->stack_n - 1 - i] == MARK)
            return wrong(m, "an operation without its operands");
    if (m->p->value[container].kind != kind)
        return wrong(m, "items for what holds none");
    return gather(m, container, n);
}

/* ---- operands in the stream ---- */

static bool bytes(struct machine *m, uint64_t n, const unsigned char **at)
{
    if ((uint64_t)(m->end - m->at) < n)
        return wrong(m, "the pickle ends early");
    *at = m->at;
    m->at += n;
    return true;
}

static bool number(struct machine *m, unsigned n, uint64_t *value)
{
    const unsigned char *at = NULL;
    if (!bytes(m, n, &at) || !at)
        return false;
    *value = 0;
    for (unsigned i = 0; i < n; i++)
        *value |= (uint64_t)at[i] << 8 * i;
    return true;
}

static bool line(struct machine *m, struct p2a_str *text)
{
    const unsigned char *end = memchr(m->at, '\n', (size_t)(m->end - m->at));
    if (!end)
        return wrong(m, "the pickle ends early");
    *text = (struct p2a_str){(const char *)m->at, (size_t)(end - m->at)};
    m->at = end + 1;
    return true;
}

static bool text(struct machine *m, unsigned length_bytes)
{
    uint64_t n;
    const unsigned char *at;
    if (!number(m, length_bytes, &n) || !bytes(m, n, &at))
        return false;
    return add(m, (struct pickle_value){.kind = PICKLE_TEXT, .text = {(const char *)at, n}});
}

static bool integer(struct machine *m, int64_t value)
{
    return add(m,
               (struct pickle_value){.kind = PICKLE_INT, .integer = value, .real = (double)value});
}

/* LONG1: little-endian, two's complement. */
static bool long_integer(struct machine *m)
{
    uint64_t n;
    const unsigned char *at = m->at;
    if (!number(m, 1, &n) || !bytes(m, n, &at))
        return false;
    double real = 0, unit = 1;
    uint64_t value = n && at[n - 1] & 0x80 ? UINT64_MAX : 0;
    for (uint64_t i = 0; i < n; i++, unit *= 256) {
        real += unit * at[i];
        if (i < 8)
            value = (value & ~((uint64_t)0xff << 8 * i)) | (uint64_t)at[i] << 8 * i;
    }
    if (n <= 8)
        return integer(m, (int64_t)value);
    real -= at[n - 1] & 0x80 ? unit : 0;
    return add(m, (struct pickle_value){.kind = PICKLE_FLOAT, .real = real});
}

static bool real(struct machine *m)
{
    const unsigned char *at;
    uint64_t bits = 0;
    double value;
    if (!bytes(m, 8, &at))
        return false;
    for (int i = 0; i < 8; i++)
        bits = bits << 8 | at[i];
    memcpy(&value, &bits, sizeof value);
    return add(m, (struct pickle_value){.kind = PICKLE_FLOAT, .real = value});
}

/* ---- memo, classes and objects ---- */

static bool memoize(struct machine *m, uint64_t i)
{
    if (!m->stack_n || m->stack[m->stack_n - 1] == MARK || i >= MOST_MEMO || i > m->memo_n)
        return wrong(m, "a memo that can't be");
    if (!widen(m, &m->memo, (uint32_t)i, &m->memo_room, sizeof *m->memo))
        return false;
    m->memo[i] = m->stack[m->stack_n - 1];
    m->memo_n += i == m->memo_n;
    return true;
}

static bool fetch(struct machine *m, unsigned length_bytes)
{
    uint64_t i;
    if (!number(m, length_bytes, &i))
        return false;
    return i < m->memo_n ? push(m, m->memo[i]) : wrong(m, "a memo that isn't there");
}

/* Protocol 2 names a class in two lines. */
static bool global(struct machine *m)
{
    struct p2a_str module, name;
    if (!line(m, &module) || !line(m, &name))
        return false;
    module.n += 1 + name.n; /* with the line end between them */
    return add(m, (struct pickle_value){.kind = PICKLE_OBJECT, .text = module});
}

static bool stack_global(struct machine *m)
{
    uint32_t name, module;
    if (!pop(m, &name) || !pop(m, &module))
        return false;
    return add(m, (struct pickle_value){.kind = PICKLE_OBJECT, .text = m->p->value[name].text});
}

/* A class and its arguments become an object, whose state comes with BUILD. */
static bool call(struct machine *m)
{
    uint32_t arguments, class;
    if (!pop(m, &arguments) || !pop(m, &class))
        return false;
    return add(m, (struct pickle_value){.kind = PICKLE_OBJECT, .text = m->p->value[class].text});
}

static bool protocol(struct machine *m)
{
    uint64_t version;
    return number(m, 1, &version) &&
           ((version >= 2 && version <= 5) || wrong(m, "a pickle of protocol 2 to 5 was expected"));
}

static bool drop(struct machine *m)
{
    if (!m->stack_n)
        return wrong(m, "an operation without its operands");
    m->stack_n--;
    return true;
}

static bool skip_frame(struct machine *m)
{
    uint64_t n;
    return number(m, 8, &n);
}

static bool small_integer(struct machine *m, unsigned n)
{
    uint64_t value;
    if (!number(m, n, &value))
        return false;
    return integer(m, n == 4 ? (int32_t)(uint32_t)value : (int64_t)value);
}

static bool put(struct machine *m, unsigned n)
{
    uint64_t i;
    return number(m, n, &i) && memoize(m, i);
}

static bool step(struct machine *m, unsigned char operation)
{
    switch (operation) {
    case 0x80:
        return protocol(m);
    case 0x95:
        return skip_frame(m);
    case '.':
        m->stopped = true;
        return true;
    case '(':
        return push(m, MARK);
    case '0':
        return drop(m);
    case 'N':
        return add(m, (struct pickle_value){.kind = PICKLE_NONE});
    case 0x88:
        return integer(m, 1);
    case 0x89:
        return integer(m, 0);
    case 'J':
        return small_integer(m, 4);
    case 'K':
        return small_integer(m, 1);
    case 'M':
        return small_integer(m, 2);
    case 0x8a:
        return long_integer(m);
    case 'G':
        return real(m);
    case 0x8c:
    case 'U':
    case 'C':
        return text(m, 1);
    case 'X':
    case 'T':
    case 'B':
        return text(m, 4);
    case 0x8d:
    case 0x8e:
        return text(m, 8);
    case ')':
        return make(m, PICKLE_TUPLE, 0);
    case 0x85:
        return make(m, PICKLE_TUPLE, 1);
    case 0x86:
        return make(m, PICKLE_TUPLE, 2);
    case 0x87:
        return make(m, PICKLE_TUPLE, 3);
    case 't':
        return make_marked(m, PICKLE_TUPLE);
    case ']':
        return make(m, PICKLE_LIST, 0);
    case 'l':
        return make_marked(m, PICKLE_LIST);
    case 'a':
        return put_in(m, PICKLE_LIST, 1);
    case 'e':
        return extend(m, PICKLE_LIST);
    case '}':
        return make(m, PICKLE_DICT, 0);
    case 's':
        return put_in(m, PICKLE_DICT, 2);
    case 'u':
        return extend(m, PICKLE_DICT);
    case 'c':
        return global(m);
    case 0x93:
        return stack_global(m);
    case 0x81:
    case 'R':
        return call(m);
    case 'b':
        return put_in(m, PICKLE_OBJECT, 1);
    case 0x94:
        return memoize(m, m->memo_n);
    case 'q':
        return put(m, 1);
    case 'r':
        return put(m, 4);
    case 'h':
        return fetch(m, 1);
    case 'j':
        return fetch(m, 4);
    default:
        return wrong(m, "an operation that no plain data needs");
    }
}

bool p2a_pickle_read(struct pickle *p, struct p2a_str input)
{
    const unsigned char *start = (const unsigned char *)input.at;
    struct machine m = {.p = p, .at = start, .start = start, .end = start + input.n};
    *p = (struct pickle){.value_n = 0};
    bool ok = true;
    while (ok && !m.stopped) {
        ok = m.at < m.end ? step(&m, *m.at++) : wrong(&m, "the pickle ends early");
    }
    if (ok)
        ok = pop(&m, &p->top);
    free(m.stack);
    free(m.memo);
    return ok;
}

void p2a_pickle_free(struct pickle *p)
{
    free(p->value);
    free(p->link);
    *p = (struct pickle){.value_n = 0};
}

const struct pickle_value *p2a_pickle_child(const struct pickle *p,
                                            const struct pickle_value *value, uint32_t i)
{
    if (!value || i >= value->n)
        return NULL;
    uint32_t link = value->first;
    while (i--)
        link = p->link[link].next;
    return &p->value[p->link[link].value];
}

const struct pickle_value *p2a_pickle_get(const struct pickle *p, const struct pickle_value *dict,
                                          const char *key)
{
    if (!dict || dict->kind != PICKLE_DICT)
        return NULL;
    for (uint32_t link = dict->first; link != UINT32_MAX;) {
        const struct pickle_value *name = &p->value[p->link[link].value];
        link = p->link[link].next;
        if (link == UINT32_MAX)
            return NULL;
        if (name->kind == PICKLE_TEXT && p2a_str_is(name->text, key))
            return &p->value[p->link[link].value];
        link = p->link[link].next;
    }
    return NULL;
}
