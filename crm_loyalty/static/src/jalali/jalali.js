import { localization } from "@web/core/l10n/localization";
import { _t } from "@web/core/l10n/translation";
import { session } from "@web/session";

const { DateTime } = luxon;

/**
 * @typedef {{ year: number, month: number, day: number }} Day months and days from 1;
 *  a luxon DateTime will do for a Gregorian one
 */

export const MIN_YEAR = 1300;
export const MAX_YEAR = 1498;

const PERSIAN = [
    ["فروردین"],
    ["اردیبهشت"],
    ["خرداد"],
    ["تیر"],
    ["مرداد", "امرداد"],
    ["شهریور"],
    ["مهر"],
    ["آبان"],
    ["آذر"],
    ["دی"],
    ["بهمن"],
    ["اسفند"],
];
const LATIN = [
    "Farvardin",
    "Ordibehesht",
    "Khordad",
    "Tir",
    "Mordad",
    "Shahrivar",
    "Mehr",
    "Aban",
    "Azar",
    "Dey",
    "Bahman",
    "Esfand",
];
const SEASONS = [_t("Spring"), _t("Summer"), _t("Autumn"), _t("Winter")];

/**
 * The calendar that the user chose in his preferences.
 *
 * @returns {"gregorian" | "jalali" | "both"}
 */
export function userCalendar() {
    return session.crm_calendar || "gregorian";
}

//-----------------------------------------------------------------------------
// Arithmetic
//-----------------------------------------------------------------------------

const MILLISECONDS = 24 * 60 * 60 * 1000; // of a day

/**
 * Days from 1 January 1970 to 1 Farvardin of a year. Leap years repeat every 33 years:
 * eight of them, every fourth year from one that leaves 22 when divided by 33. The
 * calendar of Iran follows that from 1178 to 1633.
 */
function daysBeforeYear(year) {
    const shifted = year + 11;
    const leapYears = 8 * Math.floor(shifted / 33) + Math.floor(((shifted % 33) + 3) / 4);
    return 365 * shifted + leapYears - 496651;
}

function daysBeforeMonth(month) {
    return month <= 7 ? 31 * (month - 1) : 30 * (month - 1) + 6;
}

/** Days of a month. */
export function monthDays(year, month) {
    if (month < 12) {
        return month <= 6 ? 31 : 30;
    }
    return daysBeforeYear(year + 1) - daysBeforeYear(year) - daysBeforeMonth(12);
}

/**
 * @param {Day} day Gregorian
 * @returns {Day | null} Jalali; null outside the years that are exact, 1300 to 1498
 */
export function toJalali({ year, month, day }) {
    const days = Date.UTC(year, month - 1, day) / MILLISECONDS;
    let jalaliYear = year - 621;
    if (days < daysBeforeYear(jalaliYear)) {
        jalaliYear--;
    }
    if (jalaliYear < MIN_YEAR || jalaliYear > MAX_YEAR) {
        return null;
    }
    const left = days - daysBeforeYear(jalaliYear);
    const jalaliMonth = left < 186 ? Math.floor(left / 31) + 1 : Math.floor((left - 6) / 30) + 1;
    return {
        year: jalaliYear,
        month: jalaliMonth,
        day: left - daysBeforeMonth(jalaliMonth) + 1,
    };
}

/**
 * @param {Day} day Jalali
 * @returns {Day} Gregorian
 */
export function toGregorian({ year, month, day }) {
    const days = daysBeforeYear(year) + daysBeforeMonth(month) + day - 1;
    const date = new Date(days * MILLISECONDS);
    return {
        year: date.getUTCFullYear(),
        month: date.getUTCMonth() + 1,
        day: date.getUTCDate(),
    };
}

/**
 * @param {Day} day Jalali
 * @returns {DateTime} its begin, in the zone of the user
 */
export function toDateTime(day) {
    return DateTime.fromObject(toGregorian(day)).startOf("day");
}

/**
 * Move by months; a day that the month does not have becomes its last.
 *
 * @param {Day} day Jalali
 * @param {number} months
 * @returns {Day} Jalali, not outside the years that are exact
 */
export function addMonths({ year, month, day }, months) {
    const first = MIN_YEAR * 12;
    const last = MAX_YEAR * 12 + 11;
    const target = Math.min(Math.max(year * 12 + month - 1 + months, first), last);
    const moved = { year: Math.floor(target / 12), month: (target % 12) + 1 };
    return { ...moved, day: Math.min(day, monthDays(moved.year, moved.month)) };
}

/**
 * @param {number} year
 * @param {number} [month] its first month
 * @param {number} [months] 1 for a month, 3 for a quarter, 12 for a year
 * @returns {[DateTime, DateTime]} begin of the first and end of the last day
 */
export function periodRange(year, month = 1, months = 12) {
    const last = month + months - 1;
    return [
        toDateTime({ year, month, day: 1 }),
        toDateTime({ year, month: last, day: monthDays(year, last) }).endOf("day"),
    ];
}

//-----------------------------------------------------------------------------
// Format
//-----------------------------------------------------------------------------

/** Name of a month (from 1): Persian in Persian, else in Latin letters. */
export function monthName(month) {
    return localization.code.startsWith("fa") ? PERSIAN[month - 1][0] : LATIN[month - 1];
}

/** Name of a quarter (from 1): its season. */
export function quarterName(quarter) {
    return SEASONS[quarter - 1].toString();
}

/**
 * @param {DateTime} date
 * @returns {string | null} such as "1405/02/03"; null where `toJalali` gives none
 */
export function formatJalali(date) {
    const day = toJalali(date);
    if (!day) {
        return null;
    }
    const twoDigits = (number) => String(number).padStart(2, "0");
    return `${day.year}/${twoDigits(day.month)}/${twoDigits(day.day)}`;
}

/**
 * @param {DateTime} date
 * @returns {string | null} such as "Thursday 3 Ordibehesht 1405"
 */
export function formatJalaliLong(date) {
    const day = toJalali(date);
    return day && `${date.weekdayLong} ${day.day} ${monthName(day.month)} ${day.year}`;
}

//-----------------------------------------------------------------------------
// Parse
//-----------------------------------------------------------------------------

/** What was typed is no date; the message says why, in the language of the user. */
export class JalaliError extends Error {
    name = "JalaliError";
}

/**
 * Digits of any script as 0-9. Unicode keeps the ten of a script together, from a number
 * that ends with 0 or with 6 in hexadecimal.
 */
export function latinDigits(text) {
    return text.replace(/\p{Nd}/gu, (character) => {
        const code = character.codePointAt(0);
        const fromZero = /\p{Nd}/u.test(String.fromCodePoint(code & ~15));
        return (code & 15) - (fromZero ? 0 : 6);
    });
}

/** Without marks and invisible characters; one form for the letters of both keyboards. */
function fold(text) {
    return text
        .normalize("NFKD")
        .replace(/[\p{Mn}\p{Cf}\u0640]/gu, "")
        .replace(/[\u064a\u0649]/g, "ی")
        .replace(/\u0643/g, "ک")
        .toLowerCase();
}

const MONTHS = new Map(
    PERSIAN.flatMap((names, index) =>
        [...names, LATIN[index]].map((name) => [fold(name), index + 1])
    )
);
const LONGEST = 60; // characters; more is no date

/**
 * Year, month and day of a text, unchecked. `null` when it has another form.
 */
function splitText(text) {
    const parts = latinDigits(fold(text)).match(/\d+|[^\d\s/\-.,،_]+/g) || [];
    if (parts.length === 1 && /^\d{8}$/.test(parts[0])) {
        return [parts[0].slice(0, 4), parts[0].slice(4, 6), parts[0].slice(6)].map(Number);
    }
    if (parts.length === 1 && /^\d{6}$/.test(parts[0])) {
        throw shortYear(text);
    }
    if (parts.length !== 3) {
        return null;
    }
    const [first, second, third] = parts;
    const month = MONTHS.get(second) || Number(second);
    if (!(month >= 0) || !/^\d+$/.test(first) || !/^\d+$/.test(third)) {
        return null;
    }
    if (first.length === 4 && third.length <= 2) {
        return [Number(first), month, Number(third)];
    }
    if (third.length === 4 && first.length <= 2) {
        return [Number(third), month, Number(first)];
    }
    if (first.length <= 2 && third.length <= 2) {
        throw shortYear(text);
    }
    return null;
}

/** The error for a text that has not the form of a date. */
export function unreadable(text) {
    const shown = text.length <= LONGEST ? text.trim() : `${text.slice(0, LONGEST)}…`;
    return new JalaliError(
        _t('"%s" is no date. Write year/month/day, such as 1405/02/31.', shown)
    );
}

function shortYear(text) {
    return new JalaliError(
        _t('Write the year in "%s" with four digits, such as 1405.', text.trim())
    );
}

/**
 * Read a Jalali date as people type it: digits of any script; year first or last; slash,
 * dash, dot or space between, or 8 digits run together; the month as a number or by
 * name, Persian or Latin.
 *
 * @param {string} text
 * @returns {Day} Jalali
 * @throws {JalaliError}
 */
export function parseJalali(text) {
    const parts = text.length <= LONGEST && splitText(text);
    if (!parts) {
        throw unreadable(text);
    }
    const [year, month, day] = parts;
    if (year < MIN_YEAR || year > MAX_YEAR) {
        throw new JalaliError(
            _t("The year %(year)s is not between %(first)s and %(last)s.", {
                year,
                first: MIN_YEAR,
                last: MAX_YEAR,
            })
        );
    }
    if (month < 1 || month > 12) {
        throw new JalaliError(_t("There is no month %s: a year has 12.", month));
    }
    const days = monthDays(year, month);
    if (day < 1 || day > days) {
        throw new JalaliError(
            _t("There is no day %(day)s: %(month)s %(year)s has %(days)s days.", {
                day,
                month: monthName(month),
                year,
                days,
            })
        );
    }
    return { year, month, day };
}
