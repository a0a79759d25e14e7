import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";
import { Field } from "@web/views/fields/field";
import { MonetaryField, monetaryField } from "@web/views/fields/monetary/monetary_field";
import { storable } from "../numbers/typed_numbers";
import { formatMoney, moneyDisplay, parseMoney, withUnit } from "./money";

// Widths in pixels of a column's head, rather too much than too little.
const LETTER = 8;
const PADDING = 24;

/**
 * An amount, shown and typed in the unit of the user's company. Its value is the stored
 * amount of any other field of money: no converted number leaves the screen.
 */
export class MoneyField extends MonetaryField {
    static props = { ...MonetaryField.props, isUnitInHead: { type: Boolean, optional: true } };

    get display() {
        return moneyDisplay(this.currencyId);
    }

    get inputOptions() {
        return {
            ...super.inputOptions,
            parse: (text) =>
                storable(parseMoney(text, this.currencyId, super.currencyDigits?.[1])),
        };
    }

    /** What the template draws beside an input. */
    get currency() {
        const { display } = this;
        return display ? { symbol: display.label, position: "after" } : super.currency;
    }

    get formattedValue() {
        if (!this.display) {
            return super.formattedValue;
        }
        return formatMoney(this.value, {
            currencyId: this.currencyId,
            exact: !this.props.readonly,
            noSymbol:
                !this.props.readonly || this.props.hideSymbol || this.props.isUnitInHead,
        });
    }
}

export const moneyField = {
    ...monetaryField,
    component: MoneyField,
    extractProps: (info, dynamicInfo) => {
        const props = monetaryField.extractProps(info, dynamicInfo);
        // The head of a column names the unit, which an amount of another currency has not.
        return { ...props, isUnitInHead: Boolean(info.attrs.crm_unit_in_head) };
    },
};

registry.category("fields").add("crm_money", moneyField);
registry.category("formatters").add("crm_money", (value, options) =>
    // Sums stand in columns whose heads name the unit.
    formatMoney(value, { ...options, noSymbol: Boolean(moneyDisplay(options?.currencyId)) })
);

// Whose company shows money as Odoo does has Odoo's own field; else heads name the unit.
patch(Field, {
    parseFieldNode(node, models, modelName, viewType, ...args) {
        if (node.getAttribute("widget") === "crm_money") {
            const field = models[modelName].fields[node.getAttribute("name")];
            const isMoney = field.type === "monetary";
            if (!moneyDisplay() && isMoney) {
                node.removeAttribute("widget"); // plain texts in lists and on cards
            } else if (!moneyDisplay()) {
                node.setAttribute("widget", "monetary");
            } else if (viewType === "list" && isMoney) {
                const label = withUnit(node.getAttribute("string") || field.string);
                node.setAttribute("string", label);
                node.setAttribute("crm_unit_in_head", "1");
                if (!node.hasAttribute("width")) {
                    // The end of a head that is cut is its unit.
                    node.setAttribute("width", `${LETTER * label.length + PADDING}px`);
                }
            }
        }
        return super.parseFieldNode(node, models, modelName, viewType, ...args);
    },
});
