import { useEffect, useRef } from "@odoo/owl";
import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";
import { Operation } from "@web/model/relational_model/operation";
import { Record } from "@web/model/relational_model/record";
import { FloatField } from "@web/views/fields/float/float_field";
import { FloatTimeField } from "@web/views/fields/float_time/float_time_field";
import { IntegerField } from "@web/views/fields/integer/integer_field";
import { MonetaryField } from "@web/views/fields/monetary/monetary_field";
import { PercentageField } from "@web/views/fields/percentage/percentage_field";
import { InvalidNumberError, parseMonetary } from "@web/views/fields/parsers";
import { ProgressBarField } from "@web/views/fields/progress_bar/progress_bar_field";
import { PropertyValue } from "@web/views/fields/properties/property_value";
import { latinDigits } from "../jalali/jalali";

const parsers = registry.category("parsers");
// Characters. Odoo looks for the end of an amount from each of them to the end of the text.
const LONGEST = 250;
// From here on a number is written with an exponent, which no field shows or reads rightly.
const LIMIT = 1e21;

/**
 * A typed number as Odoo's parsers read it: digits of any script, the Persian signs for
 * thousands, decimals and percent, and no marks, invisible or of vowels.
 *
 * @template T
 * @param {T} text what is no text stays as it is
 * @returns {T}
 */
export function readableNumber(text) {
    if (typeof text !== "string") {
        return text;
    }
    return latinDigits(text)
        .replace(/[\p{Cf}\p{M}]/gu, "")
        .replaceAll("٬", localization.thousandsSep || "")
        .replaceAll("٫", localization.decimalPoint)
        .replaceAll("٪", "%");
}

/** Whether a number can be sent: JSON has no infinity, and would send nothing instead. */
function isStorable(number) {
    return Math.abs(number) < LIMIT;
}

/**
 * @param {number | Operation} number
 * @throws {InvalidNumberError}
 */
export function storable(number) {
    if (typeof number === "number" && !isStorable(number)) {
        throw new InvalidNumberError(`${number} is no number that can be stored`);
    }
    return number;
}

/**
 * An amount as Odoo reads it, which looks for a number in any text: but no text that is
 * too long for that, and no 0 from one without a digit.
 *
 * @returns {number | Operation} NaN of such texts
 */
export function parseAmount(text, options) {
    const isAmount = text.length <= LONGEST && (/\d/.test(text) || !text.trim());
    return isAmount ? parseMonetary(text, options) : NaN;
}

/**
 * What is typed into the input of a field of numbers becomes readable at once. Odoo's
 * fields parse it by functions of their own, which cannot be extended; they have the name
 * of the reference to their input in common.
 */
export function useReadableNumbers() {
    const ref = useRef("numpadDecimal");
    useEffect(
        (element) => {
            if (!element) {
                return;
            }
            const onInput = ({ isComposing, target }) => {
                const text = readableNumber(target.value);
                // A phone's keyboard must find its unfinished word again.
                if (isComposing || text === target.value) {
                    return;
                }
                const before = target.value.slice(0, target.selectionStart);
                target.value = text;
                const caret = readableNumber(before).length;
                target.setSelectionRange(caret, caret);
            };
            // Before the field itself hears of it.
            element.addEventListener("input", onInput, { capture: true });
            element.addEventListener("compositionend", onInput, { capture: true });
            return () => {
                element.removeEventListener("input", onInput, { capture: true });
                element.removeEventListener("compositionend", onInput, { capture: true });
            };
        },
        () => [ref.el]
    );
}

for (const { prototype } of [
    FloatField,
    FloatTimeField,
    IntegerField,
    MonetaryField,
    PercentageField,
    ProgressBarField,
]) {
    patch(prototype, {
        setup() {
            super.setup();
            useReadableNumbers();
        },
    });
}

patch(MonetaryField.prototype, {
    get inputOptions() {
        const parse = (text) => storable(parseAmount(text, { allowOperation: true }));
        return { ...super.inputOptions, parse };
    },
});

patch(FloatField.prototype, {
    parse() {
        return storable(super.parse(...arguments));
    },
});

const NUMBERS = ["float", "integer", "many2one_reference", "monetary"];

patch(Record.prototype, {
    /** However a number was typed or reckoned: divided by 0, say. */
    update(changes, options) {
        const isRefused = (name) => {
            const change = changes[name];
            const value = change instanceof Operation ? change.compute(this.data[name]) : change;
            return typeof value === "number" && !isStorable(value);
        };
        const refused = Object.keys(changes).filter(isRefused);
        if (!refused.length) {
            return super.update(changes, options);
        }
        for (const name of refused) {
            this.setInvalidField(name);
        }
    },

    /** Odoo only paints the field red, and speaks of required fields in a list. */
    setInvalidField(name) {
        const { string, type } = this.fields[name];
        if (NUMBERS.includes(type) && !this.isFieldInvalid(name)) {
            this.model.notification.add(
                _t("%s: this is no number, or one that is too large.", string),
                { type: "danger" }
            );
        }
        return super.setInvalidField(name);
    },
});

patch(PropertyValue.prototype, {
    onValueChange(value) {
        const { type } = this.props;
        if (!["integer", "float", "monetary"].includes(type)) {
            return super.onValueChange(value);
        }
        try {
            parsers.get(type)(value);
        } catch {
            value = ""; // 0, as of all that is no number here
        }
        return super.onValueChange(readableNumber(value));
    },
});

// The search bar and the editor of filters take their parsers from here.
for (const name of [
    "float",
    "float_time",
    "integer",
    "many2one_reference",
    "monetary",
    "percentage",
]) {
    const parse = name === "monetary" ? parseAmount : parsers.get(name);
    const parseReadable = (text, ...args) => storable(parse(readableNumber(text), ...args));
    parsers.add(name, parseReadable, { force: true });
}
