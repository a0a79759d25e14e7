from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import formatLang

from .. import lifecycle
from ..models.crm_customer import PHASES, STAGES
from ..models.res_company import THRESHOLD_FIELDS
from ..models.res_company_money import MONEY_SCALES
from ..models.res_users import CALENDARS
from ..trade_presets import PRESETS

# Up to this many customers the preview follows each change; above it is asked for.
QUICK = 5000
PERSIAN = "fa_IR"
# Of the company, besides its thresholds: what concerns customers alone.
OF_MANAGERS = ["crm_money_unit_id", "crm_money_scale", "crm_pilot_team_ids"]


def _threshold(name):
    """Attributes of a field: the preset's threshold, or the company's, until changed.

    Each has a compute of its own: of fields that share one, Odoo computes none where
    any is given.
    """

    @api.depends("preset", "company_id")
    def compute(self):
        for wizard in self:
            preset = PRESETS.get(wizard.preset) or wizard.company_id._crm_thresholds()
            wizard[f"crm_{name}"] = getattr(preset, name)

    return {"compute": compute, "store": True, "readonly": False}


class CrmFirstSteps(models.TransientModel):
    """What a company decides on its first day, seen on its own customers before.

    Sales managers decide on the stages, for their company, and on what they read
    themselves. What reaches beyond customers (working hours, the financial year,
    languages, the calendar of other users) is an administrator's, as in the settings.
    """

    _name = "crm.first.steps"
    _description = "First Steps"

    company_id = fields.Many2one(
        "res.company",
        required=True,
        readonly=True,
        default=lambda self: self.env.company,
    )

    # -- stages
    preset = fields.Selection(
        [
            ("current", "As it is now"),
            ("shop", "Shop"),
            ("distribution", "Distribution"),
            ("services", "Services"),
            ("industry", "Industry"),
            ("contract", "Contract Business"),
        ],
        "Trade",
        default="current",
        required=True,
        help="Fills in the values that suit how customers of this trade buy. Each may "
        "be changed.",
    )
    crm_regular_purchases = fields.Integer(
        "Regular From", **_threshold("regular_purchases")
    )
    crm_active_days = fields.Integer("Active Window", **_threshold("active_days"))
    crm_rhythm_factor = fields.Float("Rhythm Factor", **_threshold("rhythm_factor"))
    crm_rhythm_min_days = fields.Integer(
        "Shortest Rhythm Window", **_threshold("rhythm_min_days")
    )
    crm_rhythm_max_days = fields.Integer(
        "Longest Rhythm Window", **_threshold("rhythm_max_days")
    )
    crm_gap_factor = fields.Float("Gap Factor", **_threshold("gap_factor"))
    crm_prospect_months = fields.Integer(
        "Prospect After a Lost Offer", **_threshold("prospect_months")
    )
    # Figures of all customers, for those who may see all of them.
    preview = fields.Html(
        compute="_compute_preview",
        sanitize=False,
        groups="sales_team.group_sale_salesman_all_leads",
    )
    is_preview_due = fields.Boolean(
        compute="_compute_preview",
        groups="sales_team.group_sale_salesman_all_leads",
    )
    previewed = fields.Char(help="The thresholds for which a preview was asked.")

    crm_pilot_team_ids = fields.Many2many(
        "crm.team",
        "crm_first_steps_pilot_rel",
        string="Pilot Teams",
        default=lambda self: self.env.company.crm_pilot_team_ids,
        domain="[('company_id', 'in', (company_id, False))]",
        help="While there are any, only these teams' members and leaders, beside those "
        "who see all customers anyway, see customer profiles in this company.",
    )

    # -- money, calendar and language
    currency_id = fields.Many2one(related="company_id.currency_id")
    crm_money_unit_id = fields.Many2one(
        "crm.money.unit",
        "Money Is Shown In",
        default=lambda self: self.env.company.crm_money_unit_id,
        domain="[('currency_id', '=', currency_id)]",
        help="The unit of amounts on screens, in reports and files of customers. "
        "Empty: the company's currency. Stored amounts stay in the currency.",
    )
    crm_money_scale = fields.Selection(
        MONEY_SCALES,
        "Scale of Money",
        default=lambda self: self.env.company.crm_money_scale,
        required=True,
        help="Large amounts are easier to read in thousands or millions of the unit.",
    )
    crm_money_example = fields.Char(
        "Example of Money", compute="_compute_crm_money_example"
    )
    crm_calendar = fields.Selection(
        CALENDARS,
        "Calendar of Users",
        default=lambda self: self.env.company.crm_calendar,
        groups="base.group_system",
        help="Of the company's users who have not chosen one in their preferences.",
    )
    is_iranian = fields.Boolean(
        "Working Hours of Iran",
        default=lambda self: self.env.company.resource_calendar_id.crm_is_iranian,
        groups="base.group_system",
        help="Saturday to Wednesday, half of Thursday, with the public holidays of "
        "three Jalali years. A company that has them chooses others in its settings.",
    )
    has_iranian_hours = fields.Boolean(
        related="company_id.resource_calendar_id.crm_is_iranian",
        groups="base.group_system",
    )
    crm_jalali_fiscal_year = fields.Boolean(
        "Jalali Financial Year",
        default=lambda self: self.env.company.crm_jalali_fiscal_year,
        groups="base.group_system",
        help="The financial year is the Jalali one: it ends on 19, 20 or 21 March, as "
        "the year says. Odoo's own last day is the same in every year.",
    )
    user_calendar = fields.Selection(
        CALENDARS, "My Calendar", default=lambda self: self.env.user.crm_calendar
    )
    lang = fields.Selection(
        "_languages",
        "My Language",
        default=lambda self: self.env.user.lang,
        required=True,
    )

    # -- who may
    @api.model
    def _may_apply(self):
        user = self.env.user
        return any(
            user.has_group(group)
            for group in ("sales_team.group_sale_manager", "base.group_system")
        )

    @api.model
    def _is_administrator(self):
        return self.env.user.has_group("base.group_system")

    @api.model
    def _is_offered(self, company):
        """Whether this user is asked to take the first steps of a company of his."""
        return not company.crm_first_steps_done and self._may_apply()

    def _check_may_apply(self):
        if not self._may_apply():
            raise AccessError(
                self.env._(
                    "Only sales managers and administrators take the first steps of a "
                    "company. Ask one of them."
                )
            )
        # A row of the user's own may name any company.
        if self.company_id - self.env.user.company_ids:
            raise AccessError(
                self.env._(
                    "You take the first steps of companies that you may work in. Ask "
                    "an administrator to add you to the other ones."
                )
            )

    # -- choices
    @api.model
    def _languages(self):
        """Installed languages, and Persian for whoever may install it."""
        # A new list: Odoo keeps its own.
        languages = [*self.env["res.lang"].get_installed()]
        if PERSIAN not in dict(languages) and self._is_administrator():
            persian = self.env["res.lang"].with_context(active_test=False)
            persian = persian.search([("code", "=", PERSIAN)])
            languages += [(language.code, language.name) for language in persian]
        return languages

    @api.depends("company_id")
    def _compute_display_name(self):
        for wizard in self:
            wizard.display_name = self.env._("First Steps")

    def _thresholds(self):
        """The chosen thresholds.

        :rtype: lifecycle.Thresholds
        """
        return lifecycle.Thresholds(
            **{name: self[field] for field, name in THRESHOLD_FIELDS.items()}
        )

    @api.depends("company_id", "crm_money_unit_id", "crm_money_scale")
    @api.depends_context("lang")
    def _compute_crm_money_example(self):
        for wizard in self:
            wizard.crm_money_example = wizard.company_id._crm_money_example(
                wizard.crm_money_unit_id, wizard.crm_money_scale
            )

    # -- what they would do
    @api.depends(*THRESHOLD_FIELDS, "previewed", "company_id")
    @api.depends_context("lang", "uid")
    def _compute_preview(self):
        for wizard in self:
            wizard._check_may_apply()
            thresholds = wizard._thresholds()
            is_sane = self.env["res.company"]._crm_are_sane(thresholds)
            wizard.is_preview_due = is_sane and not (
                wizard._is_quick() or wizard.previewed == repr(thresholds)
            )
            wizard.preview = (
                wizard._render_preview(thresholds)
                if is_sane and not wizard.is_preview_due
                else False
            )

    def _is_quick(self):
        """Whether all customers are few enough to be counted at each change."""
        # sudo: only whether there are many; administrators need not read customers
        customers = self.env["crm.customer"].sudo()
        domain = [("company_id", "=", self.company_id.id)]
        return customers.search_count(domain, limit=QUICK + 1) <= QUICK

    def _render_preview(self, thresholds):
        customers = self.env["crm.customer"].with_company(self.company_id)
        counts = customers._preview_classes(thresholds)
        return self.env["ir.qweb"]._render(
            "crm_loyalty.crm_first_steps_preview",
            {
                "tables": [
                    self._preview_table(name, counts[name], values)
                    for name, values in (("stage", STAGES), ("phase", PHASES))
                ],
                "summary": self.env._(
                    "%(moving)s of %(total)s customers change their stage.",
                    moving=self._number(
                        sum(
                            number
                            for (now, then), number in counts["stage"].items()
                            if now != then
                        )
                    ),
                    total=self._number(sum(counts["stage"].values())),
                ),
            },
        )

    def _preview_table(self, name, counts, values):
        """Title and rows of one class, in the order of its values."""
        description = self.env["crm.customer"]._fields[name].get_description(self.env)
        labels = dict(description["selection"])
        rows = []
        for value, _label in values:
            now = sum(number for (old, _new), number in counts.items() if old == value)
            then = sum(number for (_old, new), number in counts.items() if new == value)
            rows.append(
                {
                    "label": labels[value],
                    "now": self._number(now),
                    "then": self._number(then),
                    "change": self._number(then - now, signed=True),
                    "delta": then - now,
                }
            )
        return {"name": name, "title": description["string"], "rows": rows}

    def _number(self, number, signed=False):
        """A number of customers as text, in the reader's language."""
        text = formatLang(self.env, abs(number), digits=0)
        if not signed or not number:
            return text
        return f"{'+' if number > 0 else '−'}{text}"

    def action_preview(self):
        """Count the customers with the values that were chosen."""
        self.ensure_one()
        self._check_may_apply()
        self.previewed = repr(self._thresholds())
        return self._get_records_action(
            name=self.env._("First Steps"),
            target="new",
            context={"dialog_size": "extra-large"},
        )

    # -- doing it
    def action_apply(self):
        """Give the company and the user what was chosen."""
        self.ensure_one()
        self._check_may_apply()
        if self.lang not in dict(self._languages()):
            raise AccessError(
                self.env._(
                    "Only administrators install languages. Ask one of them, or choose "
                    "another language."
                )
            )
        # Another one may have become the active company meanwhile.
        self = self.with_company(self.company_id)
        company = self.company_id
        values = {"crm_first_steps_done": True}
        names = [*THRESHOLD_FIELDS, *OF_MANAGERS]
        values.update(self._changed(company, names))
        # sudo: sales managers may not write companies, and of them just this is theirs
        company.sudo().write(values)
        if self._is_administrator():
            self._apply_as_administrator()
        self._apply_to_user()
        if self._is_quick():
            # As the screen has just shown it; of more customers a job takes care.
            # sudo: the refresh is the system's work, whoever changed its rules
            self.env["crm.customer"].sudo()._refresh()
        # Menus, language, calendar and what the page offers.
        return {"type": "ir.actions.client", "tag": "reload"}

    def _changed(self, record, names):
        """Values to write: those of the wizard that are not the record's yet."""
        changed = [name for name in names if self[name] != record[name]]
        return self._convert_to_write({name: self[name] for name in changed})

    def _apply_as_administrator(self):
        company = self.company_id
        company.write(
            self._changed(company, ["crm_calendar", "crm_jalali_fiscal_year"])
        )
        if self.is_iranian and not company.resource_calendar_id.crm_is_iranian:
            calendars = self.env["resource.calendar"].with_company(company)
            company.resource_calendar_id = calendars._crm_make_iranian(company)
        if self.lang not in dict(self.env["res.lang"].get_installed()):
            language = self.env["res.lang"].with_context(active_test=False)
            language = language.search([("code", "=", self.lang)])
            self.env["base.language.install"].create(
                {"lang_ids": language.ids, "overwrite": False}
            ).lang_install()

    def _apply_to_user(self):
        user = self.env.user
        values = {"lang": self.lang, "crm_calendar": self.user_calendar}
        changed = {name: value for name, value in values.items() if user[name] != value}
        if changed:
            user.write(changed)

    @api.model
    def action_dismiss(self):
        """Offer the first steps of this company no more."""
        self._check_may_apply()
        # sudo: as in `action_apply`
        self.env.company.sudo().crm_first_steps_done = True
