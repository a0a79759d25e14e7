import { Component, useEffect, useRef, useState } from "@odoo/owl";
import { today } from "@web/core/l10n/dates";
import { localization } from "@web/core/l10n/localization";
import { getTabableElements } from "@web/core/utils/ui";
import {
    addMonths,
    formatJalaliLong,
    MAX_YEAR,
    MIN_YEAR,
    monthDays,
    monthName,
    toDateTime,
    toJalali,
} from "./jalali";

const { DateTime, Info } = luxon;

const OPTIONAL_DATE = { type: [DateTime, { value: false }], optional: true };
const WEEKS = 6; // as many as a month can touch: the picker keeps its height

/**
 * One Jalali month to choose a day from, by mouse, touch or keyboard: arrows, Home and
 * End in the week, Page Up and Page Down for months, with Shift for years.
 */
export class JalaliPicker extends Component {
    static template = "crm_loyalty.JalaliPicker";
    static props = {
        close: { type: Function, optional: true }, // from a popover, not from a sheet
        onCancel: Function,
        onSelect: Function, // takes the begin of the day, or false for no date
        value: OPTIONAL_DATE,
        minDate: OPTIONAL_DATE,
        maxDate: OPTIONAL_DATE,
        required: { type: Boolean, optional: true },
        takeFocus: { type: Boolean, optional: true },
    };

    setup() {
        this.root = useRef("root");
        const begin = (this.props.value && toJalali(this.props.value)) || toJalali(today());
        // The day that the keyboard is on
        this.state = useState({ ...begin });
        this.focusDay = Boolean(this.props.takeFocus);
        useEffect(
            () => {
                if (this.focusDay) {
                    const day = this.root.el.querySelector("[role=gridcell][tabindex='0']");
                    day.focus({ preventScroll: true });
                }
            },
            () => [this.state.year, this.state.month, this.state.day]
        );
    }

    get title() {
        return `${monthName(this.state.month)} ${this.state.year}`;
    }

    get weekdays() {
        const names = Info.weekdays("long");
        const short = Info.weekdays("narrow");
        return [...Array(7).keys()].map((offset) => {
            const index = (localization.weekStart - 1 + offset) % 7;
            return { name: names[index], short: short[index] };
        });
    }

    /** The weeks of the month; a cell without `day` lies outside of it. */
    get weeks() {
        const { year, month, day: current } = this.state;
        const blanks = this.column(toDateTime({ year, month, day: 1 }));
        const count = monthDays(year, month);
        const cell = (index) => {
            const day = index - blanks + 1;
            if (day < 1 || day > count) {
                return { key: index };
            }
            const date = toDateTime({ year, month, day });
            return {
                key: index,
                day,
                date,
                label: formatJalaliLong(date),
                isCurrent: day === current,
                isSelected: Boolean(this.props.value) && date.hasSame(this.props.value, "day"),
                isToday: date.hasSame(today(), "day"),
                isDisabled: !this.isAllowed(date),
            };
        };
        return [...Array(WEEKS).keys()].map((week) =>
            [...Array(7).keys()].map((weekday) => cell(week * 7 + weekday))
        );
    }

    /** Place of a day in its week, from 0. */
    column(date) {
        return (date.weekday - localization.weekStart + 7) % 7;
    }

    isAllowed(date) {
        const { minDate, maxDate } = this.props;
        return !(minDate && date < minDate.startOf("day")) && !(maxDate && date > maxDate);
    }

    select(date) {
        if (date && !this.isAllowed(date)) {
            return;
        }
        this.focusDay = false;
        this.props.onSelect(date);
    }

    cancel() {
        this.focusDay = false;
        this.props.onCancel();
    }

    selectToday() {
        this.select(today());
    }

    moveMonths(months) {
        Object.assign(this.state, addMonths(this.state, months));
    }

    moveDays(days) {
        const target = toJalali(toDateTime(this.state).plus({ days }));
        if (target) {
            Object.assign(this.state, target);
        }
    }

    onKeydown(ev) {
        if (ev.key === "Tab") {
            this.keepFocus(ev);
            return;
        }
        const move = this.moveOf(ev);
        if (!move) {
            return;
        }
        this.focusDay = Boolean(ev.target.closest("[role=gridcell]"));
        move();
        ev.preventDefault();
        ev.stopPropagation();
    }

    /** What a key does: a function, if anything. */
    moveOf(ev) {
        const year = ev.shiftKey ? 12 : 1;
        const anywhere = {
            Escape: () => this.cancel(),
            PageDown: () => this.moveMonths(year),
            PageUp: () => this.moveMonths(-year),
        };
        if (ev.key in anywhere || !ev.target.closest("[role=gridcell]")) {
            return anywhere[ev.key];
        }
        const date = toDateTime(this.state);
        const forward = localization.direction === "rtl" ? -1 : 1;
        return {
            ArrowDown: () => this.moveDays(7),
            ArrowUp: () => this.moveDays(-7),
            ArrowRight: () => this.moveDays(forward),
            ArrowLeft: () => this.moveDays(-forward),
            Home: () => this.moveDays(-this.column(date)),
            End: () => this.moveDays(6 - this.column(date)),
            Enter: () => this.select(date),
            " ": () => this.select(date),
        }[ev.key];
    }

    /** Tab stays in the picker, from its last part to its first. */
    keepFocus(ev) {
        const parts = getTabableElements(this.root.el);
        const [from, to] = ev.shiftKey ? [parts[0], parts.at(-1)] : [parts.at(-1), parts[0]];
        if (document.activeElement === from) {
            to.focus();
            ev.preventDefault();
        }
        ev.stopPropagation();
    }

    get isFirstYear() {
        return this.state.year === MIN_YEAR;
    }

    get isLastYear() {
        return this.state.year === MAX_YEAR;
    }
}
