"""Imports loaded at once, killed and failing, in real transactions.

On a copy of the database, since the transactions are committed.
"""

import base64
import contextlib
import uuid
from unittest.mock import patch

import psycopg2
from throwaway import Database

from odoo import SUPERUSER_ID, api
from odoo.service.model import retrying
from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

IMPORT = "crm.customer.purchase.import"
HEAD = "customer,date,value\n"
KILL_EVERY = 6  # statements


@tagged("post_install", "-at_install")
class TestImportTogether(BaseCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        copy = Database()
        cls.addClassCleanup(copy.drop)
        cls.database = copy.registry()

    def setUp(self):
        super().setUp()
        # References of this test alone: what others committed does not matter.
        self.mark = uuid.uuid4().hex[:6].upper()

    @contextlib.contextmanager
    def _transaction(self):
        """An environment of a transaction of its own, committed unless it fails."""
        with self.database.cursor() as cr:
            # Two transactions of one thread must not wait for each other: rather fail.
            cr.execute("SET LOCAL lock_timeout = '10s'")
            yield api.Environment(cr, SUPERUSER_ID, {})

    def _load_as_a_request(self, env, id_):
        """Press the button as Odoo's requests do: refused, it is pressed again."""
        with (
            mute_logger("odoo.sql_db", "odoo.service.model"),
            patch("odoo.service.model.time.sleep"),
        ):
            retrying(env[IMPORT].browse(id_).action_load, env)

    def _file(self, count=4, name="purchases.csv", **values):
        """Id of a checked import: ``count`` new contacts, each with two equal rows."""
        rows = [f"{self.mark}{n},2026-01-05,10\n" * 2 for n in range(count)]
        with self._transaction() as env:
            record = env[IMPORT].create(
                {
                    "file": base64.b64encode((HEAD + "".join(rows)).encode()),
                    "file_name": name,
                    "create_contacts": True,
                    **values,
                }
            )
            record.action_check()
            self.assertEqual(record.state, "checked")
            return record.id

    def _queue(self, *ids):
        with self._transaction() as env:
            env[IMPORT].browse(ids).write({"state": "queued", "attempts": 0})

    def _run_job(self):
        with self._transaction() as env:
            env[IMPORT]._cron_load()

    def _state(self, id_):
        with self._transaction() as env:
            record = env[IMPORT].browse(id_)
            return record.state, record.new_count, record.known_count

    def _stored(self):
        """Numbers of contacts, and of purchases, of this test."""
        with self._transaction() as env:
            partners = env["res.partner"].search([("ref", "=like", f"{self.mark}%")])
            return len(partners), env["crm.customer.purchase"].search_count(
                [("contact_id", "in", partners.ids)]
            )

    def test_a_file_waits_while_another_is_loaded(self):
        first_id, second_id = self._file(), self._file()
        with self._transaction() as first, self._transaction() as second:
            first[IMPORT].browse(first_id).action_load()
            second[IMPORT].browse(second_id).action_load()
            self.assertEqual(second[IMPORT].browse(second_id).state, "queued")
            second.cr.commit()
            # The job comes while the first is still at work: the file goes on waiting.
            self._run_job()
            self.assertEqual(self._state(second_id)[0], "queued")
            with self.assertRaisesRegex(Exception, "Another file is being loaded"):
                done = second[IMPORT].browse(second_id)
                done.state = "done"
                done.action_undo()
            second.cr.rollback()
        self._run_job()
        self.assertEqual(self._stored(), (4, 8))
        self.assertEqual(self._state(first_id), ("done", 8, 0))
        self.assertEqual(self._state(second_id), ("done", 0, 8))

    def test_the_demo_is_not_loaded_beside_a_file(self):
        with self._transaction() as first, self._transaction() as second:
            self.assertTrue(first[IMPORT]._lock_loading())
            with self.assertRaisesRegex(RuntimeError, "is being loaded"):
                second[IMPORT]._load_demo()
            second.cr.rollback()

    def test_a_load_that_began_before_the_other_ended_starts_anew(self):
        first_id, second_id = self._file(), self._file()
        with self._transaction() as second:
            record = second[IMPORT].browse(second_id)
            self.assertEqual(record.state, "checked")  # from here it sees no new rows
            with self._transaction() as first:
                first[IMPORT].browse(first_id).action_load()
            self._load_as_a_request(second, second_id)
        self.assertEqual(self._stored(), (4, 8))
        self.assertEqual(self._state(second_id), ("done", 0, 8))

    def test_two_companies_share_the_contacts_they_load(self):
        with self._transaction() as env:
            company_id = env["res.company"].create({"name": self.mark}).id
        first_id, second_id = self._file(), self._file(company_id=company_id)
        with self._transaction() as second:
            record = second[IMPORT].browse(second_id)
            self.assertEqual(record.state, "checked")
            with self._transaction() as first:
                first[IMPORT].browse(first_id).action_load()
                with self._transaction() as other:
                    self.assertFalse(other[IMPORT]._lock_loading())
            self._load_as_a_request(second, second_id)
        self.assertEqual(self._stored(), (4, 16))
        self.assertEqual(self._state(second_id), ("done", 8, 0))

    def test_two_jobs_load_one_file_once(self):
        id_ = self._file()
        self._queue(id_)
        with self._transaction() as second:
            record = second[IMPORT].browse(id_)
            self.assertEqual(record.state, "queued")
            self._run_job()
            with mute_logger("odoo.sql_db"):
                record._load_waiting()
        self.assertEqual(self._stored(), (4, 8))
        self.assertEqual(self._state(id_), ("done", 8, 0))

    def test_a_load_killed_anywhere_leaves_nothing_and_can_be_run_again(self):
        id_ = self._file()
        killed = 0
        while True:
            self._queue(id_)
            if not self._run_job_killed_after(KILL_EVERY * (killed + 1)):
                break
            killed += 1
            self.assertEqual(self._stored(), (0, 0))
            self.assertEqual(self._state(id_)[0], "queued")
        self.assertGreater(killed, 5)
        self.assertEqual(self._stored(), (4, 8))
        self.assertEqual(self._state(id_), ("done", 8, 0))
        self._run_job()
        self.assertEqual(self._stored(), (4, 8))

    def _run_job_killed_after(self, statements):
        """Run the job, its backend terminated at a statement; whether it came to it."""
        cr = self.database.cursor()
        cr.execute("SELECT pg_backend_pid()")
        [pid] = cr.fetchone()
        left, execute = statements, cr.execute

        def counting(*args, **kwargs):
            nonlocal left
            left -= 1
            if left == 0:
                with self._transaction() as env:
                    env.cr.execute("SELECT pg_terminate_backend(%s)", [pid])
            return execute(*args, **kwargs)

        with (
            mute_logger("odoo.sql_db", "odoo.addons.crm_loyalty"),
            patch.object(cr, "execute", counting),
        ):
            try:
                api.Environment(cr, SUPERUSER_ID, {})[IMPORT]._cron_load()
                cr.commit()
            except (psycopg2.OperationalError, psycopg2.InterfaceError):
                pass
            finally:
                with contextlib.suppress(psycopg2.Error):
                    cr.close()
        return left <= 0

    def test_a_file_that_kills_the_server_does_not_come_back_for_ever(self):
        id_ = self._file()
        self._queue(id_)
        for _attempt in range(3):
            # As after kill -9: the attempt is committed, the rest is not.
            with self._transaction() as env:
                record = env[IMPORT].browse(id_)
                with (
                    patch.object(type(record), "_load", self._die),
                    contextlib.suppress(SystemExit),
                ):
                    record._load_waiting()
                env.cr.rollback()
            self.assertEqual(self._state(id_)[0], "queued")
        self._run_job()
        self.assertEqual(self._state(id_)[0], "failed")
        with self._transaction() as env:
            self.assertIn("stopped 3 times", env[IMPORT].browse(id_).failure)
        self.assertEqual(self._stored(), (0, 0))

    @staticmethod
    def _die(_record):
        raise SystemExit

    def test_a_bad_file_stops_no_other_and_tells_why(self):
        ids = [self._file(1), self._file(2, "bad.csv"), self._file(3)]
        self._queue(*ids)
        load = self.database[IMPORT]._insert_rows

        def failing(record):
            if record.id == ids[1]:
                raise ZeroDivisionError("the reason")
            return load(record)

        with (
            patch.object(self.database[IMPORT], "_insert_rows", failing),
            self.assertLogs("odoo.addons.crm_loyalty", "ERROR"),
        ):
            self._run_job()
        states = [self._state(id_)[0] for id_ in ids]
        self.assertEqual(states, ["done", "failed", "done"])
        self.assertEqual(self._stored(), (3, 6))
        with self._transaction() as env:
            record = env[IMPORT].browse(ids[1])
            self.assertIn("bad.csv", record.failure)
            self.assertIn("the reason", record.failure)
            env[IMPORT]._cron_load()
            self.assertEqual(record.state, "failed")
            # Mended: it is checked again, and loads.
            record.action_check()
            self.assertFalse(record.failure)
            record.action_load()
            self.assertEqual(record.state, "done")
