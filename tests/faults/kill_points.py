# Runs in Odoo's shell on a throw-away database: dies at every statement of a refresh,
# runs it again, and compares with an undisturbed run. Leaves ``answer``.
# pylint: skip-file
# ruff: noqa: F821
import os
import signal
import time

import psycopg2

from odoo import SUPERUSER_ID, api, sql_db
from odoo.sql_db import Cursor, PsycoConnection

company = env.company
other = env["res.company"].create({"name": "Other"})
customers = env["crm.customer"]
today = customers._today()


def buy(partner, amount, where=company):
    return env["crm.customer.purchase"].create(
        {
            "contact_id": partner.id,
            "company_id": where.id,
            "date": today,
            "amount": amount,
            "document_amount": amount,
            "document_currency_id": where.currency_id.id,
        }
    )


def touch(partner, channel):
    return env["crm.lead"].create(
        {
            "name": "Deal",
            "partner_id": partner.id,
            "company_id": company.id,
            "acquisition_channel_id": channel.id,
        }
    )


def refresh(env):
    for where in env["res.company"].search([]):
        env["crm.customer"].with_company(where)._refresh()
    env.cr.commit()


def refresh_marked(env):
    env["crm.customer"]._cron_refresh_marked(batch_size=2)


# What a refresh does: a row changes, one comes, one goes, one stays, in two companies.
changes, comes, goes, stays, elsewhere = env["res.partner"].create(
    [{"name": name} for name in ("changes", "comes", "goes", "stays", "elsewhere")]
)
fair, web = env["crm.acquisition.channel"].create([{"name": "Fair"}, {"name": "Web"}])
touch(changes, fair)
gone = touch(changes, web)
touch(stays, web)
buy(changes, 10)
buy(stays, 10)
refresh(env)
customers.search([("partner_id", "=", comes.id)]).unlink()
buy(changes, 20)
gone.unlink()
touch(changes, web)
touch(changes, fair)
touch(comes, fair)
buy(comes, 30)
buy(elsewhere, 40, other)
goes.supplier_rank = 1
env.flush_all()
env["crm.customer.mark"]._flush_pending()
env.cr.execute(
    """DELETE FROM crm_customer_mark;
       CREATE TABLE kept_customer AS SELECT * FROM crm_customer;
       CREATE TABLE kept_history AS SELECT * FROM crm_customer_history;
       CREATE TABLE kept_touch AS SELECT * FROM crm_customer_touch"""
)
partners = changes | comes | goes | stays | elsewhere
env.cr.commit()


def reset():
    env.cr.execute(
        """DELETE FROM crm_customer; DELETE FROM crm_customer_mark;
           INSERT INTO crm_customer SELECT * FROM kept_customer;
           INSERT INTO crm_customer_history SELECT * FROM kept_history;
           INSERT INTO crm_customer_touch SELECT * FROM kept_touch;
           INSERT INTO crm_customer_mark (partner_id) SELECT UNNEST(%s)""",
        [partners.ids],
    )
    env.cr.commit()
    env.invalidate_all()


def state():
    """Profiles, touches and history by contact, company and value; who is marked."""
    env.cr.execute(
        """SELECT p.name, c.company_id, c.stage, c.phase, c.peak_stage,
                  c.purchase_count, c.net_revenue::float, c.next_change_date::text,
                  (SELECT STRING_AGG(CONCAT_WS(' ', t.place, t.channel_id, t.lead_id,
                                               t.is_on_path, t.linear),
                                     ', ' ORDER BY t.place)
                     FROM crm_customer_touch t WHERE t.customer_id = c.id)
             FROM crm_customer c JOIN res_partner p ON p.id = c.partner_id
            ORDER BY p.name, c.company_id"""
    )
    rows = env.cr.fetchall()
    env.cr.execute(
        """SELECT p.name, c.company_id, h.field_name, h.old_value, h.new_value
             FROM crm_customer_history h
             JOIN crm_customer c ON c.id = h.customer_id
             JOIN res_partner p ON p.id = c.partner_id
            ORDER BY 1, 2, 3, 4, 5"""
    )
    history = env.cr.fetchall()
    env.cr.execute(
        """SELECT DISTINCT p.name FROM crm_customer_mark m
             JOIN res_partner p ON p.id = m.partner_id"""
    )
    marked = {name for (name,) in env.cr.fetchall()}
    env.cr.commit()
    return rows, history, marked


def of(part, name):
    return [row for row in part if row[0] == name]


def die_at(point, kill, statements):
    """Have the process call ``kill(cursor)`` at the given point of its work.

    Before each statement, if these are asked for; before and after each commit.
    """
    passed = [0]

    def reach(cursor):
        passed[0] += 1
        if passed[0] == point:
            kill(cursor)

    execute, commit = Cursor.execute, PsycoConnection.commit

    def execute_or_die(self, *args, **kwargs):
        reach(self)
        return execute(self, *args, **kwargs)

    def commit_or_die(self):
        reach(self)
        commit(self)
        reach(self)

    if statements:
        Cursor.execute = execute_or_die
    PsycoConnection.commit = commit_or_die


def kill_process(_cursor):
    os.kill(os.getpid(), signal.SIGKILL)


def kill_backend(cursor):
    connection = getattr(cursor, "_cnx", cursor)
    killer = psycopg2.connect(dbname=env.cr.dbname)
    killer.autocommit = True
    with killer.cursor() as cr:
        cr.execute(
            "SELECT pg_terminate_backend(%s, 10000)", [connection.get_backend_pid()]
        )


def run_until(job, *death):
    """Run the job in a process of its own; return whether it was killed."""
    pid = os.fork()
    if pid:
        return os.waitpid(pid, 0)[1] != 0
    try:
        # The connections are the parent's: take new ones.
        sql_db._Pool = None
        env.registry._db = sql_db.db_connect(env.cr.dbname)
        with env.registry.cursor() as cr:
            job_env = api.Environment(cr, SUPERUSER_ID, {})
            die_at(*death)
            job(job_env)
    except BaseException:
        os._exit(3)
    os._exit(0)


def wait_for_rollback():
    for _attempt in range(1000):
        env.cr.execute(
            """SELECT COUNT(*) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()
                  AND backend_type = 'client backend'"""
        )
        [others] = env.cr.fetchone()
        env.cr.commit()
        if not others:
            return
        time.sleep(0.01)
    raise RuntimeError("The killed transaction is still there.")


def check(job, kill, point, statements):
    """Kill, look, run again, look; return whether it was killed."""
    reset()
    if not run_until(job, point, kill, statements):
        return False
    wait_for_rollback()
    where = f"{job.__name__}, {kill.__name__} at {point}: "
    rows, history, marked = state()
    for name in partners.mapped("name"):
        now, start, end = (
            (of(rows, name), of(history, name))
            for rows, history in ((rows, history), before[:2], expected[:2])
        )
        if now not in (start, end):
            wrong.append(f"{where}{name} is half refreshed: {now}")
        if now != end and name not in marked:
            wrong.append(f"{where}{name} is neither refreshed nor marked")
    job(env)
    rows, history, marked = state()
    if (rows, history) != expected[:2]:
        wrong.append(f"{where}{rows} {history} instead of {expected}")
    if job is refresh_marked and marked:
        wrong.append(f"{where}marks are left")
    return True


reset()
before = state()
refresh_marked(env)
expected = state()
wrong = []
points = []
for job, kill, statements, step in (
    (refresh, kill_process, True, 1),
    (refresh, kill_backend, True, 3),
    # Its statements are those of the refresh again, batch by batch.
    (refresh_marked, kill_process, True, 5),
    (refresh_marked, kill_process, False, 1),
    (refresh_marked, kill_backend, False, 1),
):
    point = 1
    while check(job, kill, point, statements):
        point += step
    points.append(point - 1)
answer = {
    "changed": len(set(expected[0]) ^ set(before[0])),
    "history": len(expected[1]) - len(before[1]),
    "points": points,
    "wrong": wrong,
}
