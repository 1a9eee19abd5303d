/* demo - one function a line: "SECONDS NAME". The smallest format there can be: no call paths, no
 * arcs, a self time per function. */
#include "prof2any/format.h"

static enum p2a_sure probe(const struct p2a_probe *probe)
{
    return p2a_str_starts(probe->start, "# demo profile\n") ? P2A_CERTAIN : P2A_NO;
}

static enum p2a_status read(struct p2a_in *in)
{
    struct p2a_profile *p = in->profile;
    p2a_id time = p2a_metric(p, "time", "seconds", 1);
    struct p2a_str line, seconds, name;
    double self;
    while (p2a_next_line(in, &line)) {
        if (p2a_str_starts(line, "#"))
            continue;
        if (!p2a_str_cut(line, ' ', &seconds, &name) || !p2a_str_double(seconds, &self))
            return p2a_bad_line(in, "expected 'SECONDS NAME'");
        struct p2a_function function = {.name = p2a_intern(p, name)};
        p2a_id context = p2a_context(p, P2A_NONE, p2a_function(p, &function), P2A_NONE);
        p2a_context_add(p, context, time, self);
    }
    return p2a_in_status(in);
}

static enum p2a_status write(struct p2a_out *out)
{
    const struct p2a_profile *p = out->profile;
    p2a_put_text(out, "# demo profile\n");
    for (p2a_id f = 0; f < p->graph.node_n; f++) {
        struct p2a_str name = p2a_string(p, p->functions.row[f].name);
        double self = p->graph.self[(size_t)f * p->columns] * p->metrics.row[0].scale;
        p2a_putf(out, "%.17g %.*s\n", self, (int)name.n, name.at);
    }
    return p2a_out_status(out);
}

static const char *const patterns[] = {"*.demo", NULL};

const struct p2a_format p2a_format_demo = {
    .name = "demo",
    .title = "one function a line",
    .patterns = patterns,
    .probe = probe,
    .read = read,
    .write = write,
    .gives = P2A_CONTEXTS,
    .needs = P2A_GRAPH,
    .keeps = P2A_GRAPH,
};
