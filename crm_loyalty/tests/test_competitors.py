from odoo import Command
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from . import common


@tagged("post_install", "-at_install")
class TestCompetitors(common.KnowledgeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rival, cls.other = cls.env["crm.competitor"].create(
            [{"name": "رقیب کاغذ"}, {"name": "Other"}]
        )
        cls.to_competitor, cls.too_late = cls.env["crm.lost.reason"].create(
            [
                {"name": "Bought elsewhere", "is_to_competitor": True},
                {"name": "Too late"},
            ]
        )

    def _leads(self, count, user=None, competitor=None, **values):
        return self.env["crm.lead"].create(
            [
                {
                    "name": "L",
                    "type": "opportunity",
                    "user_id": (user or self.salesperson).id,
                    "competitor_id": competitor and competitor.id,
                    "expected_revenue": 100,
                    **values,
                }
                for _number in range(count)
            ]
        )

    def _lose(self, leads, reason, competitor=None):
        wizard = self.env["crm.lead.lost"].with_user(self.salesperson)
        values = {"lead_ids": leads.ids, "lost_reason_id": reason.id}
        if competitor:
            values["competitor_id"] = competitor.id
        wizard.create(values).action_lost_reason_apply()

    def test_the_lost_wizard_asks_to_whom(self):
        leads = self._leads(2)
        self._lose(leads, self.to_competitor, self.rival)
        self.assertEqual(leads.competitor_id, self.rival)
        self.assertEqual(set(leads.mapped("won_status")), {"lost"})
        late = self._leads(1)
        self._lose(late, self.too_late, self.rival)
        self.assertFalse(late.competitor_id)
        named = self._leads(1, competitor=self.other)
        wizard = self.env["crm.lead.lost"].create({"lead_ids": named.ids})
        self.assertEqual(wizard.competitor_id, self.other)
        mixed = named | self._leads(1, competitor=self.rival)
        wizard = self.env["crm.lead.lost"].create({"lead_ids": mixed.ids})
        self.assertFalse(wizard.competitor_id)
        wizard.lost_reason_id = self.to_competitor
        wizard.action_lost_reason_apply()
        self.assertEqual(mixed.competitor_id, self.rival | self.other)

    def test_wins_and_losses_are_of_what_the_reader_may_open(self):
        won = self._leads(2, competitor=self.rival)
        won.action_set_won()
        self._lose(self._leads(1), self.to_competitor, self.rival)
        self._leads(1, competitor=self.rival)
        self._leads(4, self.colleague, self.rival)
        self._leads(1, competitor=self.other)
        competitors = (self.rival | self.other).with_user(self.salesperson)
        self.assertRecordValues(
            competitors,
            [
                {"lead_count": 4, "won_count": 2, "lost_count": 1},
                {"lead_count": 1, "won_count": 0, "lost_count": 0},
            ],
        )
        rival = competitors[0]
        for method, count in (
            ("action_open_leads", 4),
            ("action_open_won", 2),
            ("action_open_lost", 1),
        ):
            action = getattr(rival, method)()
            leads = self.env["crm.lead"].with_user(self.salesperson)
            leads = leads.with_context(**action["context"])
            self.assertEqual(leads.search_count(action["domain"]), count, method)
        [(status, revenue)] = leads._read_group(
            [("competitor_id", "=", rival.id), ("won_status", "=", "won")],
            ["won_status"],
            ["expected_revenue:sum"],
        )
        self.assertEqual((status, revenue), ("won", 200))
        self.assertEqual(self.rival.with_user(self.manager).lead_count, 8)

    def test_counts_cost_the_same_queries(self):
        competitors = self.env["crm.competitor"].create(
            [{"name": str(number)} for number in range(5)]
        )
        for competitor in competitors:
            self._leads(1, competitor=competitor)
            self._need(self.own, "A", competitor_id=competitor.id)

        def queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            records = records.with_user(self.manager)
            before = self.env.cr.sql_log_count
            self.assertEqual(records.mapped("lead_count"), [1] * len(records))
            self.assertEqual(records.mapped("need_count"), [1] * len(records))
            return self.env.cr.sql_log_count - before

        queries(competitors)
        self.assertEqual(queries(competitors), queries(competitors[0]))

    def test_found_however_written_and_opened_from_needs(self):
        found = self.env["crm.competitor"].search([("name", "ilike", "رقيب كاغذ")])
        self.assertEqual(found, self.rival)
        self._need(self.own, "Buys paper there", competitor_id=self.rival.id)
        self._need(self.foreign, "He too", competitor_id=self.rival.id)
        rival = self.rival.with_user(self.salesperson)
        self.assertEqual(rival.need_count, 1)
        self.assertEqual(self.rival.need_count, 2)
        action = rival.action_open_needs()
        needs = self.env["crm.customer.need"].with_user(self.salesperson)
        self.assertEqual(needs.search(action["domain"]).customer_id, self.own)

    def test_a_competitor_of_another_company_is_refused(self):
        self.rival.company_id = self.other_company
        with self.assertRaises(UserError):
            self._leads(1, competitor=self.rival, company_id=self.company.id)
        with self.assertRaises(UserError):
            self._need(self.own, "A", competitor_id=self.rival.id)

    def test_merged_opportunities_keep_competitor_needs_and_objections(self):
        kept = self._leads(1, partner_id=self.own.partner_id.id, probability=60)
        gone = self._leads(
            1,
            partner_id=self.own.partner_id.id,
            competitor=self.rival,
            probability=10,
        )
        need = self._need(self.own, "A", lead_id=gone.id, active=False)
        objection = self.env["crm.objection"].create(
            {"name": "Too dear", "cause": "price", "lead_id": gone.id}
        )
        merged = (kept | gone)._merge_opportunity(auto_unlink=True)
        left = (kept | gone).exists()
        self.assertEqual(left, merged)
        self.assertEqual(merged.competitor_id, self.rival)
        self.assertEqual((need.lead_id, objection.lead_id), (merged, merged))


@tagged("post_install", "-at_install")
class TestObjections(common.KnowledgeCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.lead = cls.env["crm.lead"].create(
            {
                "name": "L",
                "type": "opportunity",
                "partner_id": cls.own.partner_id.id,
                "user_id": cls.salesperson.id,
            }
        )
        cls.weak, cls.strong, cls.other = cls.env["crm.objection.answer"].create(
            [
                {"name": "It is cheap", "cause": "price"},
                {"name": "It lasts twice as long", "cause": "price"},
                {"name": "We deliver on Monday", "cause": "time"},
            ]
        )

    def _objection(self, **values):
        return self.env["crm.objection"].create(
            {"name": "Too dear", "cause": "price", **values}
        )

    def test_customer_company_and_salesperson_come_from_the_document(self):
        order = self._order(self.foreign.partner_id, confirm=False)
        order.user_id = self.colleague
        objections = self._objection(lead_id=self.lead.id)
        objections |= self._objection(order_id=order.id, lead_id=self.lead.id)
        self.assertRecordValues(
            objections,
            [
                {
                    "partner_id": self.own.partner_id.id,
                    "user_id": self.salesperson.id,
                    "company_id": self.company.id,
                },
                {
                    "partner_id": self.foreign.partner_id.id,
                    "user_id": self.colleague.id,
                    "company_id": self.company.id,
                },
            ],
        )
        # Who met the objection stays, whoever takes over.
        self.lead.user_id = self.colleague
        self.assertEqual(objections[0].user_id, self.salesperson)

    def test_who_reads_it(self):
        met = self._objection(lead_id=self.lead.id)
        foreign = self._objection(
            partner_id=self.foreign.partner_id.id, user_id=self.colleague.id
        )
        # Met by a colleague, of a customer of ours.
        ours = self._objection(
            partner_id=self.own.partner_id.id, user_id=self.colleague.id
        )
        rows = met | foreign | ours
        Objection = self.env["crm.objection"]
        for user, expected in (
            (self.salesperson, met | ours),
            (self.leader, met | ours),
            (self.colleague, foreign | ours),
            (self.manager, rows),
        ):
            found = Objection.with_user(user).search([("id", "in", rows.ids)])
            self.assertEqual(found, expected.sorted("id", reverse=True), user.login)
        groups = Objection.with_user(self.salesperson)._read_group(
            [("id", "in", rows.ids)], ["cause"], ["__count"]
        )
        self.assertEqual(groups, [("price", 2)])
        with self.assertRaises(AccessError):
            met.with_user(self.salesperson).write(
                {
                    "lead_id": False,
                    "partner_id": self.foreign.partner_id.id,
                    "user_id": self.colleague.id,
                }
            )

    def test_proven_answers_are_offered_best_first(self):
        unproven = self.weak.copy({"name": "Buy it or leave it"})
        for answer, helped, count in (
            (self.strong, "yes", 3),
            (self.strong, "no", 1),
            (self.weak, "yes", 1),
            (self.weak, False, 2),
            (unproven, "no", 2),
        ):
            for _number in range(count):
                self._objection(
                    user_id=self.colleague.id, answer_id=answer.id, helped=helped
                )
        objection = self._objection(lead_id=self.lead.id)
        objection = objection.with_user(self.salesperson)
        self.assertEqual(objection.proven_answer_ids.ids, (self.strong | self.weak).ids)
        # Whoever they helped; how often is told of what the reader may open.
        nothing = {"used_count": 0, "helped_count": 0, "helped_rate": 0}
        for reader, counts in (
            (self.salesperson, [nothing, nothing]),
            (
                self.colleague,
                [
                    {"used_count": 4, "helped_count": 3, "helped_rate": 75},
                    {"used_count": 3, "helped_count": 1, "helped_rate": 100},
                ],
            ),
        ):
            answers = objection.proven_answer_ids.with_user(reader)
            self.assertRecordValues(answers, counts)
        objection.answer_id = self.strong
        self.assertEqual(objection.answer, "It lasts twice as long")
        objection.answer = "In my own words"
        self.assertEqual(objection.answer_id, self.strong)
        self.strong.active = False
        self.env.invalidate_all()
        self.assertEqual(objection.proven_answer_ids, self.weak)

    def test_answers_are_counted_in_the_companies_of_the_reader(self):
        self._objection(answer_id=self.strong.id, helped="yes")
        self._objection(
            answer_id=self.strong.id, helped="yes", company_id=self.other_company.id
        )
        here = self.strong.with_user(self.manager)
        self.assertEqual((here.used_count, here.helped_count), (1, 1))
        self.strong.company_id = self.other_company
        objection = self._objection(lead_id=self.lead.id)
        self.assertNotIn(self.strong, objection.proven_answer_ids)
        with self.assertRaises(UserError):
            objection.answer_id = self.strong

    def test_a_page_of_objections_costs_the_same_queries(self):
        objections = self.env["crm.objection"]
        for answer in self.weak | self.strong | self.other:
            objections |= self._objection(
                lead_id=self.lead.id, cause=answer.cause, answer_id=answer.id
            )

        def queries(records):
            self.env.flush_all()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            records.mapped("proven_answer_ids.helped_count")
            return self.env.cr.sql_log_count - before

        queries(objections)
        self.assertEqual(queries(objections), queries(objections[0]))

    def test_objections_are_noted_on_lead_and_quotation(self):
        lead = self.lead.with_user(self.salesperson)
        lead.objection_ids = [Command.create({"name": "Too dear", "cause": "price"})]
        order = self._order(self.own.partner_id, confirm=False)
        order.user_id = self.salesperson
        order.with_user(self.salesperson).objection_ids = [
            Command.create({"name": "Too late", "cause": "time"})
        ]
        rows = self.env["crm.objection"].with_user(self.salesperson)
        groups = rows._read_group(
            [("partner_id", "=", self.own.partner_id.id)],
            ["user_id", "product_id"],
            ["__count"],
        )
        self.assertEqual([row[2] for row in groups], [2])
        order.unlink()
        self.assertEqual(self.own.partner_id.name, lead.objection_ids.partner_id.name)
