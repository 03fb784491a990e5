"""The pages that leave readings 查阅记录, in words: kinds that tell nothing of a category, nor of what was sealed."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Kind:
    label: str
    pages: tuple[str, ...]


KINDS = {
    "file": Kind("打开档案", ("youth", "youth_history", "youth_readings")),
    "work": Kind(
        "办理档案",
        (
            "youth_verify", "youth_correct", "youth_grade", "youth_close", "youth_enrol", "youth_move",
            "enrolment_end", "visit_new", "youth_new", "youth_consent", "consent_withdraw", "youth_disclose",
        ),
    ),
    "list": Kind("人员名单", ("youths", "youth_search", "enrolments", "home")),
    "tasks": Kind(
        "走访任务",
        ("candidates", "candidate", "candidate_verify", "candidate_set_aside", "candidate_visited"),
    ),
    "export": Kind("导出名单", ("youths_export", "checks_sheet", "readings_export")),
    "alerts": Kind("提醒", ("alerts", "alerts_live")),
    "moves": Kind(
        "迁移和交接", ("moves", "handovers", "handover", "handover_return", "handover_answer", "handover_accept")
    ),
    "people": Kind(
        "人房查询",
        ("residents", "households", "dwellings", "resident", "dwelling", "residents_search", "households_search",
         "dwellings_search"),
    ),
    "disclosures": Kind("提供记录", ("disclosure",)),
    "checks": Kind("数据校核", ("checks", "check")),
    "requests": Kind(
        "个人信息请求", ("requests", "request_new", "request", "request_answer", "request_sheet")
    ),
    "reports": Kind(
        "问题上报",
        ("reports", "report", "report_new", "report_told", "report_answer", "report_join", "report_case"),
    ),
    "cases": Kind(
        "个案和转介",
        ("cases", "case", "case_new", "case_plan", "case_close", "referrals", "referral", "referral_new",
         "referral_withdraw"),
    ),
    "pairings": Kind(
        "结对帮扶",
        ("pairings", "pairing", "pairing_new", "pairing_plan", "pairing_end", "pairing_coverage"),
    ),
    "grants": Kind(
        "临时授权",
        ("grants", "grant", "grant_approve", "grant_decline", "grant_review", "grant_find", "youth_reason",
         "youth_reason_emergency"),
    ),
}  # fmt: skip
_LABELS = {page: kind.label for kind in KINDS.values() for page in kind.pages}


def words_of(page: str) -> str:
    """The kind of a page by its name."""
    return _LABELS.get(page, "其他页面")
