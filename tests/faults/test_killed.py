"""A refresh killed at any statement, and run again, gives what an undisturbed one does.

kill -9 of the process, and the end of its database connection; the full refresh, and
the marked job between its statements and its batches.
"""

from pathlib import Path

from throwaway import Database

from odoo.tests import BaseCase, tagged

SCRIPT = Path(__file__).with_name("kill_points.py")


@tagged("post_install", "-at_install")
class TestKilled(BaseCase):
    def test_a_killed_refresh_loses_nothing_and_repeats_nothing(self):
        database = Database()
        self.addCleanup(database.drop)
        answer = database.ask(SCRIPT.read_text())
        self.assertEqual(answer["wrong"], [])
        # It did change something, and was killed at many places.
        self.assertGreater(answer["changed"], 4)
        self.assertGreater(answer["history"], 3)
        full, _backend, marked, *between_batches = answer["points"]
        self.assertGreater(full, 20)
        self.assertGreater(marked, full)
        self.assertGreater(min(between_batches), 3)
