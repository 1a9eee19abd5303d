/* What selecting shares with what else works on stacks and names. */
#ifndef P2A_MODEL_SELECT_H
#define P2A_MODEL_SELECT_H

#include "model/core.h"

/* Estimates the stacks where there is a graph alone; P2A_USAGE where EXACT refuses. OPTION,
 * "--hide", is what needs them. */
enum p2a_status p2a_need_stacks(struct p2a_profile *p, const char *option, bool exact,
                                struct p2a_error *error);

/* The module of a function as a string: the recorded one, else that of a Python file
 * ("json.encoder"); 0 where neither is known. It may be interned anew. */
p2a_id p2a_module_name(struct p2a_profile *p, p2a_id function);

/* Says what has gone of WHOLE, a sum of the first metric, with stacks that had no frame but hidden
 * ones. */
void p2a_note_hidden(struct p2a_profile *p, double whole);

/* Puts METRIC before the others. */
void p2a_lead_metric(struct p2a_profile *p, p2a_id metric);

/* Applies the rules for names; see struct p2a_name_rule. */
enum p2a_status p2a_apply_rules(struct p2a_profile *p, const struct p2a_selection *selection,
                                struct p2a_error *error);

#endif
