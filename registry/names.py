"""Names of people: what may be stored, how they are masked, sorted and found.

Stored beside each name are `pinyin` ("zhangxiaohai": syllables without tones or spaces) and
`initials` ("zxh"). Without spaces one prefix index serves 'zhangxiao' and 'zhang xiao' alike;
lists sort by (pinyin, name). ü is written v, as it is typed: 吕 is "lv".
"""

import re
import unicodedata
from dataclasses import dataclass

LONGEST_NAME = 50
LONGEST_PINYIN = 200  # fifty characters may spell more; what is beyond sorts and finds nothing


def _table(text: str, *, characters: int = 1) -> dict[str, str]:
    """{"单": "shan", …} from "单shan …": so many characters, then their reading."""
    return {entry[:characters]: entry[characters:] for entry in text.split()}


# 复姓 with their readings, for names of three characters or more. 单于 is left out: today it is 单 and 于.
_COMPOUNDS = _table(
    "欧阳ou'yang 上官shang'guan 司马si'ma 司徒si'tu 司空si'kong 司寇si'kou 诸葛zhu'ge 尉迟yu'chi 万俟mo'qi "
    "夏侯xia'hou 皇甫huang'fu 东方dong'fang 公孙gong'sun 慕容mu'rong 令狐ling'hu 宇文yu'wen 长孙zhang'sun "
    "端木duan'mu 澹台tan'tai 独孤du'gu 南宫nan'gong 西门xi'men 轩辕xuan'yuan 钟离zhong'li 闻人wen'ren "
    "申屠shen'tu 淳于chun'yu 濮阳pu'yang 赫连he'lian 呼延hu'yan 太史tai'shi 公冶gong'ye 宗政zong'zheng "
    "仲孙zhong'sun 鲜于xian'yu 闾丘lv'qiu 亓官qi'guan 拓跋tuo'ba 夹谷jia'gu 百里bai'li 东郭dong'guo "
    "微生wei'sheng 梁丘liang'qiu 左丘zuo'qiu 第五di'wu 纳兰na'lan 完颜wan'yan 乐正yue'zheng 公羊gong'yang "
    "漆雕qi'diao 巫马wu'ma 颛孙zhuan'sun 壤驷rang'si 谷梁gu'liang 段干duan'gan 羊舌yang'she 哥舒ge'shu",
    characters=2,
)
COMPOUND_SURNAMES = {surname: reading.split("'") for surname, reading in _COMPOUNDS.items()}

# Surnames read in another way than the same character elsewhere.
SURNAME_READINGS = _table(
    "单shan 曾zeng 仇qiu 解xie 查zha 区ou 任ren 盖ge 朴piao 翟zhai 缪miao 覃qin 乐yue 种chong 重chong 折she 召shao "
    "繁po 员yun 郇xun 秘bi 都du 祭zhai 佴nai 乜nie 隗wei 阚kan 黑he 洗xian 句gou 能nai 藏zang 薄bo 卜bu "
    "适kuo 颉xie 粘nian"
)

# Characters of given names whose everyday reading is another one, or that the dictionary lacks.
_GIVEN_NAME_READINGS = _table(
    "晟sheng 长chang 重chong 曾zeng 伽jia 翟zhai 覃qin 缪miao 隽jun 卜bu 都du 薄bo 琢zhuo 厦xia 仇qiu 弹tan 了liao "
    "〇ling 𠮷ji"
)

# Dots that separate the parts of a name, as various keyboards and files write them. All become U+00B7.
_DOTS = dict.fromkeys(map(ord, "•‧∙⋅●・･．•⸱"), "·")
# What GBK programs put into the private area for characters that have a place of their own today.
_PRIVATE_TO_UNICODE = {
    0xE7C7: "\u1e3f", 0xE816: "\U00020087", 0xE817: "\U00020089", 0xE818: "\U000200cc", 0xE81E: "\u9fb4",
    0xE826: "\u9fb5", 0xE82B: "\u9fb6", 0xE82C: "\u9fb7", 0xE831: "\U000215d7", 0xE832: "\u9fb8",
    0xE83B: "\U0002298f", 0xE843: "\u9fb9", 0xE854: "\u9fba", 0xE855: "\U000241fe", 0xE863: "\u4dae",
    0xE864: "\u9fbb",
}  # fmt: skip
_PLAIN = re.compile(r"[\u4e00-\u9fa5]{1,50}")
_PADDED_PAIR = re.compile(r"([\u3400-\u9fff\U00020000-\U000323af]) ([\u3400-\u9fff\U00020000-\U000323af])")


class InvalidName(ValueError):
    """The text cannot be stored as a name. `str()` is a message for the user."""


def clean_name(text: str) -> str:
    """The name as it is stored: 1 to 50 characters, single inner spaces, `·` in one form.

    “李　四”, padded to stand under a name of three characters, is 李四. Raises InvalidName.
    """
    if _PLAIN.fullmatch(text):
        return text
    name = unicodedata.normalize("NFKC", text.translate(_DOTS)).translate(_PRIVATE_TO_UNICODE)
    name = re.sub(r" *· *", "·", name.strip())
    name = re.sub(r" {2,}", " ", name)
    for character in name:
        _refuse_unusable(character)
    if not name:
        raise InvalidName("请填写姓名。")
    if len(name) > LONGEST_NAME:
        raise InvalidName(f"姓名最多 {LONGEST_NAME} 个字，现在是 {len(name)} 个字。")
    if not any(unicodedata.category(character)[0] in "LNC" for character in name):
        raise InvalidName("姓名里没有文字，请核对。")
    return _PADDED_PAIR.sub(r"\1\2", name) if len(name) == 3 else name


def _refuse_unusable(character: str) -> None:
    if character == "\ufffd" or character in "?□〓":
        raise InvalidName("姓名里有丢失的字（问号、方框或替代符号），请按证件重新填写。")
    if unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") or ord(character) & 0xFFFE == 0xFFFE:
        raise InvalidName("姓名里有看不见的控制字符，请删除后重新填写。")


def mask_name(name: str) -> str:
    """For lists: 张小海 is 张*海, 李四 is 李*, 欧阳娜娜 is 欧阳*, 买买提·艾力 is 买买提·*."""
    name = name.strip()
    for separator in ("·", " "):
        first, found, _ = name.partition(separator)
        if found and first:
            return first + separator + "*"
    if len(name) < 2:
        return "*" * len(name)
    if name.isascii():
        return name[0] + "*"
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return name[:2] + "*"
    return name[0] + "*" * max(1, len(name) - 2) + (name[-1] if len(name) > 2 else "")


class _Syllables(dict[str, str]):
    """The everyday syllable of each character, worked out when first asked for; "" when it has none."""

    def __missing__(self, character: str) -> str:
        syllable = _syllable_of(character)
        self[character] = syllable
        return syllable


def _syllable_of(character: str) -> str:
    """A hanzi's syllable, a Latin letter or digit in its plain form, else ""."""
    plain = unicodedata.normalize("NFKD", character)[:1].lower()
    if plain.isascii() and plain.isalnum():
        return plain
    from pypinyin.pinyin_dict import pinyin_dict  # noqa: PLC0415  # large, and most processes never need it

    readings = pinyin_dict.get(ord(character), "")
    return _without_tone(readings.partition(",")[0])


def _without_tone(reading: str) -> str:
    """lǚ is lv, ê is e."""
    parts = unicodedata.normalize("NFD", reading).replace("u\u0308", "v")
    return "".join(part for part in parts if part.isascii() and part.isalpha())


_syllables = _Syllables(_GIVEN_NAME_READINGS)


def _is_latin(character: str) -> bool:
    return character.isalnum() and unicodedata.normalize("NFKD", character)[0].isascii()


def pinyin_of(name: str) -> tuple[str, str]:
    """`("zhangxiaohai", "zxh")` for storing beside a name. Characters without a reading add nothing.

    Works character by character with the surname's own reading: four million names in seconds.
    """
    syllables = [_syllables[character] for character in name]
    if name[:2] in COMPOUND_SURNAMES and len(name) > 2:
        syllables[:2] = COMPOUND_SURNAMES[name[:2]]
    elif name[:1] in SURNAME_READINGS:
        syllables[0] = SURNAME_READINGS[name[0]]
    pinyin = "".join(syllables)[:LONGEST_PINYIN]
    if _PLAIN.fullmatch(name):
        return pinyin, "".join([syllable[:1] for syllable in syllables])
    return pinyin, _initials_with_words(name, syllables)


def _initials_with_words(name: str, syllables: list[str]) -> str:
    """Initials of a name with Latin words in it: a word counts once, a hanzi each time."""
    initials = []
    inside_word = False
    for character, syllable in zip(name, syllables, strict=True):
        latin = _is_latin(character)
        if not (latin and inside_word):
            initials.append(syllable[:1])
        inside_word = latin
    return "".join(initials)


@dataclass(frozen=True, slots=True)
class SearchTerms:
    """What was typed into a name field, sorted out. An empty string is no condition.

    A name is found when it contains `name_part` and, if either is set, its pinyin starts with `pinyin`
    or its initials start with `initials`. `text` is the tidied whole, for other columns such as the
    estate. `is_id_number`: someone typed an ID number here, which belongs into its own field.
    """

    text: str
    name_part: str = ""
    pinyin: str = ""
    initials: str = ""
    is_id_number: bool = False

    @property
    def is_hanzi(self) -> bool:
        """Whether this is simply a part of a name (or of an estate's)."""
        return bool(self.name_part) and not self.pinyin

    def __repr__(self) -> str:
        return "SearchTerms(…)"  # search words stand in no log


_LONGEST_INITIALS = 6
_NO_SYLLABLE_STARTS_WITH = frozenset("iuv")
_ID_NUMBER_LIKE = re.compile(r"[0-9]{14,17}[0-9xX]")
_HANZI_THEN_LETTERS = re.compile(r"([^a-z0-9 ]+) ?([a-z]+)")
_BETWEEN_SYLLABLES = re.compile(r"[ '’`·-]+")


def search_terms(text: str) -> SearchTerms:
    """Sort out a query: 小海 is part of a name, 'zhang xiao' pinyin, zxh initials (and pinyin), 张xh a mix."""
    tidy = unicodedata.normalize("NFKC", text.translate(_DOTS)).translate(_PRIVATE_TO_UNICODE)
    visible = (c if unicodedata.category(c)[0] != "C" else " " for c in tidy)
    tidy = " ".join("".join(visible).split())[:LONGEST_NAME].strip()
    if _ID_NUMBER_LIKE.fullmatch(tidy.replace(" ", "")):
        return SearchTerms(tidy, is_id_number=True)
    letters = _BETWEEN_SYLLABLES.sub("", _typed_letters(tidy))
    if letters.isascii() and letters.isalpha():
        return SearchTerms(tidy, pinyin=letters, initials=letters if _may_be_initials(letters) else "")
    mix = _HANZI_THEN_LETTERS.fullmatch(tidy.lower())
    if mix:
        pinyin, initials = pinyin_of(mix[1])
        return SearchTerms(tidy, name_part=mix[1], pinyin=pinyin + mix[2], initials=initials + mix[2])
    return SearchTerms(tidy, name_part=tidy)


def _typed_letters(text: str) -> str:
    """Lower case, tone marks away, ü as v: lǚ, lü and lyu are all lv."""
    decomposed = unicodedata.normalize("NFD", text.lower()).replace("u\u0308", "v").replace("lyu", "lv")
    return "".join(c for c in decomposed if not unicodedata.combining(c))


def _may_be_initials(letters: str) -> bool:
    return len(letters) <= _LONGEST_INITIALS and _NO_SYLLABLE_STARTS_WITH.isdisjoint(letters)
