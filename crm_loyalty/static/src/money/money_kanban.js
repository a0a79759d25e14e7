import { registry } from "@web/core/registry";
import { KanbanHeader } from "@web/views/kanban/kanban_header";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { AnimatedNumber } from "@web/views/view_components/animated_number";
import { ColumnProgress } from "@web/views/view_components/column_progress";
import { formatMoney, moneyDisplay } from "./money";

/** The sum beside the bar of a column. */
export class MoneyNumber extends AnimatedNumber {
    format(value) {
        const { currencyId } = this;
        return currencyId && moneyDisplay(currencyId)
            ? formatMoney(value, { currencyId, humanReadable: true, minDigits: 3 })
            : super.format(value);
    }
}

export class MoneyColumnProgress extends ColumnProgress {
    static components = { ...ColumnProgress.components, AnimatedNumber: MoneyNumber };
}

export class MoneyKanbanHeader extends KanbanHeader {
    static components = { ...KanbanHeader.components, ColumnProgress: MoneyColumnProgress };
}

export class MoneyKanbanRenderer extends KanbanRenderer {
    static components = { ...KanbanRenderer.components, KanbanHeader: MoneyKanbanHeader };
}

export const moneyKanbanView = { ...kanbanView, Renderer: MoneyKanbanRenderer };

registry.category("views").add("crm_money_kanban", moneyKanbanView);
