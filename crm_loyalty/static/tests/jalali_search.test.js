import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { beforeEach, expect, test } from "@odoo/hoot";
import { queryAllTexts } from "@odoo/hoot-dom";
import { mockDate } from "@odoo/hoot-mock";
import {
    defineModels,
    fields,
    getFacetTexts,
    models,
    mountWithSearch,
    patchWithCleanup,
    toggleMenuItem,
    toggleMenuItemOption,
    toggleSearchBarMenu,
} from "@web/../tests/web_test_helpers";
import { SearchBar } from "@web/search/search_bar/search_bar";
import { session } from "@web/session";

class Customer extends models.Model {
    _name = "crm.customer";

    day = fields.Date();
    moment = fields.Datetime();
}
class Other extends models.Model {
    _name = "other";

    day = fields.Date();
}

class Lead extends models.Model {
    _name = "crm.lead";

    day = fields.Date();
}
class Order extends models.Model {
    _name = "sale.order";

    day = fields.Date();
}
class Invoice extends models.Model {
    _name = "account.move";

    day = fields.Date();
}

defineMailModels();
defineModels([Customer, Other, Lead, Order, Invoice]);

// 11 Dey 1405
beforeEach(() => mockDate("2027-01-01T12:00:00"));

async function mountSearch(calendar, { resModel = "crm.customer", context, filter } = {}) {
    patchWithCleanup(session, { crm_calendar: calendar });
    const { env } = await mountWithSearch(SearchBar, {
        resModel,
        searchViewId: false,
        searchMenuTypes: ["filter"],
        searchViewArch: `
            <search>
                ${filter || '<filter string="Day" name="day" date="day"/>'}
            </search>`,
        context,
    });
    await toggleSearchBarMenu();
    await toggleMenuItem("Day");
    return env.searchModel;
}

const between = (field, first, last) => ["&", [field, ">=", first], [field, "<=", last]];

test("months, seasons and years of the Jalali calendar", async () => {
    const model = await mountSearch("jalali");
    expect(queryAllTexts(".o_item_option")).toEqual([
        "This month",
        "Same month last year",
        "Dey",
        "Azar",
        "Aban",
        "Winter",
        "Autumn",
        "Summer",
        "Spring",
        "1405",
        "1404",
        "1403",
    ]);
    await toggleMenuItemOption("Day", "Azar");
    expect(getFacetTexts()).toEqual(["Day: Azar 1405"]);
    expect(model.domain).toEqual(between("day", "2026-11-22", "2026-12-21"));
    await toggleMenuItemOption("Day", "1404");
    expect(getFacetTexts()).toEqual(["Day: Azar 1404/Azar 1405"]);
    expect(model.domain).toEqual([
        "|",
        ...between("day", "2025-11-22", "2025-12-21"),
        ...between("day", "2026-11-22", "2026-12-21"),
    ]);
    await toggleMenuItemOption("Day", "Azar");
    await toggleMenuItemOption("Day", "1405");
    expect(getFacetTexts()).toEqual(["Day: 1404"]);
    expect(model.domain).toEqual(between("day", "2025-03-21", "2026-03-20"));
    await toggleMenuItemOption("Day", "Winter");
    expect(getFacetTexts()).toEqual(["Day: Winter 1404"]);
    expect(model.domain).toEqual(between("day", "2025-12-22", "2026-03-20"));
});

test("this month and the same of last year are ready", async () => {
    const model = await mountSearch("both");
    await toggleMenuItemOption("Day", "This month");
    expect(getFacetTexts()).toEqual(["Day: Dey 1405"]);
    expect(model.domain).toEqual(between("day", "2026-12-22", "2027-01-20"));
    await toggleMenuItemOption("Day", "Same month last year");
    expect(getFacetTexts()).toEqual(["Day: Dey 1404"]);
    expect(model.domain).toEqual(between("day", "2025-12-22", "2026-01-20"));
    await toggleMenuItemOption("Day", "Same month last year");
    expect(model.domain).toEqual([]);
});

test("a month before Nowruz belongs to the year before", async () => {
    mockDate("2026-04-01T12:00:00"); // 12 Farvardin 1405
    const model = await mountSearch("jalali");
    await toggleMenuItemOption("Day", "Esfand");
    expect(getFacetTexts()).toEqual(["Day: Esfand 1404"]);
    expect(model.domain).toEqual(between("day", "2026-02-20", "2026-03-20"));
});

test("a filter that is on from the start, with a domain of its own", async () => {
    const model = await mountSearch("jalali", {
        filter: `
            <filter string="Day" name="day" date="day" domain="[('id', '>', 7)]"
                    default_period="month-1">
                <filter string="Ever" name="ever" domain="[('day', '!=', False)]"/>
            </filter>`,
        context: { search_default_day: 1 },
    });
    expect(getFacetTexts()).toEqual(["Day: Azar 1405"]);
    expect(model.domain).toEqual([
        "&",
        ...between("day", "2026-11-22", "2026-12-21"),
        ["id", ">", 7],
    ]);
    await toggleMenuItemOption("Day", "Ever");
    expect(getFacetTexts()).toEqual(["Day: Ever"]);
    expect(model.domain).toEqual(["&", ["day", "!=", false], ["id", ">", 7]]);
});

test("a moment is compared with days of the user's time zone", async () => {
    const model = await mountSearch("jalali", {
        filter: '<filter string="Day" name="day" date="moment"/>',
    });
    await toggleMenuItemOption("Day", "This month");
    // UTC+1
    expect(model.domain).toEqual(between("moment", "2026-12-21 23:00:00", "2027-01-20 22:59:59"));
});

test("who has not chosen Jalali has Odoo's own options", async () => {
    await mountSearch("gregorian");
    expect(queryAllTexts(".o_item_option").slice(0, 3)).toEqual(["January", "December", "November"]);
});

for (const resModel of ["crm.lead", "sale.order", "account.move"]) {
    test(`Jalali options of ${resModel}`, async () => {
        const model = await mountSearch("jalali", { resModel });
        await toggleMenuItemOption("Day", "Dey");
        expect(model.domain).toEqual(between("day", "2026-12-22", "2027-01-20"));
    });
}

test("other models have Odoo's own options", async () => {
    const model = await mountSearch("jalali", { resModel: "other" });
    expect(queryAllTexts(".o_item_option").slice(0, 3)).toEqual(["January", "December", "November"]);
    await toggleMenuItemOption("Day", "December");
    expect(model.domain).toEqual(between("day", "2026-12-01", "2026-12-31"));
});
