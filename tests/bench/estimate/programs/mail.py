"""email: messages with parts built, written and parsed."""
import email
from email import policy
from email.message import EmailMessage


def build(n):
    message = EmailMessage()
    message["Subject"] = f"Message {n} with ünicode and a subject long enough to be folded " * 2
    message["From"] = "Some One <one@example.org>"
    message["To"] = ", ".join(f"Person {i} <p{i}@example.org>" for i in range(5))
    message.set_content("A body.\n" * 20)
    message.add_alternative("<p>A body.</p>" * 10, subtype="html")
    message.add_attachment(b"bytes" * 50, maintype="application", subtype="octet-stream")
    return message


for n in range(4):
    text = build(n).as_bytes(policy=policy.SMTP)
    parsed = email.message_from_bytes(text, policy=policy.default)
    for part in parsed.walk():
        part.get_content_type(), part.get("Content-Disposition")
    parsed["To"].addresses
