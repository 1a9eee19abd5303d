/* The scripts and styles that pictures carry: the files of this directory, made into arrays by the
 * build. A NUL follows the last byte and isn't counted. */
#ifndef P2A_WEB_WEB_H
#define P2A_WEB_WEB_H

#include <stddef.h>

extern const char p2a_web_flamegraph_js[], p2a_web_flamegraph_css[], p2a_web_flamegraph_dark_css[];
extern const size_t p2a_web_flamegraph_js_n, p2a_web_flamegraph_css_n,
    p2a_web_flamegraph_dark_css_n;

#endif
