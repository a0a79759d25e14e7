import { useEffect, useRef } from "@odoo/owl";
import { localization } from "@web/core/l10n/localization";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";
import { FloatField } from "@web/views/fields/float/float_field";
import { FloatTimeField } from "@web/views/fields/float_time/float_time_field";
import { IntegerField } from "@web/views/fields/integer/integer_field";
import { MonetaryField } from "@web/views/fields/monetary/monetary_field";
import { PercentageField } from "@web/views/fields/percentage/percentage_field";
import { ProgressBarField } from "@web/views/fields/progress_bar/progress_bar_field";
import { PropertyValue } from "@web/views/fields/properties/property_value";
import { latinDigits } from "../jalali/jalali";

/**
 * A typed number as Odoo's parsers read it: digits of any script, the Persian signs for
 * thousands, decimals and percent, and no invisible marks.
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
        .replace(/\p{Cf}/gu, "")
        .replaceAll("٬", localization.thousandsSep || "")
        .replaceAll("٫", localization.decimalPoint)
        .replaceAll("٪", "%");
}

/**
 * What is typed into the input of a field of numbers becomes readable at once. Odoo's
 * fields parse it by functions of their own, which cannot be extended; they have the name
 * of the reference to their input in common.
 */
function useReadableNumbers() {
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

patch(PropertyValue.prototype, {
    onValueChange(value) {
        const isNumber = ["integer", "float", "monetary"].includes(this.props.type);
        return super.onValueChange(isNumber ? readableNumber(value) : value);
    },
});

// The search bar and the editor of filters take their parsers from here.
const parsers = registry.category("parsers");
for (const name of [
    "float",
    "float_time",
    "integer",
    "many2one_reference",
    "monetary",
    "percentage",
]) {
    const parse = parsers.get(name);
    const parseReadable = (text, ...args) => parse(readableNumber(text), ...args);
    parsers.add(name, parseReadable, { force: true });
}
