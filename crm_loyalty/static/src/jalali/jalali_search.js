import { Domain } from "@web/core/domain";
import { serializeDate, serializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { clamp } from "@web/core/utils/numbers";
import { patch } from "@web/core/utils/patch";
import { SearchModel } from "@web/search/search_model";
import { QUARTER_OPTIONS, toGeneratorId } from "@web/search/utils/dates";
import { addMonths, monthName, periodRange, quarterName, toJalali, userCalendar } from "./jalali";

/**
 * @typedef {{ year: number, month: number, months: number, label: string }} Period
 */

const monthPeriod = ({ year, month }) => ({
    year,
    month,
    months: 1,
    label: `${monthName(month)} ${year}`,
});
const quarterPeriod = (year, quarter) => ({
    year,
    month: 3 * quarter - 2,
    months: 3,
    label: `${quarterName(quarter)} ${year}`,
});
const yearPeriod = (year) => ({ year, month: 1, months: 12, label: String(year) });

/**
 * What a filter on a date offers: the options of Odoo, by the same ids, with the months,
 * quarters and years of the Jalali calendar; first those that compare this month.
 *
 * - `period`: of a ready option; `ofYear`: of a month or quarter, in a year to be given;
 *   `year`: of a year; `domain`: of an option that the view defines
 *
 * @param {luxon.DateTime} now
 * @param {Object} optionsParams of the filter, as the search view gives them
 */
export function jalaliOptions(now, { startYear, endYear, startMonth, endMonth, customOptions }) {
    const today = toJalali(now);
    const offsets = (first, last) =>
        [...Array(last - first + 1).keys()].map((index) => last - index);
    const yearId = (offset) => toGeneratorId("year", clamp(offset, startYear, endYear));
    const lastYear = { ...today, year: today.year - 1 };
    const [thisMonth, sameMonth] = [today, lastYear].map(monthPeriod);
    const ready = [
        {
            id: "custom_jalali_month",
            groupNumber: 0,
            description: _t("This month"),
            period: thisMonth,
        },
        {
            id: "custom_jalali_month_last_year",
            groupNumber: 0,
            description: _t("Same month last year"),
            period: sameMonth,
        },
    ];
    const base = addMonths(today, 12 * clamp(0, startYear, endYear));
    const months = offsets(startMonth, endMonth).map((offset) => {
        const { year, month } = addMonths({ ...base, day: 1 }, offset);
        return {
            id: toGeneratorId("month", offset),
            groupNumber: 1,
            description: monthName(month),
            defaultYearId: yearId(year - today.year),
            ofYear: (ofYear) => monthPeriod({ year: ofYear, month }),
        };
    });
    const quarters = Object.values(QUARTER_OPTIONS).map(({ id, setParam: { quarter } }) => ({
        id,
        groupNumber: 1,
        description: quarterName(quarter),
        defaultYearId: yearId(0),
        ofYear: (ofYear) => quarterPeriod(ofYear, quarter),
    }));
    const years = offsets(startYear, endYear).map((offset) => ({
        id: toGeneratorId("year", offset),
        groupNumber: 2,
        description: String(today.year + offset),
        year: today.year + offset,
    }));
    const ofView = customOptions.map(({ id, description, domain }) => ({
        id,
        groupNumber: 3,
        description,
        domain,
    }));
    return [...ready, ...months, ...quarters, ...years, ...ofView];
}

/**
 * @param {Object[]} options the chosen ones of `jalaliOptions`, none of the view's own
 * @returns {Period[]} each month and quarter in each year, in order
 */
function chosenPeriods(options) {
    const ready = options.filter((option) => option.period).map((option) => option.period);
    const parts = options.filter((option) => option.ofYear);
    const years = options.filter((option) => option.year).map((option) => option.year);
    const inYears = years.flatMap((year) =>
        parts.length ? parts.map((option) => option.ofYear(year)) : [yearPeriod(year)]
    );
    return [...ready, ...inYears].sort(
        (one, other) => one.year - other.year || one.months - other.months || one.month - other.month
    );
}

/** Plain Gregorian bounds, as Odoo's own filter has them. */
function periodDomain({ fieldName, fieldType }, { year, month, months }) {
    const serialize = fieldType === "date" ? serializeDate : serializeDateTime;
    const [first, last] = periodRange(year, month, months).map(serialize);
    return new Domain(["&", [fieldName, ">=", first], [fieldName, "<=", last]]);
}

/**
 * Whether filters of a screen are Jalali, for who chose that: those of our models and of
 * the documents that they are about.
 *
 * @param {string} [resModel]
 */
export function hasJalaliFilters(resModel = "") {
    return (
        userCalendar() !== "gregorian" &&
        (resModel.startsWith("crm.") || ["sale.order", "account.move"].includes(resModel))
    );
}

// Odoo's search model takes the options of a filter from functions of a module, which
// cannot be extended: the three methods that call them are, for who chose Jalali.
patch(SearchModel.prototype, {
    get hasJalaliFilters() {
        return hasJalaliFilters(this.resModel);
    },

    _jalaliOptions(searchItem) {
        return jalaliOptions(this.referenceMoment, searchItem.optionsParams);
    },

    toggleDateFilter(searchItemId, generatorId) {
        const searchItem = this.searchItems[searchItemId];
        if (searchItem.type !== "dateFilter" || !this.hasJalaliFilters) {
            return super.toggleDateFilter(...arguments);
        }
        const options = this._jalaliOptions(searchItem);
        for (const id of generatorId ? [generatorId] : searchItem.defaultGeneratorIds) {
            // A month or quarter needs a year, and Odoo would take a Gregorian one.
            const selected = this._getSelectedGeneratorIds(searchItemId);
            const { defaultYearId } = options.find((option) => option.id === id);
            if (defaultYearId && !selected.some((other) => other.startsWith("year"))) {
                this.query.push({ searchItemId, generatorId: defaultYearId });
            }
            super.toggleDateFilter(searchItemId, id);
        }
    },

    _enrichItem(searchItem) {
        const item = super._enrichItem(searchItem);
        if (item && searchItem.type === "dateFilter" && this.hasJalaliFilters) {
            const selected = this._getSelectedGeneratorIds(searchItem.id);
            item.options = this._jalaliOptions(searchItem).map(
                ({ id, description, groupNumber }) => ({
                    id,
                    description,
                    groupNumber,
                    isActive: selected.includes(id),
                })
            );
        }
        return item;
    },

    _getDateFilterDomain(dateFilter, generatorIds, key = "domain") {
        if (!this.hasJalaliFilters) {
            return super._getDateFilterDomain(...arguments);
        }
        const options = this._jalaliOptions(dateFilter).filter(({ id }) =>
            generatorIds.includes(id)
        );
        const ofView = options.find((option) => option.domain);
        const periods = chosenPeriods(options);
        if (key === "description") {
            return ofView ? ofView.description : periods.map(({ label }) => label).join("/");
        }
        const domain = ofView
            ? ofView.domain
            : Domain.or(periods.map((period) => periodDomain(dateFilter, period)));
        return Domain.and([domain, dateFilter.domain]);
    },
});
