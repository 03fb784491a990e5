"""`manage.py rotate_keys`: write every encrypted value anew under the first key of FIELD_KEYS and under FIELD_CIPHER.

How to change a key without a stop:
1. Add the new key behind the old one (`1:…,2:…,index:…`) and restart every process: now all of them can read it.
2. Put it first (`2:…,1:…,index:…`) and restart: now it encrypts.
3. Run this command. It can be killed and run again, and people go on working. At scale 1 (four million ID numbers) it
   takes some quarters of an hour and leaves as many dead rows as it wrote, which autovacuum clears.
4. `rotate_keys --check` says that nothing is left under the old key (exit 0). Only then take it out of FIELD_KEYS; keep
   it with the database's backups, which still need it.
The same steps move everything from AES to SM4: restart with FIELD_CIPHER=sm4 instead of steps 1 and 2.

Not rotated: the key of the blind index (`index:…`) and its hash (INDEX_HASH), and the tombstones of what was sealed or
erased. Their originals cannot be told from them. To change the index: close the site, decrypt each ID number and phone,
write its index anew with the new key (residents, guardianships; the images in registry_batchchange; stored searches end
by themselves), rebuild the unique indexes, open again; addresses of residents and doors in people's bookmarks are lost.
Tombstones keep the old key beside the new one for as long as they are kept.
"""

import sys
import time
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from grids.encryption import ALGORITHM_NAMES, current_head
from registry import rotation

_PATIENCE = 600  # seconds that rows may stay held by others before this gives up until the next run


class Command(BaseCommand):
    help = "把加密字段换到当前密钥（FIELD_KEYS 的第一个）和算法（FIELD_CIPHER），可随时中断、重新运行"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--check", action="store_true", help="只统计各密钥下的数量；仍有旧密钥时退出码为 1"
        )
        parser.add_argument("--batch", type=int, default=2000, metavar="N", help="每批行数（默认 2000）")

    def handle(self, *, check: bool, batch: int, **options: Any) -> None:
        left = self._counts() if check else self._rotate(max(1, batch))
        if left:
            sys.exit(1)

    def _counts(self) -> int:
        left = 0
        for name, heads in rotation.counts().items():
            for head, number in sorted(heads.items()):
                is_old = head != current_head()
                left += number if is_old else 0
                self.stdout.write(f"{name}：{_words(head)} {number:,}{'（旧）' if is_old else ''}")
        self.stdout.write(f"仍在旧密钥或旧算法下：{left:,}" if left else "全部在当前密钥下。")
        return left

    def _rotate(self, batch: int) -> int:
        """Passes until nothing is left; waits for rows that are held. Returns how many values are left."""
        left = rotation.left_over()
        self.stdout.write(f"当前：{_words(current_head())}。要换的值：{left:,}")
        unreadable: Counter[str] = Counter()
        give_up = time.monotonic() + _PATIENCE
        while left > unreadable.total() and time.monotonic() < give_up:
            outcome = rotation.rotate(limit=batch, report=self._progress)
            unreadable, left = outcome.unreadable, rotation.left_over()
            if outcome.written:
                give_up = time.monotonic() + _PATIENCE
            elif left > unreadable.total():
                self.stdout.write(f"有 {left - unreadable.total():,} 个值正被占用，稍候再试……")
                time.sleep(1)
        for name, number in unreadable.items():
            self.stderr.write(f"{name}：{number:,} 个值用现有密钥都打不开，请找回写入它们的密钥")
        self.stdout.write(f"还有 {left:,} 个值没有换完，请再次运行。" if left else "全部换到当前密钥。")
        return left

    def _progress(self, name: str, written: int) -> None:
        self.stdout.write(f"{name}：已换 {written:,}")


def _words(head: bytes) -> str:
    return f"{ALGORITHM_NAMES.get(head[0], '未知算法')} 密钥 {head[1]}"
