import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { click, edit, press, queryAllTexts, queryOne } from "@odoo/hoot-dom";
import { animationFrame, mockDate } from "@odoo/hoot-mock";
import {
    clickSave,
    defineModels,
    defineParams,
    fields,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { session } from "@web/session";

class Customer extends models.Model {
    _name = "crm.customer";

    day = fields.Date();
    moment = fields.Datetime();
    name = fields.Char();

    _records = [{ id: 1, name: "Customer", day: "2026-04-23", moment: "2027-01-01 09:30:00" }];
}

defineMailModels();
defineModels([Customer]);

const FORM = /* xml */ `
    <form>
        <field name="name"/>
        <field name="day" widget="jalali_date"/>
    </form>`;
const INPUT = ".o_field_widget[name=day] input";

function choose(calendar) {
    patchWithCleanup(session, { crm_calendar: calendar });
}

/** Mount the form; what is saved is a step. */
async function mountForm(arch = FORM) {
    onRpc("web_save", ({ args }) => {
        expect.step(args[1]);
    });
    await mountView({ type: "form", resModel: "crm.customer", resId: 1, arch });
}

function focusedLabel() {
    return document.activeElement.getAttribute("aria-label");
}

test("who has not chosen Jalali gets Odoo's own field", async () => {
    await mountForm();
    expect(".o_jalali_date").toHaveCount(0);
    expect(".o_field_date").toHaveCount(1);
    await click(".o_field_widget[name=day] button");
    await animationFrame();
    expect(".o_datetime_picker").toHaveCount(1);
    expect(".o_jalali_picker").toHaveCount(0);
    expect(INPUT).toHaveValue("04/23/2026");
});

test("who has not chosen Jalali gets plain texts in lists and on cards", async () => {
    await mountView({
        type: "list",
        resModel: "crm.customer",
        arch: `<list><field name="day" widget="jalali_date"/></list>`,
    });
    expect(".o_data_cell .o_field_widget").toHaveCount(0);
    expect(queryAllTexts(".o_data_cell")).toEqual(["Apr 23, 2026"]);
    await mountView({
        type: "kanban",
        resModel: "crm.customer",
        arch: /* xml */ `
            <kanban>
                <templates>
                    <t t-name="card"><field name="day" widget="jalali_date"/></t>
                </templates>
            </kanban>`,
    });
    expect(".o_kanban_record span").toHaveText("Apr 23, 2026");
    expect(".o_kanban_record .o_field_widget").toHaveCount(0);
});

test("a list shows Jalali dates", async () => {
    const arch = /* xml */ `
        <list>
            <field name="day" widget="jalali_date"/>
            <field name="moment" widget="jalali_date" options="{'show_time': false}"/>
        </list>`;
    choose("jalali");
    await mountView({ type: "list", resModel: "crm.customer", arch });
    expect(queryAllTexts(".o_data_cell")).toEqual(["1405/02/03", "1405/10/11"]);
});

test("both: the Gregorian date follows", async () => {
    choose("both");
    await mountView({
        type: "list",
        resModel: "crm.customer",
        arch: `<list><field name="day" widget="jalali_date"/></list>`,
    });
    expect(queryAllTexts(".o_data_cell")).toEqual(["1405/02/03 (04/23/2026)"]);
});

test("a date typed in Persian digits is saved as a plain date", async () => {
    choose("both");
    await mountForm();
    expect(INPUT).toHaveValue("1405/02/03");
    expect(".o_jalali_gregorian").toHaveText("04/23/2026");
    await click(INPUT);
    await edit("۱۴۰۵/۳/۳۱", { confirm: "tab" });
    await animationFrame();
    expect(INPUT).toHaveValue("1405/03/31");
    expect(".o_jalali_gregorian").toHaveText("06/21/2026");
    await clickSave();
    expect.verifySteps([{ day: "2026-06-21" }]);
});

test("a cleared date is saved as none", async () => {
    choose("jalali");
    await mountForm();
    await click(INPUT);
    await edit("", { confirm: "tab" });
    await clickSave();
    expect.verifySteps([{ day: false }]);
});

test("the same date typed in another way changes nothing", async () => {
    choose("jalali");
    await mountForm();
    await click(INPUT);
    await edit("14050203", { confirm: "tab" });
    await animationFrame();
    expect(INPUT).toHaveValue("1405/02/03");
    await clickSave();
    expect.verifySteps([]);
});

test("Odoo's relative dates go on working; a Gregorian year is never read", async () => {
    mockDate("2026-04-23T12:00:00");
    choose("jalali");
    await mountForm();
    await click(INPUT);
    await edit("+8d", { confirm: "tab" });
    await animationFrame();
    expect(INPUT).toHaveValue("1405/02/11");
    await click(INPUT);
    await edit("-14050203", { confirm: "tab" });
    await animationFrame();
    expect(INPUT).toHaveValue("1405/02/03");
    for (const text of ["2026-04-23", "=abc", "+"]) {
        await click(INPUT);
        await edit(text, { confirm: "tab" });
        await animationFrame();
        expect(".o_field_widget[name=day]").toHaveClass("o_field_invalid");
        expect(".o_jalali_error").not.toHaveText("");
    }
});

test("a wrong date stays as typed, with its message, and is not saved", async () => {
    choose("jalali");
    await mountForm();
    await click(INPUT);
    await edit("1404/12/30", { confirm: "tab" });
    await animationFrame();
    expect(INPUT).toHaveValue("1404/12/30");
    expect(".o_jalali_error").toHaveText("There is no day 30: Esfand 1404 has 29 days.");
    expect(INPUT).toHaveAttribute("aria-invalid", "true");
    expect(INPUT).toHaveAttribute("aria-describedby", queryOne(".o_jalali_error").id);
    expect(".o_form_button_save").not.toBeEnabled();
    await click(INPUT);
    await edit("1404/12/29", { confirm: "tab" });
    await animationFrame();
    expect(".o_jalali_error").toHaveCount(0);
    await clickSave();
    expect.verifySteps([{ day: "2026-03-20" }]);
    // A day from the picker takes the place of a wrong text.
    await click(INPUT);
    await edit("1404/13/1", { confirm: false });
    await press("ArrowDown");
    await animationFrame();
    expect(".o_jalali_error").toHaveText("There is no month 13: a year has 12.");
    await press("ArrowUp");
    await animationFrame();
    await press("Enter");
    await animationFrame();
    expect(".o_jalali_error").toHaveCount(0);
    expect(INPUT).toHaveValue("1404/12/22");
    await clickSave();
    expect.verifySteps([{ day: "2026-03-13" }]);
});

test("the picker by keyboard alone", async () => {
    choose("jalali");
    await mountForm();
    queryOne(INPUT).focus();
    await press("ArrowDown");
    await animationFrame();
    expect(".o_jalali_title").toHaveText("Ordibehesht 1405");
    expect(focusedLabel()).toBe("Thursday 3 Ordibehesht 1405");
    for (const [keys, label] of [
        ["ArrowRight", "Friday 4 Ordibehesht 1405"],
        ["ArrowLeft", "Thursday 3 Ordibehesht 1405"],
        ["ArrowDown", "Thursday 10 Ordibehesht 1405"],
        ["ArrowUp", "Thursday 3 Ordibehesht 1405"],
        ["ArrowUp", "Thursday 27 Farvardin 1405"],
        ["PageDown", "Sunday 27 Ordibehesht 1405"],
        ["PageUp", "Thursday 27 Farvardin 1405"],
        [["Shift", "PageDown"], "Friday 27 Farvardin 1406"],
        [["Shift", "PageUp"], "Thursday 27 Farvardin 1405"],
        ["Home", "Sunday 23 Farvardin 1405"], // weeks of the United States
        ["End", "Saturday 29 Farvardin 1405"],
    ]) {
        await press(keys);
        await animationFrame();
        expect(focusedLabel()).toBe(label);
    }
    await press("Enter");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(0);
    expect(INPUT).toBeFocused();
    expect(INPUT).toHaveValue("1405/01/29");
    await press("ArrowDown");
    await animationFrame();
    await press("ArrowDown");
    await press("Escape");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(0);
    expect(INPUT).toBeFocused();
    expect(INPUT).toHaveValue("1405/01/29");
    await clickSave();
    expect.verifySteps([{ day: "2026-04-18" }]);
});

test("Tab stays in the picker", async () => {
    choose("jalali");
    await mountForm();
    await click(".o_jalali_open");
    await animationFrame();
    const seen = [];
    for (let step = 0; step < 8; step++) {
        seen.push(document.activeElement.className.match(/o_[a-z_]+/)[0]);
        await press("Tab");
    }
    expect(seen).toEqual([
        "o_jalali_day",
        "o_jalali_select_today",
        "o_jalali_clear",
        "o_previous_year",
        "o_previous",
        "o_next",
        "o_next_year",
        "o_jalali_day",
    ]);
    await press(["Shift", "Tab"]);
    expect(".o_jalali_day[tabindex='0']").toBeFocused();
});

test("from right to left, weeks begin on Saturday and arrows follow the eye", async () => {
    defineParams({
        lang: "fa_IR",
        lang_parameters: { direction: "rtl", week_start: 6, date_format: "%Y/%m/%d" },
    });
    choose("jalali");
    await mountForm();
    queryOne(INPUT).focus();
    await press("ArrowDown");
    await animationFrame();
    expect(".o_jalali_title").toHaveText("اردیبهشت 1405");
    // 1 Ordibehesht 1405 is a Tuesday: the fourth day of the week
    const cells = [...document.querySelectorAll(".o_jalali_picker tbody td")];
    expect(cells.slice(0, 5).map((cell) => cell.textContent)).toEqual(["", "", "", "1", "2"]);
    await press("ArrowLeft");
    await animationFrame();
    expect(".o_jalali_day:focus").toHaveText("4");
    await press("Home");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(1);
    expect(".o_jalali_title").toHaveText("فروردین 1405");
    expect(".o_jalali_day:focus").toHaveText("29");
});

test("the picker by mouse: month, year, today, clear, limits", async () => {
    mockDate("2026-06-01T12:00:00");
    choose("jalali");
    await mountForm(/* xml */ `
        <form>
            <field name="day" widget="jalali_date" options="{'max_date': 'today'}"/>
        </form>`);
    await click(INPUT);
    await animationFrame();
    expect(INPUT).toBeFocused();
    await click(".o_next");
    await animationFrame();
    expect(".o_jalali_title").toHaveText("Khordad 1405");
    expect(".o_jalali_today").toHaveText("11");
    expect(".o_jalali_day[aria-disabled]").toHaveCount(20);
    await click(".o_jalali_day:contains(12)");
    await animationFrame();
    expect(".o_jalali_picker").toHaveCount(1, { message: "a day after the last allowed" });
    await click(".o_previous_year");
    await click(".o_previous");
    await animationFrame();
    expect(".o_jalali_title").toHaveText("Ordibehesht 1404");
    await click(".o_jalali_day:contains(31)");
    await animationFrame();
    expect(INPUT).toHaveValue("1404/02/31");
    await click(".o_jalali_open");
    await animationFrame();
    expect(".o_jalali_day[aria-selected=true]").toHaveText("31");
    await click(".o_jalali_select_today");
    await animationFrame();
    expect(INPUT).toHaveValue("1405/03/11");
    await click(".o_jalali_open");
    await animationFrame();
    await click(".o_jalali_clear");
    await animationFrame();
    expect(INPUT).toHaveValue("");
});

test("a date with its time keeps it, unless another is typed", async () => {
    choose("jalali");
    const MOMENT = ".o_field_widget[name=moment] input";
    await mountForm(`<form><field name="moment" widget="jalali_date"/></form>`);
    // The tests run in the time zone of UTC+1.
    expect(queryOne(MOMENT).value.replace(/\s/g, " ")).toBe("1405/10/11 10:30 AM");
    await click(MOMENT);
    await edit("1405/10/12", { confirm: "tab" });
    await animationFrame();
    expect(queryOne(MOMENT).value.replace(/\s/g, " ")).toBe("1405/10/12 10:30 AM");
    await clickSave();
    await click(MOMENT);
    await edit("۱۴۰۵/۱۰/۱۳ ۱۴:۰۵", { confirm: "tab" });
    await animationFrame();
    await clickSave();
    await click(MOMENT);
    await edit("1405/10/13 25:00", { confirm: "tab" });
    await animationFrame();
    expect(".o_jalali_error").toHaveText('"25:00" is no time. Write hour:minute.');
    expect.verifySteps([
        { moment: "2027-01-02 09:30:00" },
        { moment: "2027-01-03 13:05:00" },
    ]);
});
