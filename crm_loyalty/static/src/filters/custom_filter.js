import { useChildSubEnv } from "@odoo/owl";
import { DateTimeInput } from "@web/core/datetime/datetime_input";
import { DomainSelector } from "@web/core/domain_selector/domain_selector";
import { DomainSelectorDialog } from "@web/core/domain_selector_dialog/domain_selector_dialog";
import { deserializeDate, deserializeDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { Expression, isTree } from "@web/core/tree_editor/condition_tree";
import { TreeEditor } from "@web/core/tree_editor/tree_editor";
import { Input, InRange, List, Range } from "@web/core/tree_editor/tree_editor_components";
import { treeProcessorService } from "@web/core/tree_editor/tree_processor";
import { user } from "@web/core/user";
import { patch } from "@web/core/utils/patch";
import { userCalendar } from "../jalali/jalali";
import { formatInBoth } from "../jalali/jalali_input";
import { hasJalaliFilters } from "../jalali/jalali_search";
import { formatMoney, moneyDisplay } from "../money/money";
import { JalaliFilterInput, MoneyFilterInput } from "./filter_inputs";

// Odoo's ranges that are cut at Gregorian months: they mean what they meant, and say so.
const GREGORIAN_RANGES = ["month to date", "last month", "year to date", "last 12 months"];

/**
 * How values of a field are shown and typed in a filter, and read in its description.
 *
 * @typedef {Object} Shown
 * @property {(value: any) => string | null} format null: as Odoo does
 * @property {(info: Object) => Object} edit the editor of one value, from Odoo's own
 */

/** @returns {Shown} */
function shownInJalali(type) {
    const format = (value) => {
        if (typeof value !== "string") {
            return null;
        }
        const date = type === "date" ? deserializeDate(value) : deserializeDateTime(value);
        return date.isValid ? formatInBoth(date, { showsTime: type === "datetime" }) : value;
    };
    const edit = (info) => {
        if (info.component !== DateTimeInput) {
            return info;
        }
        const stringify = (value, ...args) => format(value) ?? info.stringify(value, ...args);
        return { ...info, component: JalaliFilterInput, stringify };
    };
    return { format, edit };
}

/** @returns {Shown} */
function shownInUnit(display, label) {
    const format = (value) =>
        typeof value === "number"
            ? formatMoney(value, { currencyId: display.currency_id, exact: true })
            : null;
    const edit = (info) => {
        if (info.component !== Input) {
            return info;
        }
        return {
            ...info,
            component: MoneyFilterInput,
            extractProps: ({ value, update, ...others }) => {
                const { startEmpty, placeholder } = info.extractProps({ value, update, ...others });
                return { value, update, startEmpty, placeholder, display, label };
            },
            stringify: (value, ...args) => format(value) ?? info.stringify(value, ...args),
        };
    };
    return { format, edit };
}

/**
 * Dates are Jalali, for who chose that, where the date filters of the screen are, and
 * amounts in the unit where screens show them in it: fields of ours keep to that on
 * screens of Odoo. All others stay Odoo's.
 *
 * @param {Object | null} fieldDef
 * @param {string} [screen] model of the screen that is filtered
 * @returns {Shown | null} null: as Odoo shows them
 */
function shownAs(fieldDef, screen) {
    if (["date", "datetime"].includes(fieldDef?.type)) {
        const isJalali =
            userCalendar() !== "gregorian" &&
            (fieldDef.crm_shown_as === "jalali" || hasJalaliFilters(screen));
        return isJalali ? shownInJalali(fieldDef.type) : null;
    }
    const display = fieldDef?.crm_shown_as === "money" && filterDisplay();
    return display ? shownInUnit(display, fieldDef.string) : null;
}

/** One amount cannot be compared in the units of companies with several currencies. */
function filterDisplay() {
    const currencies = (user.activeCompanies || []).map((company) => company.currency_id);
    return new Set(currencies).size > 1 ? null : moneyDisplay();
}

function rangeLabel(range, label) {
    return GREGORIAN_RANGES.includes(range) ? _t("%s (Gregorian)", label) : label;
}

//-----------------------------------------------------------------------------
// The dialog
//-----------------------------------------------------------------------------

/** Odoo's editor of the values of a condition, with ours for each of them. */
function editorShownAs(info, shown) {
    const extract = (change) => ({
        ...info,
        extractProps: (params) => {
            const props = info.extractProps(params);
            return { ...props, ...change(props) };
        },
    });
    switch (info.component) {
        case List:
        case Range:
            return extract(({ editorInfo }) => ({ editorInfo: shown.edit(editorInfo) }));
        case InRange:
            return extract(({ betweenEditorInfo, valueTypeEditorInfo }) => ({
                betweenEditorInfo: editorShownAs(betweenEditorInfo, shown),
                valueTypeEditorInfo: {
                    ...valueTypeEditorInfo,
                    extractProps: (params) => {
                        const props = valueTypeEditorInfo.extractProps(params);
                        const options = props.options.map(([range, label]) => [
                            range,
                            rangeLabel(range, label),
                        ]);
                        return { ...props, options };
                    },
                },
            }));
        default:
            return shown.edit(info);
    }
}

patch(DomainSelectorDialog.prototype, {
    setup() {
        super.setup();
        this.filterErrors = new Map();
        useChildSubEnv({ filterErrors: this.filterErrors });
    },

    async onConfirm() {
        if (this.filterErrors.size) {
            const [error] = this.filterErrors.values();
            this.notification.add(error, { type: "danger" });
            return;
        }
        return super.onConfirm();
    },
});

patch(DomainSelector.prototype, {
    setup() {
        super.setup();
        // Editors inside have the model that a condition leads to.
        useChildSubEnv({ getFilterScreen: () => this.props.resModel });
    },
});

patch(TreeEditor.prototype, {
    _shownAs(node) {
        return shownAs(this.getFieldDef(node.path), this.env.getFilterScreen?.());
    },

    getValueEditorInfo(node) {
        const info = super.getValueEditorInfo(node);
        const shown = this._shownAs(node);
        return shown ? editorShownAs(info, shown) : info;
    },

    async prepareInfo(props) {
        await super.prepareInfo(props);
        if (props.readonly) {
            const describe = this.getConditionDescription;
            this.getConditionDescription = (node) =>
                describe(writtenCondition(node, this._shownAs(node)));
        }
    },

    // Where Odoo begins with an amount of 1, which may be a part of ours.
    async _updatePath(node, ...args) {
        await super._updatePath(node, ...args);
        // Its field is not known to this editor yet.
        const { fieldDef } = await this.fieldService.loadFieldInfo(this.props.resModel, node.path);
        beginWithOne(node, fieldDef);
    },

    _updateLeafOperator(node, ...args) {
        const before = node.value;
        super._updateLeafOperator(node, ...args);
        if (node.value !== before) {
            beginWithOne(node, this.getFieldDef(node.path));
        }
    },
});

function beginWithOne(node, fieldDef) {
    const display = fieldDef?.crm_shown_as === "money" && filterDisplay();
    if (display) {
        const one = (value) => (value === 1 ? display.factor : value);
        node.value = Array.isArray(node.value) ? node.value.map(one) : one(node.value);
    }
}

//-----------------------------------------------------------------------------
// The description: facets in the search bar, and their tooltips
//-----------------------------------------------------------------------------

/** A text that Odoo's descriptions leave as it is: they format dates and quote texts. */
function written(text) {
    return new Expression({ type: 5 /* name */, value: text });
}

/** A condition with values that read as they are shown; for descriptions alone. */
function writtenCondition(condition, shown) {
    const { operator, value } = condition;
    if (!shown || isTree(value)) {
        return condition;
    }
    const write = (one) => {
        const text = shown.format(one);
        return text === null ? one : written(text);
    };
    if (operator === "in range") {
        const [type, range, ...bounds] = value;
        if (GREGORIAN_RANGES.includes(range)) {
            const [, label] = InRange.options.find(([name]) => name === range);
            return {
                ...condition,
                operator: "=",
                value: written(rangeLabel(range, label).toString()),
            };
        }
        return { ...condition, value: [type, range, ...bounds.map(write)] };
    }
    return { ...condition, value: Array.isArray(value) ? value.map(write) : write(value) };
}

function writtenTree(tree, getShown, path = "") {
    if (tree.type === "connector") {
        const children = tree.children.map((child) => writtenTree(child, getShown, path));
        return { ...tree, children };
    }
    if (tree.type !== "condition" || typeof tree.path !== "string") {
        return tree;
    }
    const fullPath = path + tree.path;
    if (isTree(tree.value)) {
        return { ...tree, value: writtenTree(tree.value, getShown, `${fullPath}.`) };
    }
    return writtenCondition(tree, getShown(fullPath));
}

registry.category("services").add(
    "tree_processor",
    {
        ...treeProcessorService,
        start(...args) {
            const service = treeProcessorService.start(...args);
            const write = async (resModel, tree) => {
                const getFieldDef = await service.makeGetFieldDef(resModel, tree);
                return writtenTree(tree, (path) => shownAs(getFieldDef(path), resModel));
            };
            return {
                ...service,
                getDomainTreeDescription: async (resModel, tree, ...others) =>
                    service.getDomainTreeDescription(
                        resModel,
                        await write(resModel, tree),
                        ...others
                    ),
                getDomainTreeTooltip: async (resModel, tree) =>
                    service.getDomainTreeTooltip(resModel, await write(resModel, tree)),
            };
        },
    },
    { force: true }
);
