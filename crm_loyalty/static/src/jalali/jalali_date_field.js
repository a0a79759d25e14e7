import { useEffect } from "@odoo/owl";
import { deserializeDate, deserializeDateTime, today } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";
import { DateTimeField, dateField, dateTimeField } from "@web/views/fields/datetime/datetime_field";
import { Field } from "@web/views/fields/field";
import { useInputField } from "@web/views/fields/input_field_hook";
import { FIELD_WIDTHS } from "@web/views/list/column_width_hook";
import { formatJalaliLong, userCalendar } from "./jalali";
import { JalaliInput } from "./jalali_input";

/**
 * A date, or a date with its time, shown and typed in the Jalali calendar. Its value is
 * the luxon date of any other date field: nothing Jalali leaves the screen.
 */
export class JalaliDateField extends JalaliInput {
    static props = DateTimeField.props;
    static defaultProps = DateTimeField.defaultProps;

    setup() {
        super.setup();
        this.input = useInputField({
            getValue: () => this.format(this.value),
            parse: (text) => this.parse(text),
        });
        useEffect(
            (readonly) => {
                if (readonly) {
                    this.picker.close();
                }
            },
            () => [this.props.readonly]
        );
    }

    get value() {
        return this.props.record.data[this.props.name];
    }

    get isDateTime() {
        return this.props.record.fields[this.props.name].type === "datetime";
    }

    get showsTime() {
        return super.showsTime && this.props.showTime;
    }

    get showsSeconds() {
        return this.props.showSeconds;
    }

    get text() {
        return this.formatBoth(this.value);
    }

    get tooltip() {
        return (this.value && formatJalaliLong(this.value)) || "";
    }

    get error() {
        return this.props.record.isFieldInvalid(this.props.name) ? super.error : "";
    }

    get errorId() {
        return `${this.props.id || this.props.name}_error`;
    }

    get warnsOfFuture() {
        return this.props.warnFuture && this.value > today();
    }

    get futureWarning() {
        return this.warnsOfFuture ? _t("This date is in the future") : "";
    }

    /** The record's own object says that nothing changed. */
    parse(text) {
        const value = super.parse(text);
        return value && this.value && value.equals(this.value) ? this.value : value;
    }

    async take(value) {
        await this.props.record.update({ [this.props.name]: value });
    }

    get pickerProps() {
        return {
            ...super.pickerProps,
            minDate: this.limit(this.props.minDate),
            maxDate: this.limit(this.props.maxDate),
            required: Boolean(this.props.required),
        };
    }

    limit(value) {
        if (!value || value === "today") {
            return value ? today() : false;
        }
        return this.isDateTime ? deserializeDateTime(value) : deserializeDate(value);
    }
}

function odooField(type) {
    return type === "datetime" ? dateTimeField : dateField;
}

export const jalaliDateField = {
    ...dateField,
    component: JalaliDateField,
    displayName: _t("Jalali Date"),
    supportedOptions: dateTimeField.supportedOptions,
    supportedTypes: ["date", "datetime"],
    extractProps: (info, dynamicInfo) => {
        const type = info.fieldType || info.type; // a column of a list has type "field"
        return odooField(type).extractProps({ ...info, type }, dynamicInfo);
    },
    listViewWidth: ({ type, options }) => {
        const width = odooField(type).listViewWidth({ options: { ...options, numeric: true } });
        return userCalendar() === "both" ? width + FIELD_WIDTHS.numeric_date + 15 : width;
    },
};

registry.category("fields").add("jalali_date", jalaliDateField);

// Who has not chosen Jalali has Odoo's own field, and texts where Odoo draws no field.
patch(Field, {
    parseFieldNode(node, ...args) {
        if (userCalendar() === "gregorian" && node.getAttribute("widget") === "jalali_date") {
            node.removeAttribute("widget");
        }
        return super.parseFieldNode(node, ...args);
    },
});
