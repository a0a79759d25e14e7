import { user } from "@web/core/user";
import { formatFloat, humanNumber } from "@web/core/utils/numbers";
import { nbsp } from "@web/core/utils/strings";
import { Operation } from "@web/model/relational_model/operation";
import { formatMonetary } from "@web/views/fields/formatters";
import { parseAmount } from "../numbers/typed_numbers";

/**
 * How the user's company shows money.
 *
 * @typedef {Object} MoneyDisplay
 * @property {number} currency_id of the stored amounts
 * @property {number} factor stored amount of one on the screen
 * @property {string} label the unit, in the user's language
 * @property {number} digits decimals of a shown amount
 */

// Beyond these a stored amount has no digits of its own: a double holds 15.
const MAX_DIGITS = 6;

/**
 * @param {number | false} [currencyId] of some amounts
 * @returns {MoneyDisplay | null} null: they are shown as Odoo shows them
 */
export function moneyDisplay(currencyId = user.activeCompany?.currency_id) {
    const display = user.activeCompany?.crm_money;
    return display && display.currency_id === currencyId ? display : null;
}

/**
 * A label with the unit of the amounts below it.
 *
 * @param {string} label
 */
export function withUnit(label) {
    const display = moneyDisplay();
    return display ? `${label} (${display.label})` : label;
}

/**
 * The descriptions of a model's fields, money labelled with its unit.
 *
 * @param {Object} fields
 */
export function fieldsWithUnits(fields) {
    if (!moneyDisplay()) {
        return fields;
    }
    return Object.fromEntries(
        Object.entries(fields).map(([name, field]) => [
            name,
            field.type === "monetary" ? { ...field, string: withUnit(field.string) } : field,
        ])
    );
}

/** An amount as text; `exact` for inputs: no digit of the stored amount is lost. */
export function formatMoney(value, options = {}) {
    const display = moneyDisplay(currencyOf(options));
    if (!display || value === false) {
        return formatMonetary(value, options);
    }
    const shown = value / display.factor;
    let number;
    if (options.humanReadable) {
        number = humanNumber(shown, { decimals: 0, minDigits: options.minDigits });
    } else if (options.exact) {
        number = formatFloat(shown, { digits: [0, MAX_DIGITS], trailingZeros: false });
    } else {
        number = formatFloat(shown, { digits: [0, display.digits] });
    }
    return options.noSymbol ? number : number + nbsp + display.label;
}
formatMoney.extractOptions = formatMonetary.extractOptions;

function currencyOf({ currencyId, currencyField, data, field }) {
    if (currencyId || !data) {
        return currencyId;
    }
    const value = data[currencyField || field?.currency_field || "currency_id"];
    return value?.id ?? value;
}

/**
 * The stored amount of what somebody typed.
 *
 * @param {string} text
 * @param {number | false} currencyId
 * @param {number} [digits] decimals of the stored amount
 * @returns {number | Operation} NaN of what is no amount
 */
export function parseMoney(text, currencyId, digits = 2) {
    const parsed = parseAmount(text, { allowOperation: true });
    const display = moneyDisplay(currencyId);
    if (!display) {
        return parsed;
    }
    // 0.1 toman is 1 rial, not 1.0000000000000002
    const stored = (number) => Number((number * display.factor).toFixed(digits));
    if (parsed instanceof Operation) {
        const isSum = ["+", "-"].includes(parsed.operator);
        return isSum ? new Operation(parsed.operator, stored(parsed.operand)) : parsed;
    }
    return stored(parsed);
}
