import { readableNumber } from "@crm_loyalty/numbers/typed_numbers";
import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { edit, queryOne } from "@odoo/hoot-dom";
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
