"""Searches: words are posted, stay out of addresses, and belong to who typed them."""

import re
import uuid
from html import unescape

import pytest
from django.test import Client

from grids.models import User
from registry import searches
from registry.models import Search, Youth
from registry.searches import matching
from tests.cast import SignIn
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_user, make_youth
from tests.registry.test_youth_list import ids_in, names_in, total_in


def ask(client: Client, **fields: str) -> str:
    """Post words; the address of the list that answers."""
    response = client.post("/youths/search/", fields)
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


def number_of(youth: Youth) -> str:
    return youth.resident.id_number or ""


@pytest.fixture
def neighbours(db: None) -> dict[str, Youth]:
    grid = f"{HUAQIANG}001"
    return {
        "张小海": make_youth("张小海", grid=grid),
        "单小海": make_youth("单小海", grid=grid),
        "欧阳娜娜": make_youth("欧阳娜娜", grid=grid),
        "曾琪": make_youth("曾琪", grid=grid),
        "𠮷祥": make_youth("𠮷祥", grid=grid),
        "吕梁": make_youth("吕梁", dwelling=make_dwelling(grid, estate="绿地镜湖世纪城A区")),
        "阿依古丽·买买提": make_youth("阿依古丽·买买提", grid=grid),
    }


def found(user: User, q: str, neighbours: dict[str, Youth]) -> set[str]:
    listed = matching(Youth.objects.visible_to(user), Search(owner=user, q=q))
    return {youth.name for youth in listed}


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("小海", {"张小海", "单小海"}),
        ("海", {"张小海", "单小海"}),
        ("张小海", {"张小海"}),
        ("海小", set()),
        ("zhangxiaohai", {"张小海"}),
        ("zhang xiao", {"张小海"}),
        ("ZHANG", {"张小海"}),
        ("zxh", {"张小海"}),
        ("sxh", {"单小海"}),
        ("shan", {"单小海"}),
        ("dan", set()),
        ("ouyang", {"欧阳娜娜"}),
        ("oynn", {"欧阳娜娜"}),
        ("zeng", {"曾琪"}),
        ("lü", {"吕梁"}),
        ("lv", {"吕梁"}),
        ("张xh", {"张小海"}),
        ("𠮷", {"𠮷祥"}),
        ("买买提", {"阿依古丽·买买提"}),
        ("镜湖世纪城", {"吕梁"}),
        ("世纪城A区", {"吕梁"}),
        ("%", set()),
        ("_", set()),
        ("小_", set()),
        ("'; DROP TABLE", set()),
    ],
)
def test_a_name_is_found_by_part_pinyin_initials_or_estate(
    jiujiang: User, neighbours: dict[str, Youth], q: str, expected: set[str]
) -> None:
    assert found(jiujiang, q, neighbours) == expected


def test_a_posted_name_becomes_a_random_id_in_the_address(
    sign_in: SignIn, jiujiang: User, neighbours: dict[str, Youth]
) -> None:
    client = sign_in(jiujiang)
    address = ask(client, q=" 小海 ", age_max="15", state="", sort="name")
    assert re.fullmatch(r"/youths/\?age_max=15&s=[0-9a-f-]{36}&sort=name", address)
    page = client.get(address)
    assert names_in(page) == ["单*海", "张*海"]
    assert 'value="小海"' in page.content.decode()


def test_words_are_encrypted_where_they_are_kept(sign_in: SignIn, jiujiang: User) -> None:
    ask(sign_in(jiujiang), q="张小海")
    stored = Search.objects.extra(select={"raw": "q"}).get().raw
    assert "张小海".encode() not in bytes(stored)


def test_the_same_words_asked_again_are_the_same_search(sign_in: SignIn, jiujiang: User) -> None:
    client = sign_in(jiujiang)
    address = ask(client, q="小海")
    again = ask(client, q="小海", s=address[-36:], grade="A")
    assert again[-36:] == address[-36:]
    assert ask(client, q="小海")[-36:] == address[-36:]
    assert ask(client, q="大海", s=address[-36:])[-36:] != address[-36:]
    assert Search.objects.count() == 2


def test_no_words_make_no_search(sign_in: SignIn, jiujiang: User) -> None:
    assert ask(sign_in(jiujiang), q="  ", id_number="", category="idle") == "/youths/?category=idle"
    assert not Search.objects.exists()


def test_an_id_number_finds_one_person_however_it_is_written(
    sign_in: SignIn, jiujiang: User, neighbours: dict[str, Youth]
) -> None:
    youth = neighbours["单小海"]
    number = number_of(youth)
    client = sign_in(jiujiang)
    for written in (number, number.lower(), f" {number[:6]} {number[6:14]} {number[14:]} "):
        page = client.get(ask(client, id_number=written))
        assert ids_in(page) == [str(youth.pk)]
    text = page.content.decode()
    assert number not in text
    assert number not in str(Search.objects.values())


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("340207201001011230", "校验位"),
        ("34020720100101", "位数不对"),
        ("340207201002301236", "出生日期不存在"),
        ("34020720100101123A", "非法字符"),
        ("340207209901011235", "晚于今天"),
        ("3402\x00", "无法保存"),
    ],
)
def test_a_wrong_id_number_is_told_beside_the_field_and_stays_there(
    sign_in: SignIn, jiujiang: User, number: str, message: str
) -> None:
    page = sign_in(jiujiang).post("/youths/search/", {"id_number": number, "q": "小海", "grade": "A"})
    text = unescape(page.content.decode())
    assert page.status_code == 422
    assert message in text
    assert 'value="小海"' in text
    assert '<option value="A" selected>' in text
    if "\x00" not in number:
        assert f'value="{number}"' in text
    assert not Search.objects.exists()


def test_an_id_number_in_the_name_field_is_sent_to_its_own(sign_in: SignIn, jiujiang: User) -> None:
    page = sign_in(jiujiang).post("/youths/search/", {"q": "340207201001011234"})
    assert page.status_code == 422
    assert "请填到“证件号码”一栏" in page.content.decode()


@pytest.mark.parametrize("q", ["海" * 51, "\x00", "小\x00海", "\u200b\u200b"])
def test_a_name_that_cannot_be_looked_for_is_told_beside_the_field(
    sign_in: SignIn, jiujiang: User, q: str
) -> None:
    page = sign_in(jiujiang).post("/youths/search/", {"q": q})
    assert page.status_code == 422
    assert 'class="field bad"' in re.sub(r"\s+", " ", page.content.decode()).replace(
        "field  bad", "field bad"
    )


def test_free_text_in_a_posted_condition_reaches_no_address(sign_in: SignIn, jiujiang: User) -> None:
    page = sign_in(jiujiang).post("/youths/search/", {"age_min": "张小海", "school": "李明"})
    assert page.status_code == 422


def test_somebody_elses_search_and_an_unknown_one_are_the_same_404(
    sign_in: SignIn, jiujiang: User, fanchang: User
) -> None:
    client = sign_in(fanchang)
    own = ask(sign_in(jiujiang), q="小海")[-36:]
    answers = [client.get(f"/youths/?s={key}") for key in (own, uuid.uuid4(), "nonsense", "%00")]
    assert {answer.status_code for answer in answers} == {404}
    bodies = {re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "", answer.content.decode()) for answer in answers}
    assert len(bodies) == 1


def test_only_the_latest_fifty_unnamed_searches_are_remembered(jiujiang: User, fanchang: User) -> None:
    kept = searches.save(name="常用", params={}, current=None, by=jiujiang)
    other = searches.keep(q="别人", id_number="", current=None, by=fanchang)
    for number in range(52):
        latest = searches.keep(q=f"名{number}", id_number="", current=None, by=jiujiang)
    mine = Search.objects.filter(owner=jiujiang)
    assert mine.filter(name="").count() == 50
    assert {kept, latest} <= set(mine)
    assert other in Search.objects.filter(owner=fanchang)


# --- Kept searches


def keep(client: Client, name: str, query: str) -> str:
    response = client.post("/youths/searches/", {"name": name, "query": query})
    assert response.status_code == 302, response.content.decode()
    return response["Location"]


def test_a_kept_search_restores_words_and_all_conditions(
    sign_in: SignIn, jiujiang: User, neighbours: dict[str, Youth]
) -> None:
    client = sign_in(jiujiang)
    asked = ask(client, q="小海", age_max="15", sort="-name", unverified_days="90")
    address = keep(client, "华强的小海", asked.partition("/youths/")[2])
    page = client.get(address)
    assert names_in(page) == ["张*海", "单*海"]
    assert 'value="90"' in page.content.decode()
    menu = client.get("/youths/").content.decode()
    assert "华强的小海" in menu
    assert address in unescape(menu)


def test_a_kept_search_needs_no_words(sign_in: SignIn, jiujiang: User) -> None:
    client = sign_in(jiujiang)
    address = keep(client, "闲散", "?category=idle&visit_due=overdue&after=x&evil=1")
    assert Search.objects.get().params == {"category": "idle", "visit_due": "overdue"}
    assert total_in(client.get(address)) == 0


def test_two_kept_searches_have_two_names(sign_in: SignIn, jiujiang: User) -> None:
    client = sign_in(jiujiang)
    keep(client, "闲散", "?category=idle")
    keep(client, "闲散", "?category=idle")
    refused = client.post("/youths/searches/", {"name": "闲散", "query": "?category=street"})
    assert refused.status_code == 422
    assert "已有同名的常用查询" in refused.content.decode()
    assert 'value="闲散"' in refused.content.decode()
    assert Search.objects.count() == 1


@pytest.mark.parametrize("name", ["", "   ", "名" * 51, "a\x00b"])
def test_a_kept_search_needs_a_usable_name(sign_in: SignIn, jiujiang: User, name: str) -> None:
    refused = sign_in(jiujiang).post("/youths/searches/", {"name": name, "query": ""})
    assert refused.status_code == 422
    assert not Search.objects.exists()


def test_thirty_kept_searches_are_enough(sign_in: SignIn, jiujiang: User) -> None:
    for number in range(30):
        searches.save(name=f"查询{number}", params={}, current=None, by=jiujiang)
    refused = sign_in(jiujiang).post("/youths/searches/", {"name": "又一个", "query": ""})
    assert refused.status_code == 422
    assert "最多保存 30 个" in refused.content.decode()


def test_a_kept_search_is_deleted_by_its_owner_alone(sign_in: SignIn, jiujiang: User, fanchang: User) -> None:
    mine = searches.save(name="闲散", params={"category": "idle"}, current=None, by=jiujiang)
    address = f"/youths/searches/{mine.pk}/delete/"
    assert sign_in(fanchang).post(address).status_code == 404
    assert sign_in(jiujiang).get(address).status_code == 405
    done = sign_in(jiujiang).post(address, follow=True)
    assert "已删除常用查询“闲散”" in done.content.decode()
    assert not Search.objects.exists()


def test_a_category_that_may_no_longer_be_known_opens_as_unknown(
    sign_in: SignIn, jiujiang: User, wanli: User
) -> None:
    search = searches.save(name="服刑", params={"category": "custody_child"}, current=None, by=wanli)
    assert sign_in(wanli).get(f"/youths/?category=custody_child&s={search.pk}").status_code == 422


def test_words_narrow_what_is_in_scope_and_find_nobody_beyond_it(
    sign_in: SignIn, neighbours: dict[str, Youth]
) -> None:
    neighbour = make_user("li", "邻格", leads=[f"{YINHU}001"])
    client = sign_in(neighbour)
    assert total_in(client.get(ask(client, q="小海"))) == 0
    assert total_in(client.get(ask(client, id_number=number_of(neighbours["张小海"])))) == 0
