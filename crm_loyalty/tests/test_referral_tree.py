"""Who brought whom, and whom these brought in turn."""

from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import tagged
from odoo.tools import SQL

from . import common


@tagged("post_install", "-at_install")
class TestReferralTree(common.ReferralCommon):
    """Referrer > child > grandchild; the grandchild is a colleague's customer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child = cls._contact("Child")
        cls.second = cls._contact("Second child")
        cls.grandchild = cls._contact("Grandchild", cls.colleague)
        for friend, referrer in (
            (cls.child, cls.referrer),
            (cls.second, cls.referrer),
            (cls.grandchild, cls.child),
        ):
            cls._bring(friend, referrer)
        for friend, amount in (
            (cls.child, 100),
            (cls.second, 20),
            (cls.grandchild, 3),
        ):
            cls._invoice(friend, cls.today, amount)
        cls._refresh_marked()
        cls.profile = cls._customer(cls.referrer)

    def _rows(self, user):
        action = self.profile.with_user(user).action_open_brought()
        tree = self.env["crm.referral.tree"].with_user(user)
        return tree.with_context(**action["context"]).search(action["domain"])

    def test_the_tree_shows_whom_he_brought_directly_and_below(self):
        rows = self._rows(self.manager)
        self.assertRecordValues(
            rows,
            [
                {
                    "friend_id": friend.id,
                    "depth": depth,
                    "revenue": revenue,
                    "purchase_count": 1,
                    "last_purchase_date": self.today,
                    "referrer_id": referrer.id,
                }
                for friend, depth, revenue, referrer in (
                    (self.child, 1, 100, self.referrer),
                    (self.grandchild, 2, 3, self.child),
                    (self.second, 1, 20, self.referrer),
                )
            ],
        )
        self.assertEqual(
            [row.name.strip("\u00a0") for row in rows],
            ["Child", "Grandchild", "Second child"],
        )
        profile = self.profile.with_user(self.manager)
        self.assertRecordValues(profile, [{"brought_count": 2, "brought_revenue": 123}])
        partner = self.referrer.with_user(self.manager)
        self.assertEqual(partner.brought_count, 2)

    def test_a_salesperson_sees_his_own_customers_only_in_totals_too(self):
        rows = self._rows(self.salesperson)
        self.assertEqual(rows.friend_id, self.child | self.second)
        self.assertRecordValues(
            self.profile.with_user(self.salesperson),
            [{"brought_count": 2, "brought_revenue": 120}],
        )
        tree = self.env["crm.referral.tree"].with_user(self.salesperson)
        [[total]] = tree._read_group([], [], ["revenue:sum"])
        self.assertEqual(total, 120)
        colleague = self.env["crm.referral.tree"].with_user(self.colleague)
        self.assertEqual(colleague.search([]).friend_id, self.grandchild)
        leader = self.env["crm.referral.tree"].with_user(self.leader)
        self.assertEqual(leader.search([]).friend_id, self.child | self.second)
        foreign = self._referral(self.grandchild).with_user(self.salesperson)
        with self.assertRaises(AccessError):
            foreign.read(["state"])
        for user in (self.accountant, self.manager):
            everything = self.env["crm.referral.tree"].with_user(user)
            everything = everything.search([("ancestor_id", "=", self.referrer.id)])
            self.assertEqual(len(everything), 3)

    def test_refused_ones_stand_in_no_tree_and_loops_end(self):
        # Of links noted in the same second the contacts' order decides.
        for friend in self.child | self.grandchild | self.second:
            friend.referred_on -= timedelta(hours=1)
        self._bring(self.referrer, self.grandchild)
        self.assertEqual(self._referral(self.referrer).reason, "loop")
        self.assertEqual(len(self._rows(self.manager)), 3)
        # Whatever made a loop, the tree ends.
        self.env["crm.referral"].search([]).write({"state": "waiting"})
        self.env.flush_all()
        self.assertEqual(len(self._rows(self.manager)), 3)

    def test_each_company_has_a_tree_of_its_own(self):
        shared = self._contact("Shared", company_id=False)
        self._bring(shared)
        self._invoice(shared, self.today, 7, company=self.other_company)
        self._refresh_marked()
        rows = self._rows(self.manager)
        self.assertFalse(rows.filtered(lambda row: row.revenue == 7))
        theirs = self.env["crm.referral.tree"].search(
            [("company_id", "=", self.other_company.id)]
        )
        self.assertEqual(theirs.mapped("revenue"), [7])
        # Whom a friend of ours brought there alone is below nobody of ours.
        ours = self._contact("Ours, and shared", company_id=False)
        self._bring(ours)
        below = self._contact("Below", company=self.other_company, user_id=False)
        below.referred_by_id = ours
        self._refresh_marked()
        self.assertTrue(self._referral(below, self.other_company))
        self.assertFalse(self._referral(ours, self.other_company))
        above = self.env["crm.referral.tree"].search([("friend_id", "=", below.id)])
        self.assertEqual(above.ancestor_id, ours)

    def test_of_a_tree_no_other_is_read(self):
        self._strangers(3000)
        tree = self.env["crm.referral.tree"]
        action = self.profile.action_open_brought()
        own = self._links_read(tree.with_context(**action["context"]))
        self.assertLessEqual(own, 3)
        read = []
        self.patch(
            type(tree),
            "_read_group",
            lambda tree, *args: read.append(self._links_read(tree)) or [],
        )
        self.assertEqual(self.profile.brought_count, 0)
        self.assertEqual(read, [own])
        self.assertGreaterEqual(self._links_read(tree), 3000)

    def _strangers(self, count):
        """So many referrals of others, each referrer with nine of them.

        On more pages than a few, which PostgreSQL would rather read than an index.
        """
        self.env.flush_all()
        for statement in (
            SQL(
                """INSERT INTO res_partner (name, active, type, autopost_bills)
                   SELECT 'Stranger ' || number, TRUE, 'contact', 'ask'
                     FROM GENERATE_SERIES(1, %s) number""",
                count * 10 // 9,
            ),
            SQL(
                """UPDATE res_partner SET commercial_partner_id = id
                    WHERE name LIKE 'Stranger %%'"""
            ),
            SQL(
                """INSERT INTO crm_referral
                          (friend_id, referrer_id, referrer_customer_id, company_id,
                           date, state)
                   SELECT id, MIN(id) OVER ten, MIN(id) OVER ten, %s, NOW(), 'waiting'
                     FROM (SELECT id, ROW_NUMBER() OVER (ORDER BY id) - 1 AS number
                             FROM res_partner WHERE name LIKE 'Stranger %%') p
                   WINDOW ten AS (PARTITION BY number / 10)""",
                self.company.id,
            ),
            SQL("DELETE FROM crm_referral WHERE friend_id = referrer_id"),
            SQL("ANALYZE res_partner, crm_referral"),
        ):
            self.env.cr.execute(statement)

    def _links_read(self, tree):
        """How many rows of referrals PostgreSQL reads for these trees, or some less.

        It tells of repeated look-ups how many they found on average, rounded.
        """
        return sum(
            (part["Actual Rows"] + part.get("Rows Removed by Filter", 0))
            * part["Actual Loops"]
            for part in self._plan_parts(tree._table_query)
            if part.get("Relation Name") == "crm_referral"
        )

    def test_a_page_of_profiles_costs_the_same_queries(self):
        profiles = self.env["crm.customer"].with_user(self.manager).search([])

        def queries(page):
            self.env.flush_all()
            self.env.invalidate_all()
            page.mapped("partner_id.name")
            page.mapped("company_id.name")
            before = self.cr.sql_log_count
            page.mapped("brought_count")
            return self.cr.sql_log_count - before

        queries(profiles)
        queries(self.profile.with_user(self.manager))
        self.assertEqual(
            queries(profiles), queries(self.profile.with_user(self.manager))
        )
