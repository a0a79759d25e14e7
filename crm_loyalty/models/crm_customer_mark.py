from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

# What marks a customer for refresh: the one list. Per model the fields whose change
# (or the creation, or the deletion, of a record) can move a fact, and the paths to
# the contacts it concerns. Purchases mark by themselves when they are written.
MARKS = {
    "crm.lead": {
        "paths": ("partner_id",),
        "create": True,
        "unlink": True,
        # Not `stage_id`: Odoo writes probability or closing date along with it.
        "fields": {
            "partner_id",
            "company_id",
            "type",
            "active",
            "probability",
            "date_closed",
            "lost_reason_id",
        },
    },
    "sale.order": {
        "paths": ("partner_id",),
        "create": True,
        "unlink": True,
        "fields": {
            "partner_id",
            "company_id",
            "state",
            "date_order",
            "validity_date",
        },
    },
    "res.partner": {
        "paths": ("", "commercial_partner_id"),
        "create": True,
        # The profile goes with the contact, by the database's own cascade.
        "unlink": False,
        # Not `active`: Odoo carries it over to the profile itself.
        "fields": {
            "parent_id",
            "is_company",
            "company_id",
            "user_id",
            "customer_rank",
            "supplier_rank",
            "acquisition_date",  # written along with the channel
            "referred_by_id",
        },
    },
    "crm.referral": {
        # A friend's purchases mark him; his reward makes the other an advocate.
        "paths": ("referrer_id",),
        "create": True,
        "unlink": True,
        "fields": {"referrer_id", "state", "rewarded_date"},
    },
    "res.users": {
        # A salesperson's main company is home to his contacts without facts.
        "paths": ("partner_id", "crm_contact_ids"),
        "create": True,
        "unlink": True,
        "fields": {"partner_id", "group_ids", "company_id"},
    },
    "res.groups": {
        # Groups decide who is an internal user, implied ones too.
        "paths": ("all_user_ids.partner_id",),
        "create": True,
        "unlink": True,
        "fields": {"implied_ids", "implied_by_ids", "user_ids"},
    },
    "crm.lost.reason": {
        "paths": ("lead_ids.partner_id",),
        "create": False,
        # Odoo refuses to delete a reason that a lead was lost for.
        "unlink": False,
        "fields": {"is_unsuitable"},
    },
    "res.company": {
        "paths": ("partner_id",),
        "create": True,
        "unlink": True,
        "fields": {"partner_id"},
    },
}


class CrmCustomerMark(models.Model):
    """Queue of customers to refresh; a row without partner means all of a company.

    Rows are only ever added and deleted, never shared: two transactions that sell to
    one customer do not wait for each other here.
    """

    _name = "crm.customer.mark"
    _description = "Customer to Refresh"
    _log_access = False

    partner_id = fields.Many2one("res.partner", ondelete="cascade")
    company_id = fields.Many2one("res.company", ondelete="cascade")

    @api.model
    def _mark(self, partner_ids=(), company_ids=()):
        """Have customers refreshed soon after this transaction.

        Rows and trigger are written once, when the transaction commits.

        :param partner_ids: contacts, commercial or not
        :param company_ids: companies of which all customers are refreshed
        """
        precommit = self.env.cr.precommit
        pending = precommit.data.get("crm_customer_marks")
        if pending is None:
            pending = precommit.data["crm_customer_marks"] = (set(), set())
            # With the rights of the system: users cannot write the queue.
            precommit.add(self.sudo()._flush_pending)
        pending[0].update(id_ for id_ in partner_ids if id_)
        pending[1].update(company_ids)

    @api.model
    def _flush_pending(self):
        """Write what `_mark` collected, and wake the job; once per transaction."""
        pending = self.env.cr.precommit.data.pop("crm_customer_marks", None)
        if not pending or not any(pending):
            return
        columns = ("partner_id", "res_partner"), ("company_id", "res_company")
        for (column, table), ids in zip(columns, pending, strict=True):
            if ids:
                # What was marked and then deleted in the same transaction is skipped.
                self.env.cr.execute(
                    SQL(
                        """INSERT INTO crm_customer_mark (%s)
                           SELECT id FROM %s WHERE id = ANY(%s)""",
                        SQL.identifier(column),
                        SQL.identifier(table),
                        list(ids),
                    )
                )
        self._wake()

    @api.model
    def _wake(self, at=None):
        """Have the marked refreshed, now or at the given time."""
        job_id = self.env["ir.model.data"]._xmlid_to_res_id(
            "crm_loyalty.ir_cron_refresh_marked"
        )
        # While the add-on is being installed there is none; the first fill follows.
        if job_id:
            self.env["ir.cron"].browse(job_id)._trigger(at)

    @api.model
    def _process(self, batch_size):
        """Refresh up to ``batch_size`` marks; return whether more are left."""
        self._flush_pending()
        companies, are_free, count, whole, partner_ids = self._take(batch_size)
        if not are_free:
            # That refresh may have looked before these marks came.
            if self.search_count([], limit=1):
                self._wake(fields.Datetime.now() + timedelta(minutes=1))
            return False
        for company_id in companies:
            customers = self.env["crm.customer"].with_company(company_id)
            if company_id in whole:
                customers._write_profiles(None, customers._today())
            elif partner_ids:
                customers._write_profiles(partner_ids, customers._today())
        return count == batch_size

    @api.model
    def _take(self, batch_size):
        """Take marks off the queue, and the refresh lock of every company.

        A mark concerns all companies, whoever's transaction left it: none is taken
        while one of them is being refreshed. One statement, since most often a single
        customer waits.

        :return: tuple of ids of the companies, whether all of them were free, the
            number of marks, ids of the companies to refresh as a whole, and ids of
            the contacts to refresh, commercial or not
        """
        [[companies, are_free, count, whole, partner_ids]] = self.env.execute_query(
            self._take_sql(batch_size)
        )
        return companies, are_free, count, set(whole), set(partner_ids) - {None}

    @api.model
    def _take_sql(self, batch_size):
        """The statement of `_take`."""
        return SQL(
            # By the place of the rows: a queue is counted when it is empty, and a join
            # of thousands would be planned as one of a few, row by row. An array is
            # made once; a subquery may be run again, and take more.
            """
            WITH company AS MATERIALIZED (%(companies)s),
            taken AS (
                DELETE FROM crm_customer_mark
                 WHERE ctid = ANY(ARRAY(
                       SELECT ctid FROM crm_customer_mark
                        WHERE (SELECT BOOL_AND(is_free) FROM company)
                        ORDER BY id LIMIT %(batch_size)s FOR UPDATE SKIP LOCKED))
             RETURNING company_id, partner_id)
            SELECT ARRAY(SELECT id FROM company ORDER BY id),
                   (SELECT BOOL_AND(is_free) FROM company),
                   (SELECT COUNT(*) FROM taken),
                   ARRAY(SELECT company_id FROM taken WHERE company_id IS NOT NULL),
                   -- A contact may have been a customer of its own before.
                   ARRAY(SELECT UNNEST(ARRAY[p.id, p.commercial_partner_id])
                           FROM taken JOIN res_partner p ON p.id = partner_id)
            """,
            companies=self.env["crm.customer"]._lock_of_all_sql(),
            batch_size=batch_size,
        )


class CrmCustomerMarker(models.AbstractModel):
    """Records whose change marks customers, as the list `MARKS` says."""

    _name = "crm.customer.marker"
    _description = "Marks Customers for Refresh"

    def _customers_to_mark(self):
        """Ids of the contacts that these records concern."""
        # Marking must see contacts and leads that the writing user may not.
        records = self.sudo().with_context(active_test=False)
        partner_ids = set()
        for path in MARKS[self._name]["paths"]:
            partner_ids.update((records.mapped(path) if path else records).ids)
        return partner_ids

    @api.model_create_multi
    def create(self, vals_list):
        records = super().create(vals_list)
        if MARKS.get(self._name, {}).get("create"):
            self.env["crm.customer.mark"]._mark(records._customers_to_mark())
        return records

    def write(self, vals):
        if not MARKS.get(self._name, {}).get("fields", set()) & vals.keys():
            return super().write(vals)
        before = self._customers_to_mark()
        result = super().write(vals)
        marked = before | self._customers_to_mark()
        self.env["crm.customer.mark"]._mark(marked)
        return result

    def unlink(self):
        marked = set()
        # The queue itself may go with an add-on that is uninstalled.
        uninstalls = self.env.context.get(MODULE_UNINSTALL_FLAG)
        if MARKS.get(self._name, {}).get("unlink") and not uninstalls:
            marked = self._customers_to_mark()
        result = super().unlink()
        self.env["crm.customer.mark"]._mark(marked)
        return result
