/* C++ and Rust names as their programmers wrote them. */
#ifndef P2A_CODEC_DEMANGLE_H
#define P2A_CODEC_DEMANGLE_H

#include "prof2any/format.h"

/* A mangled name (Itanium C++, Rust legacy and v0) in full, with parameters and templates; any
 * other name as it stands. Good until the next call with the same buffer. */
struct p2a_str p2a_demangle(struct p2a_str name, struct p2a_buffer *buffer);

#endif
