"""html.parser and xml.dom: pages parsed, trees built and printed."""
import html
import xml.dom.minidom
from html.parser import HTMLParser


class Outline(HTMLParser):
    def __init__(self):
        super().__init__()
        self.depth, self.lines = 0, []

    def handle_starttag(self, tag, attrs):
        self.lines.append("  " * self.depth + tag + str(sorted(attrs)))
        self.depth += 1

    def handle_endtag(self, tag):
        self.depth -= 1

    def handle_data(self, data):
        self.lines.append("  " * self.depth + html.escape(data.strip()))


row = "<tr class='r'><td id=a>one &amp; two</td><td><a href='?x=1&y=2'>link</a><!-- c --></td></tr>"
page = f"<html><body><table>{row * 60}</table></body></html>"
outline = Outline()
outline.feed(page)
outline.close()
node = "<item key='1'><name>n</name><list>" + "<v>1</v>" * 8 + "</list></item>"
tree = xml.dom.minidom.parseString(f"<all>{node * 25}</all>")
tree.toprettyxml(indent=" ")
for item in tree.getElementsByTagName("item"):
    item.cloneNode(True)
