/* Text for XML 1.0: whatever bytes come in, what goes out is well-formed and never markup. */
#ifndef P2A_CODEC_XML_H
#define P2A_CODEC_XML_H

#include "prof2any/format.h"

/* Appends S, fit for element content and for attribute values in either quote: & < > " ' escaped;
 * control characters, noncharacters and broken UTF-8 as U+FFFD. False: no memory. */
bool p2a_xml_text(struct p2a_buffer *buffer, struct p2a_str s);

#endif
