"""Access matrix: every model of ours by role, operation and owner (see matrix.txt)."""

import base64
from pathlib import Path

from odoo import Command, models
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from odoo.addons.crm_loyalty.tests import common

OURS = ("crm_loyalty", "crm_tiers", "crm_voc", "crm_gifts")
TODAY = "2026-01-15"
HERE = Path(__file__).parent
OPERATIONS = {"read": "r", "write": "w", "create": "c", "unlink": "d"}
# Whose rows are own and foreign to a role, where rows have an owner.
OWNERS = {
    "public": ("nobody", "colleague"),
    "portal": ("portal", "colleague"),
    "salesperson": ("own", "colleague"),
    "leader": ("own", "colleague"),
    "manager": ("own", "abroad"),
    "accountant": ("own", "abroad"),
    "auditor": ("own", "abroad"),
    "technician": ("own", "abroad"),
    "abroad": ("abroad", "own"),
    "loyalty": ("colleague", "abroad"),
}


def lines(name):
    """The lines of a table, without comments."""
    text = (HERE / name).read_text()
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def matrix():
    """``{model: {role: (letters for own, letters for foreign)}}``."""
    table = {}
    for line in lines("matrix.txt"):
        model, *cells = line.split()
        pairs = (cell.replace("-", "").split("/") for cell in cells)
        table[model] = dict(zip(OWNERS, map(tuple, pairs), strict=True))
    return table


class Undo(Exception):  # noqa: N818 - no error
    """Takes an attempt back."""


class AccessCommon(common.CrmLoyaltyCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.abroad = cls._user(
            "loyalty_abroad", "sales_team.group_sale_manager", cls.other_company
        )
        cls.auditor = cls._user("loyalty_auditor", "account.group_account_readonly")
        cls.technician = cls._user("loyalty_technician", "base.group_system")
        cls.loyalty = cls._user(
            "loyalty_configurator", "base.group_user,crm_loyalty.group_loyalty_manager"
        )
        cls.portal = new_test_user(cls.env, "loyalty_portal", "base.group_portal")
        cls.public = cls.env.ref("base.public_user")
        contacts = {
            "own": cls._contact("Own", cls.salesperson),
            "colleague": cls._contact("Colleague's", cls.colleague),
            "nobody": cls._contact("Nobody's", cls.env["res.users"]),
            "portal": cls.portal.partner_id,
            "abroad": cls._contact("Abroad", cls.abroad, cls.other_company),
        }
        cls.contacts = contacts
        for name, contact in contacts.items():
            company = cls.other_company if name == "abroad" else cls.company
            cls._purchase(contact, TODAY, 100, company=company)
        for company in cls.company | cls.other_company:
            cls.env["crm.customer"].with_company(company)._refresh()
        cls.customers = {
            name: cls._customer(
                contact, cls.other_company if name == "abroad" else cls.company
            )
            for name, contact in contacts.items()
        }
        cls.env.flush_all()

    @classmethod
    def _contact(cls, name, user, company=None):
        return cls.env["res.partner"].create(
            {
                "name": f"Access {name}",
                "is_company": True,
                "user_id": user.id,
                "company_id": (company or cls.company).id,
            }
        )


@tagged("post_install", "-at_install")
class TestMatrix(AccessCommon):
    def _our_models(self):
        return {
            name
            for name, model in self.env.registry.items()
            if model._original_module in OURS and not model._abstract
        }

    def _by_company(self, make):
        rows = {company: make(company) for company in self.company | self.other_company}
        return lambda role, user: (
            rows[self.other_company if role == "abroad" else self.company],
            rows[self.company if role == "abroad" else self.other_company],
        )

    def _by_customer(self, make):
        rows = {name: make(customer) for name, customer in self.customers.items()}
        return lambda role, user: tuple(rows[name] for name in OWNERS[role])

    def _by_opener(self, make):
        """A wizard is its opener's; who may open it is asked elsewhere."""

        def opened_by(owner):
            row = make()
            self.env.flush_all()
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET create_uid = %s WHERE id = %s",
                    SQL.identifier(row._table),
                    owner.id,
                    row.id,
                )
            )
            return row

        admin = self.env.ref("base.user_admin")
        return lambda role, user: (opened_by(user), opened_by(admin))

    def _row_makers(self):
        """``{model: (function (role, user) -> (own, foreign), harmless values)}``."""
        env = self.env
        tiers = {
            company: env["crm.tier"].create({"name": "T", "company_id": company.id})
            for company in self.company | self.other_company
        }

        def history(customer):
            return env["crm.customer.history"].create(
                {"customer_id": customer.id, "field_name": "stage"}
            )

        def purchase(customer):
            domain = [("partner_id", "=", customer.partner_id.id)]
            return env["crm.customer.purchase"].search(domain, limit=1)

        def mark(customer):
            values = {"partner_id": customer.partner_id.id}
            return env["crm.customer.mark"].create(values)

        def requirement(company):
            return env["crm.profile.requirement"].create(
                {"company_id": company.id, "field_name": "website", "stage": "advocate"}
            )

        def number(customer):
            values = {"partner_id": customer.partner_id.id, "number": "+12025550123"}
            return env["crm.phone.number"].create(values)

        unit = env["crm.money.unit"].create(
            {"name": "Unit", "currency_id": env.ref("base.EUR").id, "factor": 5}
        )

        def threshold(company):
            return env["crm.tier.threshold"].create(
                {
                    "tier_id": tiers[company].id,
                    "figure": "purchase_count",
                    "minimum": 9,
                }
            )

        def handover():
            values = {
                "user_id": self.colleague.id,
                "customer_ids": [Command.link(self.customers["own"].id)],
            }
            return env["crm.customer.handover"].create(values)

        def purchase_import(company):
            values = {
                "file": base64.b64encode(b"mail,day,amount\na@b.example,2020-01-01,1"),
                "file_name": "x.csv",
                "company_id": company.id,
            }
            return env["crm.customer.purchase.import"].create(values)

        def column(company):
            return purchase_import(company).column_ids[:1]

        return {
            "crm.customer.purchase.import": (
                self._by_company(purchase_import),
                {"file_name": "y.csv"},
            ),
            "crm.customer.purchase.import.column": (
                self._by_company(column),
                {"target": False},
            ),
            "crm.customer": (
                self._by_customer(lambda customer: customer),
                {"manual_stage_reason": "x"},
            ),
            "crm.customer.history": (self._by_customer(history), {"note": "x"}),
            "crm.customer.purchase": (self._by_customer(purchase), {"reference": "x"}),
            "crm.customer.mark": (self._by_customer(mark), {"company_id": False}),
            "crm.profile.requirement": (
                self._by_company(requirement),
                {"stage": "partner"},
            ),
            "crm.customer.handover": (self._by_opener(handover), {"note": "x"}),
            "crm.caller.card": (
                self._by_opener(lambda: env["crm.caller.card"].create({})),
                {"phone": "09121234567"},
            ),
            "crm.first.steps": (
                self._by_opener(lambda: env["crm.first.steps"].create({})),
                {"crm_active_days": 9},
            ),
            "crm.phone.number": (self._by_customer(number), {"label": "fax"}),
            **self._acquisition_makers(),
            **self._referral_makers(),
            "crm.money.unit": (self._by_company(lambda company: unit), {"factor": 7}),
            "crm.tier": (self._by_company(tiers.get), {"name": "x"}),
            "crm.tier.threshold": (self._by_company(threshold), {"minimum": 8}),
            **self._knowledge_makers(),
        }

    def _knowledge_makers(self):
        """The same of what is known of customers."""
        env = self.env

        def need(customer):
            values = {"customer_id": customer.id, "name": "Quiet"}
            return env["crm.customer.need"].create(values)

        kinds = {
            company: env["crm.customer.event.kind"].create(
                {"name": "K", "company_id": company.id}
            )
            for company in self.company | self.other_company
        }

        def event(customer):
            kind = kinds[customer.company_id]
            return env["crm.customer.event"].create(
                {"customer_id": customer.id, "kind_id": kind.id, "date": TODAY}
            )

        def objective(customer):
            values = {"customer_id": customer.id, "name": "Grow"}
            return env["crm.customer.objective"].create(values)

        def objection(customer):
            return env["crm.objection"].create(
                {
                    "name": "Too dear",
                    "cause": "price",
                    "partner_id": customer.partner_id.id,
                    "company_id": customer.company_id.id,
                    "user_id": customer.user_id.id,
                }
            )

        def answer(company):
            values = {"name": "A", "cause": "price", "company_id": company.id}
            return env["crm.objection.answer"].create(values)

        def competitor(company):
            values = {"name": "C", "company_id": company.id}
            return env["crm.competitor"].create(values)

        def trait(company):
            return env["crm.customer.trait"].create(
                {
                    "name": "Trade",
                    "company_id": company.id,
                    "value_ids": [Command.create({"name": "Paper"})],
                }
            )

        def kind(company):
            return kinds[company].copy()

        return {
            "crm.customer.need": (self._by_customer(need), {"name": "x"}),
            "crm.customer.event": (self._by_customer(event), {"name": "x"}),
            "crm.customer.objective": (self._by_customer(objective), {"name": "x"}),
            "crm.objection": (self._by_customer(objection), {"name": "x"}),
            "crm.objection.answer": (self._by_company(answer), {"name": "x"}),
            "crm.competitor": (self._by_company(competitor), {"name": "x"}),
            "crm.customer.event.kind": (self._by_company(kind), {"name": "x"}),
            "crm.customer.trait": (self._by_company(trait), {"name": "x"}),
            "crm.customer.trait.value": (
                self._by_company(lambda company: trait(company).value_ids),
                {"name": "x"},
            ),
        }

    def _referral_makers(self):
        referrer = self._contact("Referrer", self.env["res.users"])
        referrals = {}

        def referral(customer):
            row = referrals.get(customer)
            if not row:
                row = referrals[customer] = self.env["crm.referral"].create(
                    {
                        "friend_id": customer.partner_id.id,
                        "referrer_id": referrer.id,
                        "company_id": customer.company_id.id,
                        "date": TODAY,
                    }
                )
            return row

        def branch(customer):
            domain = [("referral_id", "=", referral(customer).id)]
            return self.env["crm.referral.tree"].search(domain)

        return {
            "crm.referral": (self._by_customer(referral), {"refusal_note": "x"}),
            "crm.referral.tree": (self._by_customer(branch), {"depth": 2}),
        }

    def _acquisition_makers(self):
        env = self.env
        channels = {
            company: env["crm.acquisition.channel"].create(
                {"name": "C", "company_id": company.id}
            )
            for company in self.company | self.other_company
        }
        answer = env["crm.acquisition.answer"].create({"name": "A"})

        def channel_rule(company):
            return env["crm.acquisition.rule"].create(
                {"channel_id": channels[company].id, "answer_id": answer.id}
            )

        def cost(company):
            return env["crm.acquisition.cost"].create(
                {
                    "channel_id": channels[company].id,
                    "company_id": company.id,
                    "currency_id": company.currency_id.id,
                    "date_from": "2026-01-01",
                    "date_to": "2026-01-31",
                    "amount": 5,
                }
            )

        def touch(customer):
            return env["crm.customer.touch"].create(
                {
                    "customer_id": customer.id,
                    "kind": "contact",
                    "channel_id": channels[customer.company_id].id,
                }
            )

        def report(customer):
            domain = [("partner_id", "=", customer.partner_id.id)]
            rows = env["crm.channel.report"].search([*domain, ("kind", "!=", "lead")])
            return rows.sorted("kind")[-1:]

        return {
            "crm.customer.touch": (self._by_customer(touch), {"place": 9}),
            "crm.channel.report": (self._by_customer(report), {"leads": 9}),
            "crm.acquisition.cost": (self._by_company(cost), {"name": "x"}),
            "crm.acquisition.channel": (
                self._by_company(
                    lambda company: channels[company].copy({"rule_ids": False})
                ),
                {"name": "x"},
            ),
            "crm.acquisition.answer": (
                self._by_company(lambda company: answer),
                {"name": "x"},
            ),
            "crm.acquisition.rule": (
                self._by_company(channel_rule),
                {"sequence": 99},
            ),
        }

    def test_every_model_of_ours_has_a_row(self):
        self.assertEqual(self._our_models(), set(matrix()))

    def test_every_cell_holds(self):
        makers = self._row_makers()
        for model, roles in matrix().items():
            make, values = makers[model]
            for role, expected in roles.items():
                user = getattr(self, role)
                pair = zip(make(role, user), expected, ("own", "foreign"), strict=True)
                for row, letters, which in pair:
                    with self.subTest(model=model, role=role, row=which):
                        self.assertTrue(row.exists())
                        self._check(row.with_user(user), letters, values)

    def _check(self, row, letters, values):
        """What Odoo says it allows, and what happens when it is tried."""
        self.env.invalidate_all()
        said = "".join(
            letter for name, letter in OPERATIONS.items() if row.has_access(name)
        )
        self.assertEqual(said, letters)
        self.assertEqual(self._works(lambda: row.read(["id"])), "r" in letters)
        self.assertEqual(self._works(lambda: row.write(values)), "w" in letters)
        self.assertEqual(self._works(row.unlink), "d" in letters)
        domain = [("id", "=", row.id)]
        search = row.browse().with_context(active_test=False)
        found = []
        if self._works(lambda: found.extend(search.search(domain))):
            self.assertEqual(len(found), "r" in letters)
            count = search._read_group(domain, [], ["__count"])[0][0]
            self.assertEqual(count, "r" in letters)
        else:
            self.assertNotIn("r", letters)

    def _works(self, attempt):
        try:
            with self.env.cr.savepoint():
                attempt()
                self.env.flush_all()
                raise Undo
        except Undo:
            return True
        except (AccessError, UserError):
            return False
        finally:
            self.env.invalidate_all(flush=False)

    def test_public_methods_are_the_reviewed_ones(self):
        found = set()
        for name, model in self.env.registry.items():
            for definition in model.mro():
                path = definition.__module__.split(".")
                if path[:2] != ["odoo", "addons"] or path[2] not in OURS:
                    continue
                found |= {
                    f"{name}.{method}"
                    for method, value in vars(definition).items()
                    if not method.startswith("_")
                    # Odoo's own (create, write...) are what the matrix is about.
                    and not hasattr(models.BaseModel, method)
                    and callable(value)
                    and not getattr(value, "_api_private", False)
                }
        self.assertEqual(found, set(lines("methods.txt")))
