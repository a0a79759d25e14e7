from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.tools import SQL

from ..l10n import jalali

CONTEXT_KEY = "crm_jalali_periods"


class CrmJalaliPeriods(models.AbstractModel):
    """Dates grouped by Jalali periods on the screens of whoever reads Jalali dates.

    ``date:month``, ``:quarter`` and ``:year`` of the client mean Jalali ones then, with
    a label that sorts like its period and a domain of plain days. Code that calls
    `_read_group` gets Gregorian periods, unless it sets the context key itself.
    """

    _name = "crm.jalali.periods"
    _description = "Dates Grouped by Jalali Periods"
    _inherit = ["crm.export"]

    # -- what the client calls
    @api.model
    @api.readonly
    def web_read_group(self, *args, **kwargs):
        return super(CrmJalaliPeriods, self._in_readers_calendar()).web_read_group(
            *args, **kwargs
        )

    @api.model
    @api.readonly
    def formatted_read_group(self, *args, **kwargs):
        return super(
            CrmJalaliPeriods, self._in_readers_calendar()
        ).formatted_read_group(*args, **kwargs)

    @api.model
    @api.readonly
    def formatted_read_grouping_sets(self, *args, **kwargs):
        return super(
            CrmJalaliPeriods, self._in_readers_calendar()
        ).formatted_read_grouping_sets(*args, **kwargs)

    @api.model
    def _in_readers_calendar(self):
        if self.env.user._crm_reads_jalali() and CONTEXT_KEY not in self.env.context:
            return self.with_context(**{CONTEXT_KEY: True})
        return self

    # -- what Odoo's grouping asks
    @api.model
    def _jalali_unit(self, groupby_spec):
        """The unit by which a date of this model is grouped in Jalali, else ``None``.

        Days and weeks are the same in both calendars, only their labels differ.
        """
        name, _colon, unit = groupby_spec.partition(":")
        field = self._fields.get(name)
        if (
            self.env.context.get(CONTEXT_KEY)
            and field
            and field.type in ("date", "datetime")
            and unit in (*jalali.UNIT_MONTHS, "day", "week")
        ):
            return unit
        return None

    def _read_group_groupby(self, alias, groupby_spec, query):
        unit = self._jalali_unit(groupby_spec)
        if unit not in jalali.UNIT_MONTHS:
            return super()._read_group_groupby(alias, groupby_spec, query)
        name = groupby_spec.partition(":")[0]
        field = self._fields[name]
        day = self._field_to_sql(alias, name, query)
        if field.type == "datetime":
            day = SQL("%s::date", field.property_to_sql(day, "tz", self, alias, query))
        # The number of the period: a search in a sorted list costs no more than
        # cutting a date to its Gregorian month.
        return SQL("WIDTH_BUCKET(%s, %s::date[])", day, self._jalali_list(unit))

    @api.model
    def _jalali_list(self, unit):
        """The first days of all periods, as a PostgreSQL array."""
        return f"{{{','.join(map(str, jalali.period_starts(unit)))}}}"

    def _read_group_postprocess_groupby(self, groupby_spec, raw_values):
        unit = self._jalali_unit(groupby_spec)
        if unit not in jalali.UNIT_MONTHS:
            return super()._read_group_postprocess_groupby(groupby_spec, raw_values)
        starts = jalali.period_starts(unit)
        field = self._fields[groupby_spec.partition(":")[0]]

        def start(number):
            if number is None:
                return False
            # Before the first year covered: the day before it, which is not covered.
            day = starts[number - 1] if number else starts[0] - timedelta(1)
            return datetime.combine(day, time.min) if field.type == "datetime" else day

        return (start(number) for number in raw_values)

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        odoo = super()._web_read_group_groupby_formatter(groupby_spec, values)
        unit = self._jalali_unit(groupby_spec)
        if not unit:
            return odoo
        name = groupby_spec.partition(":")[0]

        def formatter(value):
            if not value:
                return odoo(value)
            day = value.date() if isinstance(value, datetime) else value
            if unit in jalali.UNIT_MONTHS:
                return self._jalali_group(name, day, unit)
            (key, label), domain = odoo(value)
            if jalali.covers(day):
                label = jalali.period_label(day, unit, self.env.lang)
                if unit == "week":
                    label = self.env._("Week of %(day)s", day=label)
            return (key, label), domain

        return formatter

    @api.model
    def _jalali_group(self, name, day, unit):
        """Key, label and domain of a group that begins on ``day``."""
        first, last = jalali.FIRST_YEAR, jalali.LAST_YEAR
        if jalali.covers(day):
            label = jalali.period_label(day, unit, self.env.lang)
            bounds = [(">=", day), ("<", jalali.shift(day, unit, 1))]
        elif day < jalali.month_starts()[0]:
            label = self.env._("Before %(year)s", year=first)
            bounds = [("<", jalali.month_starts()[0])]
        else:
            label = self.env._("After %(year)s", year=last)
            bounds = [(">=", day)]
        # Odoo's own bounds are texts of UTC, cut where the reader's day begins.
        texts = [
            (operator, self._jalali_bound(name, bound)) for operator, bound in bounds
        ]
        domain = ["&"] * (len(texts) - 1) + [(name, *text) for text in texts]
        return (self._jalali_bound(name, day), label), domain

    @api.model
    def _jalali_bound(self, name, day):
        """A day as the client sends one: of a datetime, its first moment in UTC."""
        if self._fields[name].type == "date":
            return fields.Date.to_string(day)
        moment = datetime.combine(day, time.min)
        # As Odoo groups: by the time zone of the context, else by UTC.
        if (zone := self.env.context.get("tz")) in pytz.all_timezones_set:
            moment = pytz.timezone(zone).localize(moment).astimezone(pytz.utc)
        return fields.Datetime.to_string(moment.replace(tzinfo=None))

    def _web_read_group_fill_temporal(
        self,
        groups,
        groupby,
        aggregates,
        fill_from=False,
        fill_to=False,
        min_groups=False,
    ):
        unit = self._jalali_unit(groupby[0])
        if unit not in jalali.UNIT_MONTHS:
            return super()._web_read_group_fill_temporal(
                groups, groupby, aggregates, fill_from, fill_to, min_groups
            )
        is_datetime = self._fields[groupby[0].partition(":")[0]].type == "datetime"

        def to_day(value):
            return value.date() if isinstance(value, datetime) else value

        present = {}
        for group in groups:
            present.setdefault(group[0] and to_day(group[0]), []).append(group)
        known = sorted(day for day in present if day and jalali.covers(day))
        start = fields.Date.to_date(fill_from) or (known and known[0])
        end = fields.Date.to_date(fill_to) or (known and known[-1])
        start, end = start or end, end or start
        if not start or not jalali.covers(start) or not jalali.covers(end):
            return groups
        wanted = []
        day, end = jalali.period_start(start, unit), jalali.period_start(end, unit)
        while jalali.covers(day) and (day <= end or len(wanted) < (min_groups or 0)):
            wanted.append(day)
            day = jalali.shift(day, unit, 1)
        empty = tuple(
            self._read_group_empty_value(spec) for spec in (*groupby[1:], *aggregates)
        )
        filled = []
        for day in sorted({*wanted, *(day for day in present if day)}):
            key = datetime.combine(day, time.min) if is_datetime else day
            filled += present.get(day) or [(key, *empty)]
        return filled + present.get(False, [])
