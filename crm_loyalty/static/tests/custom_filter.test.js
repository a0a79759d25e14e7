import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, describe, expect, test } from "@odoo/hoot";
import { press, queryAllTexts, queryAllValues } from "@odoo/hoot-dom";
import { animationFrame, mockDate } from "@odoo/hoot-mock";
import {
    getOperatorOptions,
    selectOperator,
    selectValue,
    SELECTORS,
} from "@web/../tests/core/tree_editor/condition_tree_editor_test_helpers";
import {
    contains,
    defineModels,
    defineParams,
    fields,
    getFacetTexts,
    models,
    mountWithCleanup,
    mountWithSearch,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { DomainSelector } from "@web/core/domain_selector/domain_selector";
import { user } from "@web/core/user";
import { SearchBar } from "@web/search/search_bar/search_bar";
import { session } from "@web/session";

class Currency extends models.Model {
    _name = "res.currency";

    name = fields.Char();
    symbol = fields.Char();
    position = fields.Selection({ selection: [["after", "A"], ["before", "B"]] });
    inverse_rate = fields.Float();

    _records = [{ id: 1, name: "IRR", symbol: "IRR", position: "after", inverse_rate: 1 }];
}

class Contact extends models.Model {
    _name = "contact";

    birthday = fields.Date();
    acquisition_date = fields.Date({ crm_shown_as: "jalali" });
    customer_ids = fields.One2many({ relation: "crm.customer" });
}

class Customer extends models.Model {
    _name = "crm.customer";

    day = fields.Date({ crm_shown_as: "jalali" });
    moment = fields.Datetime({ crm_shown_as: "jalali" });
    score = fields.Integer();
    revenue = fields.Monetary({ currency_field: "currency_id", crm_shown_as: "money" });
    document_amount = fields.Monetary({ currency_field: "currency_id" });
    currency_id = fields.Many2one({ relation: "res.currency" });
    contact_id = fields.Many2one({ relation: "contact" });
}

defineMailModels();
defineModels([Currency, Contact, Customer]);
describe.current.tags("desktop");

const VALUE = SELECTORS.valueEditor;
const ERROR = `${VALUE} [role=alert]`;

// 11 Dey 1405
beforeEach(() => mockDate("2027-01-01T12:00:00"));

function choose(calendar) {
    patchWithCleanup(session, { crm_calendar: calendar });
}

function showIn(display, others = []) {
    const crm_money = { currency_id: 1, factor: 10, label: "Toman", digits: 0, ...display };
    const company = { id: 1, currency_id: 1, crm_money };
    patchWithCleanup(user, { activeCompany: company, activeCompanies: [company, ...others] });
}

async function mountSearch(resModel = "crm.customer") {
    onRpc("/web/domain/validate", () => true);
    const { env } = await mountWithSearch(SearchBar, {
        resModel,
        searchViewId: false,
        searchMenuTypes: ["filter"],
    });
    return env.searchModel;
}

/** Open the dialog on a filter that is there, as a click on its facet does. */
async function openOn(domain, resModel) {
    const model = await mountSearch(resModel);
    await model.splitAndAddDomain(domain);
    await animationFrame();
    await openFacet();
    return model;
}

async function openFacet() {
    await contains(".o_searchview_facet_label").click();
}

async function confirm() {
    await contains(".modal footer .btn-primary").click();
}

async function typeValue(text, index = 0) {
    await contains(`${VALUE} input[type=text]:eq(${index})`).edit(text);
}

function shownValues() {
    return queryAllValues(`${VALUE} input[type=text]`);
}

//-----------------------------------------------------------------------------
// Dates
//-----------------------------------------------------------------------------

test("a date is typed in Persian digits, filtered as a plain date and read in Jalali", async () => {
    choose("jalali");
    const model = await openOn(`[("day", "=", "2026-04-23")]`);
    expect(getFacetTexts()).toEqual(["Day = 1405/02/03"]);
    expect(shownValues()).toEqual(["1405/02/03"]);
    await typeValue("۱۴۰۵/۳/۳۱");
    expect(shownValues()).toEqual(["1405/03/31"]);
    await confirm();
    expect(model.domain).toEqual([["day", "=", "2026-06-21"]]);
    expect(getFacetTexts()).toEqual(["Day = 1405/03/31"]);
    await openFacet();
    expect(shownValues()).toEqual(["1405/03/31"]);
});

test("every operator of dates that takes one", async () => {
    choose("jalali");
    const model = await openOn(`[("day", "=", "2026-04-23")]`);
    expect(getOperatorOptions()).toEqual([
        "is in",
        "is equal to",
        "before",
        "after",
        "is set",
        "is not set",
    ]);
    for (const [operator, domain] of [
        ["<", [["day", "<", "2026-06-21"]]],
        [">", [["day", ">", "2026-06-21"]]],
        ["=", [["day", "=", "2026-06-21"]]],
    ]) {
        await selectOperator(operator);
        // Odoo begins anew with today.
        expect(shownValues()).toEqual(["1405/10/11"]);
        await typeValue("1405/3/31");
        await confirm();
        expect(model.domain).toEqual(domain);
        await openFacet();
    }
    await selectOperator("in range");
    await selectValue("custom range");
    expect(shownValues()).toEqual(["1405/10/11", "1405/10/11"]);
    await typeValue("1405/1/1", 0);
    await typeValue("1405/12/29", 1);
    await confirm();
    expect(model.domain).toEqual(["&", ["day", ">=", "2026-03-21"], ["day", "<=", "2027-03-20"]]);
    expect(getFacetTexts()).toEqual(["Day between 1405/01/01 and 1405/12/29"]);
});

test("lists of dates, and negated ones", async () => {
    choose("jalali");
    const model = await openOn(`[("day", "in", ["2026-04-23", "2026-06-21"])]`);
    expect(getFacetTexts()).toEqual(["Day = 1405/02/03 or 1405/03/31"]);
    expect(queryAllTexts(`${VALUE} .o_tag`)).toEqual(["1405/02/03", "1405/03/31"]);
    await typeValue("1405/10/11");
    expect(queryAllTexts(`${VALUE} .o_tag`)).toEqual(["1405/02/03", "1405/03/31", "1405/10/11"]);
    expect(shownValues()).toEqual([""]);
    await confirm();
    expect(model.domain).toEqual([["day", "in", ["2026-04-23", "2026-06-21", "2027-01-01"]]]);
    await model.clearQuery();
    await model.splitAndAddDomain(
        `["|", ("day", "=", "2026-04-23"), ("day", "=", "2026-06-21")]`
    );
    await model.splitAndAddDomain(`[("day", "!=", "2026-04-23")]`);
    await animationFrame();
    expect(getFacetTexts()).toEqual([
        "Day = 1405/02/03 or 1405/03/31",
        "Day not = 1405/02/03",
    ]);
});

test("a moment keeps its time, and is sent in UTC", async () => {
    choose("jalali");
    const model = await openOn(`[("moment", ">", "2027-01-01 22:59:59")]`);
    // UTC+1
    expect(shownValues()).toEqual(["1405/10/11 11:59 PM"]);
    await typeValue("1405/10/12");
    await confirm();
    expect(model.domain).toEqual([["moment", ">", "2027-01-02 22:59:59"]]);
    await openFacet();
    await typeValue("۱۴۰۵/۱۰/۱۳ ۸:۳۰");
    await confirm();
    expect(model.domain).toEqual([["moment", ">", "2027-01-03 07:30:00"]]);
    expect(getFacetTexts()).toEqual(["Moment after 1405/10/13 8:30 AM"]);
});

test("the picker by keyboard alone", async () => {
    choose("jalali");
    const model = await openOn(`[("day", "=", "2026-04-23")]`);
    await contains(`${VALUE} input`).focus();
    await press("ArrowDown");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(1);
    expect(".o_jalali_clear").toHaveCount(0);
    await press("ArrowDown");
    await animationFrame();
    await press("Enter");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(0);
    expect(shownValues()).toEqual(["1405/02/10"]);
    expect(`${VALUE} input`).toBeFocused();
    await press("ArrowDown");
    await animationFrame();
    await press("Escape");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(0);
    expect(".modal").toHaveCount(1);
    await confirm();
    expect(model.domain).toEqual([["day", "=", "2026-04-30"]]);
});

test("what is no date says why, and nothing else is searched for", async () => {
    choose("jalali");
    const model = await openOn(`[("day", "=", "2026-04-23")]`);
    await typeValue("1404/12/30");
    expect(ERROR).toHaveText("There is no day 30: Esfand 1404 has 29 days.");
    expect(shownValues()).toEqual(["1404/12/30"]);
    await confirm();
    expect(".modal").toHaveCount(1);
    expect(".o_notification").toHaveText(/Esfand 1404 has 29 days/);
    expect(model.domain).toEqual([["day", "=", "2026-04-23"]]);
    // Another operator begins anew.
    await selectOperator(">");
    expect(ERROR).toHaveCount(0);
    await typeValue("1404/12/30");
    await typeValue("1404/12/29");
    expect(ERROR).toHaveCount(0);
    await confirm();
    expect(".modal").toHaveCount(0);
    expect(model.domain).toEqual([["day", ">", "2026-03-20"]]);
    // A rule that is taken out takes its error with it.
    await openFacet();
    await contains(SELECTORS.addNewRule).click();
    await typeValue("99", 1);
    expect(ERROR).toHaveCount(1);
    await contains(`${SELECTORS.buttonDeleteNode}:eq(1)`).click();
    await confirm();
    expect(".modal").toHaveCount(0);
});

test("both: the Gregorian date follows", async () => {
    choose("both");
    await openOn(`[("day", "=", "2026-04-23")]`);
    expect(getFacetTexts()).toEqual(["Day = 1405/02/03 (04/23/2026)"]);
    expect(`${VALUE} .o_jalali_gregorian`).toHaveText("04/23/2026");
    await typeValue("1405/13/1");
    // Of no date there is none.
    expect(`${VALUE} .o_jalali_gregorian`).toHaveCount(0);
});

test("Odoo's ranges of Gregorian months say so", async () => {
    choose("jalali");
    const model = await openOn(`[("day", ">=", "today =1d -1m"), ("day", "<", "today =1d")]`);
    expect(getFacetTexts()).toEqual(["Day = Last month (Gregorian)"]);
    expect(queryAllTexts(`${VALUE} option`)).toEqual([
        "Today",
        "Last 7 days",
        "Last 30 days",
        "Month to date (Gregorian)",
        "Last month (Gregorian)",
        "Year to date (Gregorian)",
        "Last 12 months (Gregorian)",
        "Custom range",
    ]);
    await selectValue("last 7 days");
    await confirm();
    expect(getFacetTexts()).toEqual(["Day is in Last 7 days"]);
    expect(model.domain).toEqual(["&", ["day", ">=", "today -7d"], ["day", "<", "today"]]);
});

for (const [who, calendar, resModel, field] of [
    ["who has not chosen Jalali", "gregorian", "crm.customer", "day"],
    ["a screen of Odoo", "jalali", "contact", "birthday"],
]) {
    test(`${who} has Odoo's own editor and description`, async () => {
        choose(calendar);
        await openOn(`[("${field}", "=", "2026-04-23")]`, resModel);
        expect(`${VALUE} .o_jalali_date`).toHaveCount(0);
        expect(shownValues()).toEqual(["04/23/2026"]);
        expect(getFacetTexts()[0]).toMatch(/= 04\/23\/2026$/);
        await selectOperator("in range");
        expect(queryAllTexts(`${VALUE} option`)).toInclude("Last month");
    });
}

test("dates of ours keep to Jalali on screens of Odoo, and all dates on ours", async () => {
    choose("jalali");
    const model = await openOn(
        `["|", ("acquisition_date", "=", "2026-04-23"), ("customer_ids", "any", [("day", "=", "2026-06-21")])]`,
        "contact"
    );
    expect(shownValues()).toEqual(["1405/02/03", "1405/03/31"]);
    expect(getFacetTexts()).toEqual([
        "Acquisition date = 1405/02/03 or Customers : ( Day = 1405/03/31 )",
    ]);
    expect(Object.values(model.searchItems).at(-1).tooltip).toInclude("Day = 1405/03/31");
});

test("a date of a contact on a screen of ours", async () => {
    choose("jalali");
    await openOn(
        `["|", ("contact_id.birthday", "=", "2026-04-23"), ("contact_id", "any", [("birthday", "=", "2026-06-21")])]`
    );
    expect(shownValues()).toEqual(["1405/02/03", "1405/03/31"]);
    expect(getFacetTexts()[0]).toMatch(/1405\/02\/03.*1405\/03\/31/);
});

test("a filter that can only be read reads the same", async () => {
    choose("jalali");
    showIn();
    await mountWithCleanup(DomainSelector, {
        props: {
            resModel: "crm.customer",
            domain: `[("day", "=", "2026-04-23"), ("revenue", ">", 5000)]`,
        },
    });
    expect(queryAllTexts(SELECTORS.condition)).toEqual([
        "Day\n=\n1405/02/03",
        "Revenue\ngreater than\n500 Toman",
    ]);
});

//-----------------------------------------------------------------------------
// Amounts
//-----------------------------------------------------------------------------

test("an amount is typed in the unit, filtered as stored, and read with its unit", async () => {
    showIn();
    const model = await openOn(`[("revenue", ">", 123456789)]`);
    expect(getFacetTexts()).toEqual(["Revenue greater than 12,345,678.9 Toman"]);
    expect(shownValues()).toEqual(["12,345,678.9"]);
    expect(`${VALUE} .o_crm_money_unit`).toHaveText("Toman");
    await typeValue("۱٬۲۳۴٬۵۶۷");
    expect(shownValues()).toEqual(["1,234,567"]);
    await confirm();
    expect(model.domain).toEqual([["revenue", ">", 12345670]]);
    expect(getFacetTexts()).toEqual(["Revenue greater than 1,234,567 Toman"]);
    await openFacet();
    expect(shownValues()).toEqual(["1,234,567"]);
    for (const [text, stored] of [
        ["0.7", 7],
        ["1.1", 11],
        ["=2*3", 60],
        ["-3", -30],
    ]) {
        await typeValue(text);
        await confirm();
        expect(model.domain).toEqual([["revenue", ">", stored]]);
        await openFacet();
    }
});

test("operators of amounts begin with one of the unit", async () => {
    showIn({ factor: 10000, label: "thousand Toman", digits: 1 });
    const model = await openOn(`[("revenue", ">", 50000)]`);
    await selectOperator("between");
    expect(shownValues()).toEqual(["1", "1"]);
    expect(`${VALUE} .o_crm_money_unit`).toHaveCount(2);
    await typeValue("0.3", 0);
    await typeValue("2.5", 1);
    await confirm();
    expect(model.domain).toEqual(["&", ["revenue", ">=", 3000], ["revenue", "<=", 25000]]);
    expect(getFacetTexts()).toEqual([
        "Revenue between 0.3 thousand Toman and 2.5 thousand Toman",
    ]);
    await openFacet();
    expect(shownValues()).toEqual(["0.3", "2.5"]);
    await selectOperator("=");
    await confirm();
    expect(model.domain).toEqual([["revenue", "=", 10000]]);
});

test("a field of money that is chosen begins with one of the unit", async () => {
    showIn();
    const model = await openOn(`[("score", "=", 1)]`);
    await contains(".o_model_field_selector").click();
    await contains(".o_model_field_selector_popover_item_name:contains(Revenue)").click();
    expect(shownValues()).toEqual(["1"]);
    await confirm();
    expect(model.domain).toEqual([["revenue", "=", 10]]);
});

test("lists of amounts", async () => {
    showIn();
    const model = await openOn(`[("revenue", "in", [10, 20])]`);
    expect(queryAllTexts(`${VALUE} .o_tag`)).toEqual(["1 Toman", "2 Toman"]);
    expect(getFacetTexts()).toEqual(["Revenue = 1 Toman or 2 Toman"]);
    await typeValue("۳");
    expect(shownValues()).toEqual([""]);
    await confirm();
    expect(model.domain).toEqual([["revenue", "in", [10, 20, 30]]]);
});

test("what is no amount is not searched for", async () => {
    showIn();
    const model = await openOn(`[("revenue", ">", 50)]`);
    for (const text of ["twelve", "=1/0", "+=5", "9".repeat(10000), "1e30"]) {
        const input = document.querySelector(`${VALUE} input[type=text]`);
        input.value = text;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        await animationFrame();
        expect(ERROR).toHaveText(/Revenue: this is no number/);
        await confirm();
        expect(".modal").toHaveCount(1);
    }
    await typeValue("7");
    await confirm();
    expect(model.domain).toEqual([["revenue", ">", 70]]);
});

const DOLLARS = { id: 2, currency_id: 2 };
for (const [where, name, display] of [
    ["without a unit", "revenue"],
    ["on a field that screens show in its own currency", "document_amount", [{}]],
    ["over companies of several currencies", "revenue", [{}, [DOLLARS]]],
]) {
    test(`an amount stays as it is stored ${where}`, async () => {
        if (display) {
            showIn(...display);
        }
        const model = await openOn(`[("${name}", ">", 5000)]`);
        expect(shownValues()).toEqual(["5000"]);
        expect(`${VALUE} .o_crm_money_unit`).toHaveCount(0);
        expect(getFacetTexts()[0]).toMatch(/greater than 5000$/);
        await typeValue("۷۰۰");
        await confirm();
        expect(model.domain).toEqual([[name, ">", 700]]);
    });
}

test("numbers take Persian digits", async () => {
    const model = await openOn(`[("score", "=", 1)]`);
    await typeValue("۱۲");
    await confirm();
    expect(model.domain).toEqual([["score", "=", 12]]);
});

test("dates and amounts where one writes with other signs", async () => {
    defineParams({ lang_parameters: { thousands_sep: ".", decimal_point: "," } });
    showIn();
    const model = await openOn(`[("revenue", ">", 12345)]`);
    expect(shownValues()).toEqual(["1.234,5"]);
    await typeValue("۱٬۵۰۰٫۵");
    await confirm();
    expect(model.domain).toEqual([["revenue", ">", 15005]]);
});
