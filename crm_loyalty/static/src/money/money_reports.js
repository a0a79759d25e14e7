import { registry } from "@web/core/registry";
import { formatFloat } from "@web/core/utils/numbers";
import { GraphModel } from "@web/views/graph/graph_model";
import { graphView } from "@web/views/graph/graph_view";
import { PivotModel } from "@web/views/pivot/pivot_model";
import { PivotRenderer } from "@web/views/pivot/pivot_renderer";
import { pivotView } from "@web/views/pivot/pivot_view";
import { fieldsWithUnits, moneyDisplay } from "./money";

/** Of an aggregate over records of several currencies Odoo shows the company's. */
function displayOf(currencyIds) {
    return currencyIds?.length > 1 ? moneyDisplay() : moneyDisplay(currencyIds?.[0]);
}

function propsWithUnits(view) {
    return (genericProps, ...args) =>
        view.props({ ...genericProps, fields: fieldsWithUnits(genericProps.fields) }, ...args);
}

//-----------------------------------------------------------------------------
// Pivot: its table is what is shown, and what is written to a file
//-----------------------------------------------------------------------------

export class MoneyPivotModel extends PivotModel {
    getTable() {
        const table = super.getTable();
        for (const { subGroupMeasurements } of table.rows) {
            for (const cell of subGroupMeasurements) {
                const field = this.metaData.measures[cell.measure];
                const display = field?.type === "monetary" && displayOf(cell.currencyIds);
                if (display && typeof cell.value === "number") {
                    cell.value /= display.factor;
                    cell.display = display;
                }
            }
        }
        return table;
    }
}

export class MoneyPivotRenderer extends PivotRenderer {
    getFormattedValue(cell) {
        return cell.display
            ? { value: formatFloat(cell.value, { digits: [0, cell.display.digits] }) }
            : super.getFormattedValue(cell);
    }
}

export const moneyPivotView = {
    ...pivotView,
    Model: MoneyPivotModel,
    Renderer: MoneyPivotRenderer,
    props: propsWithUnits(pivotView),
};

//-----------------------------------------------------------------------------
// Graph
//-----------------------------------------------------------------------------

export class MoneyGraphModel extends GraphModel {
    async _loadDataPoints(metaData) {
        const [dataPoints, ...others] = await super._loadDataPoints(metaData);
        if (metaData.fields[metaData.measure]?.type === "monetary") {
            for (const point of dataPoints) {
                const display = moneyDisplay(point.currencyId);
                if (display) {
                    point.value /= display.factor;
                    point.cumulatedStart /= display.factor;
                    point.currencyId = undefined; // the measure names the unit
                    metaData.allIntegers &&= Number.isInteger(point.value);
                }
            }
        }
        return [dataPoints, ...others];
    }
}

export const moneyGraphView = {
    ...graphView,
    Model: MoneyGraphModel,
    props: propsWithUnits(graphView),
};

registry.category("views").add("crm_money_pivot", moneyPivotView);
registry.category("views").add("crm_money_graph", moneyGraphView);
