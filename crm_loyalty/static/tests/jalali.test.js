import { describe, expect, test } from "@odoo/hoot";
import {
    addMonths,
    formatJalali,
    formatJalaliLong,
    monthDays,
    monthName,
    parseJalali,
    periodRange,
    toGregorian,
    toJalali,
} from "@crm_loyalty/jalali/jalali";
import { allowTranslations, patchWithCleanup } from "@web/../tests/web_test_helpers";
import { localization } from "@web/core/l10n/localization";

const { DateTime } = luxon;

describe.current.tags("headless");

function inLanguage(code) {
    patchWithCleanup(localization, { code });
}

function messageOf(text) {
    try {
        parseJalali(text);
    } catch (error) {
        return error.message;
    }
    return null;
}

test("every day of 1300 to 1498 is that of the browser's own calendar", () => {
    // The calendar of the browser, ICU's, is code of its own.
    const calendar = new Intl.DateTimeFormat("en-u-ca-persian-nu-latn", {
        year: "numeric",
        month: "numeric",
        day: "numeric",
        timeZone: "UTC",
    });
    const theirs = (date) => {
        const parts = calendar.formatToParts(date);
        const [year, month, day] = ["year", "month", "day"].map((type) =>
            Number(parts.find((part) => part.type === type).value)
        );
        return { year, month, day };
    };
    const wrong = [];
    let count = 0;
    const last = Date.UTC(2120, 2, 20);
    for (let time = Date.UTC(1921, 2, 21); time <= last; time += 24 * 60 * 60 * 1000) {
        const date = new Date(time);
        const gregorian = {
            year: date.getUTCFullYear(),
            month: date.getUTCMonth() + 1,
            day: date.getUTCDate(),
        };
        const jalali = toJalali(gregorian);
        const back = toGregorian(jalali);
        const same = JSON.stringify(jalali) === JSON.stringify(theirs(date));
        if (!same || JSON.stringify(back) !== JSON.stringify(gregorian)) {
            wrong.push(date.toISOString());
        }
        count++;
    }
    expect(wrong).toEqual([]);
    expect(count).toBe(72684);
    expect(toJalali({ year: 1921, month: 3, day: 20 })).toBe(null);
    expect(toJalali({ year: 1921, month: 3, day: 21 })).toEqual({ year: 1300, month: 1, day: 1 });
    expect(toJalali({ year: 2120, month: 3, day: 21 })).toBe(null);
});

test("leap years", () => {
    for (const year of [1399, 1403, 1408]) {
        expect(monthDays(year, 12)).toBe(30);
    }
    for (const year of [1400, 1404, 1407]) {
        expect(monthDays(year, 12)).toBe(29);
    }
    expect([1, 6, 7, 11].map((month) => monthDays(1405, month))).toEqual([31, 31, 30, 30]);
});

test("dates as people type them", () => {
    const day = { year: 1405, month: 2, day: 3 };
    for (const text of [
        "1405/02/03",
        "1405/2/3",
        "1405-2-3",
        "1405.2.3",
        "1405 2 3",
        " 1405 / 2 / 3 ",
        "14050203",
        "۱۴۰۵/۲/۳",
        "١٤٠٥/٢/٣",
        "１４０５/２/３",
        "१४०५/२/३",
        "۱۴۰5/٢/3",
        "۱۴۰۵۰۲۰۳",
        "\u200f\u202b۱۴۰۵/۲/۳\u202c",
        "3/2/1405",
        "۳ اردیبهشت ۱۴۰۵",
        "۳اردیبهشت۱۴۰۵",
        "3 اردی\u200cبهشت 1405",
        "3 ارديبهشت 1405",
        "1405 Ordibehesht 3",
        "3 ordibehesht 1405",
    ]) {
        expect(parseJalali(text)).toEqual(day, { message: text });
    }
    expect(parseJalali("31 امرداد 1405").month).toBe(5);
    expect(parseJalali("1 آبان 1405").month).toBe(8);
    expect(parseJalali("1 ابان 1405").month).toBe(8);
    expect(parseJalali("30 اسفند 1403")).toEqual({ year: 1403, month: 12, day: 30 });
});

test("what is no date is refused with a message that says why", () => {
    allowTranslations();
    inLanguage("en_US");
    expect(messageOf("1404/12/30")).toBe("There is no day 30: Esfand 1404 has 29 days.");
    expect(messageOf("1405/7/31")).toBe("There is no day 31: Mehr 1405 has 30 days.");
    expect(messageOf("1405/1/0")).toBe("There is no day 0: Farvardin 1405 has 31 days.");
    expect(messageOf("1405/13/1")).toBe("There is no month 13: a year has 12.");
    expect(messageOf("1405/0/1")).toBe("There is no month 0: a year has 12.");
    expect(messageOf("2026/04/23")).toBe("The year 2026 is not between 1300 and 1498.");
    expect(messageOf("1299/1/1")).toBe("The year 1299 is not between 1300 and 1498.");
    for (const text of ["05/2/3", "۵/۲/۳", "050203"]) {
        expect(messageOf(text)).toBe(
            `Write the year in "${text}" with four digits, such as 1405.`
        );
    }
    for (const text of [
        "1405/2",
        "1405/2/3/4",
        "140/2/3",
        "14050/2/3",
        "1405/2/003",
        "1405/2/3x",
        "1405/خرداد/تیر",
        "3 Month 1405",
        "1405/2/3 12:30",
        "\ud800",
        "",
    ]) {
        expect(messageOf(text)).toBe(
            `"${text}" is no date. Write year/month/day, such as 1405/02/31.`
        );
    }
    const long = "1".repeat(10000);
    expect(messageOf(long)).toBe(
        `"${"1".repeat(60)}…" is no date. Write year/month/day, such as 1405/02/31.`
    );
});

test("dates as they are shown", () => {
    const date = DateTime.fromObject({ year: 2026, month: 4, day: 23, hour: 23 });
    expect(formatJalali(date)).toBe("1405/02/03");
    expect(formatJalali(DateTime.fromObject({ year: 1800 }))).toBe(null);
    inLanguage("en_US");
    expect(formatJalaliLong(date)).toBe("Thursday 3 Ordibehesht 1405");
    expect(formatJalaliLong(DateTime.fromObject({ year: 1800 }))).toBe(null);
    inLanguage("fa_IR");
    expect(monthName(2)).toBe("اردیبهشت");
    expect(formatJalaliLong(date.setLocale("fa"))).toMatch(/^پنج.?شنبه 3 اردیبهشت 1405$/);
});

test("months are moved within the years that are exact", () => {
    const day = { year: 1405, month: 6, day: 31 };
    expect(addMonths(day, 1)).toEqual({ year: 1405, month: 7, day: 30 });
    expect(addMonths(day, 6)).toEqual({ year: 1405, month: 12, day: 29 });
    expect(addMonths(day, -6)).toEqual({ year: 1404, month: 12, day: 29 });
    expect(addMonths({ year: 1403, month: 12, day: 30 }, 12)).toEqual({
        year: 1404,
        month: 12,
        day: 29,
    });
    expect(addMonths(day, 12 * 200)).toEqual({ year: 1498, month: 12, day: 30 });
    expect(addMonths(day, -12 * 200)).toEqual({ year: 1300, month: 1, day: 31 });
});

test("periods begin with their first day and end with their last", () => {
    const range = (...period) => periodRange(...period).map((date) => date.toISODate());
    expect(range(1405, 2, 1)).toEqual(["2026-04-21", "2026-05-21"]);
    expect(range(1404, 12, 1)).toEqual(["2026-02-20", "2026-03-20"]);
    expect(range(1403, 12, 1)).toEqual(["2025-02-19", "2025-03-20"]);
    expect(range(1405, 10, 3)).toEqual(["2026-12-22", "2027-03-20"]);
    expect(range(1405)).toEqual(["2026-03-21", "2027-03-20"]);
    const [first, last] = periodRange(1405, 2, 1);
    expect(first.toFormat("HH:mm:ss")).toBe("00:00:00");
    expect(last.toFormat("HH:mm:ss")).toBe("23:59:59");
});
