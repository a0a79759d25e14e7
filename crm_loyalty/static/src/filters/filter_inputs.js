import {
    Component,
    onWillUnmount,
    onWillUpdateProps,
    useComponent,
    useEffect,
    useRef,
    useState,
} from "@odoo/owl";
import { getCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";
import { uniqueId } from "@web/core/utils/functions";
import { JalaliInput } from "../jalali/jalali_input";
import { formatMoney, parseMoney } from "../money/money";
import { storable, useReadableNumbers } from "../numbers/typed_numbers";

/**
 * Show a value in the input `ref` and take what is typed there. A text that is refused
 * stays, with its reason in `state.error`, and keeps the dialog open until it is mended:
 * another filter than the typed one would be searched for.
 *
 * @param {Object} params
 * @param {{ el: HTMLInputElement | null }} params.ref
 * @param {{ error: string }} params.state
 * @param {(props: Object) => any} params.getKey what changes with the value
 * @param {() => string} params.getText of the value
 * @param {(text: string) => void} params.onTyped throws where it refuses the text
 */
function useFilterInput({ ref, state, getKey, getText, onTyped }) {
    const { env, props } = useComponent();
    const errors = env.filterErrors || new Map();
    const key = {};
    let shown = getKey(props);
    const setError = (error) => {
        state.error = error;
        if (error) {
            errors.set(key, error);
        } else {
            errors.delete(key);
        }
    };
    onWillUnmount(() => errors.delete(key));
    onWillUpdateProps((nextProps) => {
        // Another field, another operator: what was typed for the one before is gone.
        if (getKey(nextProps) !== shown) {
            shown = getKey(nextProps);
            setError("");
        }
    });
    const onChange = (ev) => {
        try {
            onTyped(ev.target.value);
            setError("");
            ref.el.value = getText();
        } catch (error) {
            setError(error.message);
        }
    };
    useEffect(
        (input) => {
            input.addEventListener("change", onChange);
            return () => input.removeEventListener("change", onChange);
        },
        () => [ref.el]
    );
    useEffect(() => {
        if (!state.error) {
            ref.el.value = getText();
        }
    });
    return { setError };
}

/** A date or a moment of a custom filter; its props are those of Odoo's own input. */
export class JalaliFilterInput extends JalaliInput {
    static props = {
        value: { type: [luxon.DateTime, { value: false }] },
        type: String,
        onApply: Function, // takes the luxon date, or false for none
        placeholder: { optional: true },
    };

    setup() {
        super.setup();
        this.input = useRef("input");
        this.errorId = uniqueId("crm_filter_error_");
        this.filter = useFilterInput({
            ref: this.input,
            state: this.state,
            getKey: ({ value, type }) => `${type} ${value && value.toMillis()}`,
            getText: () => this.format(this.value),
            onTyped: (text) => this.props.onApply(this.parse(text)),
        });
    }

    /** Odoo's "today -7d", which a filter of a view may hold, is no date yet. */
    get value() {
        return this.props.value?.isValid ? this.props.value : false;
    }

    get isDateTime() {
        return this.props.type === "datetime";
    }

    get pickerProps() {
        return { ...super.pickerProps, required: true };
    }

    async take(value) {
        this.filter.setError("");
        this.props.onApply(value);
    }
}

/** An amount of a custom filter, in the unit of the company; its value is the stored one. */
export class MoneyFilterInput extends Component {
    static template = "crm_loyalty.MoneyFilterInput";
    static props = {
        value: { optional: true },
        update: Function,
        display: Object, // MoneyDisplay
        label: String, // of the field
        startEmpty: { type: Boolean, optional: true },
        placeholder: { optional: true },
    };

    setup() {
        // As Odoo's fields of numbers call it, which take Persian digits by that name.
        this.input = useRef("numpadDecimal");
        this.state = useState({ error: "" });
        this.errorId = uniqueId("crm_filter_error_");
        useReadableNumbers();
        useFilterInput({
            ref: this.input,
            state: this.state,
            getKey: ({ value, label }) => `${label} ${value}`,
            getText: () => this.text,
            onTyped: (text) => this.props.update(this.parse(text)),
        });
    }

    get text() {
        const { display, startEmpty, value } = this.props;
        if (startEmpty) {
            return "";
        }
        // An expression that somebody wrote by hand stays one.
        return typeof value === "number" ? formatExact(value, display) : String(value);
    }

    /** @returns {number} the stored amount */
    parse(text) {
        const { display, label } = this.props;
        const digits = getCurrency(display.currency_id)?.digits?.[1];
        let amount;
        try {
            amount = storable(parseMoney(text, display.currency_id, digits));
        } catch {
            amount = NaN;
        }
        // Nor is "+=5" an amount, which fields understand.
        if (!Number.isFinite(amount)) {
            throw new Error(_t("%s: this is no number, or one that is too large.", label));
        }
        return amount;
    }
}

function formatExact(value, { currency_id: currencyId }) {
    return formatMoney(value, { currencyId, exact: true, noSymbol: true });
}
