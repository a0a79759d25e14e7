from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from ..l10n import identity
from ..l10n.text import storable

IDENTITY_FIELDS = {"vat", "company_registry", "zip"}
# What else people paste from elsewhere, halves of characters included.
TYPED_FIELDS = {"name", "email", "phone", "ref"}
# What decides which rules a contact's numbers follow.
IDENTITY_SCOPE = {"country_id", "company_id", "is_company", "parent_id"}

MAX_TEXT = 500  # characters; an index of PostgreSQL takes 2,700 bytes


class ResPartner(models.Model):
    """The numbers of Iranian contacts: kept in one spelling, checked, never refused.

    A wrong number is shown on the form and found by a filter. It is no reason to refuse
    saving: it comes with old data, and whoever corrects a phone number may not have the
    paper at hand that holds the right one.

    A contact is Iranian by its country; without one, by that of its company, else of
    the company the user works in.
    """

    _inherit = "res.partner"

    vat = fields.Char(
        help="The Tax Identification Number. Values here will be validated based on "
        "the country format. You can use '/' to indicate that the partner is not "
        "subject to tax.\nIn Iran: the national ID of a company (11 digits), which is "
        "its economic number; the national code of a person (10 digits), or the "
        "economic number (14 digits) if the person trades."
    )
    company_registry = fields.Char(
        help="The registry number of the company. Use it if it is different from the "
        "Tax ID. It must be unique across all partners of a same country.\nIn Iran: "
        "the national ID (11 digits), if the Tax ID is another number; or the number "
        "of registration."
    )
    identity_warning = fields.Text(
        "Wrong Numbers", compute="_compute_identity_warning", compute_sudo=True
    )
    lacks_invoice_number = fields.Boolean(
        "Lacks a Number for Invoices",
        compute="_compute_lacks_invoice_number",
        search="_search_lacks_invoice_number",
        compute_sudo=True,
        help="In Iran an invoice names its buyer by the national ID of a company or "
        "the national code of a person, and by the postal code. One of them is missing "
        "here, or wrong.",
    )

    # -- whose numbers
    def _is_iranian(self):
        """Whether the numbers of this contact follow the rules of Iran."""
        self.ensure_one()
        # A shared contact has the company of the user.
        company = self.company_id or self.env.company
        # sudo: only the country of a company is read, which is no secret
        return (self.country_id or company.sudo().country_id).code == "IR"

    @api.model
    def _iranian_sql(self, alias, company):
        """`_is_iranian` over all contacts.

        :param str alias: of the table of contacts
        :param company: the one to take for shared contacts
        """
        iran = SQL("(SELECT id FROM res_country WHERE code = 'IR')")
        country = SQL.identifier(alias, "country_id")
        return SQL(
            """CASE
               WHEN %(country)s IS NOT NULL THEN %(country)s = %(iran)s
               -- In full twice: this one does not depend on the row.
               WHEN %(own)s IS NULL THEN %(iran)s = (
                   SELECT home.country_id
                     FROM res_company c JOIN res_partner home ON home.id = c.partner_id
                    WHERE c.id = %(company)s)
               ELSE %(iran)s = (
                   SELECT home.country_id
                     FROM res_company c JOIN res_partner home ON home.id = c.partner_id
                    WHERE c.id = %(own)s)
               END""",
            country=country,
            own=SQL.identifier(alias, "company_id"),
            company=company.id,
            iran=iran,
        )

    # -- one spelling
    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._storable(vals) for vals in vals_list]
        partners = super().create(vals_list)
        numbered = [
            partner.id
            for partner, vals in zip(partners, vals_list, strict=True)
            if IDENTITY_FIELDS & vals.keys()
        ]
        self.browse(numbered)._normalise_identity()
        return partners

    def write(self, vals):
        result = super().write(self._storable(vals))
        if (IDENTITY_FIELDS | IDENTITY_SCOPE) & vals.keys():
            self._normalise_identity()
        return result

    @api.model
    def _storable(self, vals):
        """Values that the database takes: neither half a character nor a whole page."""
        texts = {
            name: vals[name]
            for name in (IDENTITY_FIELDS | TYPED_FIELDS) & vals.keys()
            if isinstance(vals[name], str)
        }
        for name, text in texts.items():
            if name in IDENTITY_FIELDS and len(text) > MAX_TEXT:
                raise ValidationError(
                    self.env._(
                        "“%(text)s…” is longer than %(count)s characters. Shorten it.",
                        text=text[:20],
                        count=MAX_TEXT,
                    )
                )
        return {**vals, **{name: storable(text) for name, text in texts.items()}}

    def _normalise_identity(self):
        """Write Iranian contacts' numbers in Western digits, without separators."""
        for partner in self:
            texts = {name: partner[name] for name in IDENTITY_FIELDS if partner[name]}
            if not texts or not partner._is_iranian():
                continue
            is_company = partner.commercial_partner_id.is_company
            numbers = {name: identity.normalise(text) for name, text in texts.items()}
            if "vat" in texts:
                numbers["vat"] = identity.tax_number(texts["vat"], is_company).value
            changed = {n: value for n, value in numbers.items() if value != texts[n]}
            if changed and partner.id:
                partner.write(changed)
            elif changed:  # on a form
                partner.update(changed)

    @api.onchange("vat", "company_registry", "zip", "country_id", "is_company")
    def _onchange_identity(self):
        self._normalise_identity()

    # -- right or wrong
    def _identity_numbers(self):
        """The numbers of this contact that are asked to be right.

        :return: ``{field: (kind of number, identity.Number)}``, kinds as in
            `_identity_error`; empty fields, those that say "not subject to tax", and
            numbers of other countries are left out
        """
        self.ensure_one()
        texts = {name: self[name] for name in IDENTITY_FIELDS if self[name]}
        if not texts or not self._is_iranian():
            return {}
        numbers = {}
        # Contacts of a company carry its numbers: they are told of on the company.
        if self.commercial_partner_id == self:
            if len(texts.get("vat", "")) > 1:
                number = identity.tax_number(texts["vat"], self.is_company)
                kind = "national_id" if self.is_company else "national_code"
                if len(number.value) == 14:
                    kind = "economic_number"
                numbers["vat"] = (kind, number)
            registry = identity.national_id(texts.get("company_registry"))
            # Other lengths are numbers of registration, which have no rule.
            if len(registry.value) == 11 and registry.value.isdecimal():
                numbers["company_registry"] = ("national_id", registry)
        if "zip" in texts:
            numbers["zip"] = ("postal_code", identity.postal_code(texts["zip"]))
        return numbers

    @api.depends(*IDENTITY_FIELDS, *IDENTITY_SCOPE)
    @api.depends_context("company", "lang")
    def _compute_identity_warning(self):
        for partner in self:
            partner.identity_warning = "\n".join(
                partner._identity_error(kind, number)
                for kind, number in partner._identity_numbers().values()
                if number.error
            )

    def _identity_error(self, kind, number):
        """One sentence: which number, which rule fails, what to do."""
        kinds = {
            "economic_number": self.env._("Economic number"),
            "national_code": self.env._("National code"),
            "national_id": self.env._("National ID"),
            "postal_code": self.env._("Postal code"),
        }
        lengths = {"economic_number": 14, "national_id": 11}
        named = {
            "kind": kinds[kind],
            "number": number.value[:20],
            "count": len(number.value),
            "length": lengths.get(kind, 10),
        }
        messages = {
            "alike": self.env._(
                "%(kind)s %(number)s: all digits are the same. Ask for the right one.",
                **named,
            ),
            "branch": self.env._(
                "%(kind)s %(number)s: the last digits, of the branch, start at 1. Ask "
                "for the right one.",
                **named,
            ),
            "check_digit": self.env._(
                "%(kind)s %(number)s: the last digit, which checks the others, does "
                "not fit them. One of them is mistyped.",
                **named,
            ),
            "company": self.env._(
                "%(number)s is the national ID of a company. Mark the contact as a "
                "company, or write the person's national code.",
                **named,
            ),
            "digits": self.env._(
                "%(kind)s “%(number)s”: there is something else than digits in it. "
                "Write its %(length)s digits.",
                **named,
            ),
            "fifth": self.env._(
                "%(kind)s %(number)s: the fifth digit is never 5. Correct it.", **named
            ),
            "first_four": self.env._(
                "%(kind)s %(number)s: the first four digits are never all the same. "
                "Correct them.",
                **named,
            ),
            "length": self.env._(
                "%(kind)s %(number)s: it has %(count)s digits instead of %(length)s. "
                "Complete or correct it.",
                **named,
            ),
            "old": self.env._(
                "%(kind)s %(number)s: economic numbers of 12 digits are no longer "
                "valid. Write the national ID of a company, or the national code of a "
                "person.",
                **named,
            ),
            "person": self.env._(
                "%(number)s is the national code of a person. Mark the contact as a "
                "person, or write the company's national ID.",
                **named,
            ),
            "zero_or_two": self.env._(
                "%(kind)s %(number)s: 0 and 2 are never among the first five digits. "
                "Correct them.",
                **named,
            ),
            "zeros": self.env._(
                "%(kind)s %(number)s: the part that tells one from another is all "
                "zeros. Ask for the right one.",
                **named,
            ),
        }
        return messages[number.error]

    # -- what an invoice needs
    @api.depends(*IDENTITY_FIELDS, *IDENTITY_SCOPE)
    @api.depends_context("company")
    def _compute_lacks_invoice_number(self):
        """The definition, contact by contact; `_lacks_invoice_number_sql` is equal."""
        for partner in self:
            if (
                partner.commercial_partner_id != partner
                or len(partner.vat or "") == 1  # said to be not subject to tax
                or not partner._is_iranian()
            ):
                partner.lacks_invoice_number = False
                continue
            numbers = partner._identity_numbers()
            right = {name for name, (_kind, n) in numbers.items() if not n.error}
            named = "vat" in right or (
                partner.is_company and "company_registry" in right
            )
            partner.lacks_invoice_number = not (named and "zip" in right)

    def _search_lacks_invoice_number(self, operator, value):
        if operator != "in":
            return NotImplemented
        self.flush_model()
        lacking = Domain(
            "id",
            "in",
            SQL("(%s)", self._lacks_invoice_number_sql(self.env.company)),
        )
        return lacking if True in value else ~lacking

    @api.model
    def _lacks_invoice_number_sql(self, company):
        """Select the ids of contacts that lack a number an invoice needs.

        :param company: the one to take for shared contacts
        """
        return SQL(
            """
            SELECT p.id
              FROM res_partner p
              -- OFFSET keeps the digits from being worked out for each use of them.
              CROSS JOIN LATERAL (
                  SELECT %(vat)s AS vat, %(registry)s AS registry, %(zip)s AS zip
                  OFFSET 0
              ) n
             WHERE p.commercial_partner_id = p.id
               AND COALESCE(LENGTH(p.vat), 0) != 1
               AND %(iranian)s
               AND (
                   %(right_zip)s
                   AND (%(right_tax_number)s OR p.is_company AND %(right_registry)s)
               ) IS NOT TRUE
            """,
            vat=_digits_sql(SQL("p.vat")),
            registry=_digits_sql(SQL("p.company_registry")),
            zip=_digits_sql(SQL("p.zip")),
            iranian=self._iranian_sql("p", company),
            right_tax_number=_right_tax_number_sql(SQL("n.vat")),
            right_registry=_right_id_sql(SQL("n.registry")),
            right_zip=SQL(
                r"(n.zip ~ '^[13-9]{4}[1346-9][0-9]{5}$' AND n.zip !~ '^(.)\1{3}')"
            ),
        )

    # -- duplicates
    @api.depends("is_company", "parent_id")
    @api.depends_context("company", "allowed_company_ids")
    def _compute_same_vat_partner_id(self):
        """Find Iranian contacts by all spellings of a number, and name the oldest.

        Odoo compares what was typed, and names any. A contact of a company the user
        does not work in is not named.
        """
        result = super()._compute_same_vat_partner_id()
        for partner in self:
            if partner.parent_id or not partner._is_iranian():
                continue
            numbers = partner._identity_numbers()
            for name, target in (
                ("vat", "same_vat_partner_id"),
                ("company_registry", "same_company_registry_partner_id"),
            ):
                if name in numbers:
                    number = numbers[name][1].value
                    partner[target] = partner._first_with_number(number)
        return result

    def _first_with_number(self, number):
        """The oldest other contact, archived ones too, that has this number."""
        spellings = identity.spellings(number)
        companies = self.company_id or self.env.companies
        domain = Domain("vat", "in", spellings)
        domain |= Domain("company_registry", "in", spellings)
        domain &= Domain("company_id", "in", [False, *companies.ids])
        if origin := self._origin.id:
            domain &= Domain("id", "!=", origin) & ~Domain("id", "child_of", origin)
        # sudo as in Odoo's own: the warning is also for who may not open all contacts
        partners = self.env["res.partner"].sudo().with_context(active_test=False)
        return partners.search(domain, order="id", limit=1)

    # -- labels
    def _get_company_registry_labels(self):
        labels = super()._get_company_registry_labels()
        return {**labels, "IR": self.env._("National ID")}


class CrmCustomer(models.Model):
    _inherit = "crm.customer"

    lacks_invoice_number = fields.Boolean(
        "Lacks a Number for Invoices",
        compute="_compute_lacks_invoice_number",
        search="_search_lacks_invoice_number",
        compute_sudo=True,
        help="A number that an invoice in Iran needs is missing or wrong on the "
        "contact.",
    )

    @api.depends("partner_id.lacks_invoice_number", "company_id")
    def _compute_lacks_invoice_number(self):
        """As the company of the profile sees the contact."""
        for customer in self:
            partner = customer.partner_id.with_company(customer.company_id)
            customer.lacks_invoice_number = partner.lacks_invoice_number

    def _search_lacks_invoice_number(self, operator, value):
        if operator != "in":
            return NotImplemented
        partners = self.env["res.partner"]
        partners.flush_model()
        lacking = Domain.OR(
            Domain("company_id", "=", company.id)
            & Domain(
                "partner_id",
                "in",
                SQL("(%s)", partners._lacks_invoice_number_sql(company)),
            )
            for company in self.env.companies
        )
        return lacking if True in value else ~lacking


def _digits_sql(column):
    """`identity.normalise` of a column: its digits where it holds nothing else.

    Of other scripts only Persian and Arabic are read: what was saved since is Western.
    """
    return SQL(
        """CASE WHEN %(column)s ~ '^[0-9]{1,20}$' THEN %(column)s
                WHEN LENGTH(%(column)s) <= %(longest)s THEN
            TRANSLATE(REGEXP_REPLACE(%(column)s, %(between)s, '', 'g'), %(eastern)s,
                      %(western)s)
        END""",
        column=column,
        longest=identity.LONGEST,
        between=f"[{identity.BETWEEN}]+",
        eastern="".join(identity.SCRIPTS),
        western=identity.WESTERN * len(identity.SCRIPTS),
    )


def _sum_sql(number, weights):
    return SQL(" + ").join(
        SQL("SUBSTR(%s, %s, 1)::int * %s", number, place, weight)
        for place, weight in enumerate(weights, start=1)
    )


def _right_code_sql(number):
    """Whether a text is a right national code: ``identity.national_code``."""
    return SQL(
        r"""CASE WHEN %(number)s ~ '^[0-9]{10}$' THEN
                %(number)s !~ '^(.)\1{9}$'
                AND LEFT(%(number)s, 3) != '000'
                AND SUBSTR(%(number)s, 4, 6) != '000000'
                AND RIGHT(%(number)s, 1)::int = (
                    ARRAY[0, 1, 9, 8, 7, 6, 5, 4, 3, 2, 1])[(%(sum)s) %% 11 + 1]
            ELSE FALSE END""",
        number=number,
        sum=_sum_sql(number, identity.PERSON_WEIGHTS),
    )


def _right_id_sql(number):
    """Whether a text is a right national ID: ``identity.national_id``."""
    return SQL(
        r"""CASE WHEN %(number)s ~ '^[0-9]{11}$' THEN
                %(number)s !~ '^(.)\1{10}$'
                AND SUBSTR(%(number)s, 4, 6) != '000000'
                AND RIGHT(%(number)s, 1)::int = (
                    %(sum)s + (SUBSTR(%(number)s, 10, 1)::int + 2) * %(weights)s
                ) %% 11 %% 10
            ELSE FALSE END""",
        number=number,
        sum=_sum_sql(number, identity.LEGAL_WEIGHTS),
        weights=sum(identity.LEGAL_WEIGHTS),
    )


def _right_tax_number_sql(number):
    """Whether a contact `p` has a right tax number: ``identity.tax_number``."""
    return SQL(
        r"""CASE
            WHEN %(number)s ~ '^[0-9]{14}$' THEN
                RIGHT(%(number)s, 2) != '00'
                AND (SUBSTR(%(number)s, 11, 2) != '00' OR %(branch_code)s)
            WHEN p.is_company THEN %(right_id)s
            WHEN %(number)s ~ '^[0-9]{12}$' THEN LEFT(%(number)s, 3) != %(old)s
            WHEN %(number)s ~ '^[0-9]{8,9}$' THEN %(padded_code)s
            ELSE %(right_code)s END""",
        number=number,
        branch_code=_right_code_sql(SQL("LEFT(%s, 10)", number)),
        right_id=_right_id_sql(number),
        old=identity.OLD_START,
        padded_code=_right_code_sql(SQL("LPAD(%s, 10, '0')", number)),
        right_code=_right_code_sql(number),
    )
