"""The city as the departments would send it: five full files (ARCHITECTURE.md section 6), UTF-8 without a mark.

`residences.csv` holds a mover's earlier home before the present one, in order of date; someone who left the city has
a last row without a dwelling.
"""

import csv
import io
from pathlib import Path

from .people import Household, Person
from .rows import NULL, day, periods
from .town import Town

HEADERS = {
    "dwellings": ("房屋编号", "网格编号", "小区名称", "楼栋", "单元", "室", "房屋地址", "经度", "纬度"),
    "residents": (
        "公民身份号码", "人员编号", "姓名", "性别", "出生日期", "户籍地", "户号", "与户主关系", "联系方式",
    ),
    "residences": ("公民身份号码", "人员编号", "房屋编号", "起始日期", "迁往地"),
    "guardianships": (
        "公民身份号码", "人员编号", "监护人身份号码", "监护人姓名", "与被监护人关系", "监护类型", "监护人状况", "去向",
        "起始日期", "终止日期",
    ),
    "facts": ("公民身份号码", "人员编号", "事项", "起始日期", "终止日期", "单位", "等级", "去向"),
}  # fmt: skip
SEXES = {1: "男", 2: "女"}


def until(ordinal: int) -> str:
    return "" if day(ordinal) == NULL else day(ordinal)


class Feeds:
    """Writes the lines of one community to five texts."""

    def __init__(self) -> None:
        self.texts = {kind: io.StringIO(newline="") for kind in HEADERS}
        self.rows = {kind: csv.writer(text, lineterminator="\n") for kind, text in self.texts.items()}

    def blobs(self) -> dict[str, bytes]:
        return {kind: text.getvalue().encode() for kind, text in self.texts.items()}

    def town(self, town: Town) -> None:
        for home in town.dwellings:
            self.rows["dwellings"].writerow(
                (
                    home.code,
                    home.grid,
                    home.estate,
                    home.building,
                    home.unit,
                    home.room,
                    home.address,
                    home.longitude,
                    home.latitude,
                )
            )
        for house in town.households:
            for member in house.members:
                self._person(house, member)

    def _person(self, house: Household, person: Person) -> None:
        key = (person.number, person.person_number)
        self.rows["residents"].writerow(
            (
                *key,
                person.name,
                SEXES[person.sex],
                day(person.born),
                person.hukou,
                house.number,
                person.relation,
                person.phone,
            )
        )
        lived = periods(house, person)
        for _, code, since, _ in lived:
            self.rows["residences"].writerow((*key, code, day(since), ""))
        if lived and lived[-1][3] and house.moved:
            self.rows["residences"].writerow((*key, "", day(lived[-1][3]), house.moved.out_to))
        for guardian in person.guardians:
            self.rows["guardianships"].writerow(
                (*key, guardian.person.number, guardian.person.name, guardian.relation, guardian.kind, guardian.status,
                 guardian.county, day(guardian.since), "")
            )  # fmt: skip
        for fact in person.facts:
            self.rows["facts"].writerow(
                (*key, fact.item, day(fact.since), until(fact.until), fact.unit, fact.level, fact.county)
            )


class FeedFiles:
    """The five files of one folder, written community by community."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.files = {kind: (folder / f"{kind}.csv").open("wb") for kind in HEADERS}
        for kind, file in self.files.items():
            file.write((",".join(HEADERS[kind]) + "\n").encode())

    def write(self, blobs: dict[str, bytes]) -> None:
        for kind, blob in blobs.items():
            self.files[kind].write(blob)

    def close(self) -> None:
        for file in self.files.values():
            file.close()
