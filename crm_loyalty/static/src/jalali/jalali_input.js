import { Component, useRef, useState } from "@odoo/owl";
import { formatDate, parseDate, parseDateTime } from "@web/core/l10n/dates";
import { parseTime } from "@web/core/l10n/time";
import { _t } from "@web/core/l10n/translation";
import { usePopover } from "@web/core/popover/popover_hook";
import { formatDateTime } from "@web/views/fields/formatters";
import {
    formatJalali,
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
 * A date, or a moment, as a text in the calendar of the user, who is one that chose
 * Jalali. A date that Jalali years of ours do not reach is shown as Odoo shows it.
 *
 * @param {luxon.DateTime | false} value
 * @param {{ showsTime?: boolean, showSeconds?: boolean }} [options]
 */
export function formatInJalali(value, { showsTime, showSeconds } = {}) {
    if (!value) {
        return "";
    }
    const date = formatJalali(value) || formatDate(value);
    if (!showsTime) {
        return date;
    }
    return `${date} ${formatDateTime(value, { showSeconds, showDate: false })}`;
}

/** The Gregorian date, for who wants both. */
function formatBeside(value) {
    return userCalendar() === "both" && value && formatJalali(value) ? formatDate(value) : "";
}

/** As `formatInJalali`, with the Gregorian date for who wants both. */
export function formatInBoth(value, options) {
    const text = formatInJalali(value, options);
    const gregorian = formatBeside(value);
    return gregorian ? `${text} (${gregorian})` : text;
}

/**
 * An input for a date, or a date with its time, in the Jalali calendar, with its picker.
 * A child says what the value is, where it goes, and what `input` is a reference to.
 */
export class JalaliInput extends Component {
    static template = "crm_loyalty.JalaliInput";
    static props = {}; // what a child takes

    setup() {
        this.root = useRef("root");
        this.state = useState({ error: "" });
        this.picker = usePopover(JalaliPicker, {
            arrow: false,
            position: "bottom-start",
            setActiveElement: false, // who clicks into the input goes on typing
            useBottomSheet: this.env.isSmall,
        });
    }

    //-------------------------------------------------------------------------
    // What a child gives
    //-------------------------------------------------------------------------

    /** @returns {luxon.DateTime | false} */
    get value() {
        return false;
    }

    get isDateTime() {
        return false;
    }

    get showsSeconds() {
        return false;
    }

    /**
     * The value was picked.
     *
     * @param {luxon.DateTime | false} value
     */
    async take(value) {}

    get warnsOfFuture() {
        return false;
    }

    //-------------------------------------------------------------------------
    // What is shown
    //-------------------------------------------------------------------------

    get showsTime() {
        return this.isDateTime;
    }

    format(value) {
        return formatInJalali(value, {
            showsTime: this.showsTime,
            showSeconds: this.showsSeconds,
        });
    }

    formatBoth(value) {
        return formatInBoth(value, {
            showsTime: this.showsTime,
            showSeconds: this.showsSeconds,
        });
    }

    get gregorian() {
        return this.error ? "" : formatBeside(this.value);
    }

    get error() {
        return this.state.error;
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
            return this.read(text);
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
        await this.take(date && this.withTime(date));
    }

    //-------------------------------------------------------------------------
    // The picker
    //-------------------------------------------------------------------------

    /** @param {boolean} [takeFocus] whether the keyboard goes to the picker */
    open(takeFocus = false) {
        if (this.picker.isOpen && !takeFocus) {
            return;
        }
        this.picker.open(this.root.el, { ...this.pickerProps, takeFocus });
    }

    get pickerProps() {
        return {
            value: this.value || false,
            onCancel: () => this.closePicker(),
            onSelect: (date) => this.select(date),
        };
    }

    closePicker() {
        this.picker.close();
        // On a phone that would bring its keyboard up.
        if (!this.env.isSmall) {
            this.input.el?.focus();
        }
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
