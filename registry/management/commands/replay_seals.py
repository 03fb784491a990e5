"""`manage.py replay_seals`: after a backup was restored, seal again what was sealed after it was made.

Files that were erased on request since are erased again as well. What is over by the retention policy goes the next
night, or by `apply_retention`.

To be run before the site opens, which it does not while the ledger is ahead (registry/seal_ledger.py). What was
reopened since the backup stays sealed; two people reopen it again. It can be run again at any time.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from grids.models import User
from registry import retention, seal_ledger, seals


class Command(BaseCommand):
    help = "恢复备份后、开放使用前，按封存台账重新封存备份之后封存的内容"

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            ahead, untold = seal_ledger.ahead(), seal_ledger.missing()
        except seal_ledger.LedgerBroken as broken:
            raise CommandError(f"封存台账不可用：{broken}") from broken
        emptied = 0
        again = [entry for entry in ahead if entry.act == seal_ledger.ERASED]
        ahead = [entry for entry in ahead if entry.act != seal_ledger.ERASED]
        for entry in ahead:
            try:
                emptied += not seals.replay(entry)
            except User.DoesNotExist:
                raise CommandError(
                    f"封存 {entry.seal} 的经办人不在这个数据库里，请先恢复用户，再重新执行"
                ) from None
        for entry in again:
            retention.erase_again(entry)
        if again:
            self.stdout.write(f"重新删除 {len(again)} 份按请求删除的档案。")
        self.stdout.write(f"重新封存 {len(ahead)} 件，其中 {emptied} 件的内容不在这份备份里。")
        if untold:
            self.stdout.write(
                f"数据库里有 {len(untold)} 件封存不在台账里（台账丢失或不是最新的），"
                f"已补记 {seals.tell_again()} 件。请核对 SEAL_LEDGER 是否指对了地方。"
            )
