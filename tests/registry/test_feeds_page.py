"""The feeds' desk: upload, rehearse, apply, approve, decline, undo, and what the pages say on the way."""

import csv
import threading
import uuid
from collections.abc import Callable
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from grids.models import Alert, User
from grids.permissions import Role
from registry import feed_desk, feed_files, feed_work
from registry.feed_calendar import calendar
from registry.feeds import batches
from registry.models import Batch, Source, Upload, Youth
from tests.cast import SignIn
from tests.factories import HUAQIANG, YINHU, make_dwelling, make_resident, make_user, make_youth

pytestmark = pytest.mark.django_db
COLUMNS = ["公民身份号码", "人员编号", "房屋编号", "起始日期", "迁往地"]
OLD, NEW = f"{HUAQIANG}001", f"{YINHU}001"


@pytest.fixture(autouse=True)
def folders(settings: Any, tmp_path: Path) -> None:
    settings.FEED_FILES_DIR = tmp_path / "files"
    settings.FEED_ERRORS_DIR = tmp_path / "errors"


@pytest.fixture
def old_home(yang_ying: User) -> Any:
    return make_dwelling(OLD)


@pytest.fixture
def new_home(wang_shanshan: User) -> Any:
    return make_dwelling(NEW)


@pytest.fixture
def second_cadre(db: None) -> User:
    """孙丽 of the city's league committee: the second person."""
    return make_user("sunli", "孙丽", posts=[(Role.CITY, "3402")])


@pytest.fixture
def run(django_capture_on_commit_callbacks: Any) -> Callable[..., Any]:
    """Do something, and whatever follows its commit: eager tasks among it."""

    def do(act: Callable[[], Any]) -> Any:
        with django_capture_on_commit_callbacks(execute=True):
            return act()

    return do


def text(rows: list[list[Any]]) -> bytes:
    out = StringIO()
    csv.writer(out).writerows([COLUMNS, *rows])
    return out.getvalue().encode()


def move(person: Any, home: Any, days: int = 1) -> list[Any]:
    resident = person.resident if isinstance(person, Youth) else person
    return [
        resident.id_number,
        "",
        home.code if home else "",
        str(timezone.localdate() - timedelta(days=days)),
        "",
    ]


def form_of(content: bytes, **changes: Any) -> dict[str, Any]:
    return {
        "feed": "police:residences",
        "as_of": str(timezone.localdate()),
        "mode": "delta",
        "file": SimpleUploadedFile("公安.csv", content),
        "submission_key": str(uuid.uuid4()),
        **changes,
    }


def send(run: Any, client: Client, content: bytes, **changes: Any) -> Upload:
    """Upload in the browser and let the rehearsal run."""
    answer = run(lambda: client.post("/feeds/new/", form_of(content, **changes)))
    assert answer.status_code == 302, answer.content.decode()
    return Upload.objects.get(pk=answer["Location"].split("/")[-2])


def page_of(client: Client, upload: Upload) -> str:
    return client.get(f"/feeds/uploads/{upload.pk}/").content.decode()


def batch_of(upload: Upload) -> Batch:
    assert upload.batch_id
    return Batch.objects.get(pk=upload.batch_id)


def press(run: Any, client: Client, upload: Upload, what: str, **sent: Any) -> Any:
    answer = run(lambda: client.post(f"/feeds/uploads/{upload.pk}/{what}/", sent))
    upload.refresh_from_db()
    return answer


def hold_everything() -> None:
    """Police files of anything new are held from now on, after a first batch."""
    Source.objects.filter(pk="police").update(judged_from=0, moves_limit=0)
    Batch.objects.create(
        source_id="police", kind="residences", as_of="2026-01-01", sha256="0", file_name="a.csv", state="applied"
    )  # fmt: skip


# --- Upload and rehearsal


def test_an_upload_says_what_would_change_and_changes_nothing(
    run: Any, jiujiang: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    youth = make_youth("张小海", dwelling=old_home)
    client = sign_in(jiujiang)
    upload = send(run, client, text([move(youth, new_home), ["x", "", new_home.code, "2026-01-01", ""]]))
    assert upload.state == "checked"
    page = page_of(client, upload)
    assert "还没有改变任何数据" in page
    assert "鸠江区" in page
    assert "退回 1 行" in page
    assert "公民身份号码" in page
    assert "张" not in page.split("<main")[1]
    assert str(youth.resident.id_number) not in page
    assert (upload.report["moves_within"], upload.report["handovers"], upload.report["alerts"]) == (1, 1, 2)
    assert upload.report["handovers_by_district"] == {"340207": 1}
    assert upload.report["alerts_by_district"] == {"340207": 2}
    assert upload.report["candidates_by_district"] == {}
    assert not Batch.objects.exists()
    assert not Alert.objects.exists()
    assert youth.resident.residences.count() == 1


def test_the_file_lies_for_its_owner_alone_and_under_no_name_of_anybodys(
    run: Any, jiujiang: User, sign_in: SignIn, tmp_path: Path
) -> None:
    send(run, sign_in(jiujiang), text([]), file=SimpleUploadedFile("../../张小海.csv", text([])))
    (stored,) = list((tmp_path / "files").iterdir())
    assert stored.name == str(Upload.objects.get().pk)
    assert stored.stat().st_mode & 0o777 == 0o600
    assert stored.parent.stat().st_mode & 0o777 == 0o700


def test_the_same_form_twice_is_one_upload(run: Any, jiujiang: User, sign_in: SignIn) -> None:
    client, key = sign_in(jiujiang), str(uuid.uuid4())
    first = send(run, client, text([]), submission_key=key)
    second = send(run, client, text([]), submission_key=key)
    assert first == second
    assert Upload.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"feed": ""}, "请选择是哪个部门的哪类数据"),
        ({"feed": "police:facts"}, "请在列表中重新选择"),
        ({"feed": "nobody:facts"}, "请在列表中重新选择"),
        ({"as_of": "2099-01-01"}, "数据日期不能晚于今天"),
        ({"as_of": "2026-02-30"}, "没有这一天"),
        ({"as_of": ""}, "请填写日期"),
        ({"mode": "some"}, "请选择变动或全量"),
        ({"file": ""}, "请选择文件"),
        ({"file": SimpleUploadedFile("a.csv", b"")}, "文件是空的"),
        ({"file": SimpleUploadedFile("a.pdf", b"x")}, "只能上传 CSV 或 XLSX"),
        ({"submission_key": "x"}, "页面已过期"),
    ],
)
def test_bad_input_is_answered_beside_the_field(
    changes: dict[str, Any], message: str, jiujiang: User, sign_in: SignIn
) -> None:
    answer = sign_in(jiujiang).post("/feeds/new/", form_of(text([]), **changes))
    assert answer.status_code == 422
    assert message in answer.content.decode()
    assert not Upload.objects.exists()


def test_a_source_whose_licence_ended_cannot_load(
    run: Any, jiujiang: User, sign_in: SignIn, tmp_path: Path
) -> None:
    Source.objects.filter(pk="police").update(licence_ends_on=timezone.localdate() - timedelta(days=1))
    answer = sign_in(jiujiang).post("/feeds/new/", form_of(text([])))
    assert answer.status_code == 422
    assert "授权已于" in answer.content.decode()
    (tmp_path / "f.csv").write_bytes(text([]))
    order = batches.Order(
        kind="residences", path=tmp_path / "f.csv", source="police", as_of=timezone.localdate()
    )
    with pytest.raises(batches.Unusable, match="到期"):
        batches.load(order)
    assert "不能加载" in sign_in(jiujiang).get("/feeds/").content.decode()


def test_the_last_day_of_a_licence_still_counts(run: Any, jiujiang: User, sign_in: SignIn) -> None:
    Source.objects.filter(pk="police").update(licence_ends_on=timezone.localdate())
    assert send(run, sign_in(jiujiang), text([])).state == "checked"


def test_a_file_that_cannot_be_used_says_why_and_is_deleted(
    run: Any, jiujiang: User, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)
    upload = send(run, client, "姓名\n张三".encode())
    assert upload.state == "refused"
    assert upload.message in page_of(client, upload)
    assert not upload.path.exists()


# --- Apply


def test_what_was_rehearsed_is_applied_and_its_file_deleted(
    run: Any, jiujiang: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    youth = make_youth(dwelling=old_home)
    client = sign_in(jiujiang)
    upload = send(run, client, text([move(youth, new_home)]))
    press(run, client, upload, "apply")
    batch = Batch.objects.get()
    assert (upload.state, upload.batch, batch.loaded_by, batch.file_name) == (
        "applied",
        batch,
        jiujiang,
        "公安.csv",
    )
    assert youth.handovers.open().exists()
    assert not upload.path.exists()
    page = client.get(f"/feeds/{batch.pk}/").content.decode()
    assert "鸠江区" in page
    assert "王磊" in client.get("/feeds/").content.decode()


def test_pressed_twice_it_is_applied_once(
    run: Any, jiujiang: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    youth = make_youth(dwelling=old_home)
    client = sign_in(jiujiang)
    upload = send(run, client, text([move(youth, new_home)]))
    press(run, client, upload, "apply")
    answer = run(lambda: client.post(f"/feeds/uploads/{upload.pk}/apply/", follow=True))
    assert "已由王磊办理" in answer.content.decode()
    feed_work.apply(upload.pk)
    assert Batch.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_two_who_press_at_the_same_moment_one_wins(
    jiujiang: User, city_cadre: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    youth = make_youth(dwelling=old_home)
    client = sign_in(jiujiang)
    client.post("/feeds/new/", form_of(text([move(youth, new_home)])))
    upload, start, told = Upload.objects.get(), threading.Barrier(2), []

    def apply(user: User) -> None:
        start.wait()
        try:
            feed_desk.order_apply(Upload.objects.get(pk=upload.pk), by=user)
            told.append("won")
        except feed_desk.Refused as refusal:
            told.append(str(refusal))
        finally:
            connection.close()

    threads = [threading.Thread(target=apply, args=[user]) for user in (jiujiang, city_cadre)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(word == "won" for word in told) == [False, True], told
    upload.refresh_from_db()
    assert (upload.state, Batch.objects.count(), youth.handovers.count()) == ("applied", 1, 1)


def test_the_same_file_uploaded_again_is_told_so(
    run: Any, jiujiang: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    content = text([move(make_youth(dwelling=old_home), new_home)])
    client = sign_in(jiujiang)
    first, second = send(run, client, content), send(run, client, content)
    press(run, client, first, "apply")
    press(run, client, second, "apply")
    assert (first.state, second.state) == ("applied", "refused")
    assert "已经应用过" in page_of(client, second)


# --- Held


def held_upload(run: Any, client: Client, old_home: Any, new_home: Any) -> Upload:
    hold_everything()
    upload = send(run, client, text([move(make_youth(dwelling=old_home), new_home)]))
    assert upload.report["held"] is True
    assert upload.report["handovers"] == 1, "what a held file would do is told before anybody approves"
    assert "提交批准" in page_of(client, upload)
    press(run, client, upload, "apply")
    assert upload.state == "held"
    assert upload.path.exists()
    return upload


def test_a_held_one_waits_for_a_second_person(
    run: Any,
    jiujiang: User,
    city_cadre: User,
    old_home: Any,
    new_home: Any,
    sign_in: SignIn,
) -> None:
    upload = held_upload(run, sign_in(jiujiang), old_home, new_home)
    assert batch_of(upload).state == "held"
    assert Source.objects.get(pk="police").judged_from == 0
    assert press(run, sign_in(jiujiang), upload, "approve").status_code == 403
    assert "批准并应用" not in page_of(sign_in(jiujiang), upload)
    assert "批准并应用" in page_of(sign_in(city_cadre), upload)
    press(run, sign_in(city_cadre), upload, "approve")
    batch = batch_of(upload)
    assert (upload.state, batch.state, batch.loaded_by, batch.approved_by) == (
        "applied", "applied", jiujiang, city_cadre,
    )  # fmt: skip


def test_who_loaded_it_cannot_approve_it(
    run: Any, city_cadre: User, second_cadre: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    upload = held_upload(run, sign_in(city_cadre), old_home, new_home)
    press(run, sign_in(city_cadre), upload, "approve")
    assert upload.state == "held"
    press(run, sign_in(second_cadre), upload, "approve")
    assert upload.state == "applied"


def test_a_held_one_that_is_declined_ends_with_its_reason(
    run: Any, jiujiang: User, city_cadre: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    upload = held_upload(run, sign_in(jiujiang), old_home, new_home)
    assert press(run, sign_in(city_cadre), upload, "decline", reason="").status_code == 422
    press(run, sign_in(city_cadre), upload, "decline", reason="人数不对")
    assert (upload.state, batch_of(upload).state) == ("declined", "declined")
    assert not upload.path.exists()
    assert "人数不对" in page_of(sign_in(jiujiang), upload)
    press(run, sign_in(city_cadre), upload, "approve")
    assert upload.state == "declined"


def test_a_held_one_overtaken_by_a_newer_file_says_so_and_can_be_declined(
    run: Any, jiujiang: User, city_cadre: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    upload = held_upload(run, sign_in(jiujiang), old_home, new_home)
    Upload.objects.update(as_of="2026-01-02")
    Batch.objects.filter(sha256="0").update(as_of="2026-01-03")
    press(run, sign_in(city_cadre), upload, "approve")
    assert (upload.state, upload.approved_by) == ("held", None)
    assert "不能倒序" in page_of(sign_in(city_cadre), upload)


# --- Tasks that were lost, killed or failed


def test_without_a_worker_nothing_is_lost_and_the_page_says_so(
    run: Any, jiujiang: User, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)
    client.post("/feeds/new/", form_of(text([])))  # what follows the commit never comes
    upload = Upload.objects.get()
    assert "排队中" in page_of(client, upload)
    assert "hx-get" in page_of(client, upload)
    Upload.objects.update(queued_at=timezone.now() - timedelta(minutes=3))
    page = page_of(client, upload)
    assert "后台恢复后会自己开始" in page
    assert "hx-get" not in page
    assert feed_desk.send_lost() == 1
    upload.refresh_from_db()
    assert upload.state == "checked"
    assert feed_desk.send_lost() == 0


def test_a_task_that_was_killed_can_be_started_again(run: Any, jiujiang: User, sign_in: SignIn) -> None:
    client = sign_in(jiujiang)
    client.post("/feeds/new/", form_of(text([])))
    upload = Upload.objects.get()
    Upload.objects.update(started_at=timezone.now() - timedelta(minutes=1))  # and no lock
    assert "任务中断了" in page_of(client, upload)
    assert feed_desk.send_lost() == 0, "what killed it once may kill it again: a person decides"
    press(run, client, upload, "restart")
    assert upload.state == "checked"
    answer = press(run, client, upload, "restart")
    assert answer.status_code == 302


def test_an_accident_leaves_everything_as_it_was_and_a_word_on_the_page(
    run: Any, jiujiang: User, old_home: Any, new_home: Any, sign_in: SignIn, caplog: Any
) -> None:
    client = sign_in(jiujiang)
    upload = send(run, client, text([move(make_youth(dwelling=old_home), new_home)]))
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE registry_move ADD CONSTRAINT accident CHECK (moved_on < '1900-01-01') NOT VALID"
        )
    press(run, client, upload, "apply")
    assert upload.state == "applying"
    assert "出了意外" in page_of(client, upload)
    assert not Batch.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE registry_move DROP CONSTRAINT accident")
    press(run, client, upload, "restart")
    assert upload.state == "applied"


def test_who_works_on_an_upload_holds_its_lock_and_a_second_task_goes_home(jiujiang: User) -> None:
    name = uuid.UUID("ffffffff-0000-4000-8000-000000000000")
    assert feed_work.at_work([name]) == {}
    with feed_work._locked(name) as alone:
        assert alone
        assert feed_work.at_work([name]) == {name: feed_work.Work(None)}
    assert feed_work.at_work([name]) == {}


def test_after_seven_days_a_file_nobody_decided_on_is_deleted(
    run: Any, jiujiang: User, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)
    upload = send(run, client, text([]))
    assert run(feed_desk.expire) == 0
    Upload.objects.update(created_at=timezone.now() - timedelta(days=8))
    run(feed_desk.expire)
    upload.refresh_from_db()
    assert (upload.state, upload.file_gone, upload.path.exists()) == ("expired", True, False)
    assert "七天" in page_of(client, upload)


# --- Who sees what


def test_an_upload_is_its_owners_and_the_citys(
    run: Any, jiujiang: User, fanchang: User, city_cadre: User, sign_in: SignIn
) -> None:
    upload = send(run, sign_in(jiujiang), text([["x", "", "", "2026-01-01", ""]]))
    url = f"/feeds/uploads/{upload.pk}/"
    for path in ("", "errors/"):
        assert sign_in(fanchang).get(url + path).status_code == 404
        answer = sign_in(city_cadre).get(url + path)
        assert answer.status_code == 200
        assert b"".join(answer)
    assert sign_in(fanchang).post(url + "apply/").status_code == 404


def test_the_errors_sheet_comes_from_its_folder_by_the_rows_own_id(
    run: Any, jiujiang: User, fanchang: User, new_home: Any, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)
    upload = send(run, client, text([["x", "", new_home.code, "2026-01-01", ""]]))
    press(run, client, upload, "apply")
    batch = upload.batch
    assert batch
    answer = client.get(f"/feeds/{batch.pk}/errors/")
    assert answer.status_code == 200
    assert b"".join(answer).startswith(b"PK")
    assert "no-store" in answer["Cache-Control"]
    assert sign_in(fanchang).get(f"/feeds/{batch.pk}/errors/").status_code == 404
    feed_files.errors_path(batch.pk).unlink()
    assert client.get(f"/feeds/{batch.pk}/errors/").status_code == 404


# --- Undo


def test_a_batch_is_undone_by_who_loaded_it(
    run: Any, jiujiang: User, fanchang: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    youth = make_youth(dwelling=old_home)
    client = sign_in(jiujiang)
    upload = send(run, client, text([move(youth, new_home)]))
    press(run, client, upload, "apply")
    url = f"/feeds/{upload.batch_id}/undo/"
    assert sign_in(fanchang).post(url).status_code == 404
    assert "回到加载以前" in client.get(url).content.decode()
    answer = run(lambda: client.post(url, follow=True))
    assert "已撤销" in answer.content.decode()
    assert youth.resident.residences.get().ends_on is None
    answer = run(lambda: client.post(url, follow=True))
    assert "没有撤销" in answer.content.decode()


# --- Calendar and list


def test_the_calendar_counts_from_the_last_batch_applied(city_cadre: User, sign_in: SignIn) -> None:
    today = timezone.localdate()
    for days, state in ((3, "applied"), (0, "held"), (0, "declined")):
        Batch.objects.create(
            source_id="police", kind="residences", as_of=today - timedelta(days=days), sha256=str(days) + state,
            file_name="a.csv", state=state,
        )  # fmt: skip
    first, *others = calendar()
    assert (first.source.pk, first.kind, first.due_on, first.is_late) == (
        "police", "residences", today - timedelta(days=2), True,
    )  # fmt: skip
    assert [owed.due_on for owed in others] == [None] * 9
    page = sign_in(city_cadre).get("/feeds/").content.decode()
    assert "已逾期 2 天" in page
    assert page.count("尚未报送") == 9


def test_the_list_takes_as_many_statements_however_long_it_is(city_cadre: User, sign_in: SignIn) -> None:
    client = sign_in(city_cadre)

    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert client.get("/feeds/").status_code == 200
        return len(captured)

    def add(number: int) -> None:
        Batch.objects.create(
            source_id="police", kind="residences", as_of="2026-01-01", sha256=str(number), file_name="a.csv",
            state="applied", loaded_by=city_cadre,
        )  # fmt: skip
        Upload.objects.create(
            source_id="hrss", kind="facts", mode="delta", as_of="2026-01-01", file_name="b.csv", size=1,
            state="checked", loaded_by=city_cadre, submission_key=uuid.uuid4(),
        )  # fmt: skip

    add(1)
    client.get("/feeds/")
    before = cost()
    for number in range(2, 6):
        add(number)
    assert cost() == before <= 14


def test_a_rehearsal_takes_as_many_statements_whatever_the_size_of_the_file(
    run: Any, jiujiang: User, old_home: Any, new_home: Any, sign_in: SignIn
) -> None:
    client = sign_in(jiujiang)

    def cost(people: int) -> int:
        rows = [move(make_resident(f"李{number}".replace("1", "一"), age=40, dwelling=old_home), new_home)
                for number in ["大", "小", "中", "山", "水"][:people]]  # fmt: skip
        client.post("/feeds/new/", form_of(text(rows)))
        upload = Upload.objects.latest("created_at")
        with CaptureQueriesContext(connection) as captured:
            feed_work.check(upload.pk)
        upload.refresh_from_db()
        assert upload.report["moves_within"] == people
        return len(captured)

    assert cost(1) == cost(5)
