"""configparser, string templates, logging and dataclasses, as an application starts up."""
import configparser
import dataclasses
import io
import logging
import logging.config
import string


@dataclasses.dataclass(order=True)
class Setting:
    section: str
    key: str
    value: str = ""
    tags: list = dataclasses.field(default_factory=list)


text = "".join(f"[part{i}]\nbase = {i}\n" + "".join(
    f"key{j} = %(base)s-value-{j}\n" for j in range(8)) for i in range(15))
parser = configparser.ConfigParser()
parser.read_string(text)
settings = sorted(Setting(s, k, parser.get(s, k)) for s in parser.sections() for k in parser[s])
stream = io.StringIO()
logging.config.dictConfig({
    "version": 1, "root": {"level": "INFO", "handlers": ["out"]},
    "formatters": {"plain": {"format": "%(asctime)s %(name)s %(message)s"}},
    "handlers": {"out": {"class": "logging.StreamHandler", "formatter": "plain",
                         "stream": stream}}})
log = logging.getLogger("app.start")
template = string.Template("$section/$key is $value")
for setting in settings:
    log.info(template.substitute(dataclasses.asdict(setting)))
    log.debug("not shown")
