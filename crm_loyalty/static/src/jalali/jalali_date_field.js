import { Component, useEffect, useRef, useState } from "@odoo/owl";
import {
    deserializeDate,
    deserializeDateTime,
    formatDate,
    parseDate,
    parseDateTime,
    today,
} from "@web/core/l10n/dates";
import { parseTime } from "@web/core/l10n/time";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { registry } from "@web/core/registry";
import { patch } from "@web/core/utils/patch";
import { DateTimeField, dateField, dateTimeField } from "@web/views/fields/datetime/datetime_field";
import { Field } from "@web/views/fields/field";
import { formatDateTime } from "@web/views/fields/formatters";
import { useInputField } from "@web/views/fields/input_field_hook";
import { FIELD_WIDTHS } from "@web/views/list/column_width_hook";
import {
    formatJalali,
    formatJalaliLong,
    JalaliError,
    parseJalali,
    toDateTime,
    unreadable,
    userCalendar,
} from "./jalali";
import { JalaliPicker } from "./jalali_picker";

// Odoo's own "today", "+3d", "=monday"; nothing that could be read as a Gregorian year
const RELATIVE = /^(?:today|now)?(?:\s*[=+-](?:\d{1,4}[dmwyHMS]?|[a-z_]+))*$/;
const TIME = /\s([^\s:]+:\S*(?:\s*[ap]m)?)$/i;

/**
 * A date, or a date with its time, shown and typed in the Jalali calendar. Its value is
 * the luxon date of any other date field: nothing Jalali leaves the screen.
 */
export class JalaliDateField extends Component {
    static template = "crm_loyalty.JalaliDateField";
    static props = DateTimeField.props;
    static defaultProps = DateTimeField.defaultProps;

    setup() {
        this.root = useRef("root");
        this.state = useState({ error: "" });
        this.input = useInputField({
            getValue: () => this.format(this.value),
            parse: (text) => this.parse(text),
        });
        this.picker = usePopover(JalaliPicker, {
            arrow: false,
            position: "bottom-start",
            setActiveElement: false, // who clicks into the input goes on typing
            useBottomSheet: this.env.isSmall,
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

    //-------------------------------------------------------------------------
    // What is shown
    //-------------------------------------------------------------------------

    get value() {
        return this.props.record.data[this.props.name];
    }

    get isDateTime() {
        return this.props.record.fields[this.props.name].type === "datetime";
    }

    get showsTime() {
        return this.isDateTime && this.props.showTime;
    }

    /** The Gregorian date, for who wants both. */
    get gregorian() {
        return userCalendar() === "both" && this.value && formatJalali(this.value)
            ? formatDate(this.value)
            : "";
    }

    get text() {
        const text = this.format(this.value);
        return this.gregorian ? `${text} (${this.gregorian})` : text;
    }

    get tooltip() {
        return (this.value && formatJalaliLong(this.value)) || "";
    }

    get error() {
        return this.props.record.isFieldInvalid(this.props.name) ? this.state.error : "";
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

    /** A date of the past or future that Jalali years of ours do not reach: as Odoo does. */
    format(value) {
        if (!value) {
            return "";
        }
        const date = formatJalali(value) || formatDate(value);
        if (!this.showsTime) {
            return date;
        }
        const { showSeconds } = this.props;
        const time = formatDateTime(value, { showSeconds, showDate: false });
        return `${date} ${time}`;
    }

    //-------------------------------------------------------------------------
    // What is typed or picked
    //-------------------------------------------------------------------------

    /**
     * @param {string} text
     * @returns {luxon.DateTime | false}
     * @throws {JalaliError}
     */
    parse(text) {
        this.state.error = "";
        try {
            const value = this.read(text);
            // The record's own object says that nothing changed.
            return value && this.value && value.equals(this.value) ? this.value : value;
        } catch (error) {
            const shown = error instanceof JalaliError ? error : unreadable(text);
            this.state.error = shown.message;
            throw shown;
        }
    }

    read(text) {
        text = text.trim();
        if (!text) {
            return false;
        }
        if (RELATIVE.test(text)) {
            return this.isDateTime ? parseDateTime(text) : parseDate(text);
        }
        const time = this.isDateTime && text.match(TIME);
        if (!time) {
            return this.withTime(toDateTime(parseJalali(text)));
        }
        const parsed = parseTime(time[1], true);
        if (!parsed) {
            throw new JalaliError(_t('"%s" is no time. Write hour:minute.', time[1]));
        }
        const { hour, minute, second } = parsed;
        return toDateTime(parseJalali(text.slice(0, time.index))).set({ hour, minute, second });
    }

    /** A day with the time that the field has already. */
    withTime(date) {
        if (!this.isDateTime || !this.value) {
            return date;
        }
        const { hour, minute, second } = this.value;
        return date.set({ hour, minute, second });
    }

    async select(date) {
        this.closePicker();
        this.state.error = "";
        await this.props.record.update({ [this.props.name]: date && this.withTime(date) });
    }

    //-------------------------------------------------------------------------
    // The picker
    //-------------------------------------------------------------------------

    /** @param {boolean} [takeFocus] whether the keyboard goes to the picker */
    open(takeFocus = false) {
        if (this.picker.isOpen && !takeFocus) {
            return;
        }
        this.picker.open(this.root.el, {
            value: this.value || false,
            minDate: this.limit(this.props.minDate),
            maxDate: this.limit(this.props.maxDate),
            onCancel: () => this.closePicker(),
            onSelect: (date) => this.select(date),
            required: Boolean(this.props.required),
            takeFocus,
        });
    }

    closePicker() {
        this.picker.close();
        // On a phone that would bring its keyboard up.
        if (!this.env.isSmall) {
            this.input.el?.focus();
        }
    }

    limit(value) {
        if (!value || value === "today") {
            return value ? today() : false;
        }
        return this.isDateTime ? deserializeDateTime(value) : deserializeDate(value);
    }

    onClick() {
        // On a phone the keyboard is there for typing: the button opens the picker.
        if (!this.env.isSmall) {
            this.open();
        }
    }

    onKeydown(ev) {
        if (ev.key === "ArrowDown") {
            this.open(true);
            ev.preventDefault();
            ev.stopPropagation();
        } else if (["Enter", "Tab"].includes(ev.key)) {
            this.picker.close();
        }
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
