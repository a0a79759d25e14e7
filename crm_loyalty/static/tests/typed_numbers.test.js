import { readableNumber } from "@crm_loyalty/numbers/typed_numbers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { edit, queryAll, queryOne } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    clickSave,
    contains,
    defineModels,
    defineParams,
    editSearch,
    fields,
    makeMockEnv,
    models,
    mountView,
    onRpc,
} from "@web/../tests/web_test_helpers";
import { registry } from "@web/core/registry";

class Shop extends models.Model {
    _name = "shop";

    definitions = fields.PropertiesDefinition();

    _records = [{ id: 1, definitions: [{ name: "doors", string: "Doors", type: "integer" }] }];
}
class Order extends models.Model {
    _name = "order";

    count = fields.Integer();
    weight = fields.Float({ digits: [16, 2] });
    duration = fields.Float();
    share = fields.Float();
    done = fields.Integer();
    amount = fields.Monetary({ currency_field: "currency_id" });
    currency_id = fields.Many2one({ relation: "res.currency", default: 1 });
    shop_id = fields.Many2one({ relation: "shop" });
    properties = fields.Properties({
        definition_record: "shop_id",
        definition_record_field: "definitions",
    });

    _records = [
        {
            id: 1,
            count: 1,
            weight: 1,
            duration: 1,
            share: 1,
            done: 1,
            amount: 1,
            shop_id: 1,
            properties: { doors: 1 },
        },
    ];
}

defineMailModels();
defineModels([Order, Shop]);

const FORM = /* xml */ `
    <form>
        <field name="count"/>
        <field name="weight"/>
        <field name="duration" widget="float_time"/>
        <field name="share" widget="percentage"/>
        <field name="done" widget="progressbar" options="{'editable': true}"/>
        <field name="amount"/>
        <field name="currency_id" invisible="1"/>
    </form>`;

/** Type into a field; answer what it shows at once. */
async function typeInto(name, text) {
    const selector = `.o_field_widget[name=${name}] input`;
    await contains(selector).click();
    await edit(text, { confirm: false });
    return queryOne(selector).value;
}

async function mountForm() {
    onRpc("web_save", ({ args }) => {
        expect.step(args[1]);
    });
    await mountView({ type: "form", resModel: "order", resId: 1, arch: FORM });
}

test("digits and signs of a Persian or an Arabic keyboard", async () => {
    await makeMockEnv();
    expect(readableNumber("۱۲۳۴۵۶۷۸۹۰")).toBe("1234567890");
    expect(readableNumber("٠١٢٣")).toBe("0123");
    expect(readableNumber("-۱٬۲۳۴٬۵۶۷٫۸۹")).toBe("-1,234,567.89");
    expect(readableNumber("\u200f۵۰٪")).toBe("50%");
    expect(readableNumber("1,234.5")).toBe("1,234.5");
    expect(readableNumber("۱\u064b۲")).toBe("12");
    expect(readableNumber(12)).toBe(12);
});

test("every field of numbers takes Persian digits", async () => {
    await mountForm();
    expect(await typeInto("count", "۱۲")).toBe("12");
    expect(await typeInto("weight", "۱٬۲۳۴٫۵")).toBe("1,234.5");
    expect(await typeInto("duration", "۲:۳۰")).toBe("2:30");
    expect(await typeInto("share", "۲۵٪")).toBe("25%");
    expect(await typeInto("done", "٤٢")).toBe("42");
    expect(await typeInto("amount", "۱۰٬۰۰۰")).toBe("10,000");
    await clickSave();
    expect.verifySteps([
        { count: 12, weight: 1234.5, duration: 2.5, share: 0.25, done: 42, amount: 10000 },
    ]);
});

test("the signs of the language of the user", async () => {
    defineParams({ lang_parameters: { thousands_sep: ".", decimal_point: "," } });
    await mountForm();
    expect(await typeInto("weight", "۱٬۲۳۴٫۵")).toBe("1.234,5");
    expect(await typeInto("count", "1.000")).toBe("1.000");
    await clickSave();
    expect.verifySteps([{ weight: 1234.5, count: 1000 }]);
});

test("a sum is worked out, what is no number is refused", async () => {
    await mountForm();
    await typeInto("count", "=۲+۳");
    await clickSave();
    expect.verifySteps([{ count: 5 }]);
    await typeInto("count", "دوازده");
    await clickSave();
    expect(".o_field_widget[name=count]").toHaveClass("o_field_invalid");
    expect.verifySteps([]);
});

test("a property takes Persian digits", async () => {
    onRpc("has_access", () => true);
    onRpc("web_save", ({ args }) => {
        expect.step(args[1].properties[0].value);
    });
    await mountView({
        type: "form",
        resModel: "order",
        resId: 1,
        arch: /* xml */ `<form><field name="shop_id"/><field name="properties"/></form>`,
    });
    await contains(".o_field_property_input").edit("۱۲");
    await clickSave();
    expect.verifySteps([12]);
});

test("the caret stays where it was", async () => {
    await mountForm();
    const input = queryOne(".o_field_widget[name=count] input");
    await contains(input).click();
    input.value = "1۲34";
    input.setSelectionRange(2, 2);
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    await animationFrame();
    expect(input.value).toBe("1234");
    expect([input.selectionStart, input.selectionEnd]).toEqual([2, 2]);
});

test("a word that a phone's keyboard composes is read when it is finished", async () => {
    await mountForm();
    const input = queryOne(".o_field_widget[name=count] input");
    await contains(input).click();
    input.value = "۱۲";
    input.dispatchEvent(new InputEvent("input", { bubbles: true, isComposing: true }));
    expect(input.value).toBe("۱۲");
    input.dispatchEvent(new CompositionEvent("compositionend", { bubbles: true }));
    expect(input.value).toBe("12");
    await clickSave();
    expect.verifySteps([{ count: 12 }]);
});

test("the search bar finds a number typed in Persian", async () => {
    expect(registry.category("parsers").get("integer")("۱۲")).toBe(12);
    await mountView({
        type: "list",
        resModel: "order",
        arch: /* xml */ `<list><field name="count"/></list>`,
        searchViewArch: /* xml */ `<search><field name="count"/></search>`,
    });
    expect(".o_data_row").toHaveCount(1);
    await editSearch("۷");
    await contains(".o_searchview_autocomplete .o-dropdown-item:first").click();
    expect(".o_data_row").toHaveCount(0);
    await contains(".o_facet_remove").click();
    await editSearch("۱");
    await contains(".o_searchview_autocomplete .o-dropdown-item:first").click();
    expect(".o_data_row").toHaveCount(1);
});

// What nobody types on purpose, of 10,000 characters each.
const LONG = {
    digits: "9".repeat(10000),
    "Persian digits": "۹".repeat(10000),
    "letters between digits": `1${"x".repeat(9998)}1`,
    "a sum": `=${"1+".repeat(5000)}1`,
    "open brackets": `=${"(".repeat(9999)}`,
    "marks of direction": `x${"\u200f".repeat(9998)}x`,
    "vowel marks": `x${"\u0301".repeat(9999)}`,
    "halves of characters": "\ud800".repeat(10000),
};
const NUMBERS = ["count", "weight", "duration", "share", "done", "amount"];

/** Put a text into a field and leave it; keys one by one would take their time. */
async function pasteInto(name, text) {
    const input = queryOne(`.o_field_widget[name=${name}] input`);
    input.value = text;
    input.dispatchEvent(new InputEvent("input", { bubbles: true }));
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await animationFrame();
}

function refusedFields() {
    return queryAll(".o_field_widget.o_field_invalid").map((field) => field.getAttribute("name"));
}

for (const [label, text] of Object.entries(LONG)) {
    test(`no field of numbers takes 10,000 characters: ${label}`, async () => {
        await mountForm();
        for (const name of NUMBERS) {
            await pasteInto(name, text);
        }
        expect(refusedFields()).toEqual(NUMBERS);
        expect(".o_form_button_save").not.toBeEnabled();
        for (const name of NUMBERS) {
            await pasteInto(name, "2");
        }
        expect(refusedFields()).toEqual([]);
        await clickSave();
        expect.verifySteps([
            { count: 2, weight: 2, duration: 2, share: 0.02, done: 2, amount: 2 },
        ]);
    });
}

test("what would be stored as 0, or not be shown, is refused by name", async () => {
    await mountForm();
    for (const [name, label] of [
        ["weight", "Weight"],
        ["duration", "Duration"],
        ["share", "Share"],
        ["amount", "Amount"],
    ]) {
        const texts = ["=1/0", "1e400", "1e24", "twelve"];
        for (const text of texts) {
            await pasteInto(name, text);
            expect(refusedFields()).toEqual([name]);
            expect(`.o_notification:contains(${label}: this is no number)`).toHaveCount(1);
            await contains(".o_notification_close").click();
            if (["weight", "amount"].includes(name)) {
                // The same again is refused again.
                await pasteInto(name, text);
                expect(refusedFields()).toEqual([name]);
                await contains(".o_notification_close").click();
            }
            await pasteInto(name, "1");
            expect(refusedFields()).toEqual([]);
        }
    }
    await pasteInto("weight", "/=0");
    expect(refusedFields()).toEqual(["weight"]);
    await pasteInto("weight", "1e20");
    await clickSave();
    expect.verifySteps([{ weight: 1e20, share: 0.01 }]);
});

test("a property and the search bar take no such number either", async () => {
    onRpc("has_access", () => true);
    onRpc("web_save", ({ args }) => {
        expect.step(args[1].properties[0].value);
    });
    Shop._records[0].definitions[0].type = "float";
    await mountView({
        type: "form",
        resModel: "order",
        resId: 1,
        arch: /* xml */ `<form><field name="shop_id"/><field name="properties"/></form>`,
    });
    const input = queryOne(".o_field_property_input");
    input.value = LONG.digits;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    await animationFrame();
    await clickSave();
    expect.verifySteps([0]);
    for (const name of ["integer", "float", "float_time", "monetary", "percentage"]) {
        for (const text of [...Object.values(LONG), "=1/0"]) {
            expect(() => registry.category("parsers").get(name)(text)).toThrow();
        }
    }
});
