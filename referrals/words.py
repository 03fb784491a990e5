"""What may not stand in words that people read who know no category: the categories' own, and what gives them away."""

import re

from registry.holding import Refused

_TELLING = re.compile(
    r"服刑|在押|坐牢|监狱|看守所|强制戒毒|强制隔离|戒毒所|限制人身自由|不良行为|闲散青少年|闲散人员|流浪乞讨"
    r"|留守儿童|五类|重点青少年|专门学校|犯罪|前科"
)


def telling_word(text: str) -> str:
    """The first word of a text that names a category or gives it away; "" when there is none."""
    found = _TELLING.search(text)
    return found[0] if found else ""


def check(text: str, field: str) -> None:
    """Raises Refused, beside the field, for a text with such a word."""
    if word := telling_word(text):
        raise Refused(
            f"这里不能写“{word}”：看的人不一定应当知道类别。请只写要办什么事、有什么困难。", field=field
        )
