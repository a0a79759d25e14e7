"""Two refreshes at once, in real transactions; nothing is left in the database."""

from contextlib import contextmanager

from psycopg2 import errors

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tests import BaseCase, get_db_name, tagged


@tagged("post_install", "-at_install")
class TestRefreshTogether(BaseCase):
    @contextmanager
    def _transaction(self):
        with Registry(get_db_name()).cursor() as cr:
            try:
                yield api.Environment(cr, SUPERUSER_ID, {})
            finally:
                cr.rollback()

    def test_the_second_refresh_leaves_its_marks_and_goes(self):
        with self._transaction() as first, self._transaction() as second:
            self.assertTrue(first["crm.customer"]._lock_refresh())
            marks = second["crm.customer.mark"]
            marks._mark(company_ids=second.company.ids)
            self.assertIsNone(second["crm.customer"]._refresh())
            self.assertFalse(marks._process(10))
            self.assertTrue(
                marks.search_count([("company_id", "=", second.company.id)])
            )
            # The lock goes with its transaction; the same mark is then worked off.
            first.cr.rollback()
            marks._process(1000)
            self.assertFalse(
                marks.search_count([("company_id", "=", second.company.id)])
            )

    def test_a_serialization_failure_is_tried_again(self):
        with self._transaction() as env:
            calls = []

            def job():
                calls.append(env.cr.execute("SELECT 1"))
                if len(calls) < 3:
                    raise errors.SerializationFailure
                return "done"

            self.assertEqual(env["crm.customer"]._retry(job), "done")
            self.assertEqual(len(calls), 3)
