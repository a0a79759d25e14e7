import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { click, edit, queryAllTexts } from "@odoo/hoot-dom";
import { animationFrame } from "@odoo/hoot-mock";
import {
    clickSave,
    defineModels,
    fields,
    findComponent,
    makeMockEnv,
    models,
    mountView,
    onRpc,
    patchWithCleanup,
} from "@web/../tests/web_test_helpers";
import { user } from "@web/core/user";
import { GraphRenderer } from "@web/views/graph/graph_renderer";
import { PivotRenderer } from "@web/views/pivot/pivot_renderer";
import { formatMoney, parseMoney, withUnit } from "@crm_loyalty/money/money";

class Currency extends models.Model {
    _name = "res.currency";

    name = fields.Char();
    symbol = fields.Char();
    position = fields.Selection({ selection: [["after", "A"], ["before", "B"]] });
    inverse_rate = fields.Float();

    _records = [
        { id: 1, name: "USD", symbol: "$", position: "before", inverse_rate: 1 },
        { id: 2, name: "EUR", symbol: "€", position: "after", inverse_rate: 0.5 },
    ];
}

class Customer extends models.Model {
    _name = "crm.customer";

    name = fields.Char();
    stage = fields.Selection({ selection: [["a", "A"], ["b", "B"]] });
    revenue = fields.Monetary({ currency_field: "currency_id" });
    currency_id = fields.Many2one({ relation: "res.currency" });

    _records = [
        { id: 1, name: "One", stage: "a", revenue: 1234567, currency_id: 1 },
        { id: 2, name: "Two", stage: "b", revenue: 5, currency_id: 1 },
        { id: 3, name: "Three", stage: "b", revenue: 7, currency_id: 2 },
    ];
}

defineMailModels();
defineModels([Currency, Customer]);

const LIST = /* xml */ `
    <list>
        <field name="currency_id" column_invisible="1"/>
        <field name="revenue" widget="crm_money" sum="Total"/>
    </list>`;

/** The user's company shows money of currency 1 in dimes of a tenth, or otherwise. */
function showIn(display) {
    const crm_money = { currency_id: 1, factor: 10, label: "Ten", digits: 0, ...display };
    patchWithCleanup(user, { activeCompany: { id: 1, currency_id: 1, crm_money } });
}

test("amounts are shown in the unit, and those of other currencies as they are", async () => {
    await makeMockEnv();
    showIn({ factor: 1000, label: "thousand", digits: 1 });
    expect(formatMoney(1234567, { currencyId: 1 })).toBe("1,234.6\u00a0thousand");
    expect(formatMoney(1234567, { currencyId: 1, noSymbol: true })).toBe("1,234.6");
    expect(formatMoney(1234567, { currencyId: 1, exact: true })).toBe("1,234.567\u00a0thousand");
    expect(formatMoney(-1234567, { currencyId: 1 })).toBe("-1,234.6\u00a0thousand");
    expect(formatMoney(0, { currencyId: 1 })).toBe("0.0\u00a0thousand");
    expect(formatMoney(false, { currencyId: 1 })).toBe("");
    expect(formatMoney(1234567, { currencyId: 2 })).toBe("1,234,567.00\u00a0€");
    expect(withUnit("Revenue")).toBe("Revenue (thousand)");
});

test("who has chosen no unit sees what Odoo shows", async () => {
    await makeMockEnv();
    expect(formatMoney(1234567, { currencyId: 1 })).toBe("$\u00a01,234,567.00");
    expect(withUnit("Revenue")).toBe("Revenue");
    expect(parseMoney("12.5", 1)).toBe(12.5);
});

test("what is typed is stored in the currency", async () => {
    await makeMockEnv();
    showIn();
    for (const [text, stored] of [
        ["0.1", 1],
        ["0.7", 7],
        ["1,234", 12340],
        ["-3", -30],
        ["=2*3", 60],
        ["1.005", 10.05],
        ["12 Ten", 120],
    ]) {
        expect(parseMoney(text, 1)).toBe(stored);
    }
    expect(parseMoney("5", 2)).toBe(5);
    expect(parseMoney("+=5", 1).compute(100)).toBe(150);
    expect(parseMoney("*=5", 1).compute(100)).toBe(500);
    expect(() => parseMoney("1.2.3", 1)).toThrow();
});

test("10,000 characters are no amount", async () => {
    await makeMockEnv();
    for (const activeCompany of [undefined, { factor: 10 }]) {
        if (activeCompany) {
            showIn(activeCompany);
        }
        for (const text of ["9".repeat(10000), `1${"x".repeat(9998)}1`, "\u200f".repeat(10000)]) {
            expect(parseMoney(text, 1)).toBe(NaN);
        }
    }
});

test("every digit that can be shown comes back as it was", async () => {
    await makeMockEnv();
    showIn({ factor: 1000000, digits: 2 });
    for (const amount of [1, 12, 999999, 1234567, 98765432109]) {
        expect(parseMoney(formatMoney(amount, { currencyId: 1, exact: true }), 1)).toBe(amount);
    }
});

test("a list names the unit in its head, and converts cells, totals and sums of groups", async () => {
    showIn();
    Customer._records.pop();
    await mountView({ type: "list", resModel: "crm.customer", arch: LIST });
    expect("th[data-name=revenue]").toHaveText("Revenue (Ten)");
    expect(queryAllTexts(".o_data_cell[name=revenue]")).toEqual(["123,457", "1"]);
    expect("tfoot .o_list_number").toHaveText("123,457");
    await mountView({
        type: "list",
        resModel: "crm.customer",
        arch: LIST,
        groupBy: ["stage"],
    });
    expect(queryAllTexts(".o_group_header .o_list_number")).toEqual(["123,457", "1"]);
});

test("a list has Odoo's own field where no unit is chosen", async () => {
    await mountView({ type: "list", resModel: "crm.customer", arch: LIST });
    expect("th[data-name=revenue]").toHaveText("Revenue");
    expect(queryAllTexts(".o_data_cell[name=revenue]")[0]).toBe("$ 1,234,567.00");
});

test("an amount of another currency keeps its own", async () => {
    showIn();
    await mountView({
        type: "form",
        resModel: "crm.customer",
        resId: 3,
        arch: /* xml */ `
            <form edit="0">
                <field name="currency_id" invisible="1"/>
                <field name="revenue" widget="crm_money"/>
            </form>`,
    });
    expect(".o_field_widget[name=revenue]").toHaveText("7.00 €");
    await mountView({ type: "list", resModel: "crm.customer", arch: LIST });
    expect("th[data-name=revenue]").toHaveText("Revenue (Ten)");
    expect(queryAllTexts(".o_data_cell[name=revenue]")).toEqual(["123,457", "1", "7.00 €"]);
});

test("a form shows the unit beside the input and stores what it stands for", async () => {
    showIn();
    onRpc("web_save", ({ args }) => {
        expect.step(args[1]);
    });
    await mountView({
        type: "form",
        resModel: "crm.customer",
        resId: 1,
        arch: /* xml */ `
            <form>
                <field name="currency_id" invisible="1"/>
                <field name="revenue" widget="crm_money"/>
            </form>`,
    });
    const input = ".o_field_widget[name=revenue] input";
    expect(input).toHaveValue("123,456.7");
    expect(".o_field_widget[name=revenue]").toHaveText(/Ten/);
    await click(input);
    await edit("500", { confirm: "tab" });
    await animationFrame();
    expect(input).toHaveValue("500");
    await clickSave();
    expect.verifySteps([{ revenue: 5000 }]);
});

test("a pivot names the unit in its heads, and converts its cells", async () => {
    showIn();
    const arch = /* xml */ `
        <pivot js_class="crm_money_pivot">
            <field name="stage" type="row"/>
            <field name="revenue" type="measure"/>
        </pivot>`;
    Customer._records[2].currency_id = 1;
    const view = await mountView({ type: "pivot", resModel: "crm.customer", arch });
    expect(".o_pivot_measure_row").toHaveText("Revenue (Ten)");
    expect(queryAllTexts(".o_pivot_cell_value")).toEqual(["123,458", "123,457", "1"]);
    // What is written to a file, unrounded, and once.
    const { model } = findComponent(view, (component) => component instanceof PivotRenderer);
    const { measure_headers, rows } = model.exportData();
    expect(measure_headers.map(({ title }) => title)).toEqual(["Revenue (Ten)"]);
    expect(rows.map((row) => row.values[0].value)).toEqual([123457.9, 123456.7, 1.2]);
});

test("a pivot shows amounts of another currency as they are", async () => {
    showIn();
    const arch = /* xml */ `
        <pivot js_class="crm_money_pivot">
            <field name="currency_id" type="row"/>
            <field name="revenue" type="measure"/>
        </pivot>`;
    await mountView({ type: "pivot", resModel: "crm.customer", arch });
    expect(queryAllTexts(".o_pivot_cell_value").slice(1)).toEqual(["123,457", "7.00 €"]);
});

test("a graph draws amounts in the unit", async () => {
    showIn();
    Customer._records.pop();
    const arch = /* xml */ `
        <graph js_class="crm_money_graph">
            <field name="stage"/>
            <field name="revenue" type="measure"/>
        </graph>`;
    const view = await mountView({ type: "graph", resModel: "crm.customer", arch });
    const { model } = findComponent(view, (component) => component instanceof GraphRenderer);
    expect(model.data.datasets.map(({ data }) => data)).toEqual([[123456.7, 0.5]]);
    expect(model.data.datasets[0].label).toBe("Revenue (Ten)");
});

test("a pivot is Odoo's own where no unit is chosen", async () => {
    Customer._records.pop();
    const arch = /* xml */ `
        <pivot js_class="crm_money_pivot"><field name="revenue" type="measure"/></pivot>`;
    await mountView({ type: "pivot", resModel: "crm.customer", arch });
    expect(".o_pivot_measure_row").toHaveText("Revenue");
    expect(queryAllTexts(".o_pivot_cell_value")).toEqual(["$ 1,234,572.00"]);
});

test("the sum of a kanban column stands in the unit", async () => {
    showIn();
    Customer._records.pop();
    await mountView({
        type: "kanban",
        resModel: "crm.customer",
        groupBy: ["stage"],
        arch: /* xml */ `
            <kanban js_class="crm_money_kanban">
                <field name="currency_id"/>
                <progressbar field="stage" colors='{"a": "success"}' sum_field="revenue"/>
                <templates>
                    <t t-name="card"><field name="revenue" widget="crm_money"/></t>
                </templates>
            </kanban>`,
    });
    expect(queryAllTexts(".o_animated_number")).toEqual(["123k Ten", "1 Ten"]);
    expect(queryAllTexts(".o_kanban_record .o_field_widget[name=revenue]")).toEqual([
        "123,457 Ten",
        "1 Ten",
    ]);
});
